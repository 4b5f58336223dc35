import { configNodesMax, unitsMax } from '../../core/limits.ts'
import type { App, Dependency, Service } from '../../core/model.ts'
import { plainPriority } from '../../core/target/plain.ts'
import { neededKey } from '../../core/target/units.ts'
import type { Position } from '../../formats/format-error.ts'
import type { Lookup } from '../../formats/interpolation.ts'
import { parseYaml, type YamlMap, type YamlNode } from '../../formats/yaml.ts'
import type { DecodedSource } from '../decoding.ts'
import { isFailure, type SourceReader } from '../source-reader.ts'
import { normaliseAppName } from './app-name.ts'
import { finishServices } from './container/finish.ts'
import { decodeScene, resourcesOf } from './container/resources.ts'
import type { Scene } from './container/scene.ts'
import { appMap, topMap } from './keys.ts'
import { checkListening, decodeListener } from './listener.ts'
import { locate } from './locate.ts'
import { originOf } from './origin.ts'
import { directoryOf, fileOf, type Project, startProject } from './project/files.ts'
import { resolveFiles } from './project/include.ts'
import { withoutReset } from './project/merge.ts'
import { readOverride } from './project/override.ts'
import { activeProfiles, decodeProfiles, isActive } from './project/profiles.ts'
import { uniqueService } from './project/unique.ts'
import { lookupWithFiles, putInVariables } from './project/variables.ts'
import { decodeRelease, releaseDefault } from './release.ts'
import { decodeService } from './service.ts'
import {
  absolutePath,
  type Context,
  child,
  error,
  optional,
  readInteger,
  readKeys,
  readText,
  report,
  type Setting,
} from './values.ts'

/**
 * Reads one file of the Compose format, with those that it extends, includes and is overridden by: each document of it is an
 * app of its own. What of it is understood: docs/configuration.md.
 */
export async function decodeCompose(
  path: string,
  reader: SourceReader,
  options: { readonly lenient: boolean },
): Promise<readonly DecodedSource[]> {
  const context: Context = {
    file: path,
    directory: directoryOf(path),
    directories: new Map(),
    lookup: () => undefined,
    lenient: options.lenient,
    problems: [],
    reader,
    kind: null,
    broken: new WeakSet(),
  }
  const text = reader.read(path)
  if (isFailure(text)) {
    report(context, startOf(path), '', `cannot be read: ${text.message}`, 'check the path and its permissions')
    return [nothing(context)]
  }
  const { roots, problems } = await parseYaml(text, path)
  for (const problem of problems) context.problems.push(problem)
  if (problems.some((one) => one.severity === 'error')) return [nothing(context)]
  const dotEnv = { path: absolutePath(context.directory, '.env'), at: startOf(path), missing: 'nothing' } as const
  const lookup = lookupWithFiles(context, (name) => ownValue(reader.environment, name), [dotEnv])
  const [first = emptyAt(path), ...others] = roots
  const decoded = [await decodeDocument({ ...context, lookup }, first, others.length > 0 ? 'first' : 'only')]
  for (const root of others) decoded.push(await decodeDocument({ ...context, lookup, problems: [] }, root, 'further'))
  return decoded
}

function ownValue(record: Readonly<Record<string, string>>, name: string): string | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined
}

function emptyAt(path: string): YamlNode {
  return { kind: 'scalar', value: null, source: '', ...startOf(path) }
}

/** Compose would take further documents for parts of the first: whoever means apps says so by their names. */
type Rank = 'only' | 'first' | 'further'

async function decodeDocument(context: Context, root: YamlNode, rank: Rank): Promise<DecodedSource> {
  if (root.kind !== 'map') {
    readKeys(context, { path: '', node: root }, topMap)
    return nothing(context)
  }
  const directories = new Map<string, string>()
  const plain: Project = startProject({ ...context, directories }, context.lookup, directories)
  const override = rank === 'only' ? await readOverride(plain) : null
  const named = [...(override === null ? [] : [override.root]), root].find(({ entries }) => entries.has('name'))
  const name = decodeName(context, named ?? root, rank)
  const lookup: Lookup = (variable) => context.lookup(variable) ?? (variable === nameVariable ? name?.text : undefined)
  const project: Project = { ...plain, lookup, context: { ...plain.context, lookup } }
  const files = [fileOf(context.file, root), ...(override === null ? [] : [override])]
  const whole = (await resolveFiles(project, files)) ?? root
  if (project.budget.nodes < 0) {
    const message = `holds more than ${configNodesMax} values with all that it extends and includes`
    report(context, root, '', message, 'extend and include less')
    return nothing(context)
  }
  const source = decodeRoot(project.context, withoutReset(whole), name)
  return directories.size === 0 ? source : { ...source, files: [...directories.keys()] }
}

