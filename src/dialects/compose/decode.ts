import { unitsMax } from '../../core/limits.ts'
import type { App, Service } from '../../core/model.ts'
import { plainPriority } from '../../core/target/plain.ts'
import { parseEnvFile } from '../../formats/env-file.ts'
import { FormatError, type Position } from '../../formats/format-error.ts'
import type { Lookup } from '../../formats/interpolation.ts'
import { parseYaml, type YamlNode } from '../../formats/yaml.ts'
import type { DecodedSource } from '../decoding.ts'
import { isFailure, type SourceReader } from '../source-reader.ts'
import { appMap, topMap } from './keys.ts'
import { locate } from './locate.ts'
import { originOf } from './origin.ts'
import { decodeService } from './service.ts'
import {
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
 * Reads one file of the Compose format: each document of it is an app of its own. What of it is understood:
 * docs/configuration.md.
 */
export async function decodeCompose(
  path: string,
  reader: SourceReader,
  options: { readonly lenient: boolean },
): Promise<readonly DecodedSource[]> {
  const context: Context = {
    file: path,
    directory: path.slice(0, path.lastIndexOf('/')) || '/',
    lookup: () => undefined,
    lenient: options.lenient,
    problems: [],
  }
  const text = reader.read(path)
  if (isFailure(text)) {
    report(context, startOf(path), '', `cannot be read: ${text.message}`, 'check the path and its permissions')
    return [nothing(context)]
  }
  const { roots, problems } = await parseYaml(text, path)
  for (const problem of problems) context.problems.push(problem)
  if (problems.some((one) => one.severity === 'error')) return [nothing(context)]
  const withLookup = { ...context, lookup: readDotEnv(context, reader) }
  const [first = emptyAt(path), ...others] = roots
  return [
    decodeRoot(withLookup, first, 'by-directory'),
    ...others.map((root) => decodeRoot({ ...withLookup, problems: [] }, root, 'required')),
  ]
}

function emptyAt(path: string): YamlNode {
  return { kind: 'scalar', value: null, source: '', ...startOf(path) }
}

function decodeRoot(context: Context, root: YamlNode, naming: Naming): DecodedSource {
  const keys = readKeys(context, { path: '', node: root }, topMap)
  if (keys === null) return nothing(context)
  const version = keys.get('version')
  if (version !== null)
    report(context, version.node, 'version', "'version' has no meaning", 'remove this line', 'warning')
  const name = decodeName(context, keys.get('name'), root, naming)
  const own = optional(keys.get('x-holdfast'), (one) => readKeys(context, one, appMap))
  const priority = optional(own?.get('priority') ?? null, (one) =>
    readInteger(context, one, { min: -1_000_000, max: 1_000_000 }),
  )
  const services = keys.get('services')
  if (services === null) {
    report(context, root, 'services', 'no services are declared here', "write 'services:' and the services below it")
    return nothing(context)
  }
  const decoded = decodeServices(context, services)
  if (name === null || decoded === null) return nothing(context)
  const declared = { name, source: context.file, dialect: 'compose', priority: priority ?? plainPriority } as const
  const app: App = { ...declared, services: Object.fromEntries(decoded) }
  return {
    apps: [app],
    problems: context.problems,
    locate: (place) => locate(keys.node, place),
    origin: (_, path) => originOf(keys.node, path),
  }
}

/** As Compose normalises it. */
export function normaliseAppName(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^a-z0-9_-]/g, '')
    .replace(/^[_-]+/, '')
}

/** Compose would take further documents for parts of the first: whoever means apps says so by their names. */
type Naming = 'by-directory' | 'required'

function decodeName(context: Context, setting: Setting | null, root: YamlNode, naming: Naming): string | null {
  if (setting === null && naming === 'required') {
    return report(
      context,
      root,
      'name',
      'each document of a file is an app, and this one has no name',
      "write 'name: something' in it, or remove the --- line before it",
    )
  }
  if (setting === null) {
    const directoryName = context.directory.slice(context.directory.lastIndexOf('/') + 1)
    const name = normaliseAppName(directoryName)
    if (name !== '') return name
    return report(
      context,
      root,
      'name',
      'the app has no name, and the name of its directory gives none',
      "write 'name: something' at the top",
    )
  }
  const name = readText(context, setting)
  if (name === null) return null
  if (/^[a-z0-9][a-z0-9_-]*$/.test(name)) return name
  const suggested = normaliseAppName(name)
  return error(
    context,
    setting,
    `'${name}' cannot be the name of an app`,
    `use lower case letters, digits, - and _, beginning with a letter or digit${suggested === '' ? '' : `: '${suggested}'`}`,
  )
}

function decodeServices(context: Context, setting: Setting): readonly (readonly [string, Service])[] | null {
  if (setting.node.kind !== 'map') {
    return error(
      context,
      setting,
      'a map of services is expected here',
      "write 'name:' with the keys of the service below it",
    )
  }
  const services: (readonly [string, Service])[] = []
  for (const entry of setting.node.entries.values()) {
    const path = `services.${entry.key}`
    if (entry.key.startsWith('x-')) continue
    if (!/^[a-zA-Z0-9._-]+$/.test(entry.key)) {
      report(context, entry, path, `'${entry.key}' cannot be the name of a service`, 'use letters, digits, ., - and _')
    } else if (services.length >= unitsMax) {
      return error(context, setting, `there are more than ${unitsMax} services`, 'split the file')
    } else {
      services.push([entry.key, decodeService(context, entry, child(setting, entry))])
    }
  }
  return services
}

/** Variables come from the environment, and those not set there from `.env` beside the file. */
function readDotEnv(context: Context, reader: SourceReader): Lookup {
  const fromEnvironment: Lookup = (name) =>
    Object.hasOwn(reader.environment, name) ? reader.environment[name] : undefined
  const path = `${context.directory === '/' ? '' : context.directory}/.env`
  const text = reader.read(path)
  if (isFailure(text)) {
    if (text.code !== 'ENOENT') {
      report(
        context,
        startOf(path),
        '',
        `cannot be read: ${text.message}`,
        'variables are taken from the environment only',
        'warning',
      )
    }
    return fromEnvironment
  }
  try {
    const values = parseEnvFile(text, path, fromEnvironment)
    return (name) => fromEnvironment(name) ?? (Object.hasOwn(values, name) ? values[name] : undefined)
  } catch (caught) {
    if (!(caught instanceof FormatError)) throw caught
    context.problems.push(caught.problem)
    return fromEnvironment
  }
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
