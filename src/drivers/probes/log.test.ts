import assert from 'node:assert/strict'
import { it } from 'node:test'
import { probeBytesMax } from '../../core/limits.ts'
import type { LogReadPort, StreamRef } from '../../engine/ports.ts'
import type { ProbeStep } from './outcome.ts'
import { createProbeBench, stepOf } from './test-bench.ts'

const limit = { timeout: 30_000 }

it('readiness is a line since this start, from its beginning, and stays', limit, () =>
  withLogs(async (look, logs) => {
    assert.equal((await look('ready')).isOk, false)
    logs.print('starting\nrea')
    assert.equal((await look('ready')).isOk, false)
    logs.print('dy now\n')
    assert.equal((await look('ready')).isOk, true)
    logs.print('something else\n')
    assert.equal((await look('ready')).isOk, true)
    const next = await look('ready', { attempt: 2 })
    assert.equal(next.isOk, false, 'another start begins anew')
    assert.match(next.output, /no line of its output matches ready since it was started/)
  }),
)

it('liveness is a line since the last look', limit, () =>
  withLogs(async (look, logs) => {
    const alive = () => look('alive', { check: 'liveness' })
    logs.print('alive\n')
    assert.equal((await alive()).isOk, true)
    assert.equal((await alive()).isOk, false)
    logs.print('alive\n')
    assert.equal((await alive()).isOk, true)
  }),
)

it('a line counts when it is whole', limit, () =>
  withLogs(async (look, logs) => {
    logs.print('ready')
    assert.equal((await look('^ready$')).isOk, false)
    logs.print(' or not\n')
    assert.equal((await look('^ready$')).isOk, false)
  }),
)

it('both streams are looked at, and a stream that is thrown away is not', limit, () =>
  withLogs(async (look, logs) => {
    logs.print('ready\n', 'stderr')
    assert.equal((await look('ready')).isOk, true)
    const { spec } = stepOf({ kind: 'log', pattern: 'x' })
    const none = { ...spec.process.stdout, path: 'none' } as const
    const silent = { ...spec, process: { ...spec.process, stdout: none, stderr: 'stdout' } } as const
    const answer = await look('ready', { spec: silent, attempt: 2 })
    assert.equal(answer.isOk, false)
    assert.match(answer.output, /thrown away/)
  }),
)

it('after much output the beginning of a start is looked at as well as its end', limit, () =>
  withLogs(async (look, logs) => {
    logs.print('ready\n')
    logs.print('x'.repeat(99).concat('\n').repeat(20_000))
    assert.equal((await look('ready')).isOk, true)
    assert(logs.readBytes() < 3 * probeBytesMax, `${logs.readBytes()} bytes were read`)
  }),
)

it('logs that cannot be read fail the probe, and logs that hang are not asked twice', limit, async () => {
  let asked = 0
  const failing = createProbeBench(port(() => Promise.reject(Object.assign(new Error('no'), { code: 'EACCES' }))))
  assert.match((await failing.probe({ kind: 'log', pattern: 'x' })).output, /cannot be read \(EACCES\)/)
  const hanging = createProbeBench(
    port(() => {
      asked += 1
      return new Promise(() => {})
    }),
  )
  assert.equal((await hanging.probe({ kind: 'log', pattern: 'x' }, { timeoutMs: 50 })).output, 'took longer than 50 ms')
  assert.match((await hanging.probe({ kind: 'log', pattern: 'x' }, { timeoutMs: 50 })).output, /still being read/)
  assert.equal(asked, 1)
})

function port(readSince: LogReadPort['readSince']): LogReadPort {
  return {
    readSince,
    position: () => Promise.resolve({ key: '', offset: 0 }),
    async *read() {},
  }
}

interface Logs {
  print(text: string, stream?: StreamRef['stream']): void
  readBytes(): number
}

/** Everything printed belongs to attempt 1. */
async function withLogs(
  test: (
    look: (pattern: string, more?: Partial<ProbeStep>) => ReturnType<ReturnType<typeof createProbeBench>['probe']>,
    logs: Logs,
  ) => Promise<void>,
): Promise<void> {
  const kept = { stdout: Buffer.alloc(0), stderr: Buffer.alloc(0) }
  let read = 0
  const bench = createProbeBench({
    ...port(({ stream }, since, { attempt, bytesMax }) => {
      const all = attempt === 1 ? kept[stream] : Buffer.alloc(0)
      const bytes = all.subarray(since?.offset ?? 0).subarray(-bytesMax)
      read += bytes.length
      return Promise.resolve({ bytes, position: { key: '', offset: all.length } })
    }),
    async *read([stream]) {
      if (stream === undefined) return
      for (let offset = 0; offset < kept[stream.stream].length; offset += 65_536) {
        const bytes = kept[stream.stream].subarray(offset, offset + 65_536)
        read += bytes.length
        yield { stream, bytes, wallMs: null, attempt: 1 }
      }
    },
  })
  await test((pattern, more) => bench.probe({ kind: 'log', pattern }, more), {
    print(text, stream = 'stdout') {
      kept[stream] = Buffer.concat([kept[stream], Buffer.from(text)])
    },
    readBytes: () => read,
  })
  bench.close()
}
