import { close, closeSync, fdatasync } from 'node:fs'
import { createWallClock } from '../svlog/clock.ts'
import type { LogDirectory, LogServices } from '../svlog/model.ts'

/** What the engine of log directories needs from a daemon, which waits for nothing. */
export function createLogServices(parts: {
  readonly warn: LogServices['warn']
  readonly tell: (line: string) => void
  readonly sendUdp: LogServices['sendUdp']
  readonly startProcessor: LogServices['startProcessor']
  readonly processorEnded: (directory: LogDirectory) => void
  /** Before a file that was set aside is closed. */
  readonly beforeClose: (fd: number) => void
}): LogServices {
  const closeFile = createCloser()
  return {
    now: createWallClock(),
    info: null,
    warn: parts.warn,
    tell: (line) => parts.tell(Buffer.from(line).toString().trimEnd()),
    sendUdp: parts.sendUdp,
    syncFile: () => {},
    closeFile(fd) {
      parts.beforeClose(fd)
      closeFile(fd)
    },
    startProcessor: parts.startProcessor,
    later: (delayMs, action) => void setTimeout(action, delayMs).unref(),
    processorEnded: parts.processorEnded,
  }
}

/**
 * Puts files on disk in the background, one a second: a flood would have the disk write what is deleted soon. Those in
 * between are left to the kernel.
 */
function createCloser(): (fd: number) => void {
  let isResting = false
  return (fd) => {
    if (isResting) {
      closeSync(fd)
      return
    }
    isResting = true
    // A file system that cannot do it is none of which more could be expected.
    fdatasync(fd, () => {
      close(fd, () => {})
      setTimeout(() => {
        isResting = false
      }, syncPauseMs).unref()
    })
  }
}

const syncPauseMs = 1_000
