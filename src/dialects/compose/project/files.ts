import { configFilesMax, configNodesMax } from '../../../core/limits.ts'
import type { Position } from '../../../formats/format-error.ts'
import type { Lookup } from '../../../formats/interpolation.ts'
import { parseYaml, type YamlMap, type YamlNode } from '../../../formats/yaml.ts'
import { isFailure } from '../../source-reader.ts'
import { type Context, error, report, type Setting } from '../values.ts'
import type { Budget } from './merge.ts'

/** The files that one app is made of, while they are put together. */
export interface Project {
  readonly context: Context
  readonly lookup: Lookup
  /** See Context. */
  readonly directories: Map<string, string>
  readonly budget: Budget
  /** How many more files may be read. */
  readonly filesLeft: { count: number }
  /** By path. */
  readonly files: Map<string, Promise<ProjectFile | null>>
}

export interface ProjectFile {
  readonly path: string
  readonly root: YamlMap
  /** By name: services with what they extend. */
  readonly services: Map<string, YamlNode>
}

export function startProject(context: Context, lookup: Lookup, directories: Map<string, string>): Project {
  const filesLeft = { count: configFilesMax }
  return { context, lookup, directories, budget: { nodes: configNodesMax }, filesLeft, files: new Map() }
}

export function fileOf(path: string, root: YamlMap): ProjectFile {
  return { path, root, services: new Map() }
}

/** A file that another one names: `at` says where. Its relative paths start at `directory`. null: that was told. */
export function readFile(
  project: Project,
  path: string,
  { at, directory }: { readonly at: Setting; readonly directory: string },
): Promise<ProjectFile | null> {
  const known = project.files.get(path)
  if (known !== undefined) return known
  const file = readFresh(project, path, { at, directory })
  project.files.set(path, file)
  return file
}

async function readFresh(
  { context, directories, filesLeft }: Project,
  path: string,
  { at, directory }: { readonly at: Setting; readonly directory: string },
): Promise<ProjectFile | null> {
  const before = directories.get(path)
  if (before !== undefined && before !== directory) {
    const message = `${path} is read twice, with the directories ${before} and ${directory}`
    return error(context, at, message, 'its relative paths can start at one of them only')
  }
  directories.set(path, directory)
  filesLeft.count -= 1
  if (filesLeft.count < 0)
    return error(context, at, `more than ${configFilesMax} files are read`, 'include and extend fewer')
  const text = context.reader.read(path)
  if (isFailure(text)) return error(context, at, `${path} cannot be read: ${text.message}`, 'check the path')
  const { roots, problems } = await parseYaml(text, path)
  for (const problem of problems) context.problems.push(problem)
  if (problems.some(({ severity }) => severity === 'error')) return null
  const [root = null, second = null] = roots
  const start: Position = { file: path, line: 1, column: 1 }
  if (second !== null) {
    return report(
      context,
      second,
      '',
      'a file that another one names holds one document',
      'split it into several files',
    )
  }
  if (root?.kind === 'map') return fileOf(path, root)
  return report(context, root ?? start, '', 'a map is expected here', "write 'services:' and the services below it")
}

export function directoryOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/')) || '/'
}

/** The map below a key of a file, where it is one. */
export function mapAt(root: YamlMap, key: string): YamlMap | null {
  const value = root.entries.get(key)?.value
  return value?.kind === 'map' ? value : null
}
