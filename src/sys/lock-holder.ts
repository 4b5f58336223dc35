import { readFileSync, statSync } from 'node:fs'
import { basename } from 'node:path'
import { errnoOf } from './errno.ts'
import { readCommand, readStat } from './proc.ts'
import { withSpareDescriptor } from './spare.ts'

/** Who holds the lock of a file. `name`: empty where it is gone, or not ours to see. */
export interface LockHolder {
  readonly pid: number
  readonly name: string
}

/** null: nobody, or nobody that this pid namespace knows. `locks`: the text of /proc/locks. */
export function lockHolder(path: string, locks: string = readLocks()): LockHolder | null {
  const file = statSync(path, { throwIfNoEntry: false })
  if (file === undefined) return null
  const held = parseLocks(locks).filter(({ inode }) => inode === file.ino)
  // On some file systems (btrfs, overlay) what stat calls the device is another number than the kernel's own.
  const found = held.find(({ device }) => device === deviceText(file.dev)) ?? (held.length === 1 ? held[0] : undefined)
  if (found === undefined || found.pid <= 0) return null
  const { pid } = found
  const [program] = readCommand(pid)
  return { pid, name: program === undefined ? (readStat(pid)?.comm ?? '') : basename(program) }
}

interface FileLock {
  readonly pid: number
  readonly device: string
  readonly inode: number
}

/** Those taken by flock(2). Source: proc_locks(5). */
export function parseLocks(text: string): readonly FileLock[] {
  return Array.from(text.matchAll(/^\d+: FLOCK +\S+ +\S+ +(-?\d+) ([0-9a-f]+:[0-9a-f]+):(\d+) /gm), (match) => {
    const [, pid, device = '', inode] = match
    return { pid: Number(pid), device, inode: Number(inode) }
  })
}

function readLocks(): string {
  try {
    return withSpareDescriptor(() => readFileSync('/proc/locks', 'latin1'))
  } catch (error) {
    errnoOf(error)
    return ''
  }
}

/** As /proc/locks writes it. The number is that of glibc's makedev. */
function deviceText(device: number): string {
  const number = BigInt(device)
  const major = ((number >> 8n) & 0xfffn) | ((number >> 32n) & 0xfffff000n)
  const minor = (number & 0xffn) | ((number >> 12n) & 0xffffff00n)
  return `${major.toString(16).padStart(2, '0')}:${minor.toString(16).padStart(2, '0')}`
}
