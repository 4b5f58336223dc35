import { closeSync, fchownSync, readSync, writeSync } from 'node:fs'
import { setImmediate as nextRound } from 'node:timers/promises'
import type { ExecOutput, TerminalSize } from '../../engine/ports.ts'
import { type Errno, errnoOf } from '../../sys/errno.ts'
import { duplicate } from '../../sys/execve.ts'
import { makePipe, setBlocking, setNonBlocking } from '../../sys/pipe.ts'
import { openTerminal, resizeTerminal } from '../../sys/terminal.ts'
import type { Watch, Watcher } from '../../sys/watcher.ts'
import type { Account } from './account.ts'

/** Our ends of what a command reads and writes: pipes, or a terminal. */
export interface ExecStreams {
  /** For the start; closed by whoever starts it, or by `closeTheirs`. */
  readonly theirs: {
    readonly stdin: number
    readonly stdout: number
    readonly stderr: number
    readonly terminal?: string
  }
  /** Closes their stdin, and where it was not started the rest of their ends. */
  closeTheirs(isStarted: boolean): void
  /**
   * What it writes, only as fast as it is asked for. Ends when nothing is left to be read and `hasEnded` says so: who else has
   * these ends open is not waited for.
   */
  read(hasEnded: () => boolean): AsyncGenerator<ExecOutput>
  /** It has ended: what waits for output looks again. */
  wake(): void
  /** Resolves when it was taken, or when nobody is left to take it. */
  write(bytes: Uint8Array): Promise<void>
  endInput(): void
  resize(size: TerminalSize): void
  /** A command in a terminal loses it, and is told so by the kernel. */
  close(): void
}

interface Source {
  readonly stream: ExecOutput['stream']
  readonly fd: number
  isOpen: boolean
}

const readBytes = 64 * 1024

/** The byte by which a terminal tells the end of the input: Ctrl-D. */
const endOfInput = Buffer.from([4])

export function openExecStreams(options: {
  readonly terminal: TerminalSize | null
  readonly hasInput: boolean
  readonly account: Account
  readonly devNull: number
  readonly watcher: Watcher
}): ExecStreams | Errno {
  const { terminal, hasInput, devNull, watcher } = options
  const ends = terminal === null ? pipeEnds(hasInput, devNull) : terminalEnds(terminal, options.account)
  if (typeof ends === 'string') return ends
  const { sources, theirs } = ends
  let input = ends.input
  let isClosed = false
  let woken = Promise.withResolvers<void>()

  function wake(): void {
    woken.resolve()
    woken = Promise.withResolvers()
  }

  async function* read(hasEnded: () => boolean): AsyncGenerator<ExecOutput> {
    const buffer = Buffer.allocUnsafe(readBytes)
    for (;;) {
      // Looked at first: whatever it wrote before its end is read then.
      const isOver = hasEnded()
      let isSome = false
      for (const source of sources) {
        const bytes = source.isOpen ? readSome(source, buffer) : 0
        if (bytes === 0) continue
        isSome = true
        yield { stream: source.stream, bytes: Buffer.from(buffer.subarray(0, bytes)) }
      }
      if (isClosed || (isOver && !isSome)) return
      // A command that prints without end is not the only thing there is.
      if (isSome) await nextRound()
      else await untilReadable()
    }
  }

  async function untilReadable(): Promise<void> {
    const watches: Watch[] = []
    const ready = Promise.withResolvers<void>()
    for (const source of sources.filter(({ isOpen }) => isOpen)) {
      const watch = watcher.watch(source.fd, () => {
        ready.resolve()
        return 'much'
      })
      // Then only its end is waited for.
      if (typeof watch !== 'string') watches.push(watch)
    }
    await Promise.race([ready.promise, woken.promise])
    for (const watch of watches) watch.stop()
  }

  async function write(bytes: Uint8Array): Promise<void> {
    for (let left = bytes; left.length > 0 && input !== null; ) {
      const taken = writeSome(input, left)
      if (taken === 'nobody') dropInput()
      else left = left.subarray(taken)
      if (taken === 0) await untilWritable(input)
    }
  }

  async function untilWritable(fd: number): Promise<void> {
    const ready = Promise.withResolvers<void>()
    const watch = watcher.watchForWriting(fd, ready.resolve)
    if (typeof watch === 'string') {
      dropInput()
      return
    }
    await Promise.race([ready.promise, woken.promise])
    watch.stop()
  }

  function dropInput(): void {
    if (input !== null) closeSync(input)
    input = null
  }

  return {
    theirs,
    closeTheirs(isStarted) {
      if (theirs.stdin !== devNull && theirs.stdin !== theirs.stdout) closeSync(theirs.stdin)
      if (isStarted) return
      closeSync(theirs.stdout)
      if (theirs.stderr !== theirs.stdout) closeSync(theirs.stderr)
    },
    read,
    wake,
    write,
    endInput() {
      if (terminal === null) dropInput()
      else void write(endOfInput)
    },
    resize(size) {
      if (terminal !== null && !isClosed) resizeTerminal(sources[0]!.fd, size)
    },
    close() {
      if (isClosed) return
      isClosed = true
      // Whoever waits stops watching before these are closed.
      wake()
      setImmediate(() => {
        dropInput()
        for (const { fd } of sources) closeSync(fd)
      })
    },
  }
}

