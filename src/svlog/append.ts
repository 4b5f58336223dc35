import { ftruncateSync, writeSync } from 'node:fs'
import { errnoOf } from '../sys/errno.ts'
import { openCurrent } from './current.ts'
import type { LogDirectory } from './model.ts'
import { deleteForRoom } from './old-files.ts'
import { rotateCurrent } from './rotate.ts'

/**
 * Appends bytes as they are, with rotations where they are due: after a newline when `current` is within `lineMaxBytes` of
 * its limit, and at the limit whatever stands there. Answers how many of them are in files; fewer than all: see `trouble`.
 * One write(2) from one rotation to the next.
 */
export function appendBytes(directory: LogDirectory, bytes: Uint8Array, start: number, end: number): number {
  directory.trouble = null
  let at = start
  while (at < end) {
    if (isRotationDue(directory) && !rotateCurrent(directory)) break
    if (!openCurrent(directory)) break
    const written = write(directory, bytes, at, pieceEnd(directory, bytes, at, end))
    if (written === 0) break
    at += written
    directory.bytes += written
    const isAfterLine = bytes[at - 1] === newline && directory.bytes >= lineLimit(directory)
    // Refused, it is made up for before the next byte.
    if (isAfterLine && !rotateCurrent(directory)) break
  }
  return at - start
}

/** Takes back the last bytes of `current`: a stamp whose line could not follow. */
export function takeBack(directory: LogDirectory, count: number): void {
  const bytes = Math.max(0, directory.bytes - count)
  ftruncateSync(directory.fd, bytes)
  directory.bytes = bytes
}

const newline = 0x0a

function isRotationDue({ isRotationDue, config, bytes }: LogDirectory): boolean {
  return isRotationDue || (config.sizeMaxBytes > 0 && bytes >= config.sizeMaxBytes)
}

/** Where what is written in one go has to end. */
function pieceEnd(directory: LogDirectory, bytes: Uint8Array, at: number, end: number): number {
  const { sizeMaxBytes } = directory.config
  if (sizeMaxBytes === 0) return end
  const hardEnd = Math.min(end, at + sizeMaxBytes - directory.bytes)
  const from = at + Math.max(0, lineLimit(directory) - directory.bytes - 1)
  if (from >= hardEnd) return hardEnd
  const found = bytes.subarray(from, hardEnd).indexOf(newline)
  return found === -1 ? hardEnd : from + found + 1
}

/** A limit below the length of a line is no limit for lines, as in the original, whose subtraction wraps around there. */
function lineLimit({ config, settings }: LogDirectory): number {
  const limit = config.sizeMaxBytes - settings.lineMaxBytes
  return config.sizeMaxBytes === 0 || limit < 0 ? Number.POSITIVE_INFINITY : limit
}

/** Bytes that were taken; 0: none will be now. */
function write(directory: LogDirectory, bytes: Uint8Array, start: number, end: number): number {
  for (;;) {
    try {
      return writeSync(directory.fd, bytes, start, end - start)
    } catch (error) {
      const code = errnoOf(error)
      if (code === 'ENOSPC' && deleteForRoom(directory)) continue
      directory.trouble = { kind: 'failed', doing: 'unable to write to current', code }
      return 0
    }
  }
}
