import { closeSync, constants, fstatSync, openSync, writeSync } from 'node:fs'
import { errnoOf } from '../sys/errno.ts'
import {
  blockedRetryMs,
  type Drained,
  dropSome,
  type LogTarget,
  type LogTargetOptions,
  type Losses,
  markerLine,
  readSome,
  refusedRetryMs,
  type Writing,
} from './log-target.ts'

/**
 * A log that is no regular file: our own /dev/stdout, a terminal, a named pipe, a device. Never rotated. The bytes pass
 * through our memory, at most one buffer of them, and a target that stands still holds the service back as its own
 * terminal would. Throws the system's error when it cannot be opened.
 */
export function openLogStream({ place: { path }, scratch, warn }: LogTargetOptions): LogTarget {
  const stream: LogStream = { path, scratch, warn, open: open(path), carry: null, losses: { bytes: 0, why: '' } }
  return {
    drain: (from, bytesMax) => drain(stream, from, bytesMax),
    write: (writing) => write(stream, writing),
    restMs: () => (writeCarry(stream) ? null : blockedRetryMs),
    put: (bytes) => put(stream, bytes),
    reopen() {
      writeCarry(stream)
      close(stream)
      stream.open = reopened(stream)
    },
    setLimits: () => {},
    close: () => close(stream),
  }
}

interface LogStream {
  readonly path: string
  readonly scratch: Buffer
  readonly warn: (message: string) => void
  open: Open | null
  /** Taken from a pipe and not yet taken by the target: nothing further is read meanwhile. */
  carry: Buffer | null
  readonly losses: Losses
}

interface Open {
  readonly fd: number
  /** Our own standard output or error: not ours to close. */
  readonly isBorrowed: boolean
}

function drain(stream: LogStream, from: number, bytesMax: number): Drained {
  let bytes = 0
  while (bytes < bytesMax) {
    if (!writeCarry(stream)) return { bytes, isEmpty: false, retryMs: blockedRetryMs }
    if (stream.open === null) stream.open = reopened(stream)
    const { open, losses, scratch } = stream
    if (open === null) {
      const dropped = dropSome(losses, from, scratch, losses.why)
      if (dropped === 'empty') return { bytes, isEmpty: true }
      bytes += dropped
      continue
    }
    const read = readSome(from, scratch, bytesMax - bytes)
    if (read === 'empty') return { bytes, isEmpty: true }
    bytes += read
    const chunk = scratch.subarray(0, read)
    stream.carry = losses.bytes === 0 ? Buffer.from(chunk) : Buffer.concat([Buffer.from(markerLine(losses)), chunk])
    losses.bytes = 0
  }
  const isTaken = writeCarry(stream)
  return isTaken ? { bytes, isEmpty: false } : { bytes, isEmpty: false, retryMs: blockedRetryMs }
}

/** All or nothing is taken; what the target does not take at once stays in our memory. */
function write(stream: LogStream, { pieces, announce }: Writing): ReturnType<LogTarget['write']> {
  if (!writeCarry(stream)) return { bytes: 0, retryMs: blockedRetryMs }
  if (stream.open === null) stream.open = reopened(stream)
  if (stream.open === null) return { bytes: 0, retryMs: refusedRetryMs }
  const { losses } = stream
  const bytes = pieces.reduce((sum, piece) => sum + piece.bytes.length, 0)
  announce(null, bytes)
  const marker = losses.bytes === 0 ? [] : [Buffer.from(markerLine(losses))]
  losses.bytes = 0
  stream.carry = Buffer.concat([...marker, ...pieces.map((piece) => piece.bytes)])
  writeCarry(stream)
  return { bytes }
}

function put(stream: LogStream, bytes: Buffer): void {
  writeCarry(stream)
  if (stream.open === null) stream.open = reopened(stream)
  const { losses, carry } = stream
  if (stream.open === null && carry === null) {
    losses.bytes += bytes.length
    return
  }
  const marker = losses.bytes === 0 ? [] : [Buffer.from(markerLine(losses))]
  losses.bytes = 0
  stream.carry = Buffer.concat([...(carry === null ? [] : [carry]), ...marker, bytes])
  writeCarry(stream)
}

/** False: the target takes no more now. */
function writeCarry(stream: LogStream): boolean {
  while (stream.carry !== null && stream.open !== null) {
    const { carry, open, losses } = stream
    try {
      const written = writeSync(open.fd, carry)
      stream.carry = written < carry.length ? carry.subarray(written) : null
    } catch (error) {
      const code = errnoOf(error)
      if (code === 'EAGAIN') return false
      losses.bytes += carry.length
      losses.why = code
      stream.carry = null
      // A pipe whose reader went away may find another one.
      close(stream)
      stream.warn(`${stream.path}: cannot be written (${code}); output is dropped until it can`)
    }
  }
  return true
}

function open(path: string): Open {
  const own = ownDescriptor(path)
  if (own === null) return { fd: openSync(path, flags), isBorrowed: false }
  const kind = fstatSync(own)
  if (!kind.isFIFO() && !kind.isCharacterDevice()) return { fd: own, isBorrowed: true }
  // A description of its own, so that it can be non-blocking for us without being so for everybody else.
  return { fd: openSync(`/proc/self/fd/${own}`, flags), isBorrowed: false }
}

const flags = constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY

function reopened({ path, losses }: LogStream): Open | null {
  try {
    return open(path)
  } catch (error) {
    losses.why = errnoOf(error)
    return null
  }
}

// Opened by its path, a file behind it would be written from its beginning, and a socket not at all.
function ownDescriptor(path: string): number | null {
  const match = /^\/(?:dev\/(?:std(out|err)|fd\/(\d+))|proc\/self\/fd\/(\d+))$/.exec(path)
  if (match === null) return null
  const [, name, ...numbers] = match
  if (name !== undefined) return name === 'out' ? 1 : 2
  return Number(numbers.find((number) => number !== undefined))
}

function close(stream: LogStream): void {
  const { open } = stream
  stream.open = null
  if (open !== null && !open.isBorrowed) closeSync(open.fd)
}