interface Ends {
  readonly theirs: ExecStreams['theirs']
  readonly sources: readonly Source[]
  readonly input: number | null
}

function pipeEnds(hasInput: boolean, devNull: number): Ends | Errno {
  const opened: { readonly read: number; readonly write: number }[] = []
  for (let at = 0; at < (hasInput ? 3 : 2); at += 1) {
    const pipe = makePipe()
    if (typeof pipe === 'string') {
      for (const { read, write } of opened) for (const fd of [read, write]) closeSync(fd)
      return pipe
    }
    opened.push(pipe)
  }
  const [out, err, stdin] = opened as [(typeof opened)[0], (typeof opened)[0], (typeof opened)[0] | undefined]
  if (stdin !== undefined) {
    setBlocking(stdin.read)
    setNonBlocking(stdin.write)
  }
  return {
    theirs: { stdin: stdin?.read ?? devNull, stdout: out.write, stderr: err.write },
    sources: [sourceOf('stdout', out.read), sourceOf('stderr', err.read)],
    input: stdin?.write ?? null,
  }
}

function terminalEnds(size: TerminalSize, account: Account): Ends | Errno {
  const opened = openTerminal()
  if (typeof opened === 'string') return opened
  const { master, slave, path } = opened
  // One descriptor cannot be watched for both.
  const input = duplicate(master)
  if (typeof input === 'string') {
    for (const fd of [master, slave]) closeSync(fd)
    return input
  }
  resizeTerminal(master, size)
  // Programs open it by its name, as the user whose it is.
  if (account.groups !== null) fchownSync(slave, account.uid, account.gid)
  return {
    theirs: { stdin: slave, stdout: slave, stderr: slave, terminal: path },
    sources: [sourceOf('stdout', master)],
    input,
  }
}

function sourceOf(stream: ExecOutput['stream'], fd: number): Source {
  return { stream, fd, isOpen: true }
}

/** 0: nothing now. At its end it is not open any more. */
function readSome(source: Source, buffer: Buffer): number {
  try {
    const bytes = readSync(source.fd, buffer)
    if (bytes === 0) source.isOpen = false
    return bytes
  } catch (error) {
    const errno = errnoOf(error)
    // EIO: nobody has the terminal open any more.
    if (errno !== 'EAGAIN') source.isOpen = false
    return 0
  }
}

function writeSome(fd: number, bytes: Uint8Array): number | 'nobody' {
  try {
    return writeSync(fd, bytes)
  } catch (error) {
    return errnoOf(error) === 'EAGAIN' ? 0 : 'nobody'
  }
}
