import { closeSync, fstatSync, readdirSync, readlinkSync, type Stats, statSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import { errnoOf } from '../../sys/errno.ts'
import { setCloseOnExec } from '../../sys/execve.ts'

/** Descriptors that another image of this process left open for us: the locks and FIFOs of supervise directories. */
export interface Inherited {
  /** The one that is open on the very file at this path; ours from now on. null: there is none. */
  take(path: string): number | null
  /** Closes what nobody took. */
  settle(): void
}

/** Looks for them among all that is open now: before anything of that kind is opened by us. */
export function findInherited(): Inherited {
  const found = new Map<string, number>()
  for (const fd of superviseDescriptors()) {
    // What we start is to inherit none of it.
    setCloseOnExec(fd, true)
    found.set(keyOf(fstatSync(fd)), fd)
  }
  return {
    take(path) {
      if (found.size === 0) return null
      const file = statSync(path, { throwIfNoEntry: false })
      if (file === undefined) return null
      const key = keyOf(file)
      const fd = found.get(key) ?? null
      found.delete(key)
      return fd
    },
    settle() {
      for (const fd of found.values()) closeSync(fd)
      found.clear()
    },
  }
}

export const noneInherited: Inherited = { take: () => null, settle() {} }

interface Open {
  readonly fd: number
  readonly name: string
  readonly directory: string
}

/** A file `lock` is one of ours only beside such a FIFO: log directories have one as well. */
export function superviseDescriptors(): readonly number[] {
  const all = readdirSync('/proc/self/fd').flatMap((name) => openFile(Number(name)) ?? [])
  const fifos = all.filter(({ fd, name }) => (name === 'ok' || name === 'control') && fstatSync(fd).isFIFO())
  const directories = new Set(fifos.map(({ directory }) => directory))
  const locks = all.filter(({ name, directory }) => name === 'lock' && directories.has(directory))
  return [...fifos, ...locks].map(({ fd }) => fd)
}

function openFile(fd: number): Open | null {
  try {
    const path = readlinkSync(`/proc/self/fd/${fd}`).replace(/ \(deleted\)$/, '')
    return path.startsWith('/') ? { fd, name: basename(path), directory: dirname(path) } : null
  } catch (error) {
    // The one by which the list was read is closed by now.
    errnoOf(error)
    return null
  }
}

function keyOf({ dev, ino }: Pick<Stats, 'dev' | 'ino'>): string {
  return `${dev}:${ino}`
}
