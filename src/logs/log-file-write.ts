import { closeSync, constants, ftruncateSync, openSync, readSync, writeSync } from 'node:fs'
import { errnoOf } from '../sys/errno.ts'
import type { End } from './log-file-end.ts'
import { type Losses, markerLine } from './log-target.ts'

/** On a line of its own. The new end, or null when the file takes nothing. */
export function writeMarker(path: string, losses: Losses, { open, size }: End): End | null {
  const line = Buffer.from((endsInMidLine(path, size) ? '\n' : '') + markerLine(losses))
  try {
    writeAll(open.fd, line, size)
    return { open, size: size + line.length }
  } catch (error) {
    losses.why = errnoOf(error)
    return null
  }
}

function endsInMidLine(path: string, size: number): boolean {
  if (size === 0) return false
  const fd = openSync(path, constants.O_RDONLY)
  try {
    const last = Buffer.alloc(1)
    readSync(fd, last, 0, 1, size - 1)
    return last.toString() !== '\n'
  } finally {
    closeSync(fd)
  }
}

/** All of it or nothing. Throws the system's error. */
export function writeAll(fd: number, bytes: Buffer, position: number): void {
  let written = 0
  try {
    while (written < bytes.length) written += writeSync(fd, bytes, written, bytes.length - written, position + written)
  } catch (error) {
    ftruncateSync(fd, position)
    throw error
  }
}
