import type { ContainerCalls, LogsQuery } from './container-calls.ts'
import { isBefore, parseStamp } from './container-logs-messages.ts'
import type { OutputPiece } from './demux.ts'
import { EngineError } from './engine-error.ts'

/** What a container printed, as an engine keeps it. */
export interface Printed {
  readonly stream: OutputPiece['stream']
  readonly stamp: string
  readonly text: string
}

/** An engine with the log of one container, told as `GET /containers/ID/logs` tells it. */
export interface FakeLogs extends Pick<ContainerCalls, 'logs'> {
  /** Change it as the engine would: more at its end, less at its beginning. */
  readonly printed: Printed[]
  readonly queries: LogsQuery[]
  isTty: boolean
  /** Throws this instead of an answer. */
  refuses: EngineError | null
  /** More was printed: who follows is told. */
  print(...printed: readonly Printed[]): void
  /** The run ends: so do the answers that follow. */
  endRun(): void
}

export function fakeLogs(printed: readonly Printed[] = []): FakeLogs {
  let changed = Promise.withResolvers<void>()
  let runs = 0
  const tell = (): void => {
    changed.resolve()
    changed = Promise.withResolvers()
  }
  const fake: FakeLogs = {
    printed: [...printed],
    queries: [],
    isTty: false,
    refuses: null,
    print(...more) {
      fake.printed.push(...more)
      tell()
    },
    endRun() {
      runs += 1
      tell()
    },
    async logs(_id, query, { signal } = {}) {
      fake.queries.push(query)
      if (fake.refuses !== null) throw fake.refuses
      const run = runs
      const isOver = (): boolean => !query.follow || runs > run
      async function* chunks(): AsyncGenerator<Buffer> {
        for (let at = 0; ; ) {
          if (signal?.aborted) throw broken()
          const next = fake.printed.slice(at).filter((one) => isAsked(one, query))
          at = fake.printed.length
          yield* cut(Buffer.concat(next.map((one) => encode(one, fake.isTty))))
          if (at < fake.printed.length) continue
          if (isOver()) return
          const aborted = Promise.withResolvers<void>()
          signal?.addEventListener('abort', () => aborted.resolve())
          await Promise.race([changed.promise, aborted.promise])
        }
      }
      return { contentType: '', chunks: chunks(), close: () => {} }
    },
  }
  return fake
}

function isAsked({ stream, stamp }: Printed, { stdout, stderr, since }: LogsQuery): boolean {
  const time = parseStamp(stamp)!
  const [seconds = '0', nanos = ''] = (since ?? '0').split('.')
  return (
    (stream === 'stdout' ? stdout : stderr) &&
    !isBefore(time, { seconds: Number(seconds), nanos: Number(nanos.padEnd(9, '0')) })
  )
}

function encode({ stream, stamp, text }: Printed, isTty: boolean): Buffer {
  const payload = Buffer.from(`${stamp} ${text}`)
  if (isTty) return payload
  const head = Buffer.alloc(8)
  head[0] = stream === 'stdout' ? 1 : 2
  head.writeUInt32BE(payload.length, 4)
  return Buffer.concat([head, payload])
}

/** As connections do, at places that mean nothing. */
function* cut(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += 97) yield bytes.subarray(at, at + 97)
}

function broken(): EngineError {
  return new EngineError({ code: 'ABORTED', message: 'called off', retry: true })
}

/** A time of 2026, so many nanoseconds after its beginning. */
export function stampAt(nanos: number): string {
  const second = new Date(Date.UTC(2026, 0, 1) + Math.floor(nanos / 1e9) * 1_000).toISOString().slice(0, 19)
  return `${second}.${String(nanos % 1e9).padStart(9, '0')}Z`
}
