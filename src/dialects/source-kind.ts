import { type ServicesDirectory, serviceDirectoriesIn } from './runit/decode.ts'
import { optionsFileName } from './runit/options.ts'
import { isFailure, type SourceReader } from './source-reader.ts'

/** What a file is read as, by its name. */
export function fileKind(path: string): 'compose' | 'supervisord' | 'balena' | null {
  if (/\.ya?ml$/.test(path)) return 'compose'
  if (path.endsWith('.json')) return 'balena'
  return /\.(?:conf|ini)$/.test(path) ? 'supervisord' : null
}

/** The files in a directory that are read when it is a source, as paths, sorted. What ends in `.json` there is anybody's. */
export function sourceFilesIn(directory: string, names: readonly string[], reader: SourceReader): readonly string[] {
  return names
    .filter((name) => !name.startsWith('.') && name !== optionsFileName)
    .toSorted()
    .map((name) => `${directory}/${name}`)
    .filter((path) => fileKind(path) !== null && fileKind(path) !== 'balena' && isFailure(reader.list(path)))
}

/**
 * What of runit a source is: a directory that holds no file of ours, but service directories, or is one itself. null: it is
 * something else. `isNamedSo`: somebody says that it is one, whatever is in it by now.
 */
export function servicesDirectoryAt(path: string, reader: SourceReader, isNamedSo: boolean): ServicesDirectory | null {
  const base = path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path
  if (isNamedSo) return { path: base, which: 'below' }
  const names = reader.list(base)
  if (isFailure(names) || sourceFilesIn(base, names, reader).length > 0) return null
  const which = serviceDirectoriesIn(base, names, reader)
  return which === 'none' ? null : { path: base, which }
}
