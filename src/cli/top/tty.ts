import { write as writeFile, writeSync } from 'node:fs'
import type { ReadStream, WriteStream } from 'node:tty'
import type { Size } from './model.ts'

/** The terminal, while it is ours. */
export interface Tty {
  size(): Size
  /** Another screen, no cursor, each key at once. */
  enter(): void
  /** Everything as it was found. */
  leave(): void
  /** Resolves when the kernel has taken it; while one is under way there must be no other. False: the terminal is gone. */
  write(text: string): Promise<boolean>
  /** Stops this process as a shell's Ctrl-Z does, and resolves when it goes on. */
  suspend(): Promise<void>
  /** No more keys; the process can end. */
  close(): void
}

export interface TtyEvents {
  bytes(bytes: Uint8Array): void
  resized(): void
  /** It is hung up, or nothing more can be typed. */
  gone(): void
  /** Something else stopped and continued us: nothing on the screen is known. */
  continued(): void
  /** Somebody outside wants us to stop until further notice. */
  stopAsked(): void
}

// The alternate screen, no cursor, no wrapping at the right edge, pastes marked as such.
const enterText = '\u001b[?1049h\u001b[?25l\u001b[?7l\u001b[?2004h'
// The line feed is for terminals that have no other screen to return to.
const leaveText = '\u001b[m\u001b[?2004l\u001b[?7h\u001b[?25h\u001b[999;1H\n\u001b[?1049l'

export function openTty(stdin: ReadStream, stdout: WriteStream & { readonly fd: number }, events: TtyEvents): Tty {
  let isOurs = false
  const onExit = (): void => leave()
  const onContinue = (): void => events.continued()
  const onStop = (): void => events.stopAsked()
  const onData = (bytes: Buffer): void => events.bytes(bytes)
  const onGone = (): void => events.gone()
  const onResize = (): void => events.resized()

  function leave(): void {
    if (!isOurs) return
    isOurs = false
    setRaw(stdin, false)
    writeNow(stdout.fd, leaveText)
  }

  // Also when an error ends us: Node calls it before it prints the error.
  process.on('exit', onExit)
  process.on('SIGCONT', onContinue)
  process.on('SIGTSTP', onStop)
  stdin.on('data', onData)
  stdin.on('end', onGone)
  stdin.on('error', onGone)
  stdout.on('resize', onResize)

  return {
    size: () => ({ columns: Math.max(1, stdout.columns || 80), rows: Math.max(1, stdout.rows || 24) }),
    enter() {
      isOurs = true
      setRaw(stdin, true)
      stdin.resume()
      writeNow(stdout.fd, enterText)
    },
    leave,
    write: (text) => writeAll(stdout.fd, Buffer.from(text)),
    async suspend() {
      leave()
      process.off('SIGTSTP', onStop)
      await stopped()
      process.on('SIGTSTP', onStop)
    },
    close() {
      leave()
      process.off('exit', onExit)
      process.off('SIGCONT', onContinue)
      process.off('SIGTSTP', onStop)
      stdin.off('data', onData)
      stdin.off('end', onGone)
      stdin.off('error', onGone)
      stdout.off('resize', onResize)
      stdin.pause()
    },
  }
}

/** A shell may have changed the mode behind our back, and Node sets only what differs from what it set last. */
function setRaw(stdin: ReadStream, isRaw: boolean): void {
  try {
    if (isRaw) stdin.setRawMode(false)
    stdin.setRawMode(isRaw)
  } catch {
    // The terminal is gone, and its mode with it.
  }
}

/** Where the kernel refuses to stop a process that no shell could continue, it goes on after this. */
const stopMs = 100

/** The whole group stops, as by the key itself. */
function stopped(): Promise<void> {
  return new Promise((resolve) => {
    const goOn = (): void => {
      clearTimeout(timer)
      process.off('SIGCONT', goOn)
      resolve()
    }
    const timer = setTimeout(goOn, stopMs)
    process.on('SIGCONT', goOn)
    process.kill(0, 'SIGTSTP')
  })
}

/** For the few bytes around the screen, and for the end of the process, which waits for nobody. */
function writeNow(fd: number, text: string): void {
  try {
    writeSync(fd, text)
  } catch {
    // The terminal is gone, or it takes nothing: there is nothing left to restore it with.
  }
}

const fullRetryMs = 20

/**
 * On another thread: a slow line must not keep us from reading keys, and Node writes to terminals so that all else waits.
 */
function writeAll(fd: number, bytes: Buffer): Promise<boolean> {
  return new Promise((resolve) => {
    const writeFrom = (at: number): void => {
      writeFile(fd, bytes, at, bytes.length - at, null, (error, written) => {
        if (error?.code === 'EAGAIN' || error?.code === 'EINTR') setTimeout(writeFrom, fullRetryMs, at)
        else if (error !== null) resolve(false)
        else if (at + written < bytes.length) writeFrom(at + written)
        else resolve(true)
      })
    }
    writeFrom(0)
  })
}
