import assert from 'node:assert/strict'
import { test } from 'node:test'
import { code, running, service } from '../../core/fixture.ts'
import type { Phase, Transition } from '../../core/model.ts'
import type { HistoryEntry, HistoryQuery } from '../../engine/ports.ts'
import { endsTold, lastEnds } from './last-ends.ts'

type Told = Pick<Transition, 'from' | 'to' | 'exit'> & { readonly why?: string; readonly unit?: string }

function historyOf(...all: readonly Told[]) {
  const entries = all.map(({ why = '', unit = 'a/web/1', ...rest }, at): HistoryEntry => {
    return { kind: 'transition', seq: at + 1, transition: { seq: at + 1, atWallMs: at, unit, run: at, why, ...rest } }
  })
  const read = ({ transitionsOf, matches = () => true, tail = null }: HistoryQuery): readonly HistoryEntry[] => {
    const found = entries.filter((entry) => {
      return entry.kind === 'transition' && transitionsOf?.has(entry.transition.unit) && matches(entry)
    })
    return tail === null ? found : found.slice(-tail)
  }
  return { read }
}

const scene = running(0, service('web'), service('other'))
const web = scene.unit('web')

function move(from: Phase, to: Phase, exit: Transition['exit'] = code(1), why = ''): Told {
  return { from, to, exit, why }
}

for (const [kind, told] of [
  ['expected', move('up', 'backoff', code(0))],
  ['unexpected', move('up', 'finishing')],
  ['unexpected', move('up', 'ended', { kind: 'signal', signal: 'SEGV', core: true })],
  ['unknown', move('up', 'backoff', { kind: 'unknown' })],
  ['requested', move('stopping', 'idle')],
  ['unhealthy', move('stopping', 'backoff', code(1), 'liveness check failed 3 times in a row: x: exit code 1')],
  ['gave-up', move('up', 'failed', code(1), 'gave up: ended early 3 times in a row; last: exit code 1')],
  ['spawn-failed', move('starting', 'backoff', null)],
  ['hook-failed', move('preparing', 'failed')],
] as const) {
  test(`from ${told.from} to ${told.to} a run ended as ${kind}`, () => {
    assert.equal(lastEnds(historyOf(told), [web]).get(web.id)?.[0]?.kind, kind)
  })
}

test('a start, a hook that went well and one that followed the end are no ends of a run', () => {
  const history = historyOf(
    move('idle', 'starting', null),
    move('preparing', 'preparing', code(0)),
    move('finishing', 'backoff', code(1)),
    move('ended', 'idle', null),
    { ...move('up', 'up', null), why: 'healthy' },
  )
  assert.deepEqual(lastEnds(history, [web]).get(web.id), undefined)
})

test('of each unit the last ones are told, latest first', () => {
  const crashes = Array.from({ length: endsTold + 2 }, () => move('up', 'backoff'))
  const history = historyOf(...crashes, { ...move('up', 'backoff'), unit: 'a/other/1' })
  const runs = [endsTold + 1, endsTold, endsTold - 1, endsTold - 2, endsTold - 3]
  for (const units of [[web], [web, scene.unit('other')]]) {
    const ends = lastEnds(history, units)
    assert.deepEqual(
      ends.get(web.id)?.map(({ run }) => run),
      runs,
    )
    assert.equal(ends.get('a/other/1')?.length, units.length === 1 ? undefined : 1)
  }
})
