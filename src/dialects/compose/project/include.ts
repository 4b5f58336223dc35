import { isDeepStrictEqual } from 'node:util'
import { configDepthMax } from '../../../core/limits.ts'
import type { Lookup } from '../../../formats/interpolation.ts'
import type { YamlEntry, YamlMap, YamlNode } from '../../../formats/yaml.ts'
import { includeMap } from '../keys-project.ts'
import { splitPair } from '../pairs.ts'
import {
  absolutePath,
  directoryAt,
  error,
  isNothing,
  optional,
  readItems,
  readKeys,
  readPath,
  readText,
  readTexts,
  report,
  type Setting,
} from '../values.ts'
import { resolveFile } from './extends.ts'
import { directoryOf, mapAt, type Project, type ProjectFile, readFile } from './files.ts'
import { mergeNodes } from './merge.ts'
import { lookupWithFiles } from './variables.ts'

/** What the files of one app come to: each with what it includes, later ones merged into earlier ones. */
export async function resolveFiles(
  project: Project,
  files: readonly ProjectFile[],
  chain: readonly string[] = [],
): Promise<YamlMap | null> {
  let merged: YamlMap | null = null
  for (const file of files) {
    const resolved = await resolveFile(project, file)
    const whole = await includeInto(project, resolved, [...chain, file.path])
    const both: YamlNode = merged === null ? whole : mergeNodes(merged, whole, [], project.budget)
    merged = both.kind === 'map' ? both : merged
  }
  return merged
}

/** What other files may declare for the one that includes them. */
const imported = ['services', 'networks', 'volumes', 'configs', 'secrets'] as const

async function includeInto(project: Project, root: YamlMap, chain: readonly string[]): Promise<YamlMap> {
  const entry = root.entries.get('include')
  if (entry === undefined) return root
  const entries = new Map([...root.entries].filter(([key]) => key !== 'include'))
  if (isNothing(entry.value)) return { ...root, entries }
  const at: Setting = { path: 'include', node: entry.value }
  const items = readItems(project.context, at, 'write a list of files: [./more.yaml]') ?? []
  let whole: YamlMap = { ...root, entries }
  for (const item of items) {
    const included = await readIncluded(project, item, chain)
    if (included !== null) whole = importAll(project, whole, included, item)
  }
  return whole
}

async function readIncluded(project: Project, at: Setting, chain: readonly string[]): Promise<YamlMap | null> {
  const { context } = project
  const said = readInclude(project, at)
  if (said === null) return null
  const again = said.paths.find((path) => chain.includes(path))
  if (again !== undefined) {
    const cycle = [...chain.slice(chain.indexOf(again)), again].join(' → ')
    return error(context, at, `it includes itself: ${cycle}`, 'include a file that does not include this one')
  }
  if (chain.length > configDepthMax) {
    const shown = [chain[0], '…', chain.at(-1), said.paths[0]].join(' → ')
    return error(context, at, `more than ${configDepthMax} files in a row: ${shown}`, 'include them side by side')
  }
  const lookup = lookupWithFiles(context, project.lookup, said.environment)
  const files: ProjectFile[] = []
  // With variables of its own, so that nothing is shared with how others read the same file.
  const own: Project = { ...project, lookup, files: new Map() }
  for (const path of said.paths) {
    const file = await readFile(own, path, { at, directory: said.directory })
    if (file === null) return null
    files.push(file)
  }
  const root = await resolveFiles(own, files, chain)
  return root === null ? null : withOwnVariables(root, lookup)
}

interface Include {
  readonly paths: readonly string[]
  readonly directory: string
  readonly environment: Parameters<typeof lookupWithFiles>[2]
}

