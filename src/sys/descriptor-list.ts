import { existsSync, readdirSync, readlinkSync } from 'node:fs'
import { bind } from './libc.ts'

export interface OpenDescriptor {
  readonly fd: number
  /** A path, or what the kernel calls it: `pipe:[3231]`, `anon_inode:[eventpoll]`. */
  readonly target: string
  readonly isCloseOnExec: boolean
  readonly access: 'read' | 'write' | 'both'
}

/** Every descriptor of this process, ascending. Where there is no /proc, the standard ones, without their targets. */
export function listDescriptors(): readonly OpenDescriptor[] {
  return listNumbers().flatMap((fd) => {
    const flags = fcntl(fd, getFlags, 0)
    // The descriptor of this very listing is gone by now.
    if (flags < 0) return []
    const access = accesses[fcntl(fd, getStatus, 0) & accessMask] ?? 'both'
    return [{ fd, target: targetOf(fd), isCloseOnExec: (flags & closeOnExec) !== 0, access }]
  })
}

function listNumbers(): readonly number[] {
  if (!existsSync(folder)) return [0, 1, 2]
  return readdirSync(folder)
    .map(Number)
    .sort((a, b) => a - b)
}

function targetOf(fd: number): string {
  return existsSync(folder) ? readlinkSync(`${folder}/${fd}`) : ''
}

const folder = '/proc/self/fd'

const accesses = ['read', 'write', 'both'] as const

const getFlags = 1
const getStatus = 3
const closeOnExec = 1
const accessMask = 3

const fcntl = bind<(fd: number, command: number, argument: number) => number>('int fcntl(int, int, int)')
