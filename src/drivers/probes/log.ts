import { probeBytesMax } from '../../core/limits.ts'
import type { ProcessSpec, UnitId } from '../../core/model.ts'
import type { LogPosition, LogReadPort, StreamRef } from '../../engine/ports.ts'
import { errnoOf } from '../../sys/errno.ts'
import type { Finding, ProbeStep } from './outcome.ts'
import type { Patterns } from './patterns.ts'

/** How far one check has read the output of one start of a unit. */
interface Progress {
  readonly attempt: number
  /** It was looked for from the beginning, and found. */
  readonly hasMatched: boolean
  /** By stream: where the last look ended, and the beginning of a line that was not whole. */
  readonly streams: ReadonlyMap<StreamRef['stream'], { readonly position: LogPosition; readonly rest: Buffer }>
}

/** Both checks of as many units as there may be. */
const progressesMax = 20_000

/** Of a line that is being printed, this much is remembered. */
const restBytesMax = 4_096

/** Each check goes on where its last look ended, the first one at the beginning of what this start of the unit printed. */
export function createLogProbe({
  logs,
  patterns,
}: {
  readonly logs: LogReadPort
  readonly patterns: Patterns
}): (step: ProbeStep, pattern: string, signal: AbortSignal) => Promise<Finding> {
  const progresses = new Map<string, Progress>()
  /** A look at files that hang does not end when its time is over. */
  const looking = new Set<string>()

  async function look(step: ProbeStep, pattern: string, signal: AbortSignal): Promise<Finding> {
    const streams = keptStreams(step.unit, step.spec.process)
    if (streams.length === 0)
      return { isOk: false, output: 'its output is thrown away: there is nothing to look for it in' }
    const before = progressOf(step)
    if (step.check === 'readiness' && before.hasMatched) return { isOk: true, output: matched }
    const reached = new Map<StreamRef['stream'], { readonly position: LogPosition; readonly rest: Buffer }>()
    let match: Awaited<ReturnType<Patterns['match']>> = 'none'
    for (const stream of streams) {
      const news = await readNews(stream, before.streams.get(stream.stream) ?? null, step.attempt)
      reached.set(stream.stream, news)
      if (match === 'none') match = await patterns.match(pattern, news.lines.toString('utf8'), signal)
    }
    if (signal.aborted) return { isOk: false, output: 'its time was over' }
    keep(step, { attempt: step.attempt, hasMatched: match === 'found', streams: reached })
    if (match === 'found') return { isOk: true, output: matched }
    if (match !== 'none') return { isOk: false, output: match.trouble }
    const where = step.check === 'readiness' ? 'since it was started' : 'since the last look'
    return { isOk: false, output: `no line of its output matches ${pattern} ${where}` }
  }

  async function readNews(
    stream: StreamRef,
    before: { readonly position: LogPosition; readonly rest: Buffer } | null,
    attempt: number,
  ): Promise<{ readonly lines: Buffer; readonly rest: Buffer; readonly position: LogPosition }> {
    const { bytes, position } = await logs.readSince(stream, before?.position ?? null, {
      attempt,
      bytesMax: probeBytesMax,
    })
    const isCut = before === null && bytes.length >= probeBytesMax
    // What tells that it is ready was printed early, and much may have come since: after a restart of ours, say.
    const head = isCut ? await readBeginning(stream, attempt) : (before?.rest ?? Buffer.alloc(0))
    const all = Buffer.concat([head, bytes])
    const end = all.lastIndexOf('\n') + 1
    return { lines: all.subarray(0, end), rest: Buffer.from(all.subarray(end).subarray(-restBytesMax)), position }
  }

  async function readBeginning(stream: StreamRef, attempt: number): Promise<Buffer> {
    const parts: Uint8Array[] = []
    let bytes = 0
    const attempts = new Map([[stream.unit, { kind: 'is', attempt } as const]])
    for await (const chunk of logs.read([stream], { from: { kind: 'all' }, follow: false, attempts })) {
      parts.push(chunk.bytes)
      bytes += chunk.bytes.length
      if (bytes >= probeBytesMax) break
    }
    // So that its last line is not continued by one from further on.
    return Buffer.concat([...parts, Buffer.from('\n')])
  }

  function progressOf(step: ProbeStep): Progress {
    const known = progresses.get(keyOf(step))
    return known?.attempt === step.attempt ? known : { attempt: step.attempt, hasMatched: false, streams: new Map() }
  }

  function keep(step: ProbeStep, progress: Progress): void {
    progresses.delete(keyOf(step))
    progresses.set(keyOf(step), progress)
    const [oldest] = progresses.keys()
    if (progresses.size > progressesMax && oldest !== undefined) progresses.delete(oldest)
  }

  return async (step, pattern, signal) => {
    const key = keyOf(step)
    if (looking.has(key)) return { isOk: false, output: 'its output is still being read for the last look' }
    looking.add(key)
    try {
      return await look(step, pattern, signal)
    } catch (error) {
      return { isOk: false, output: `its output cannot be read (${errnoOf(error)})` }
    } finally {
      looking.delete(key)
    }
  }
}

const matched = 'a line of its output matched'

function keyOf({ unit, check }: ProbeStep): string {
  return `${check} ${unit}`
}

function keptStreams(unit: UnitId, { stdout, stderr }: ProcessSpec): readonly StreamRef[] {
  const specs = [
    { stream: 'stdout', spec: stdout },
    { stream: 'stderr', spec: stderr },
  ] as const
  return specs.flatMap(({ stream, spec }) =>
    spec === 'stdout' || spec.path === 'none' ? [] : [{ unit, stream, spec }],
  )
}
