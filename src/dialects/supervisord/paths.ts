import { isFailure, type SourceReader } from '../source-reader.ts'
import { bad, ok, type Value } from './values.ts'

/** Where relative paths start. */
export interface PathBase {
  readonly base: string
  readonly reader: SourceReader
}

/** The directory of a path. */
export function directoryOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/')) || '/'
}

/** `~` is the home directory. */
export function absolutePath({ base, reader }: PathBase, text: string): string {
  const { environment } = reader
  const home = Object.hasOwn(environment, 'HOME') ? environment.HOME! : null
  const path = home !== null && (text === '~' || text.startsWith('~/')) ? home + text.slice(1) : text
  return below(base, path)
}

/** A path that may be relative to a directory. */
export function below(directory: string, path: string): string {
  return path.startsWith('/') ? path : `${directory === '/' ? '' : directory}/${path}`
}

/** Without `.`, `..` and doubled slashes. */
export function normalPath(path: string): string {
  const parts: string[] = []
  for (const part of path.split('/')) {
    if (part === '..') parts.pop()
    else if (part !== '' && part !== '.') parts.push(part)
  }
  return `/${parts.join('/')}`
}

export function existingDirectory(start: PathBase): (text: string) => Value<string> {
  return (text) => {
    const path = absolutePath(start, text)
    if (isDirectory(start.reader, path)) return ok(path)
    return bad(`${text} is not an existing directory`, `create it: mkdir -p ${path}`)
  }
}

/** A path whose directory is there. */
export function existingDirpath(start: PathBase): (text: string) => Value<string> {
  return (text) => {
    const path = absolutePath(start, text)
    const directory = directoryOf(path)
    // Devices and descriptors are no files to look for: /dev/stdout is a common target.
    if (/^\/(?:dev|proc)(?:\/|$)/.test(directory) || isDirectory(start.reader, directory)) return ok(path)
    const message = `The directory named as part of the path ${text} does not exist`
    return bad(message, `create it: mkdir -p ${directory}`)
  }
}

// Where we may not look, somebody else may.
function isDirectory(reader: SourceReader, path: string): boolean {
  const found = reader.look(path)
  if (isFailure(found)) return found.code !== 'ENOENT' && found.code !== 'ENOTDIR'
  return found.kind === 'directory'
}