const nameVariable = 'COMPOSE_PROJECT_NAME'

function decodeRoot(context: Context, root: YamlMap, name: Name | null): DecodedSource {
  const keys = readKeys(context, { path: '', node: root }, topMap)
  if (keys === null) return nothing(context)
  const version = keys.get('version')
  if (version !== null)
    report(context, version.node, 'version', "'version' has no meaning", 'remove this line', 'warning')
  const own = optional(keys.get('x-holdfast'), (one) => readKeys(context, one, appMap))
  const priority = optional(own?.get('priority') ?? null, (one) =>
    readInteger(context, one, { min: -1_000_000, max: 1_000_000 }),
  )
  const releaseSetting = own?.get('release') ?? null
  const release = releaseSetting === null ? null : { said: decodeRelease(context, releaseSetting) }
  const listenerSetting = own?.get('listener') ?? null
  const listener = optional(listenerSetting, (one) => decodeListener(context, one))
  const ownName = own?.get('name') ?? null
  const ownText = optional(ownName, (one) => readText(context, one))
  const scene = decodeScene(context, keys, name?.text ?? 'app')
  const services = keys.get('services')
  if (services === null) {
    report(context, root, 'services', 'no services are declared here', "write 'services:' and the services below it")
    return nothing(context)
  }
  const decoded = decodeServices(context, services, scene)
  if (name === null || decoded === null) return nothing(context)
  const hasContainers = decoded.some(({ kind }) => kind === 'container')
  if (ownName !== null && hasContainers)
    error(
      context,
      ownName,
      'the container engine knows the app by its plain name',
      'remove this line, or the containers',
    )
  const appName = ownText ?? name.text
  checkListening(context, services, { services: decoded, listener, setting: listenerSetting })
  const policy = release === null ? (hasContainers ? releaseDefault : null) : release.said
  const app: App = {
    name: appName,
    source: context.file,
    dialect: 'compose',
    priority: priority ?? plainPriority,
    services: Object.fromEntries(decoded.map((service) => [service.name, withinApp(service, appName)])),
    ...(hasContainers ? { resources: resourcesOf(scene) } : {}),
    ...(policy === null ? {} : { release: policy }),
    ...(listener === null ? {} : { listener }),
  }
  return {
    apps: [app],
    problems: context.problems,
    locate: (place) => locate(keys.node, place),
    origin: (_, path) => originOf(keys.node, path),
  }
}

interface Name {
  readonly text: string
}

/** Of the environment, of the file, or of its directory, as Compose has it. */
function decodeName(context: Context, root: YamlMap, rank: Rank): Name | null {
  const entry = root.entries.get('name')
  const fromEnvironment = rank === 'only' ? context.lookup(nameVariable) : undefined
  if (fromEnvironment !== undefined && fromEnvironment !== '') {
    const named: YamlNode = {
      ...startOf(context.file),
      kind: 'scalar',
      value: fromEnvironment,
      source: fromEnvironment,
    }
    return checkName(context, { path: nameVariable, node: named }, fromEnvironment)
  }
  if (entry === undefined && rank === 'further') {
    return report(
      context,
      root,
      'name',
      'each document of a file is an app, and this one has no name',
      "write 'name: something' in it, or remove the --- line before it",
    )
  }
  if (entry === undefined) {
    const directoryName = context.directory.slice(context.directory.lastIndexOf('/') + 1)
    const text = normaliseAppName(directoryName)
    if (text !== '') return { text }
    return report(
      context,
      root,
      'name',
      'the app has no name, and the name of its directory gives none',
      "write 'name: something' at the top",
    )
  }
  const setting: Setting = { path: 'name', node: putInVariables(context, context.lookup, entry.value, 'name') }
  const text = readText(context, setting)
  return text === null ? null : checkName(context, setting, text)
}

