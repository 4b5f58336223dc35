import {
  closeSync,
  lstatSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  readSync,
  realpathSync,
  type Stats,
  statSync,
} from 'node:fs'
import { hostname } from 'node:os'
import { configBytesMax } from '../core/limits.ts'
import type { Failure } from '../core/model.ts'
import { expandGlob } from '../formats/glob.ts'

/** What decoders may see of the machine. All paths are absolute. Nothing here throws. */
export interface SourceReader {
  /** A file's text, or why it cannot be had. `EISDIR` says that it is a directory. */
  read(path: string): string | Failure
  /** Its first bytes, each as one character; for what may be no text. */
  readStart(path: string, bytesMax: number): string | Failure
  /** What is at a path; links are followed. */
  look(path: string): FileLook | Failure
  /** The path without links in it. */
  real(path: string): string | Failure
  /** The names in a directory, unsorted. */
  list(directory: string): readonly string[] | Failure
  /** The paths that match, sorted; see formats/glob.ts. */
  glob(pattern: string): readonly string[]
  readonly environment: Readonly<Record<string, string>>
  readonly hostName: string
}

export type FileLook =
  | {
      readonly kind: 'file' | 'directory' | 'other'
      /** Its permissions. */
      readonly mode: number
      /** The same for two paths exactly when they are the same file. */
      readonly identity: string
    }
  /** A link to something that is not there. */
  | { readonly kind: 'dangling'; readonly target: string }

/** The real machine: used by `holdfast check` and by the child that decodes for the daemon. */
export function diskSourceReader(environment: Readonly<Record<string, string>>): SourceReader {
  const list = (directory: string) => attempt(() => readdirSync(directory))
  return {
    read: (path) => attempt(() => readText(path)),
    readStart: (path, bytesMax) => attempt(() => readStart(path, bytesMax)),
    look: (path) => attempt(() => look(path)),
    real: (path) => attempt(() => realpathSync(path)),
    list,
    glob: (pattern) => expandGlob(pattern, (directory) => listOrNull(list(directory))),
    environment,
    hostName: hostname(),
  }
}

export function isFailure(result: string | readonly string[] | FileLook | Failure): result is Failure {
  return typeof result === 'object' && 'code' in result
}

export function listOrNull(result: readonly string[] | Failure): readonly string[] | null {
  return isFailure(result) ? null : result
}

// A FIFO or a device would block us or never end, and a huge file fill the memory: look before reading.
function readText(path: string): string {
  const found = statSync(path)
  if (found.isDirectory()) throw failure('EISDIR', 'it is a directory')
  if (!found.isFile()) throw failure('EINVAL', 'it is not a regular file')
  if (found.size > configBytesMax) throw failure('EFBIG', `it is larger than ${configBytesMax} bytes`)
  return readFileSync(path, 'utf8')
}

function readStart(path: string, bytesMax: number): string {
  if (!statSync(path).isFile()) throw failure('EINVAL', 'it is not a regular file')
  const file = openSync(path, 'r')
  try {
    const bytes = Buffer.alloc(bytesMax)
    return bytes.toString('latin1', 0, readSync(file, bytes, 0, bytesMax, 0))
  } finally {
    closeSync(file)
  }
}

function look(path: string): FileLook {
  const found = lstatSync(path)
  if (!found.isSymbolicLink()) return lookOf(found)
  const target = statSync(path, { throwIfNoEntry: false })
  return target === undefined ? { kind: 'dangling', target: readlinkSync(path) } : lookOf(target)
}

function lookOf(stats: Stats): FileLook {
  const kind = stats.isFile() ? 'file' : stats.isDirectory() ? 'directory' : 'other'
  return { kind, mode: stats.mode & 0o7777, identity: `${stats.dev}:${stats.ino}` }
}

function attempt<T>(action: () => T): T | Failure {
  try {
    return action()
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    if (code === '') throw error
    return { code, message: describe(code, error as Error), retry: false }
  }
}

function describe(code: string, error: Error): string {
  if (code === 'ENOENT') return 'there is no such file'
  if (code === 'EACCES') return 'permission denied'
  return error.message
}

function failure(code: string, message: string): Error {
  return Object.assign(new Error(message), { code })
}
