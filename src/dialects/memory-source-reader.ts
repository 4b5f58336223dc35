import type { Failure } from '../core/model.ts'
import { expandGlob } from '../formats/glob.ts'
import { listOrNull, type SourceReader } from './source-reader.ts'

export interface MemoryMachine {
  /** Texts by absolute path; their directories exist as well. */
  readonly files: Readonly<Record<string, string>>
  readonly environment?: Readonly<Record<string, string>>
  readonly directories?: readonly string[]
}

/** A machine that exists only in memory, for tests and the fuzzer. */
export function memorySourceReader(machine: MemoryMachine): SourceReader {
  const directories = listDirectories(machine)
  const list = (path: string): readonly string[] | Failure => {
    const names = directories.get(withoutEnd(path))
    return names ? [...names] : { code: 'ENOENT', message: 'there is no such file', retry: false }
  }
  return {
    read: (path) => {
      if (directories.has(withoutEnd(path))) return { code: 'EISDIR', message: 'it is a directory', retry: false }
      if (Object.hasOwn(machine.files, path)) return machine.files[path]!
      return { code: 'ENOENT', message: 'there is no such file', retry: false }
    },
    list,
    glob: (pattern) => expandGlob(pattern, (directory) => listOrNull(list(directory))),
    environment: machine.environment ?? {},
    hostName: 'host',
  }
}

function listDirectories(machine: MemoryMachine): ReadonlyMap<string, ReadonlySet<string>> {
  const directories = new Map<string, Set<string>>([['', new Set()]])
  for (const path of [...Object.keys(machine.files), ...(machine.directories ?? []).map((name) => `${name}/.`)]) {
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