function checkName(context: Context, setting: Setting, text: string): Name | null {
  if (/^[a-z0-9][a-z0-9_-]*$/.test(text)) return { text }
  const suggested = normaliseAppName(text)
  return error(
    context,
    setting,
    `'${text}' cannot be the name of an app`,
    `use lower case letters, digits, - and _, beginning with a letter or digit${suggested === '' ? '' : `: '${suggested}'`}`,
  )
}

function decodeServices(context: Context, setting: Setting, scene: Scene): readonly Service[] | null {
  if (setting.node.kind !== 'map') {
    return error(
      context,
      setting,
      'a map of services is expected here',
      "write 'name:' with the keys of the service below it",
    )
  }
  const active = activeProfiles(context.lookup)
  const services: Service[] = []
  const left = new Map<string, readonly string[]>()
  for (const entry of setting.node.entries.values()) {
    const path = `services.${entry.key}`
    if (entry.key.startsWith('x-')) continue
    if (!/^[a-zA-Z0-9._-]+$/.test(entry.key)) {
      report(context, entry, path, `'${entry.key}' cannot be the name of a service`, 'use letters, digits, ., - and _')
      continue
    }
    if (services.length >= unitsMax) {
      return error(context, setting, `there are more than ${unitsMax} services`, 'split the file')
    }
    const one = child(setting, entry)
    const service = { ...one, node: uniqueService(one.node) }
    const profiles = decodeProfiles(
      context,
      service.node.kind === 'map' ? settingAt(service, service.node, 'profiles') : null,
    )
    if (isActive(profiles, active)) services.push(decodeService(context, entry, service, scene))
    else {
      left.set(entry.key, profiles)
      // What is wrong with it is told nevertheless, and what it would use is not made.
      decodeService(context, entry, service, { ...scene, usedNetworks: new Set(), usedVolumes: new Set(), links: [] })
    }
  }
  const kept = services.map((service) => withoutInactive(context, setting, service, left))
  return finishServices(context, kept, { scene, at: setting })
}

function settingAt(parent: Setting, { entries }: YamlMap, key: string): Setting | null {
  const entry = entries.get(key)
  return entry === undefined ? null : child(parent, entry)
}

/** A dependency that names this app means a service beside it. */
function withinApp(service: Service, app: string): Service {
  if (service.dependsOn.every((one) => one.app !== app)) return service
  const dependsOn = new Map<string, Dependency>()
  for (const one of service.dependsOn) {
    const { app: other, ...within } = one
    const key = neededKey(app, one)
    if (!dependsOn.has(key)) dependsOn.set(key, other === app ? within : one)
  }
  return { ...service, dependsOn: [...dependsOn.values()] }
}

/** Without dependencies on services that no active profile has: they are told, unless they are not required. */
function withoutInactive(
  context: Context,
  services: Setting,
  service: Service,
  left: ReadonlyMap<string, readonly string[]>,
): Service {
  const isLeft = ({ app, service }: Dependency) => app === undefined && left.has(service)
  const missing = service.dependsOn.filter(isLeft)
  if (missing.length === 0) return service
  const entry = services.node.kind === 'map' ? services.node.entries.get(service.name)! : services.node
  for (const { service: name, required } of missing) {
    if (!required) continue
    const profiles = left.get(name)!
    const message = `it needs '${name}', whose profiles (${profiles.join(', ')}) are not active`
    const hint = `set COMPOSE_PROFILES=${profiles[0]}, or write 'required: false' with the dependency`
    report(context, entry, `services.${service.name}.depends_on`, message, hint)
  }
  return { ...service, dependsOn: service.dependsOn.filter((one) => !isLeft(one)) }
}

function nothing(context: Context): DecodedSource {
  return {
    apps: [],
    problems: context.problems,
    locate: () => ({ ...startOf(context.file), setting: '' }),
    origin: () => null,
  }
}

function startOf(file: string): Position {
  return { file, line: 1, column: 1 }
}
