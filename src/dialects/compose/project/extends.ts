import { configDepthMax, configNodesMax } from '../../../core/limits.ts'
import type { YamlEntry, YamlMap, YamlNode } from '../../../formats/yaml.ts'
import { extendsMap } from '../keys-project.ts'
import { absolutePath, directoryAt, error, readKeys, readText, report, type Setting } from '../values.ts'
import { directoryOf, mapAt, type Project, type ProjectFile, readFile } from './files.ts'
import { mergeNodes } from './merge.ts'
import { putInVariables } from './variables.ts'

/** A file with its variables put in, and what its services extend. */
export async function resolveFile(project: Project, file: ProjectFile): Promise<YamlMap> {
  const entries = new Map<string, YamlEntry>()
  for (const [key, entry] of file.root.entries)
    entries.set(key, { ...entry, value: await resolveKey(project, file, entry) })
  return { ...file.root, entries }
}

async function resolveKey(project: Project, file: ProjectFile, { key, value }: YamlEntry): Promise<YamlNode> {
  if (key === 'services' && value.kind === 'map') return await resolveServices(project, file, value)
  // What the app is called was read before, as it is a variable itself.
  if (key === 'name' || isOthers(key)) return value
  return putInVariables(project.context, project.lookup, value, key)
}

function isOthers(key: string): boolean {
  return key.startsWith('x-') && key !== 'x-holdfast'
}

async function resolveServices(project: Project, file: ProjectFile, services: YamlMap): Promise<YamlMap> {
  const entries = new Map<string, YamlEntry>()
  for (const [name, entry] of services.entries) {
    const value = isOthers(name) ? entry.value : await resolveService(project, file, { name, entry, chain: [] })
    entries.set(name, { ...entry, value })
  }
  return { ...services, entries }
}

interface Place {
  readonly name: string
  readonly entry: YamlEntry
  /** What led here: `service` or `file: service`. */
  readonly chain: readonly Link[]
}

interface Link {
  readonly file: string
  readonly name: string
}

async function resolveService(project: Project, file: ProjectFile, { name, entry, chain }: Place): Promise<YamlNode> {
  const known = file.services.get(name)
  if (known !== undefined) return known
  const own = putInVariables(project.context, project.lookup, entry.value, `services.${name}`)
  const extended = own.kind === 'map' ? own.entries.get('extends') : undefined
  const resolved =
    own.kind !== 'map' || extended === undefined
      ? own
      : await extend(project, file, {
          own,
          at: { path: `services.${name}.extends`, node: extended.value },
          name,
          chain,
        })
  file.services.set(name, resolved)
  return resolved
}

interface Extending {
  readonly own: YamlMap
  readonly at: Setting
  readonly name: string
  readonly chain: readonly Link[]
}

/** What cannot be extended still says so, and that was told. */
async function extend(project: Project, file: ProjectFile, { own, at, name, chain }: Extending): Promise<YamlNode> {
  const said = readExtends(project, at)
  if (said === null) return own
  const other =
    said.file === null ? file : await readFile(project, said.file, { at, directory: directoryOf(said.file) })
  if (other === null) return own
  const here: readonly Link[] = [...chain, { file: file.path, name }]
  const fault = chainFault([...here, { file: other.path, name: said.service }])
  if (fault !== null) {
    error(project.context, at, fault, 'extend a service that does not extend this one')
    return own
  }
  const services = mapAt(other.root, 'services')
  const entry = services?.entries.get(said.service)
  if (entry === undefined) {
    const names = [...(services?.entries.keys() ?? [])].slice(0, 10).join(', ')
    const hint = names === '' ? 'it has no services' : `its services are ${names}`
    error(project.context, at, `'${said.service}' is not a service of ${other.path}`, hint)
    return own
  }
  const base = await resolveService(project, other, { name: said.service, entry, chain: here })
  // What is shared is read again with each service that has it.
  project.budget.nodes -= sizeOf(base)
  if (project.budget.nodes < 0) {
    error(project.context, at, `holds more than ${configNodesMax} values with all that is extended`, 'extend less')
    return own
  }
  return mergeNodes(base, withoutExtends(own), ['services', name], project.budget)
}

function withoutExtends(service: YamlMap): YamlMap {
  return { ...service, entries: new Map([...service.entries].filter(([key]) => key !== 'extends')) }
}

interface Extended {
  readonly service: string
  /** Absolute; null: the same. */
  readonly file: string | null
}

function readExtends({ context }: Project, at: Setting): Extended | null {
  if (at.node.kind !== 'map') {
    const service = readText(context, at)
    return service === null ? null : { service, file: null }
  }
  const keys = readKeys(context, at, extendsMap)
  const [serviceSetting, fileSetting] = [keys?.get('service') ?? null, keys?.get('file') ?? null]
  if (keys === null) return null
  if (serviceSetting === null)
    return report(context, at.node, at.path, 'it does not say which service', "write 'service:' with its name")
  const service = readText(context, serviceSetting)
  const file = fileSetting === null ? null : readText(context, fileSetting)
  if (service === null || (fileSetting !== null && file === null)) return null
  return { service, file: file === null ? null : absolutePath(directoryAt(context, at.node), file) }
}

/** What is wrong with a chain of services of which each extends the next. */
function chainFault(chain: readonly Link[]): string | null {
  const last = chain.at(-1)!
  const first = chain.findIndex(({ file, name }) => file === last.file && name === last.name)
  if (first < chain.length - 1) return `it extends itself: ${printChain(chain.slice(first))}`
  return chain.length > configDepthMax ? `more than ${configDepthMax} services in a row: ${printChain(chain)}` : null
}

/** More links than this say nothing more. */
const linksShownMax = 12

function printChain(chain: readonly Link[]): string {
  const isOneFile = chain.every(({ file }) => file === chain[0]!.file)
  const names = chain.map(({ file, name }) => (isOneFile ? name : `${file}: ${name}`))
  const shown = names.length > linksShownMax ? [...names.slice(0, linksShownMax - 2), '…', names.at(-1)!] : names
  return shown.join(' → ')
}

const sizes = new WeakMap<YamlNode, number>()

/** Values in it, each as often as it is there. */
function sizeOf(node: YamlNode): number {
  const known = sizes.get(node)
  if (known !== undefined) return known
  const parts =
    node.kind === 'map' ? [...node.entries.values()].map(({ value }) => value) : node.kind === 'list' ? node.items : []
  const size = parts.reduce((sum, part) => sum + sizeOf(part), 1)
  sizes.set(node, size)
  return size
}
