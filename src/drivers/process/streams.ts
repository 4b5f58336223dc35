import {
  chownSync,
  closeSync,
  constants,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  unlinkSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { drainBytesMax, finalDrainBytesMax } from '../../core/limits.ts'
import type { Failure, LogSpec, ProcessSpec, UnitId } from '../../core/model.ts'
import type { LogPort, LogWriter, StreamRef } from '../../engine/ports.ts'
import { boundary } from '../../sys/boundary.ts'
import { type Errno, errnoOf } from '../../sys/errno.ts'
import { makeFifo, pipeCapacity, setPipeCapacity } from '../../sys/fifo.ts'
import type { Watch, Watcher } from '../../sys/watcher.ts'
import type { Account } from './account.ts'
import { failure } from './failure.ts'
import type { Keepers } from './keepers.ts'
import { streamFileName, unitFileName } from './stream-name.ts'

/** The FIFOs through which units' output reaches the logs, and what is written to their stdin reaches them. */
export interface Streams {
  /**
   * Makes what these units need and lacks, all together, and has it kept before it returns. Answers the units whose
   * streams could not be made, and why. A unit that has its streams keeps them, with what is in them.
   */
  prepare(needs: readonly StreamNeed[]): ReadonlyMap<UnitId, Failure>
  /** Opens what a run writes to; the caller closes both. Only after a successful `prepare`. */
  openWriteEnds(unit: UnitId, spec: ProcessSpec): { readonly stdout: number; readonly stderr: number }
  /**
   * Opens the end of the unit's stdin that a run gets; the caller closes it. It ends neither with us nor with the run, and
   * keeps for the next run what this one did not read.
   */
  openStdin(unit: UnitId): number
  /** The bytes taken, none when it is full; up to PIPE_BUF bytes are taken whole or not at all. */
  writeStdin(unit: UnitId, bytes: Uint8Array): number | 'no-pipe'
  /** What is taken from now on was printed by this start of the unit. */
  begin(unit: UnitId, attempt: number): void
  /** Takes what a run that ended has left in its pipes, within limits. */
  drainRest(unit: UnitId): void
  /** After our own restart: opens the FIFOs that these runs still have. */
  reopen(runs: readonly Reopened[]): void
  /** Where the unit's FIFOs are or would be. */
  paths(unit: UnitId): readonly string[]
  forget(unit: UnitId): void
  close(): void
}

export interface StreamNeed {
  readonly unit: UnitId
  readonly spec: ProcessSpec
  readonly account: Account
}

export interface Reopened {
  readonly unit: UnitId
  /** As it says they are logged; null: nobody declares it any more. */
  readonly spec: ProcessSpec | null
  readonly attempt: number
}

interface Stream {
  readonly path: string
  readonly ref: StreamRef
  readonly fd: number
  readonly writer: LogWriter
  watch: Watch | null
  paused: NodeJS.Timeout | null
  capacity: number
  canGrow: boolean
}

const stdinSuffix = '.stdin'

const grownBytes = 1024 * 1024

/** Who gave this much at once writes in bulk: to pause would only let its pipe fill up. */
const busyBytes = 32 * 1024

/** The kernel lets an ordinary user's pipes hold 64 MiB together and then makes new ones tiny: stay below half. */
const grownPipesMax = process.getuid?.() === 0 ? Number.POSITIVE_INFINITY : 24

/** How a unit no longer declared is logged: we do not know better. */
const undeclaredLog: LogSpec = { path: null, bytesMax: 10 * 1024 * 1024, backupsMax: 999, ageMaxMs: 0, compress: false }

export function createStreams(options: {
  readonly folder: string
  readonly logs: LogPort
  readonly keepers: Keepers
  readonly watcher: Watcher
  readonly warn: (text: string) => void
}): Streams {
  const { folder, logs, keepers, watcher, warn } = options
  const streams = new Map<string, Stream>()
  /** Pipes for stdin there may be. */
  const stdins = new Set<string>()
  let grownPipes = 0
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  for (const path of fifosIn(folder)) if (path.endsWith(stdinSuffix)) stdins.add(path)

  function prepare(needs: readonly StreamNeed[]): ReadonlyMap<UnitId, Failure> {
    const failed = new Map<UnitId, Failure>()
    const wanted = needs.flatMap((need) => pipesOf(need).map((pipe) => ({ need, ...pipe })))
    for (const { need, path } of wanted) {
      const errno = createFifo(path, need.account)
      if (errno !== null) failed.set(need.unit, fifoFailure(path, errno))
    }
    const made = wanted.filter(({ need }) => !failed.has(need.unit))
    const unkept = keepers.keep(made.map(({ path }) => path))
    for (const { need, path, ref } of made) {
      const errno = unkept ?? (ref === null ? null : openStream(ref))
      if (errno !== null) failed.set(need.unit, fifoFailure(path, errno))
    }
    for (const { unit, spec } of needs) if (spec.stdin.kind !== 'pipe') removeStdin(unit)
    return failed
  }

  /** `ref` null: the one for its stdin, which nobody reads but its runs. */
  function pipesOf({ unit, spec }: StreamNeed): readonly { readonly path: string; readonly ref: StreamRef | null }[] {
    const outputs = refsOf(unit, spec).map((ref) => ({ path: pathOf(ref), ref }))
    if (spec.stdin.kind !== 'pipe') return outputs
    stdins.add(stdinPathOf(unit))
    return [...outputs, { path: stdinPathOf(unit), ref: null }]
  }

  function removeStdin(unit: UnitId): void {
    const path = stdinPathOf(unit)
    if (!stdins.delete(path)) return
    if (lstatSync(path, { throwIfNoEntry: false })) unlinkSync(path)
    keepers.release(path)
  }

  /** What is there already is kept with its content; what is there and no FIFO is not ours to write into. */
  function createFifo(path: string, account: Account): Errno | null {
    try {
      const made = makeFifo(path, 0o600)
      boundary('fifo: made')
      if (made === 'EEXIST' && !lstatSync(path).isFIFO()) {
        unlinkSync(path)
        return createFifo(path, account)
      }
      if (made !== null && made !== 'EEXIST') return made
      const { uid, gid } = lstatSync(path)
      if (uid !== account.uid || gid !== account.gid) chownSync(path, account.uid, account.gid)
      boundary('fifo: owned')
      return null
    } catch (error) {
      return errnoOf(error)
    }
  }

  function openStream(ref: StreamRef): Errno | null {
    const path = pathOf(ref)
    const existing = streams.get(path)
    if (existing && isSameLog(existing.ref, ref)) return null
    if (existing) closeStream(existing)
    try {
      const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
      boundary('fifo: read end open')
      const capacity = pipeCapacity(fd)
      const stream: Stream = {
        path,
        ref,
        fd,
        writer: logs.open(ref),
        watch: null,
        paused: null,
        capacity: typeof capacity === 'string' ? 65_536 : capacity,
        canGrow: true,
      }
      streams.set(path, stream)
      return watch(stream)
    } catch (error) {
      return errnoOf(error)
    }
  }

  function watch(stream: Stream): Errno | null {
    const watching = watcher.watch(stream.fd, (isHungUp) => {
      const { bytes, retryMs } = stream.writer.drain(stream.fd, drainBytesMax)
      boundary('drain: moved')
      if (retryMs !== undefined) pause(stream, retryMs)
      if (bytes >= stream.capacity - 4096) grow(stream)
      // Nobody but a dead keeper lets a pipe hang up, and that would be reported without end.
      if (isHungUp && bytes === 0) rescue(stream)
      return bytes >= busyBytes ? 'much' : 'little'
    })
    if (typeof watching === 'string') {
      closeStream(stream)
      return watching
    }
    stream.watch = watching
    return null
  }

  /** Where its output goes stands still: not looked at for a while, or a full pipe would wake us without end. */
  function pause(stream: Stream, ms: number): void {
    stream.watch?.stop()
    stream.watch = null
    stream.paused = setTimeout(() => {
      stream.paused = null
      if (stream.watch === null) watch(stream)
    }, ms)
  }

  function rescue(stream: Stream): void {
    keepers.check()
    const errno = keepers.keep([stream.path])
    if (errno === null) return
    stream.watch?.stop()
    stream.watch = null
    warn(`${stream.ref.unit}: its ${stream.ref.stream} is not read until its pipe can be kept open again (${errno})`)
  }

  function grow(stream: Stream): void {
    if (!stream.canGrow || stream.capacity >= grownBytes || grownPipes >= grownPipesMax) return
    const capacity = setPipeCapacity(stream.fd, grownBytes)
    // EPERM: an ordinary user's pipes are at their limit. The smaller one works, only slower.
    if (typeof capacity === 'string') stream.canGrow = false
    else {
      stream.capacity = capacity
      grownPipes += 1
    }
  }

  function drainRest(unit: UnitId): void {
    for (const stream of streamsOf(unit)) {
      let total = 0
      let isEmpty = false
      while (!isEmpty && total < finalDrainBytesMax) {
        const drained = stream.writer.drain(stream.fd, drainBytesMax)
        boundary('drain: last words moved')
        total += drained.bytes
        // Where its target takes nothing now, the rest follows later. A rotation moves nothing, and is no end.
        isEmpty = drained.isEmpty || drained.retryMs !== undefined
      }
      if (stream.watch === null) watch(stream)
    }
  }

  function reopen(runs: readonly Reopened[]): void {
    const present = fifosIn(folder)
    const refs = runs.flatMap(({ unit, spec }) => (spec ? refsOf(unit, spec) : undeclaredRefs(unit)))
    const there = refs.filter((ref) => present.has(pathOf(ref)))
    const inputs = runs.map(({ unit }) => stdinPathOf(unit)).filter((path) => present.has(path))
    const errno = keepers.keep([...there.map(pathOf), ...inputs])
    if (errno !== null) warn(`output pipes cannot be kept open (${errno})`)
    for (const ref of there) {
      const trouble = openStream(ref)
      if (trouble !== null) warn(`${ref.unit}: its ${ref.stream} cannot be read (${trouble})`)
    }
    for (const { unit, attempt } of runs) begin(unit, attempt)
  }

  function begin(unit: UnitId, attempt: number): void {
    for (const stream of streamsOf(unit)) stream.writer.begin(attempt)
  }

  function closeStream(stream: Stream): void {
    stream.watch?.stop()
    if (stream.paused !== null) clearTimeout(stream.paused)
    if (stream.capacity >= grownBytes) grownPipes -= 1
    streams.delete(stream.path)
    closeSync(stream.fd)
    stream.writer.close()
  }

  function pathOf(ref: Pick<StreamRef, 'unit' | 'stream'>): string {
    return join(folder, streamFileName(ref.unit, ref.stream))
  }

  function stdinPathOf(unit: UnitId): string {
    return join(folder, `${unitFileName(unit)}${stdinSuffix}`)
  }

  function outputPaths(unit: UnitId): readonly string[] {
    return [pathOf({ unit, stream: 'stdout' }), pathOf({ unit, stream: 'stderr' })]
  }

  function streamsOf(unit: UnitId): readonly Stream[] {
    return outputPaths(unit).flatMap((path) => streams.get(path) ?? [])
  }

  function openStdin(unit: UnitId): number {
    const path = stdinPathOf(unit)
    // With a writer of ours there is nobody to wait for, also where the keeper has just died.
    const writer = openSync(path, constants.O_RDWR | constants.O_NONBLOCK)
    try {
      return openSync(path, constants.O_RDONLY)
    } finally {
      closeSync(writer)
    }
  }

  function writeStdin(unit: UnitId, bytes: Uint8Array): number | 'no-pipe' {
    if (!stdins.has(stdinPathOf(unit))) return 'no-pipe'
    // Never without a reader while it is open here, whatever became of the keeper.
    const fd = openSync(stdinPathOf(unit), constants.O_RDWR | constants.O_NONBLOCK)
    try {
      return writeSync(fd, bytes)
    } catch (error) {
      if (errnoOf(error) === 'EAGAIN') return 0
      throw error
    } finally {
      closeSync(fd)
    }
  }

  function writeEnd(ref: StreamRef | undefined): number {
    // The read end is open, so this neither waits nor fails for lack of a reader.
    return openSync(ref ? pathOf(ref) : '/dev/null', constants.O_WRONLY)
  }

  return {
    prepare,
    drainRest,
    reopen,
    openStdin,
    writeStdin,
    begin,
    paths: (unit) => [...outputPaths(unit), stdinPathOf(unit)],
    openWriteEnds(unit, spec) {
      const refs = refsOf(unit, spec)
      const stdout = writeEnd(refs.find((ref) => ref.stream === 'stdout'))
      boundary('spawn: stdout open')
      if (spec.stderr === 'stdout') return { stdout, stderr: stdout }
      try {
        return { stdout, stderr: writeEnd(refs.find((ref) => ref.stream === 'stderr')) }
      } catch (error) {
        closeSync(stdout)
        throw error
      }
    },
    forget(unit) {
      drainRest(unit)
      for (const stream of streamsOf(unit)) closeStream(stream)
      removeStdin(unit)
      for (const path of outputPaths(unit)) {
        if (lstatSync(path, { throwIfNoEntry: false })) unlinkSync(path)
        keepers.release(path)
      }
    },
    close() {
      for (const stream of [...streams.values()]) closeStream(stream)
    },
  }
}

/** The streams of a unit that are logged. */
function refsOf(unit: UnitId, spec: ProcessSpec): readonly StreamRef[] {
  const stdout: StreamRef[] = spec.stdout.path === 'none' ? [] : [{ unit, stream: 'stdout', spec: spec.stdout }]
  if (spec.stderr === 'stdout' || spec.stderr.path === 'none') return stdout
  return [...stdout, { unit, stream: 'stderr', spec: spec.stderr }]
}

function undeclaredRefs(unit: UnitId): readonly StreamRef[] {
  return (['stdout', 'stderr'] as const).map((stream) => ({ unit, stream, spec: undeclaredLog }))
}

function fifosIn(folder: string): ReadonlySet<string> {
  const files = readdirSync(folder, { withFileTypes: true })
  return new Set(files.flatMap((file) => (file.isFIFO() ? join(folder, file.name) : [])))
}

function isSameLog(a: StreamRef, b: StreamRef): boolean {
  const [one, other] = [a.spec, b.spec]
  return (
    one.path === other.path &&
    one.bytesMax === other.bytesMax &&
    one.backupsMax === other.backupsMax &&
    one.ageMaxMs === other.ageMaxMs &&
    one.compress === other.compress
  )
}

function fifoFailure(path: string, errno: Errno): Failure {
  return failure(errno, `the pipe ${path} cannot be made (${errno})`)
}
