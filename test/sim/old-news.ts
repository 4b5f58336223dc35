import type { Random } from '../../src/base/prng.ts'
import type { Event, Unit } from '../../src/core/model.ts'

const failure = { code: 'EPERM', message: 'told late', retry: false }
const identity = { pid: 1, startTicks: 1, bootId: 'boot-0', pidNamespace: 'fake' }

/** Everything that can be told of one run. */
const stories: readonly ((about: { readonly unit: string; readonly run: number }) => Event)[] = [
  (about) => ({ kind: 'spawned', ...about, identity }),
  (about) => ({ kind: 'spawn-failed', ...about, ...failure }),
  (about) => ({ kind: 'signalled', ...about, signal: 'TERM', outcome: 'sent' }),
  (about) => ({ kind: 'signalled', ...about, signal: 'TERM', outcome: 'gone' }),
  (about) => ({ kind: 'signal-failed', ...about, signal: 'TERM', ...failure }),
  (about) => ({ kind: 'exited', ...about, exit: { kind: 'code', code: 0 } }),
  (about) => ({ kind: 'exited', ...about, exit: { kind: 'unknown' } }),
  (about) => ({ kind: 'paused', ...about }),
  (about) => ({ kind: 'continued', ...about }),
  (about) => ({ kind: 'adopted', ...about, identity }),
  (about) => ({ kind: 'not-started', ...about }),
  (about) => ({ kind: 'unresolved', ...about, message: 'told late' }),
  (about) => ({ kind: 'probed', ...about, check: 'liveness', seq: 1, isOk: false, output: 'told late', durationMs: 1 }),
  (about) => ({ kind: 'probed', ...about, check: 'readiness', seq: 1, isOk: true, output: 'told late', durationMs: 1 }),
  ({ unit }) => ({ kind: 'next-due', unit, scheduleHash: '', afterWallMs: 1, dueWallMs: 2, message: 'told late' }),
]

/** About a run before the unit's present one, or its last where it has none. */
export function drawOldNews(random: Random, unit: Unit): Event {
  const run = unit.run === null ? (unit.end.run ?? 0) : Math.max(0, unit.run.n - random.whole(1, 3))
  return random.pick(stories)({ unit: unit.id, run })
}
