import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  ann,
  ask,
  asked,
  at,
  code,
  idOf,
  type Play,
  play,
  running,
  service,
  setTarget,
  shutdown,
} from '../../core/fixture.ts'
import type { Hook, Now, RestartPolicy } from '../../core/model.ts'
import type { LoggerState } from '../../engine/ports.ts'
import { type SuperviseStatus, statText } from '../../formats/supervise-status.ts'
import { absentStatus, begunNow, isBelievable, loggerStatus, unitStatus } from './status.ts'

const restart: RestartPolicy = {
  ...{ when: 'always', stableMs: 1_000, successExits: [0], early: 'always', budget: null },
  backoff: { shape: 'linear', firstMs: 1_000, factor: 1, maxMs: 1_000, jitter: 0, freeRestarts: 0 },
}
const hook: Hook = { command: ['./finish'], timeoutMs: null, ignoreFailure: true, isFinish: true }
const web = service('web', { restart, stop: [{ signal: 'TERM', scope: 'main', waitMs: 0 }] })
const finishing = { ...web, hooks: { preStart: null, postStop: hook } }
const prepared = { ...web, hooks: { preStart: { ...hook, command: ['control/u'] }, postStop: null } }

/** `run, want down, pid 101 since 5`: times as in the scene, by `at`. */
function told(status: SuperviseStatus): string {
  const sinceMs = status.sinceSeconds * 1000 + Math.floor(status.sinceNanoseconds / 1e6) - at(0).wallMs
  const want = status.state === 'down' && status.want !== 'down' ? `, want ${status.want}` : ''
  return `${statText(status).trimEnd()}${want}, pid ${status.pid} since ${sinceMs}`
}

/** What would be told after each turn of a scene, in a row. */
function follow(scene: Play): { at(bootMs: number): string } {
  let previous: SuperviseStatus | null = null
  return {
    at(bootMs) {
      const mode = scene.state.mode.kind
      previous = unitStatus({ unit: scene.unit('web'), mode, now: at(bootMs), previous })
      return told(previous)
    },
  }
}

test('a run is told with its pid since its start, and what follows its end with the time of the end', () => {
  const scene = play()
  const sv = follow(scene)
  scene.turn(0, setTarget(web))
  assert.equal(sv.at(0), 'down, want up, pid 0 since 0')
  scene.turn(3, scene.spawned('web'))
  assert.equal(sv.at(3), 'run, pid 101 since 0')
  assert.equal(sv.at(5_000), 'run, pid 101 since 0')
  scene.turn(500, scene.exited('web', code(1)))
  assert.equal(sv.at(500), 'down, want up, pid 0 since 500')
  scene.turn(1_500)
  assert.equal(sv.at(1_500), 'down, want up, pid 0 since 500')
  scene.turn(1_502, scene.spawned('web'))
  assert.equal(sv.at(1_502), 'run, pid 102 since 1500')
})

test('each start that fails is a new time of being down', () => {
  const scene = play()
  const sv = follow(scene)
  scene.turn(0, setTarget(web))
  scene.turn(4, scene.spawnFailed('web'))
  assert.equal(sv.at(4), 'down, want up, pid 0 since 4')
  scene.turn(1_004)
  assert.equal(sv.at(1_004), 'down, want up, pid 0 since 4')
  scene.turn(1_006, scene.spawnFailed('web'))
  assert.equal(sv.at(1_006), 'down, want up, pid 0 since 1006')
})

test('a stop tells SIGTERM until the process has ended, and who wants it down later changes no time', () => {
  const scene = running(0, web)
  const sv = follow(scene)
  scene.turn(10, ask('stop', 'web'))
  assert.equal(sv.at(10), 'run, got TERM, want down, pid 101 since 0')
  scene.turn(20, scene.exited('web', code(0)))
  assert.equal(sv.at(20), 'down, pid 0 since 20')
  scene.turn(30, ask('stop', 'web'))
  assert.equal(sv.at(30), 'down, pid 0 since 20')
})

test('finish is told with its own pid and the time of the run before it', () => {
  const scene = running(0, finishing)
  const sv = follow(scene)
  assert.equal(sv.at(1), 'run, pid 101 since 0')
  scene.turn(2_000, scene.exited('web', code(0)))
  assert.equal(sv.at(2_000), 'finish, pid 0 since 0')
  scene.turn(2_001, scene.spawned('web'))
  assert.equal(sv.at(2_001), 'finish, pid 102 since 0')
  scene.turn(2_500, ask('stop', 'web'))
  assert.equal(sv.at(2_500), 'finish, want down, pid 102 since 0')
  scene.turn(3_000, scene.exited('web', code(0)))
  assert.equal(sv.at(3_000), 'down, pid 0 since 3000')
})

