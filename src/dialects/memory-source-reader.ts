import type { Failure } from '../core/model.ts'
import { expandGlob } from '../formats/glob.ts'
import { type FileLook, isFailure, listOrNull, type SourceReader } from './source-reader.ts'

export interface MemoryMachine {
  /** Texts by absolute path; their directories exist as well. */
  readonly files: Readonly<Record<string, string>>
  readonly environment?: Readonly<Record<string, string>>
  readonly directories?: readonly string[]
  /** Permissions of files by path; 0o644 where none are said. */
  readonly modes?: Readonly<Record<string, number>>
  /** What links point to, by the path of the link; absolute. */
  readonly links?: Readonly<Record<string, string>>
}

/** A machine that exists only in memory, for tests, the fuzzer and what is read back at once. */
export function memorySourceReader(machine: MemoryMachine): SourceReader {
  const directories = listDirectories(machine)
  const list = (path: string): readonly string[] | Failure => {
    const names = directories.get(follow(machine, path))
    return names ? [...names] : notThere
  }
  const read = (path: string): string | Failure => {
    const real = follow(machine, path)
    if (directories.has(real)) return { code: 'EISDIR', message: 'it is a directory', retry: false }
    return Object.hasOwn(machine.files, real) ? machine.files[real]! : notThere
  }
  return {
    read,
    readStart: (path, bytesMax) => {
      const text = read(path)
      return isFailure(text) ? text : Buffer.from(text).toString('latin1', 0, bytesMax)
    },
    look: (path) => look(machine, directories, path),
    real: (path) => follow(machine, path),
    list,
    glob: (pattern) => expandGlob(pattern, (directory) => listOrNull(list(directory))),
    environment: machine.environment ?? {},
    hostName: 'host',
  }
}

const notThere: Failure = { code: 'ENOENT', message: 'there is no such file', retry: false }

function look(machine: MemoryMachine, directories: ReadonlyMap<string, unknown>, path: string): FileLook | Failure {
  const real = follow(machine, path)
  if (directories.has(real)) return { kind: 'directory', mode: 0o755, identity: real }
  if (Object.hasOwn(machine.files, real)) return { kind: 'file', mode: machine.modes?.[real] ?? 0o644, identity: real }
  const target = machine.links?.[withoutEnd(path)]
  return target === undefined ? notThere : { kind: 'dangling', target }
}

/** The path without links in it, and without a slash at its end. */
function follow(machine: MemoryMachine, path: string): string {
  let real = withoutEnd(path)
  for (const [link, target] of Object.entries(machine.links ?? {}))
    if (real === link || real.startsWith(`${link}/`)) real = target + real.slice(link.length)
  return real
}

function listDirectories(machine: MemoryMachine): ReadonlyMap<string, ReadonlySet<string>> {
  const directories = new Map<string, Set<string>>([['', new Set()]])
  const made = (machine.directories ?? []).map((name) => `${name}/.`)
  const links = Object.keys(machine.links ?? {})
  for (const path of [...Object.keys(machine.files), ...made, ...links]) {
    let parent = ''
    for (const name of path.split('/').slice(1)) {
      if (name !== '.') directories.get(parent)!.add(name)
      const isDirectory = `${parent}/${name}` !== path
      parent = `${parent}/${name}`
      if (isDirectory && !directories.has(parent)) directories.set(parent, new Set())
    }
  }
  return directories
}

function withoutEnd(path: string): string {
  return path.endsWith('/') ? path.slice(0, -1) : path
}
