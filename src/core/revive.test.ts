import assert from 'node:assert/strict'
import { it } from 'node:test'
import { unknownEngine } from './containers/none.ts'
import { ann, ask, at, code, directory, play, policy, running, service, setTarget, storedForm } from './fixture.ts'
import type { Now } from './model.ts'
import { revive, storedUnit } from './revive.ts'

const nextBoot: Now = { bootId: 'next', bootMs: 50, wallMs: 9_000_000 }

it('nothing stored is an empty state', () => {
  const state = revive(null, at(5))
  assert.deepEqual(
    { ...state, units: [...state.units] },
    {
      version: 0,
      bootId: 'boot',
      mode: { kind: 'running' },
      target: { apps: {} },
      units: [],
      nextRun: 1,
      nextTransition: 1,
      observe: null,
      found: [],
      containerEngine: unknownEngine(),
      releases: new Map(),
    },
  )
})

it('on the same boot what was stored is what is, and numbers go on after what was reserved', () => {
  const scene = running(0, service('web'), service('db'), service('gone'))
  scene.turn(1, ask('stop', 'db'), setTarget(service('web'), service('db')))
  const again = revive(storedForm(scene.state), at(2))
  assert.deepEqual(again.units, scene.state.units)
  assert.deepEqual([...again.units.keys()], ['a/web/1', 'a/db/1', 'a/gone/1'])
  assert.equal(again.units.get('a/gone/1')?.isDeclared, false)
  assert.equal(again.nextRun, 1_001)
  assert.deepEqual(again.target, scene.state.target)
})

it('a unit without a row is new, with the wish that is stored for it', () => {
  const scene = running(0, service('web'))
  const stored = storedForm(scene.state)
  const want = { kind: 'down', by: ann } as const
  const again = revive({ ...stored, units: [], wants: [{ unit: 'a/web/1', want }] }, at(2))
  const unit = again.units.get('a/web/1')
  assert.deepEqual([unit?.phase, unit?.run, unit?.want, unit?.reason], ['idle', null, want, 'declared'])
})

it('a unit no longer declared keeps its spec and its wish', () => {
  const scene = running(0, service('web', { autostart: false }))
  scene.turn(1, ask('start', 'web'))
  scene.turn(2, scene.spawned('web'))
  scene.turn(3, setTarget())
  const stored = storedForm(scene.state)
  assert.notEqual(stored.units[0]?.spec, null)
  assert.deepEqual(revive(stored, at(4)).units.get('a/web/1'), scene.unit('web'))
  const orphan = { ...stored, units: stored.units.map((unit) => ({ ...unit, spec: null })) }
  assert.equal(revive(orphan, at(4)).units.size, 0)
  assert.equal(revive({ ...stored, wants: [] }, at(4)).units.get('a/web/1')?.want.kind, 'down')
})

it('after a reboot no run lives, no deadline holds, and wishes stay', () => {
  const scene = running(0, service('web'), service('db'), service('gone'))
  scene.turn(1, ask('stop', 'db'), setTarget(service('web'), service('db')))
  const again = revive(storedForm(scene.state), nextBoot)
  assert.deepEqual([...again.units.keys()], ['a/web/1', 'a/db/1'])
  const web = again.units.get('a/web/1')
  assert.deepEqual([web?.phase, web?.run, web?.reason, web?.sinceBootMs], ['idle', null, 'the host was started', 50])
  assert.deepEqual(web?.end, { kind: 'unknown', run: 1, exit: null, message: '', atWallMs: null })
  assert.deepEqual(again.units.get('a/db/1')?.want, { kind: 'down', by: ann })
  assert.equal(again.bootId, 'next')
})

it('after a reboot how a run ended before is still known, and counters are cleared', () => {
  const slow = { ...policy, backoff: { ...policy.backoff, freeRestarts: 0 } }
  const scene = running(0, service('web', { restart: slow }))
  scene.turn(1, scene.exited('web', code(3)))
  assert.equal(scene.unit('web').phase, 'backoff')
  const web = revive(storedForm(scene.state), nextBoot).units.get('a/web/1')
  assert.deepEqual([web?.phase, web?.retryBootMs, web?.earlyExits, web?.end.exit], ['idle', null, 0, code(3)])
})

it('the stored form of a declared unit holds neither its spec nor its wish', () => {
  const row = storedUnit(running(0, service('web')).unit('web'))
  assert.equal(row.spec, null)
  assert.deepEqual(['want' in row, 'isDeclared' in row], [false, false])
  const fresh = play()
  fresh.turn(0, setTarget(service('web', { autostart: false })))
  assert.deepEqual(JSON.parse(JSON.stringify(storedUnit(fresh.unit('web')))), storedUnit(fresh.unit('web')))
})

