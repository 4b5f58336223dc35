import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { ann, at, play, service, setTarget } from '../../core/fixture.ts'
import type { Transition } from '../../core/model.ts'
import type { HistoryEntry, HistoryPort, HistoryQuery } from '../../engine/ports.ts'
import type { ServerSentEvent } from './exchange.ts'
import { engineOf } from './fixture.ts'
import { historyEvents, historyList } from './history.ts'

describe('the list of what happened', () => {
  test('tells each kind in the words of ps, with who asked', () => {
    const { items } = historyList(parts([started(1), stopped(2, 'a/web/1'), moved(3, 'a/web/1')]), asking(''), 0)
    assert.deepEqual(items, [
      { kind: 'daemon', seq: 1, at: iso(1), what: 'started', detail: 'version 1' },
      {
        kind: 'command',
        seq: 2,
        at: iso(2),
        command: 'stop',
        by: 'ann (uid 1000)',
        units: ['a/web/1'],
        unitsTotal: 1,
        detail: '',
      },
      {
        kind: 'transition',
        seq: 3,
        at: iso(3),
        unit: 'a/web/1',
        run: 3,
        from: 'running',
        to: 'backoff',
        why: 'exit code 1',
        exit: { code: 1, signal: null },
      },
    ])
  })

  test('of named units tells what happened to them, and what was asked of them or of everything', () => {
    const entries = [
      started(1),
      stopped(2, 'a/db/1'),
      moved(3, 'a/db/1'),
      stopped(4, 'a/web/1'),
      moved(5, 'a/web/1'),
      applied(6),
      { ...stopped(7, 'a/db/1'), unitsTotal: 300 },
    ]
    assert.deepEqual(seqs(parts(entries), 'name=web'), [4, 5, 6, 7])
    assert.deepEqual(seqs(parts(entries), 'name=web&kind=transitions'), [5])
    assert.deepEqual(seqs(parts(entries), 'kind=commands'), [2, 4, 6, 7])
    assert.deepEqual(seqs(parts(entries), 'tail=2'), [6, 7])
  })

  test('knows what is no longer declared, and refuses what never was', () => {
    const entries = [moved(1, 'a/gone/1'), moved(2, 'a/web/1')]
    for (const name of ['gone', 'a/gone', 'a/gone/1']) assert.deepEqual(seqs(parts(entries), `name=${name}`), [1])
    assert.deepEqual(seqs(parts(entries), 'name=gone&name=web'), [1, 2])
    assert.throws(() => seqs(parts(entries), 'name=wed'), { code: 'no-such-service' })
    assert.throws(() => seqs(parts(entries), 'kind=errors'), { code: 'bad-request' })
    assert.throws(() => seqs(parts(entries), 'since=soon'), { code: 'bad-request' })
  })
})

describe('the stream of what happens', { timeout: 10_000 }, () => {
  test('begins with what comes next, and follows', async () => {
    const scene = parts([moved(1, 'a/web/1')])
    using stream = follow(scene, '')
    const first = stream.next()
    scene.add(moved(2, 'a/web/1'), started(3))
    assert.deepEqual([await first, await stream.next()].map(label), ['2 transition', '3 daemon'])
  })

  test('goes on after the event a client has, from the files where that is long ago', async () => {
    const entries = Array.from({ length: 600 }, (_, n) => moved(n + 1, 'a/web/1'))
    using stream = follow(parts(entries), '', '2')
    for (let seq = 3; seq <= 600; seq++) assert.equal(label(await stream.next()), `${seq} transition`)
    using other = follow(parts(entries), 'after=598')
    assert.equal(label(await other.next()), '599 transition')
  })

  test('tells of a hole once, and goes on behind it', async () => {
    using stream = follow(parts([moved(5, 'a/web/1'), moved(6, 'a/web/1')]), '', '2')
    const gap = await stream.next()
    assert.deepEqual(gap, {
      event: 'gap',
      id: '4',
      data: { apiVersion: 'holdfast/v1', kind: 'EventGap', nextSeq: 5 },
    })
    assert.deepEqual([await stream.next(), await stream.next()].map(label), ['5 transition', '6 transition'])
  })

  test('begins anew, with a gap, where the history was lost since', async () => {
    using stream = follow(parts([moved(1, 'a/web/1')]), '', '900')
    assert.deepEqual([await stream.next(), await stream.next()].map(label), ['0 gap', '1 transition'])
  })

  test('tells of named units only, new ones of that name too', async () => {
    const scene = parts([])
    using stream = follow(scene, 'name=web')
    const first = stream.next()
    scene.add(moved(1, 'a/db/1'), moved(2, 'a/web/1'))
    assert.equal(label(await first), '2 transition')
    scene.engine.turn(10, setTarget(service('web', { instances: [{ n: 1 }, { n: 2 }] }), service('db')))
    scene.add(moved(3, 'a/web/2'))
    assert.equal(label(await stream.next()), '3 transition')
  })

  test('ends when the client is gone, and leaves no listener', async () => {
    const scene = parts([])
    const stream = follow(scene, '')
    const first = stream.next()
    assert.equal(scene.listeners(), 1)
    stream[Symbol.dispose]()
    assert.equal(await first, null)
    assert.equal(scene.listeners(), 0)
  })

  test('a wrong question is refused before anything is sent', () => {
    assert.throws(() => follow(parts([]), 'name=nobody'), { code: 'no-such-service' })
    assert.throws(() => follow(parts([]), 'after=soon'), { code: 'bad-request' })
  })
})

