import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { running, service } from '../../core/fixture.ts'
import type { LogSpec } from '../../core/model.ts'
import { plainProcess } from '../../core/target/plain.ts'
import type { EnginePort, LogChunk, LogReadOptions, LogReadPort, StreamRef } from '../../engine/ports.ts'
import { createChunkParser } from '../../wire/log-chunks.ts'
import { logAnswer } from './log-bytes.ts'

const nowMs = Date.UTC(2026, 1, 28, 13)

describe('a question after logs', () => {
  const times: readonly (readonly [string, number])[] = [
    ['10m', nowMs - 600_000],
    ['2h30m', nowMs - 9_000_000],
    ['1d', nowMs - 86_400_000],
    ['1771682400', 1_771_682_400_000],
    ['1771682400.25', 1_771_682_400_250],
    ['2026-02-28T12:30:00Z', nowMs - 1_800_000],
    ['2026-02-28 12:30:00.5+01:00', nowMs - 5_399_500],
    ['2026-02-28T12:30', new Date(2026, 1, 28, 12, 30).getTime()],
    ['2026-02-28', new Date(2026, 1, 28).getTime()],
  ]
  for (const [text, timeMs] of times) {
    test(`understands the time ${text}`, async () => {
      const { options } = await asked(`name=web&since=${encodeURIComponent(text)}`)
      assert.equal(options!.sinceWallMs, timeMs)
    })
  }

  test('means all streams that are kept of all units, in their order, unless it says which', async () => {
    const all = ['a/web/1 stdout', 'a/web/1 stderr', 'a/db/1 stdout']
    assert.deepEqual((await asked('format=chunks')).streams, all)
    assert.deepEqual((await asked('format=chunks&name=db&name=web')).streams, ['a/db/1 stdout', ...all.slice(0, 2)])
    assert.deepEqual((await asked('name=web&stream=stderr')).streams, ['a/web/1 stderr'])
    // Of several units, one without a log is none to complain about.
    assert.deepEqual((await asked('format=chunks&name=web&name=quiet')).streams, all.slice(0, 2))
  })

  test('for the start before asks of each unit for the one before its own', async () => {
    const { options } = await asked('format=chunks&previous=true')
    assert.deepEqual(options!.attempts?.get('a/db/1'), { kind: 'before', before: scene.unit('db').attempt })
  })

  const refusals: readonly (readonly [string, RegExp])[] = [
    ['', /raw are the bytes of one unit/],
    ['name=web&since=soon', /since: 'soon' is no time/],
    ['name=web&until=2026-02-30T25:00', /until: .* is no time/],
    ['name=web&tail=-3', /tail is a number of lines/],
    ['name=web&follow=yes', /follow is true or false, not 'yes'/],
    ['name=web&follow=true&until=1m', /what ends at a time is not followed/],
    ['name=web&follow=true&previous=true', /a start that is over is not followed/],
    ['name=db&stream=stderr', /a\/db\/1 writes stderr into stdout/],
    ['name=quiet', /the output of a\/quiet\/1 is thrown away/],
    ['name=wbe', /no service is called 'wbe'/],
  ]
  for (const [query, message] of refusals) {
    test(`is refused: ${query || 'nothing'}`, async () => {
      await assert.rejects(asked(query), message)
    })
  }
})

describe('the answer', () => {
  const pieces: readonly (readonly [StreamRef['stream'], string])[] = [
    ['stdout', 'one\nha'],
    ['stderr', 'error\n'],
    ['stdout', 'lf\n'],
    ['stderr', 'no end'],
  ]

  test('raw has the bytes of both streams, and no line within another', async () => {
    const { answer } = await asked('name=web', pieces)
    assert.equal(Buffer.concat(answer).toString(), 'one\nerror\nhalf\nno end')
    assert.equal(answer.length, 1, 'what is there at once is sent at once')
  })

  test('in chunks has each piece with what is known of it', async () => {
    const { answer } = await asked('name=web&format=chunks', pieces)
    const chunks = createChunkParser().take(Buffer.concat(answer))
    assert.deepEqual(
      chunks.map(({ bytes }) => bytes.toString()),
      pieces.map(([, text]) => text),
    )
    const time = new Date(nowMs).toISOString()
    assert.deepEqual(chunks[1]!.header, { unit: 'a/web/1', stream: 'stderr', time, attempt: 7, bytes: 6 })
  })

  test('is not held back by what is still to come, and ends what it asked for when its reader goes', async () => {
    let hasEnded = false
    const never = new Promise<never>(() => {})
    async function* endless(): AsyncGenerator<LogChunk> {
      try {
        yield chunkOf('stdout', 'first\n')
        yield chunkOf('stdout', 'second\n')
        yield* await Promise.race([never, gone])
      } finally {
        hasEnded = true
      }
    }
    const { promise: gone, resolve: go } = Promise.withResolvers<LogChunk[]>()
    const reading = logAnswer(
      portsWith(() => endless()),
      question('name=web&stream=stdout&follow=true'),
      nowMs,
    )
    assert.ok(reading.kind === 'bytes')
    const iterator = reading.bytes[Symbol.asyncIterator]()
    assert.equal(Buffer.from((await iterator.next()).value!).toString(), 'first\nsecond\n')
    const last = iterator.next()
    go([])
    assert.equal((await last).done, true)
    assert.ok(hasEnded)
  })

  test('comes in pieces of some size, however small those of the log are', async () => {
    const line = `${'x'.repeat(99)}\n`
    const many = Array.from({ length: 5_000 }, () => ['stdout', line] as const)
    const { answer } = await asked('name=web&stream=stdout', many)
    assert.equal(Buffer.concat(answer).length, 500_000)
    assert.ok(answer.length < 30, `${answer.length} pieces`)
    assert.ok(answer.every(({ length }) => length <= 70_000))
  })
})

