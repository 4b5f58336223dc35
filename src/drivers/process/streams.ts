import { closeSync, constants, mkdirSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { drainBytesMax, finalDrainBytesMax } from '../../core/limits.ts'
import type { Failure, ProcessSpec, UnitId } from '../../core/model.ts'
import type { LogPort, LogWriter, StreamRef } from '../../engine/ports.ts'
import { boundary } from '../../sys/boundary.ts'
import { type Errno, errnoOf } from '../../sys/errno.ts'
import { pipeCapacity, setPipeCapacity } from '../../sys/fifo.ts'
import { isEmptyPipe } from '../../sys/pipe.ts'
import type { Watch, Watcher } from '../../sys/watcher.ts'
import type { Account } from './account.ts'
import { failure } from './failure.ts'
import { createFifo, fifosIn, inputIn, openEnd, removeFifo } from './fifos.ts'
import type { Keepers } from './keepers.ts'
import { createLinks } from './links.ts'
import { streamFileName, unitFileName } from './stream-name.ts'
import { errorsOf, isSameLog, isTaken, refsOf, undeclaredRefs } from './stream-refs.ts'

/** The FIFOs through which units' output reaches the logs or other units, and what is written to their stdin reaches them. */
export interface Streams {
  /**
   * Makes what these units need and lacks, all together, and has it kept before it returns. Answers the units whose
   * streams could not be made, and why. A unit that has its streams keeps them, with what is in them.
   */
  prepare(needs: readonly StreamNeed[]): ReadonlyMap<UnitId, Failure>
  /** Opens what a run writes to; the caller closes both. Only after a successful `prepare`. `own`: what it has as stdout instead. */
  openWriteEnds(
    unit: UnitId,
    spec: ProcessSpec,
    own?: number | null,
  ): { readonly stdout: number; readonly stderr: number }
  /**
   * Opens the unit's stdin for a run; the caller closes it. It ends neither with us nor with the run, and keeps for the next
   * run what this one did not read. Both ends are the run's, so that nobody else needs to hold one until something is written.
   */
  openStdin(unit: UnitId): number
  /** Opens the end from which another unit reads what this one prints. It ends neither with us nor with the run. */
  openOutput(unit: UnitId): number
  /**
   * These units read to the end of what others have printed: once those are gone nobody holds the other end any more.
   * What the others print from then on goes into a new pipe.
   */
  endInputs(units: readonly UnitId[]): void
  /**
   * The bytes taken, none when it is full; up to PIPE_BUF bytes are taken whole or not at all. Throws the system's error,
   * also where the pipe cannot be kept for what is written.
   */
  writeStdin(unit: UnitId, bytes: Uint8Array): number | 'no-pipe'
  /** What is taken from now on was printed by this start of the unit. */
  begin(unit: UnitId, attempt: number): void
  /** Takes what a run that ended has left in its pipes, within limits. */
  drainRest(unit: UnitId): void
  /** After our own restart: opens the FIFOs that these runs still have. */
  reopen(runs: readonly Reopened[]): void
  /** Where the unit's FIFOs are or would be. */
  paths(unit: UnitId): { readonly outputs: readonly string[]; readonly stdin: string }
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
  /** Of its process, where it is known. */
  readonly pid: number | null
}

interface Pipe {
  readonly path: string
  /** To whom the file belongs; null: to whom it does already, because the pipe is another unit's. */
  readonly owner: Account | null
  /** stdin: nobody reads it but its runs. output, input: between two units. Else it is logged. */
  readonly use: StreamRef | 'stdin' | 'output' | 'input'
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

const plainBytes = 65_536
const grownBytes = 1024 * 1024

/** Who gave this much at once writes in bulk: to pause would only let its pipe fill up. */
const busyBytes = 32 * 1024

/** The kernel lets an ordinary user's pipes hold 64 MiB together and then makes new ones tiny: stay below half. */
const grownPipesMax = process.getuid?.() === 0 ? Number.POSITIVE_INFINITY : 24

export function createStreams(options: {
  readonly folder: string
  readonly logs: LogPort
  readonly keepers: Keepers
  readonly watcher: Pick<Watcher, 'watch'>
  readonly warn: (text: string) => void
}): Streams {
  const { folder, logs, keepers, watcher, warn } = options
  const streams = new Map<string, Stream>()
  /** Pipes for stdin there may be. */
  const stdins = new Set<string>()
  const links = createLinks()
  let grownPipes = 0
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  for (const path of fifosIn(folder)) if (path.endsWith(stdinSuffix)) stdins.add(path)

  function prepare(needs: readonly StreamNeed[]): ReadonlyMap<UnitId, Failure> {
    const failed = new Map<UnitId, Failure>()
    const wanted = needs.flatMap((need) => pipesOf(need).map((pipe) => ({ need, ...pipe })))
    for (const { need, path, owner } of wanted) {
      const errno = createFifo(path, owner)
      if (errno !== null) failed.set(need.unit, fifoFailure(path, errno))
    }
    const made = wanted.filter(({ need }) => !failed.has(need.unit))
    const unkept = keepers.keep(made.flatMap(({ path, use }) => (use === 'stdin' ? [] : [path])))
    for (const { need, path, use } of made) {
      const errno = unkept ?? begin(need.unit, path, use)
      if (errno !== null) failed.set(need.unit, fifoFailure(path, errno))
    }
    for (const { unit, spec } of needs) if (spec.stdin.kind !== 'pipe') removeStdin(unit)
    return failed
  }

  function pipesOf({ unit, spec, account }: StreamNeed): readonly Pipe[] {
    const pipes: Pipe[] = refsOf(unit, spec).map((ref) => ({ path: pathOf(ref), owner: account, use: ref }))
    if (spec.logger?.kind === 'unit') pipes.push({ path: stdoutPathOf(unit), owner: account, use: 'output' })
    if (spec.stdin.kind === 'pipe') {
      stdins.add(stdinPathOf(unit))
      pipes.push({ path: stdinPathOf(unit), owner: account, use: 'stdin' })
    }
    if (spec.stdin.kind === 'output') pipes.push({ path: stdoutPathOf(spec.stdin.unit), owner: null, use: 'input' })
    return pipes
  }

  /** What is made and kept is used from now on. */
  function begin(unit: UnitId, path: string, use: Pipe['use']): Errno | null {
    switch (use) {
      case 'stdin':
        return null
      case 'output':
        links.write(path)
        handOver(path)
        return null
      case 'input':
        links.read(path, unit)
        handOver(path)
        return null
      default:
        links.end(path)
        return openStream(use)
    }
  }

  /** From now on a unit reads it, and we do not any more: what is in it is for that unit. */
  function handOver(path: string): void {
    const stream = streams.get(path)
    if (stream === undefined) return
    // Refused where more is in it than that: then it stays as it is.
    if (stream.capacity >= grownBytes) setPipeCapacity(stream.fd, plainBytes)
    closeStream(stream)
  }

  function removeStdin(unit: UnitId): void {
    const path = stdinPathOf(unit)
    if (stdins.delete(path)) remove(path)
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
        capacity: typeof capacity === 'string' ? plainBytes : capacity,
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
      stream.writer.settle?.()
      if (stream.watch === null) watch(stream)
    }
  }

  function reopen(runs: readonly Reopened[]): void {
    const present = fifosIn(folder)
    const linked = runs.flatMap(relink).filter((path) => present.has(path))
    const refs = runs.flatMap(({ unit, spec }) => (spec ? refsOf(unit, spec) : undeclaredRefs(unit)))
    const there = refs.filter((ref) => present.has(pathOf(ref)) && !links.has(pathOf(ref)))
    const inputs = runs.map(({ unit }) => stdinPathOf(unit)).filter((path) => present.has(path) && holdsSomething(path))
    const errno = keepers.keep([...there.map(pathOf), ...inputs, ...linked])
    if (errno !== null) warn(`output pipes cannot be kept open (${errno})`)
    for (const ref of there) {
      const trouble = openStream(ref)
      if (trouble !== null) warn(`${ref.unit}: its ${ref.stream} cannot be read (${trouble})`)
    }
    for (const { unit, attempt } of runs) attribute(unit, attempt)
  }

  /** What was never written to is kept by its run alone. Where the record of the keepers was lost, only a look tells. */
  function holdsSomething(path: string): boolean {
    if (keepers.isKept(path)) return true
    const fd = openSync(path, constants.O_RDWR | constants.O_NONBLOCK)
    try {
      return !isEmptyPipe(fd)
    } finally {
      closeSync(fd)
    }
  }

  /** The pipes between this run and another unit. */
  function relink({ unit, spec, pid }: Reopened): readonly string[] {
    const output = spec?.logger?.kind === 'unit' ? stdoutPathOf(unit) : null
    if (output !== null) links.write(output)
    const input = readBy(spec, pid)
    if (input !== null) {
      links.read(input, unit)
      handOver(input)
    }
    return [output, input].filter((path) => path !== null)
  }

  /** The pipe it reads. null: none, or one that was removed under it. */
  function readBy(spec: ProcessSpec | null, pid: number | null): string | null {
    if (spec !== null && spec.stdin.kind !== 'output') return null
    const stdin = pid === null ? null : inputIn(folder, pid)
    if (stdin?.isRemoved) return null
    if (spec?.stdin.kind === 'output') return stdoutPathOf(spec.stdin.unit)
    // Of one that nobody declares only what it has open tells.
    return stdin?.path.endsWith('.stdout') ? stdin.path : null
  }

  function attribute(unit: UnitId, attempt: number): void {
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

  function stdoutPathOf(unit: UnitId): string {
    return pathOf({ unit, stream: 'stdout' })
  }

  function stdinPathOf(unit: UnitId): string {
    return join(folder, `${unitFileName(unit)}${stdinSuffix}`)
  }

  function outputPaths(unit: UnitId): readonly string[] {
    return [stdoutPathOf(unit), pathOf({ unit, stream: 'stderr' })]
  }

  function streamsOf(unit: UnitId): readonly Stream[] {
    return outputPaths(unit).flatMap((path) => streams.get(path) ?? [])
  }

  function writeStdin(unit: UnitId, bytes: Uint8Array): number | 'no-pipe' {
    const path = stdinPathOf(unit)
    if (!stdins.has(path)) return 'no-pipe'
    // From now on it may hold something, which outlives the run that has it and us.
    const unkept = keepers.keep([path])
    if (unkept !== null) throw Object.assign(new Error(`${path} cannot be kept`), { code: unkept })
    boundary('stdin: kept')
    // Never without a reader while it is open here, whatever became of the keeper.
    const fd = openSync(path, constants.O_RDWR | constants.O_NONBLOCK)
    try {
      return writeSync(fd, bytes)
    } catch (error) {
      if (errnoOf(error) === 'EAGAIN') return 0
      throw error
    } finally {
      closeSync(fd)
    }
  }

  function openWriteEnds(
    unit: UnitId,
    spec: ProcessSpec,
    own: number | null = null,
  ): { readonly stdout: number; readonly stderr: number } {
    const refs = refsOf(unit, spec)
    const isLogged = refs.some(({ stream }) => stream === 'stdout')
    const stdout = own ?? (isLogged || spec.logger !== null ? writeEnd(stdoutPathOf(unit)) : openNull())
    boundary('spawn: stdout open')
    const errors = errorsOf(spec)
    if (errors === 'stdout') return { stdout, stderr: stdout }
    const path = pathOf({ unit, stream: 'stderr' })
    // Of a unit whose settings have changed since it was started: it has no such pipe yet.
    if (isTaken(errors) && !streams.has(path)) return { stdout, stderr: stdout }
    try {
      return { stdout, stderr: isTaken(errors) ? writeEnd(path) : openNull() }
    } catch (error) {
      closeSync(stdout)
      throw error
    }
  }

  function writeEnd(path: string): number {
    // The read end is open, so this neither waits nor fails for lack of a reader.
    return streams.has(path) ? openSync(path, constants.O_WRONLY) : openEnd(path, constants.O_WRONLY)
  }

  /** They stay where a unit reads them, until that is forgotten as well. */
  function removeOutputs(unit: UnitId): void {
    const isRead = links.leaveWriting(stdoutPathOf(unit))
    for (const path of outputPaths(unit)) if (!isRead || path !== stdoutPathOf(unit)) remove(path)
  }

  function remove(path: string): void {
    removeFifo(path)
    keepers.release(path)
  }

  function endInputs(units: readonly UnitId[]): void {
    const paths = units.flatMap((unit) => links.inputOf(unit) ?? [])
    if (paths.length === 0) return
    for (const path of paths) {
      links.end(path)
      // Whoever reads it could miss the end, were its writer started again at once.
      removeFifo(path)
    }
    boundary('input: pipe removed')
    keepers.drop(paths)
    boundary('input: other end closed')
  }

  return {
    prepare,
    drainRest,
    reopen,
    openStdin: (unit) => openSync(stdinPathOf(unit), constants.O_RDWR),
    openOutput: (unit) => openEnd(stdoutPathOf(unit), constants.O_RDONLY),
    openWriteEnds,
    endInputs,
    writeStdin,
    begin: attribute,
    paths: (unit) => ({ outputs: outputPaths(unit), stdin: stdinPathOf(unit) }),
    forget(unit) {
      drainRest(unit)
      for (const stream of streamsOf(unit)) closeStream(stream)
      removeStdin(unit)
      removeOutputs(unit)
      const input = links.leaveReading(unit)
      if (input !== null) remove(input)
    },
    close() {
      for (const stream of [...streams.values()]) closeStream(stream)
    },
  }
}

function openNull(): number {
  return openSync('/dev/null', constants.O_WRONLY)
}

function fifoFailure(path: string, errno: Errno): Failure {
  return failure(errno, `the pipe ${path} cannot be made (${errno})`)
}