test('what prepares a start is told as down', () => {
  const scene = play()
  const sv = follow(scene)
  scene.turn(0, setTarget(prepared))
  scene.turn(1, scene.spawned('web'))
  assert.equal(scene.unit('web').phase, 'preparing')
  assert.equal(sv.at(1), 'down, want up, pid 0 since 0')
})

test('a paused process is told as paused', () => {
  const scene = running(0, web)
  scene.turn(5, { kind: 'paused', unit: idOf('web'), run: scene.run('web').n })
  assert.equal(follow(scene).at(5), 'run, paused, pid 101 since 0')
})

test('one run only is wanted down, as is what somebody does not want at all', () => {
  const scene = running(0, web)
  scene.turn(5, asked({ kind: 'run', units: [idOf('web')], by: ann, isLast: true }))
  assert.equal(follow(scene).at(5), 'run, want down, pid 101 since 0')
})

test('what is declared no longer, or ends with the daemon, is wanted to exit', () => {
  const gone = running(0, web)
  gone.turn(10, setTarget())
  assert.equal(follow(gone).at(10), 'run, got TERM, want exit, pid 101 since 0')
  const ending = running(0, web)
  ending.turn(10, shutdown())
  assert.equal(follow(ending).at(10), 'run, got TERM, want exit, pid 101 since 0')
})

test('what cannot be told is not told to be down', () => {
  const scene = running(0, web)
  scene.turn(5, { kind: 'unresolved', unit: idOf('web'), run: scene.run('web').n, message: 'two of them' })
  assert.equal(follow(scene).at(5), 'run, pid 101 since 0')
})

test('the time of a run stays when the wall clock is set', () => {
  const scene = running(0, web)
  const unit = scene.unit('web')
  const first = unitStatus({ unit, mode: 'running', now: at(10), previous: null })
  const later: Now = { ...at(20), wallMs: at(20).wallMs + 3_600_000 }
  assert.deepEqual(unitStatus({ unit, mode: 'running', now: later, previous: first }), first)
})

test('what the engine does not know yet is down, and to exit when it does not know it any more', () => {
  const before = absentStatus({ now: at(5), previous: null, isOver: false })
  assert.equal(told(before), 'down, pid 0 since 5')
  const after = absentStatus({ now: at(9), previous: before, isOver: true })
  assert.equal(told(after), 'down, want exit, pid 0 since 5')
})

test('a file is believed of the process that is there now, when it was started in this boot', () => {
  const now: Now = { bootId: 'boot', bootMs: 60_000, wallMs: 1_000_000_000 }
  const status = (wallMs: number, pid = 7): SuperviseStatus => ({
    ...{
      state: 'run',
      sinceSeconds: wallMs / 1000,
      sinceNanoseconds: 0,
      pid,
      isPaused: false,
      want: 'up',
      gotTerm: false,
    },
  })
  assert.equal(isBelievable(status(999_990_000), { pid: 7, now }), true)
  assert.equal(isBelievable(status(999_990_000), { pid: 8, now }), false)
  assert.equal(isBelievable(status(999_000_000), { pid: 7, now }), false)
  assert.equal(isBelievable(status(1_000_001_000), { pid: 7, now }), false)
})

test('a builtin logger runs as the daemon, is down when somebody wants that, and begins anew for who restarts it', () => {
  const open: LoggerState = { isPaused: false, sinceWallMs: at(3).wallMs, trouble: null }
  const paused: LoggerState = { isPaused: true, sinceWallMs: at(20).wallMs, trouble: null }
  const of = (logger: LoggerState | null, bootMs: number, previous: SuperviseStatus | null, isEnding = false) =>
    loggerStatus({ logger, isEnding, pid: 42, now: at(bootMs), previous })
  const first = of(open, 5, null)
  assert.equal(told(first), 'run, pid 42 since 3')
  assert.equal(told(of(null, 5, null)), 'run, pid 42 since 5')
  assert.equal(told(of(paused, 20, first)), 'run, paused, pid 42 since 3')
  const down = of(paused, 20, { ...first, want: 'down' })
  assert.equal(told(down), 'down, pid 0 since 20')
  assert.equal(told(of(open, 40, down)), 'run, want down, pid 42 since 3')
  assert.equal(told(of(open, 30, begunNow(first, at(30)))), 'run, pid 42 since 30')
  assert.equal(told(of(open, 50, first, true)), 'run, want exit, pid 42 since 3')
})