function readInclude({ context }: Project, at: Setting): Include | null {
  const keys = at.node.kind === 'map' ? readKeys(context, at, includeMap) : null
  if (at.node.kind === 'map' && keys === null) return null
  const pathSetting = keys === null ? at : keys.get('path')
  if (pathSetting === null)
    return report(context, at.node, at.path, 'it does not say which file', "write 'path:' with the file")
  const texts =
    keys === null
      ? [readText(context, at)].filter((text) => text !== null)
      : readTexts(context, pathSetting, 'write a path, or a list of paths')
  const [first, ...rest] = (texts ?? []).map((text) => absolutePath(directoryAt(context, pathSetting.node), text))
  if (first === undefined) return null
  const directory =
    optional(keys?.get('project_directory') ?? null, (one) => readPath(context, one)) ?? directoryOf(first)
  const envSetting = keys?.get('env_file') ?? null
  const files = optional(envSetting, (one) => readTexts(context, one, 'write a path, or a list of paths'))
  const environment =
    files === null || envSetting === null
      ? [{ path: absolutePath(directory, '.env'), at: at.node, missing: 'nothing' as const }]
      : files.map((file) => ({
          path: absolutePath(directoryAt(context, envSetting.node), file),
          at: envSetting.node,
          missing: 'error' as const,
        }))
  return { paths: [first, ...rest], directory, environment }
}

/** Adds what an included file declares. What is declared twice must be the same. */
function importAll(project: Project, root: YamlMap, included: YamlMap, at: Setting): YamlMap {
  const entries = new Map(root.entries)
  for (const top of imported) {
    const more = mapAt(included, top)
    if (more === null) continue
    const own = mapAt(root, top)
    const both = new Map(own?.entries)
    for (const [key, entry] of more.entries) {
      const first = both.get(key)
      if (first === undefined) both.set(key, entry)
      else if (!isDeepStrictEqual(plain(first.value), plain(entry.value))) {
        const message = `${top}.${key} is declared by ${first.file} and by ${entry.file}`
        error(project.context, at, message, 'rename one of them, or change it in a file that is merged')
      }
    }
    const heading = root.entries.get(top) ?? included.entries.get(top)!
    entries.set(top, { ...heading, value: { ...(own ?? more), entries: both } })
  }
  return { ...root, entries }
}

function plain(node: YamlNode): unknown {
  if (node.kind === 'scalar') return node.value
  if (node.kind === 'list') return node.items.map(plain)
  return Object.fromEntries([...node.entries.values()].map(({ key, value }) => [key, plain(value)]))
}

/** Variables that services only name take their values from what was known there. */
function withOwnVariables(root: YamlMap, lookup: Lookup): YamlMap {
  const services = mapAt(root, 'services')
  if (services === null) return root
  const changed = mapValues(services, (service) => {
    const environment = service.kind === 'map' ? service.entries.get('environment') : undefined
    if (service.kind !== 'map' || environment === undefined) return service
    const value = withValues(environment.value, lookup)
    return { ...service, entries: new Map([...service.entries, ['environment', { ...environment, value }]]) }
  })
  const heading = root.entries.get('services')!
  return { ...root, entries: new Map([...root.entries, ['services', { ...heading, value: changed }]]) }
}

function withValues(environment: YamlNode, lookup: Lookup): YamlNode {
  if (environment.kind === 'map') {
    return mapValues(environment, (node, name) => {
      const value = isNothing(node) ? lookup(name) : undefined
      return value === undefined || node.kind !== 'scalar' ? node : { ...node, value }
    })
  }
  if (environment.kind !== 'list') return environment
  const items = environment.items.map((item): YamlNode => {
    if (item.kind !== 'scalar' || typeof item.value !== 'string' || splitPair(item.value)[1] !== null) return item
    const value = lookup(item.value)
    return value === undefined ? item : { ...item, value: `${item.value}=${value}` }
  })
  return { ...environment, items }
}

function mapValues(map: YamlMap, change: (value: YamlNode, key: string) => YamlNode): YamlMap {
  const entries = new Map<string, YamlEntry>()
  for (const [key, entry] of map.entries) entries.set(key, { ...entry, value: change(entry.value, key) })
  return { ...map, entries }
}
