import { readSync } from 'node:fs'
import { type Errno, errnoOf } from '../sys/errno.ts'
import { setPipeCapacity } from '../sys/fifo.ts'
import { makePipe } from '../sys/pipe.ts'
import { tee } from '../sys/tee.ts'

/** The most that is looked at, and written, in one go. */
export const blockBytesMax = 256 * 1024

/**
 * What a pipe holds, without taking it: at most `bytesMax` from its beginning, nothing where it is empty. The bytes are
 * those of one buffer for all, until the next call. Answers the error where this process can open no further pipe.
 */
export function lookInto(fd: number, bytesMax = blockBytesMax): Buffer | Errno {
  const opened = open()
  if (typeof opened === 'string') return opened
  let end = 0
  while (end < bytesMax && end === 0) {
    const shown = tee(fd, opened.write, bytesMax)
    if (shown === 'EINTR') continue
    if (shown === 'EAGAIN' || shown === 0) break
    if (typeof shown === 'string') return shown
    end = shown
  }
  for (let at = 0; at < end; ) at += readSync(opened.read, buffer(), at, end - at, null)
  return end === 0 ? empty : buffer().subarray(0, end)
}

/**
 * Takes what was looked at, and forgets it. One read(2), which the kernel does not break off: a death before it leaves all
 * of it in the pipe, and after it nothing.
 */
export function takeFrom(fd: number, bytes: number): void {
  for (let left = bytes; left > 0; ) {
    try {
      const read = readSync(fd, buffer(), 0, left, null)
      if (read === 0) return
      left -= read
    } catch (error) {
      // Somebody else has read from it: there is no more.
      if (errnoOf(error) === 'EAGAIN') return
      throw error
    }
  }
}

interface Pipe {
  readonly read: number
  readonly write: number
}

/** Both are for all pipes: nothing is in them between two calls. */
let pipe: Pipe | null = null
let scratch: Buffer | null = null

const empty = Buffer.alloc(0)

function open(): Pipe | Errno {
  if (pipe !== null) return pipe
  const made = makePipe()
  if (typeof made === 'string') return made
  // Refused, it is small, and blocks are.
  setPipeCapacity(made.write, blockBytesMax)
  pipe = made
  return made
}

function buffer(): Buffer {
  scratch ??= Buffer.allocUnsafeSlow(blockBytesMax)
  return scratch
}