function parts(entries: readonly HistoryEntry[]) {
  const scene = play()
  scene.turn(0, setTarget(service('web'), service('db')))
  const all = [...entries]
  const listeners = new Set<(entries: readonly HistoryEntry[]) => void>()
  const history: HistoryPort = {
    read({ after = 0, head, tail = null, matches = () => true }: HistoryQuery) {
      const found = all.filter((entry) => entry.seq > after && matches(entry)).slice(0, head)
      return tail === null ? found : found.slice(-tail)
    },
    latest: () => all.at(-1)?.seq ?? 0,
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
  return {
    engine: engineOf(scene),
    history,
    listeners: () => listeners.size,
    add(...more: readonly HistoryEntry[]) {
      all.push(...more)
      for (const listener of listeners) listener(more)
    },
  }
}

function follow(scene: ReturnType<typeof parts>, query: string, lastEventId: string | null = null) {
  const gone = new AbortController()
  const events = historyEvents(scene, { query: asking(query), lastEventId, signal: gone.signal })
  const iterator = events[Symbol.asyncIterator]()
  return {
    next: async (): Promise<ServerSentEvent | null> => (await iterator.next()).value ?? null,
    [Symbol.dispose]: () => gone.abort(),
  }
}

function label(event: ServerSentEvent | null): string {
  return `${event?.id} ${event?.event}`
}

function seqs(scene: ReturnType<typeof parts>, query: string): readonly number[] {
  return historyList(scene, asking(query), 0).items.map(({ seq }) => seq)
}

function asking(query: string): URLSearchParams {
  return new URLSearchParams(query)
}

function iso(seq: number): string {
  return new Date(at(seq).wallMs).toISOString()
}

function started(seq: number): HistoryEntry {
  return { kind: 'daemon', seq, atWallMs: at(seq).wallMs, what: 'started', detail: 'version 1' }
}

function applied(seq: number): HistoryEntry {
  const detail = 'read from /a.yaml'
  return {
    kind: 'command',
    seq,
    atWallMs: at(seq).wallMs,
    command: 'set-target',
    by: ann,
    units: [],
    unitsTotal: 0,
    detail,
  }
}

function stopped(seq: number, unit: string): Extract<HistoryEntry, { kind: 'command' }> {
  const about = { command: 'stop', by: ann, units: [unit], unitsTotal: 1, detail: '' } as const
  return { kind: 'command', seq, atWallMs: at(seq).wallMs, ...about }
}

function moved(seq: number, unit: string): HistoryEntry {
  const exit = { kind: 'code', code: 1 } as const
  const change: Pick<Transition, 'from' | 'to'> = { from: 'up', to: 'backoff' }
  return {
    kind: 'transition',
    seq,
    transition: { seq, atWallMs: at(seq).wallMs, unit, run: seq, ...change, why: 'exit code 1', exit },
  }
}
