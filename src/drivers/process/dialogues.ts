import { closeSync, readSync, writeSync } from 'node:fs'
import { dialogueBytesKept, finalDrainBytesMax } from '../../core/limits.ts'
import type { RunRef } from '../../core/model.ts'
import type { Dialogue, DialoguePort, LogAppendPort } from '../../engine/ports.ts'
import { type Errno, errnoOf } from '../../sys/errno.ts'
import { makePipe, setBlocking, setNonBlocking } from '../../sys/pipe.ts'
import type { Watch, Watcher } from '../../sys/watcher.ts'
import { createLogTail, type LogTail } from './log-tail.ts'
import type { SpawnStep } from './roles.ts'

/** The pipes over which the daemon talks with runs. It alone has their other ends, so that they end with it. */
export interface Dialogues extends DialoguePort {
  /** For a run that is about to be started: answers what it gets as stdin, and who starts it closes. Throws as logs do. */
  open(step: SpawnStep): number | Errno
  /** What it gets as stdout; who starts it closes it. null: it is none that talks. */
  takeStdout(run: RunRef): number | null
  /** It was started, or was not. */
  settle(run: RunRef, isStarted: boolean): void
  /** It has ended: its last words are given out. */
  end(run: RunRef): void
  close(): void
}

interface Talk extends RunRef {
  /** Our end of its stdin. */
  readonly input: number
  /** Our end of its stdout. */
  readonly output: number
  /** Its own end of that, until it is taken. */
  stdout: number | null
  /** null: what it prints is thrown away. */
  readonly log: LogTail | null
  reading: Watch | null
  writing: Watch | null
  /** What nobody was there to take. */
  readonly kept: Buffer[]
  keptBytes: number
  phase: 'starting' | 'begun' | 'silent' | 'over'
  onWritable: (() => void) | null
  onOutput: ((taken: Uint8Array) => void) | null
  onEnd: (() => void) | null
}

const scratch = Buffer.allocUnsafeSlow(64 * 1024)

