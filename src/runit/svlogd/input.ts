import { fstatSync, readSync } from 'node:fs'
import { Socket } from 'node:net'
import { isatty, ReadStream } from 'node:tty'
import { type Errno, errnoOf } from '../../sys/errno.ts'

/** Standard input, read as little as asked: what nobody took stays in the pipe for the next reader. */
export interface Input {
  /** Bytes read; 0: it has ended; null: there is nothing now. */
  read(into: Buffer, start: number, bytesMax: number): number | null
  /** Until there is something to read, or `wake` is called. */
  wait(): Promise<void>
  wake(): void
  close(): void
}

/** `onError`: reading failed for good; it then looks like the end. */
export function openInput(fd: number, onError: (code: Errno) => void): Input {
  const kind = kindOf(fd)
  let first: number | null = null
  let isDry = kind !== 'file'
  let hasEnded = false
  let stream: Socket | null = null
  let waiting: (() => void) | null = null
  // A signal may come while nobody waits here: the next wait is over at once.
  let isWoken = false

  function wake(): void {
    isWoken = waiting === null
    waiting?.()
    waiting = null
  }

  function end(): void {
    hasEnded = true
    wake()
  }

  /**
   * Node can wait for a pipe only by reading from it, so one byte is read. It also makes the pipe non-blocking, as the
   * original does.
   */
  function openStream(): Socket {
    const onread = {
      buffer: Buffer.alloc(1),
      callback: (_: number, bytes: Uint8Array) => {
        first = bytes[0]!
        isDry = false
        wake()
        return false
      },
    }
    const opened =
      kind === 'terminal'
        ? new ReadStream(fd, { onread } as ConstructorParameters<typeof Socket>[0])
        : new Socket({ fd, readable: true, writable: false, onread })
    opened.on('end', end)
    opened.on('error', (error) => {
      onError(errnoOf(error))
      end()
    })
    return opened
  }

  function readMore(into: Buffer, start: number, bytesMax: number): number | null {
    try {
      const bytes = readSync(fd, into, start, bytesMax, null)
      if (bytes === 0) hasEnded = true
      else isDry = kind !== 'file' && bytes < bytesMax
      return bytes
    } catch (error) {
      const code = errnoOf(error)
      isDry = true
      if (code === 'EAGAIN' || code === 'EINTR') return null
      onError(code)
      hasEnded = true
      return 0
    }
  }

  return {
    read(into, start, bytesMax) {
      if (first !== null) {
        into[start] = first
        first = null
        // Only a pipe is known not to block now.
        const more = kind === 'pipe' && bytesMax > 1 ? readMore(into, start + 1, bytesMax - 1) : null
        if (kind === 'terminal') isDry = true
        return 1 + (more ?? 0)
      }
      if (hasEnded) return 0
      return isDry ? null : readMore(into, start, bytesMax)
    },
    wait() {
      return new Promise((resolve) => {
        if (hasEnded || !isDry || isWoken) {
          isWoken = false
          resolve()
          return
        }
        waiting = resolve
        stream ??= openStream()
        stream.resume()
      })
    },
    wake,
    close() {
      stream?.destroy()
    },
  }
}

/** A file is always ready, and cannot be waited for; so are devices like /dev/null. */
function kindOf(fd: number): 'pipe' | 'terminal' | 'file' {
  if (isatty(fd)) return 'terminal'
  const status = fstatSync(fd)
  return status.isFIFO() || status.isSocket() ? 'pipe' : 'file'
}
