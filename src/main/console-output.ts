import { constants, fstatSync, openSync, writeSync } from 'node:fs'
import { Socket } from 'node:net'

/** At most this much is kept for a terminal that does not take it now. */
const heldBytesMax = 64 * 1024

/** A stopped terminal is tried again after this. */
const retryMs = 500

/**
 * Writes to our own stdout or stderr without ever waiting for it: a terminal stopped with Ctrl-S, a full pipe or a closed
 * window must not hold up supervision. What is not taken is dropped and counted.
 */
export function createConsoleOutput(fd: 1 | 2): (text: string) => void {
  // A socket (systemd's journal) cannot be opened again, and setting ours to not wait is libuv's business.
  return fstatSync(fd).isSocket() ? socketOutput(fd) : fileOutput(reopen(fd))
}

function fileOutput(fd: number): (text: string) => void {
  let held: Buffer = Buffer.alloc(0)
  let dropped = 0
  let isGone = false
  let timer: NodeJS.Timeout | null = null

  const flush = (): void => {
    timer = null
    while (held.length > 0 && !isGone) {
      const written = write(fd, held)
      if (written === 'gone') isGone = true
      else if (written === 0) {
        timer = setTimeout(flush, retryMs).unref()
        return
      } else held = held.subarray(written)
    }
    if (dropped > 0 && !isGone) {
      held = Buffer.from(droppedText(dropped))
      dropped = 0
      flush()
    }
  }

  return (text) => {
    if (isGone) return
    const bytes = Buffer.from(text)
    if (held.length + bytes.length > heldBytesMax && held.length > 0) {
      dropped += 1
      return
    }
    held = held.length === 0 ? bytes : Buffer.concat([held, bytes])
    if (timer === null) flush()
  }
}

function socketOutput(fd: number): (text: string) => void {
  const socket = new Socket({ fd, readable: false, writable: true })
  let dropped = 0
  // Its reader went away: nobody is left to be told.
  socket.on('error', () => socket.destroy())
  // An open output keeps no process alive.
  socket.unref()
  return (text) => {
    if (socket.destroyed) return
    if (socket.writableLength > heldBytesMax) {
      dropped += 1
      return
    }
    socket.write(dropped === 0 ? text : droppedText(dropped) + text)
    dropped = 0
  }
}

function droppedText(lines: number): string {
  return `(${lines} lines were not shown: the output was not taken)\n`
}

/** An open file of our own, so that not waiting does not change it for others who share the old one. */
function reopen(fd: number): number {
  // A file always takes what is written, and who shares it shares its position too: appending would not move that.
  if (fstatSync(fd).isFile()) return fd
  try {
    return openSync(`/proc/self/fd/${fd}`, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY)
  } catch (error) {
    // Not ours to open (a terminal of another user, after su): it is written as it is.
    if (error instanceof Error && 'code' in error) return fd
    throw error
  }
}

function write(fd: number, bytes: Buffer): number | 'gone' {
  try {
    return writeSync(fd, bytes)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error
    return error.code === 'EAGAIN' ? 0 : 'gone'
  }
}