it('what an older version stored is completed, and nothing that runs is replaced for what it did not know', () => {
  const scene = running(0, service('web', { process: { ...service('web').process, umask: 0o22 } }))
  const stored = storedForm(scene.state)
  const {
    checks: _checks,
    hooks: _hooks,
    schedule: _schedule,
    once: _once,
    ...web
  } = stored.target.apps.a!.services.web!
  const { limits: _limits, stdin: _stdin, ...process } = web.process
  const { priority: _priority, ...app } = stored.target.apps.a!
  const older = { ...app, services: { web: { ...web, process } } }
  const units = stored.units.map((row) => {
    const { attempt: _attempt, after: _after, condemned: _condemned, lastRun: _lastRun, stoppedBy: _by, ...rest } = row
    const { run, ...unit } = rest
    const { role: _role, shortfalls: _shortfalls, ...olderRun } = run!
    return { ...unit, run: olderRun }
  })
  const state = revive(JSON.parse(JSON.stringify({ ...stored, target: { apps: { a: older } }, units })), at(5))
  const unit = state.units.get('a/web/1')!
  assert.deepEqual([unit.run?.role, unit.after, unit.spec.checks.liveness], ['main', null, null])
  assert.deepEqual([unit.lastRun, unit.stoppedBy, unit.spec.appPriority, unit.spec.processName], [1, null, 999, null])
  assert.equal(unit.run?.runHash, unit.spec.runHash)
  const next = play(state)
  assert.deepEqual(next.turn(6, setTarget(service('web', { process: { ...service('web').process, umask: 0o22 } }))), [])
})

it('a unit no longer declared that an older version stored is completed as well', () => {
  const scene = running(0, service('web'))
  scene.turn(1, setTarget())
  const stored = storedForm(scene.state)
  const [row] = stored.units
  const { appPriority: _appPriority, processName: _processName, ...spec } = row!.spec!
  const older = JSON.parse(JSON.stringify({ ...stored, units: [{ ...row, spec }] }))
  assert.deepEqual(revive(older, at(2)).units.get('a/web/1'), scene.unit('web'))
})

it('a wish for one run that an older version stored ends with what is declared', () => {
  const scene = running(0, service('web'))
  const want = { kind: 'once', by: ann } as const
  const older = JSON.parse(JSON.stringify({ ...storedForm(scene.state), wants: [{ unit: 'a/web/1', want }] }))
  const again = play(revive(older, at(1)))
  assert.deepEqual(again.unit('web').want, { ...want, afterwards: null })
  again.turn(2, again.exited('web', code(0)))
  assert.deepEqual(again.unit('web').want, { kind: 'up', by: { kind: 'declared' } })
})

it('what an older version stored of an end has no ladder for good and tells of no signal', () => {
  const scene = running(0, service('web'), service('gone'))
  scene.turn(1, ask('stop', 'web'), setTarget(service('web')))
  const stored = storedForm(scene.state)
  const {
    autostartAgain: _again,
    retire: _retire,
    signalScripts: _scripts,
    ...web
  } = stored.target.apps.a!.services.web!
  const { logger: _logger, ...process } = web.process
  const target = { apps: { a: { ...stored.target.apps.a!, services: { web: { ...web, process } } } } }
  const units = stored.units.map(({ run, stop, spec, ...row }) => {
    const { gotTerm: _gotTerm, ...olderRun } = run!
    const { isForGood: _isForGood, ...olderStop } = stop!
    const { autostartAgain: _a, retire: _r, signalScripts: _s, ...olderSpec } = spec ?? {}
    return { ...row, run: olderRun, stop: olderStop, spec: spec === null ? null : olderSpec }
  })
  const again = revive(JSON.parse(JSON.stringify({ ...stored, target, units })), at(2))
  for (const id of ['a/web/1', 'a/gone/1']) {
    const unit = again.units.get(id)
    assert.deepEqual([unit?.run?.gotTerm, unit?.stop?.isForGood], [false, false])
    const { autostartAgain, retire, signalScripts } = unit!.spec
    assert.deepEqual(
      { autostartAgain, retire, signalScripts },
      { autostartAgain: true, retire: null, signalScripts: {} },
    )
  }
  assert.equal(again.units.get('a/web/1')?.spec.process.logger, null)
  assert.deepEqual(again.units.get('a/web/1')?.spec, scene.unit('web').spec)
  const next = play(again)
  assert.deepEqual(next.turn(3, next.adopted('web'), next.adopted('gone')), [
    'TERM web: stopped by ann (uid 1000)',
    'TERM gone: no longer declared',
  ])
})

it('a manual stop until the daemon is restarted is over with the host, and one until a start is not', () => {
  const scene = running(0, service('web', { manualStop: 'until-daemon-restart' }), service('db'), directory('sv'))
  scene.turn(1, ask('stop', 'web', 'db', 'sv'))
  const stored = storedForm(scene.state)
  const declared = { kind: 'up', by: { kind: 'declared' } } as const
  const wants = (now: Now) => [...revive(stored, now).units.values()].map(({ want }) => want)
  assert.deepEqual(wants(nextBoot), [declared, { kind: 'down', by: ann }, declared])
  // A crash of ours is no restart.
  assert.deepEqual(wants(at(5)), Array(3).fill({ kind: 'down', by: ann }))
})