describe('output as server-sent events', () => {
  const asEvents = async (query: string, lastEventId: string | null, pieces: readonly LogChunk[]) => {
    let options: LogReadOptions | null = null
    const ports = portsWith((_, given) => {
      options = given
      return (async function* () {
        yield* pieces
      })()
    })
    const answer = logAnswer(ports, question(query, lastEventId), nowMs)
    assert.ok(answer.kind === 'events')
    return { events: await Array.fromAsync(answer.events), options: options as LogReadOptions | null }
  }

  test('tells the unit, the stream, the time and the start of each piece', async () => {
    const { events } = await asEvents('format=events&name=web&tail=5', null, [chunkOf('stdout', 'one\ntwo\n')])
    const at = new Date(nowMs).toISOString()
    const data = { apiVersion: 'holdfast/v1', kind: 'LogEvent', unit: 'a/web/1', stream: 'stdout', at, attempt: 7 }
    assert.deepEqual(events, [{ event: 'log', id: at, data: { ...data, text: 'one\ntwo\n' } }])
  })

  test('puts a character together that two pieces hold', async () => {
    const whole = chunkOf('stdout', 'é\n')
    const pieces = [whole.bytes.subarray(0, 1), whole.bytes.subarray(1)].map((bytes) => ({ ...whole, bytes }))
    const { events } = await asEvents('format=events', null, pieces)
    assert.deepEqual(
      events.map(({ data }) => 'text' in data && data.text),
      ['é\n'],
    )
  })

  test('goes on from the last event that a client has, whatever it asked for at first', async () => {
    const { options } = await asEvents('format=events&tail=5&since=1h', new Date(nowMs - 250).toISOString(), [])
    assert.deepEqual([options?.from, options?.sinceWallMs], [{ kind: 'all' }, nowMs - 250])
    const first = await asEvents('format=events&tail=5', 'no time', [])
    assert.deepEqual(first.options?.from, { kind: 'lines', lines: 5 })
  })
})

// ---- helpers ------------------------------------------------------------------------------------------------

const log: LogSpec = { path: null, bytesMax: 0, backupsMax: 0, ageMaxMs: 0, compress: false }
const scene = running(
  1_000,
  service('web', { process: { ...plainProcess, command: ['web'], stdout: log, stderr: log } }),
  service('db', { process: { ...plainProcess, command: ['db'], stdout: log, stderr: 'stdout' } }),
  service('quiet', {
    process: { ...plainProcess, command: ['x'], stdout: { ...log, path: 'none' }, stderr: 'stdout' },
  }),
)

async function asked(query: string, pieces: readonly (readonly [StreamRef['stream'], string])[] = []) {
  let streams: readonly string[] = []
  let options: LogReadOptions | null = null
  const ports = portsWith((refs, given) => {
    streams = refs.map(({ unit, stream }) => `${unit} ${stream}`)
    options = given
    return (async function* () {
      for (const [stream, text] of pieces)
        yield { ...chunkOf(stream, text), stream: refs.find((ref) => ref.stream === stream)! }
    })()
  })
  const answer: Uint8Array[] = []
  const given = logAnswer(ports, question(query), nowMs)
  assert.ok(given.kind === 'bytes')
  for await (const bytes of given.bytes) answer.push(bytes)
  return { streams, options: options as LogReadOptions | null, answer }
}

function question(query: string, lastEventId: string | null = null) {
  return { query: new URLSearchParams(query), signal: new AbortController().signal, lastEventId }
}

function chunkOf(stream: StreamRef['stream'], text: string): LogChunk {
  return { stream: { unit: 'a/web/1', stream, spec: log }, bytes: Buffer.from(text), wallMs: nowMs, attempt: 7 }
}

function portsWith(read: LogReadPort['read']): { engine: EnginePort; logs: LogReadPort } {
  const never = (): never => assert.fail('nobody asks for this')
  const engine: EnginePort = {
    snapshot: () => ({ state: scene.state, now: { bootId: 'boot', bootMs: 0, wallMs: nowMs }, storeTrouble: null }),
    until: never,
    command: never,
    transitionsSince: never,
    subscribe: never,
  }
  return { engine, logs: { read, position: never, readSince: never } }
}