export function createDialogues(options: {
  readonly logs: LogAppendPort
  readonly watcher: Watcher
  /** The wall clock. */
  readonly now: () => number
}): Dialogues {
  const { logs, watcher, now } = options
  const talks = new Map<string, Talk>()
  const untold = new Set<Talk>()
  let listener: ((dialogue: Dialogue) => void) | null = null

  function open({ unit, run, attempt, spec }: SpawnStep): number | Errno {
    const { stdout } = spec.process
    const appender = stdout.path === 'none' ? null : logs.append({ unit, stream: 'stdout', spec: stdout })
    const ends = openPipes()
    if (typeof ends === 'string') {
      appender?.close()
      return ends
    }
    const { isAnsiStripped = false } = stdout.handling ?? {}
    const log = appender && createLogTail(appender, { attempt, isAnsiStripped, now, onFree: () => listen(talk) })
    const talk: Talk = {
      ...{ unit, run, input: ends.input, output: ends.output, stdout: ends.stdout, log },
      ...{ reading: null, writing: null, kept: [], keptBytes: 0, phase: 'starting' },
      ...{ onWritable: null, onOutput: null, onEnd: null },
    }
    talks.set(keyOf(talk), talk)
    return ends.stdin
  }

  function settle(ref: RunRef, isStarted: boolean): void {
    const talk = talks.get(keyOf(ref))
    if (talk === undefined) return
    if (!isStarted) {
      release(talk)
      return
    }
    talk.phase = 'begun'
    listen(talk)
    if (listener === null) untold.add(talk)
    else listener(dialogueOf(talk))
  }

  /** Unless nobody takes what it says: then its pipe fills up, and it waits. */
  function listen(talk: Talk): void {
    if (talk.phase !== 'begun' || talk.reading !== null || isHeldBack(talk)) return
    const watch = watcher.watch(talk.output, () => {
      if (take(talk) === 'over') talk.phase = 'silent'
      if (talk.phase !== 'begun' || isHeldBack(talk)) stopReading(talk)
      return 'little'
    })
    // What it says then is taken when it ends.
    talk.reading = typeof watch === 'string' ? null : watch
  }

  function isHeldBack(talk: Talk): boolean {
    return talk.log?.isStuck() === true || isFull(talk)
  }

  function isFull(talk: Talk): boolean {
    return talk.onOutput === null && talk.keptBytes >= dialogueBytesKept
  }

  /** A piece of what it printed. Bytes, or why there were none. */
  function take(talk: Talk): number | 'nothing' | 'over' {
    const bytes = readSome(talk.output)
    if (typeof bytes !== 'number') return bytes
    const piece = Buffer.from(scratch.subarray(0, bytes))
    talk.log?.write(piece)
    if (talk.onOutput !== null) talk.onOutput(piece)
    else if (!isFull(talk)) {
      talk.kept.push(piece)
      talk.keptBytes += bytes
    }
    return bytes
  }

  function stopReading(talk: Talk): void {
    talk.reading?.stop()
    talk.reading = null
  }

  function end(ref: RunRef): void {
    const talk = talks.get(keyOf(ref))
    if (talk === undefined) return
    for (let total = 0; total < finalDrainBytesMax; ) {
      const taken = take(talk)
      if (typeof taken !== 'number') break
      total += taken
    }
    release(talk)
    talk.onEnd?.()
  }

  function release(talk: Talk): void {
    talks.delete(keyOf(talk))
    untold.delete(talk)
    talk.phase = 'over'
    stopReading(talk)
    talk.writing?.stop()
    talk.writing = null
    talk.log?.close()
    for (const fd of [talk.input, talk.output, talk.stdout]) if (fd !== null) closeSync(fd)
  }

  function write(talk: Talk, bytes: Uint8Array): number | 'gone' {
    if (talk.phase === 'over') return 'gone'
    const taken = writeSome(talk.input, bytes)
    if (taken === 'gone' || taken === bytes.length || talk.writing !== null) return taken
    const watch = watcher.watchForWriting(talk.input, () => {
      talk.writing?.stop()
      talk.writing = null
      talk.onWritable?.()
    })
    if (typeof watch === 'string') return 'gone'
    talk.writing = watch
    return taken
  }

  function dialogueOf(talk: Talk): Dialogue {
    return {
      unit: talk.unit,
      run: talk.run,
      write: (bytes) => write(talk, bytes),
      onWritable(again) {
        talk.onWritable = again
      },
      onOutput(taken) {
        talk.onOutput = taken
        for (const piece of talk.kept.splice(0)) taken(piece)
        listen(talk)
      },
      onEnd(ended) {
        talk.onEnd = ended
        if (talk.phase === 'over') ended()
      },
    }
  }

  return {
    open,
    takeStdout(ref) {
      const talk = talks.get(keyOf(ref))
      const stdout = talk?.stdout ?? null
      if (talk !== undefined) talk.stdout = null
      return stdout
    },
    settle,
    end,
    subscribe(begun) {
      listener = begun
      for (const talk of [...untold]) {
        untold.delete(talk)
        begun(dialogueOf(talk))
      }
      return () => {
        if (listener === begun) listener = null
      }
    },
    close() {
      for (const talk of [...talks.values()]) release(talk)
    },
  }
}

interface Ends {
  readonly stdin: number
  readonly input: number
  readonly stdout: number
  readonly output: number
}

function openPipes(): Ends | Errno {
  const stdin = makePipe()
  if (typeof stdin === 'string') return stdin
  const stdout = makePipe()
  if (typeof stdout === 'string') {
    for (const fd of [stdin.read, stdin.write]) closeSync(fd)
    return stdout
  }
  setBlocking(stdin.read)
  setNonBlocking(stdin.write)
  return { stdin: stdin.read, input: stdin.write, stdout: stdout.write, output: stdout.read }
}

/** over: nobody has the other end any more. */
function readSome(fd: number): number | 'nothing' | 'over' {
  try {
    return readSync(fd, scratch) || 'over'
  } catch (error) {
    return errnoOf(error) === 'EAGAIN' ? 'nothing' : 'over'
  }
}

function writeSome(fd: number, bytes: Uint8Array): number | 'gone' {
  try {
    return writeSync(fd, bytes)
  } catch (error) {
    return errnoOf(error) === 'EAGAIN' ? 0 : 'gone'
  }
}

function keyOf({ unit, run }: RunRef): string {
  return `${run} ${unit}`
}
