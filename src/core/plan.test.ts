import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  ann,
  ask,
  asked,
  at,
  code,
  identityOf,
  idOf,
  needs,
  play,
  policy,
  running,
  service,
  setTarget,
  shutdown,
  targetOf,
} from './fixture.ts'
import { spawnsPerTurnMax } from './limits.ts'
import type { Event, Service } from './model.ts'
import { plan } from './plan.ts'
import { rungAt } from './unit/ladder.ts'

const withCommand = (one: Service, ...command: string[]): Service => ({ ...one, process: { ...one.process, command } })

describe('starts', () => {
  it('what is declared is started, by priority and then in the order of the target', () => {
    const scene = play()
    const steps = scene.turn(0, setTarget(service('late'), service('first', { priority: 1 }), service('later')))
    assert.deepEqual(steps, ['spawn first: declared', 'spawn late: declared', 'spawn later: declared'])
    assert.deepEqual([scene.run('first').n, scene.run('late').n, scene.run('later').n], [1, 2, 3])
    assert.equal(scene.state.nextRun, 4)
  })

  it('what is not to be started by itself stays down until somebody starts it', () => {
    const scene = play()
    assert.deepEqual(scene.turn(0, setTarget(service('web', { autostart: false }))), [])
    assert.deepEqual(scene.turn(5, ask('start', 'web')), ['spawn web: started by ann (uid 1000)'])
  })

  it('a dependant starts when every unit of its dependency is up', () => {
    const scene = play()
    const db = service('db', { instances: [{ n: 1 }, { n: 2 }] })
    assert.deepEqual(scene.turn(0, setTarget(service('web', { dependsOn: [needs('db')] }), db)), [
      'spawn db: declared',
      'spawn db/2: declared',
    ])
    assert.deepEqual(scene.turn(1, scene.spawned('db')), [])
    assert.deepEqual(scene.turn(2, scene.spawned('db/2')), ['spawn web: declared'])
  })

  it('a dependant starts when its dependency in another app is up, and the daemon ends it first', () => {
    const scene = play()
    const web = service('web', { dependsOn: [{ ...needs('db'), app: 'b' }] })
    const apps = { ...targetOf(web).apps, b: { ...targetOf(service('db')).apps.a!, name: 'b' } }
    const declare = asked({ kind: 'set-target', target: { apps }, by: { kind: 'daemon' }, why: 'up' })
    const steps = (...events: readonly Event[]) => scene.turn(0, ...events).map((one) => one.replace(/:.*/, ''))
    const spawned = (unit: string): Event => {
      const { n } = scene.state.units.get(unit)!.run!
      return { kind: 'spawned', unit, run: n, identity: identityOf(n) }
    }
    assert.deepEqual(steps(declare), ['spawn db'])
    assert.deepEqual(steps(spawned('b/db/1')), ['spawn web'])
    assert.deepEqual(steps(spawned('a/web/1')), [])
    assert.deepEqual(steps(shutdown()), ['TERM web'])
    assert.deepEqual(steps(scene.exited('web', code(0))), ['TERM db'])
  })

  it('a dependency that has to end does not count as started', () => {
    const db = service('db', { manualStop: 'until-started' })
    const scene = play()
    scene.turn(0, setTarget(db, service('web', { dependsOn: [needs('db')], autostart: false })))
    scene.turn(0, scene.spawned('db'))
    assert.deepEqual(scene.turn(1, ask('start', 'web'), ask('restart', 'db')), ['TERM db: restarted by ann (uid 1000)'])
  })

  it('completed asks for an end as expected', () => {
    const job = service('job', { restart: { ...policy, when: 'no' } })
    const web = service('web', { dependsOn: [needs('job', 'completed')] })
    const scene = play()
    assert.deepEqual(scene.turn(0, setTarget(web, job)), ['spawn job: declared'])
    scene.turn(1, scene.spawned('job'))
    assert.deepEqual(scene.turn(2, scene.exited('job', code(1))), [])
    scene.turn(3, ask('start', 'job'))
    scene.turn(4, scene.spawned('job'))
    assert.deepEqual(scene.turn(5, scene.exited('job', code(0))), ['spawn web: declared'])
  })

  it('a dependency that is not declared holds back only where it is required', () => {
    const scene = play()
    const strict = service('strict', { dependsOn: [needs('gone')] })
    const easy = service('easy', { dependsOn: [{ ...needs('gone'), required: false }] })
    assert.deepEqual(scene.turn(0, setTarget(strict, easy)), ['spawn easy: declared'])
  })

  it('no more than the limit is spawned at a time', () => {
    const many = Array.from({ length: spawnsPerTurnMax + 5 }, (_, index) => service(`s${index}`))
    const scene = play()
    assert.equal(scene.turn(0, setTarget(...many)).length, spawnsPerTurnMax)
    assert.deepEqual(scene.turn(1), [])
    assert.deepEqual(scene.turn(2, scene.spawned('s0')), [`spawn s${spawnsPerTurnMax}: declared`])
  })

  it('a retry waits for its time and says what it follows', () => {
    const scene = running(
      0,
      service('web', { restart: { ...policy, backoff: { ...policy.backoff, freeRestarts: 0 } } }),
    )
    assert.deepEqual(scene.turn(10, scene.exited('web', code(3))), [])
    assert.deepEqual(scene.turn(209), [])
    assert.deepEqual(scene.turn(210), ['spawn web: restart after exit code 3'])
  })

  it('a retry after a failed spawn tells its message', () => {
    const scene = play()
    scene.turn(0, setTarget(service('web')))
    assert.deepEqual(scene.turn(1, scene.spawnFailed('web')), ['spawn web: restart after no such file'])
  })
})

describe('ends', () => {
  it('a manual stop climbs the ladder: signal, grace, kill, and kill again', () => {
    const scene = running(0, service('web'))
    assert.deepEqual(scene.turn(100, ask('stop', 'web')), ['TERM web: stopped by ann (uid 1000)'])
    assert.deepEqual(scene.turn(10_099), [])
    assert.deepEqual(scene.turn(10_100), ['KILL web: stopped by ann (uid 1000)'])
    assert.deepEqual(scene.turn(15_099), [])
    assert.deepEqual(scene.turn(15_100), ['KILL web: stopped by ann (uid 1000)'])
    assert.equal(scene.unit('web').reason, 'stopped by ann (uid 1000): still there, SIGKILL sent')
  })

  it('a ladder without a kill ends with its last rung', () => {
    const scene = running(0, service('web', { stop: [{ signal: 'INT', scope: 'main', waitMs: 10 }] }))
    assert.deepEqual(scene.turn(1, ask('stop', 'web')), ['INT web: stopped by ann (uid 1000)'])
    assert.deepEqual(scene.turn(1_000_000), [])
    const why = 'stopped by ann (uid 1000)'
    assert.deepEqual(scene.unit('web').stop, { rung: 1, dueBootMs: null, why, isForGood: false })
  })

  it('a step says whom it reaches and what it is for', () => {
    const asks = running(0, service('web'))
    const asked = { ...asks.unit('web'), signals: ['HUP'] }
    assert.deepEqual(plan({ ...asks.state, units: new Map([[asked.id, asked]]) }, at(1)), [
      { kind: 'signal', unit: 'a/web/1', run: 1, signal: 'HUP', scope: 'main', purpose: 'asked', why: 'asked for' },
    ])
    const paused = { ...asks.unit('web'), run: { ...asks.run('web'), isPaused: true }, endRunsUpTo: 1 }
    assert.deepEqual(
      plan({ ...asks.state, units: new Map([[paused.id, paused]]) }, at(1)).map((step) =>
        step.kind === 'signal' ? [step.signal, step.scope, step.purpose] : step.kind,
      ),
      [
        ['TERM', 'main', 'ladder'],
        ['CONT', 'main', 'wake'],
      ],
    )
  })

  it('a paused unit is woken together with its signal, and not for a kill', () => {
    const scene = running(0, service('web'))
    scene.turn(1, { kind: 'paused', unit: idOf('web'), run: 1 })
    assert.deepEqual(scene.turn(2, ask('stop', 'web')), [
      'TERM web: stopped by ann (uid 1000)',
      'CONT web: paused, it could not act on the signal',
    ])
    assert.deepEqual(scene.turn(10_002), ['KILL web: stopped by ann (uid 1000)'])
  })

  it('a changed command replaces the run without backoff; a changed policy does not', () => {
    const web = service('web')
    const scene = running(0, web)
    assert.deepEqual(scene.turn(1, setTarget({ ...web, restart: { ...policy, when: 'no' }, priority: 3 })), [])
    assert.deepEqual(scene.turn(2, setTarget(withCommand(web, 'new'))), ['TERM web: its configuration changed'])
    assert.deepEqual(scene.turn(3, scene.exited('web', code(0))), [
      'spawn web: its configuration changed: exit code 0 after 3 ms',
    ])
    assert.deepEqual(scene.run('web').n, 2)
  })

  it('what is no longer declared is stopped, then forgotten', () => {
    const scene = running(0, service('web'), service('db'))
    assert.deepEqual(scene.turn(1, setTarget(service('db'))), ['TERM web: no longer declared'])
    assert.deepEqual(scene.turn(2, scene.exited('web', code(0))), ['forget web: no longer declared'])
    assert.deepEqual([...scene.state.units.keys()], ['a/db/1'])
  })

  it('the priority of an app comes before that of its services, at the start and at the end', () => {
    const { apps } = targetOf(service('low', { priority: 1 }), service('high', { priority: 5 }))
    const a = { ...apps.a!, priority: 2 }
    const b = { ...targetOf(service('first', { priority: 900 })).apps.a!, name: 'b', priority: 1 }
    const scene = play()
    const target = { apps: { a, b } }
    const steps = scene.turn(0, asked({ kind: 'set-target', target, by: { kind: 'daemon' }, why: 'up' }))
    assert.deepEqual(steps, ['spawn first: declared', 'spawn low: declared', 'spawn high: declared'])
    for (const unit of scene.state.units.values()) {
      const run = unit.run!.n
      scene.turn(1, { kind: 'spawned', unit: unit.id, run, identity: identityOf(run) })
    }
    const ends: string[] = []
    let told = scene.turn(2, shutdown())
    for (let round = 3; told.length > 0; round++) {
      ends.push(...told)
      const ended = [...scene.state.units.values()].filter((unit) => unit.phase === 'stopping')
      told = scene.turn(
        round,
        ...ended.map(({ id, run }): Event => ({ kind: 'exited', unit: id, run: run!.n, exit: code(0) })),
      )
    }
    assert.deepEqual(ends, ['TERM high: SIGTERM', 'TERM low: SIGTERM', 'TERM first: SIGTERM'])
  })

  it('the daemon ends dependants first, then by descending priority', () => {
    const web = service('web', { dependsOn: [needs('db')], priority: 1 })
    const scene = running(
      0,
      service('db', { priority: 900 }),
      web,
      service('low', { priority: 5 }),
      service('high', { priority: 950 }),
    )
    assert.deepEqual(scene.turn(1, shutdown()), ['TERM high: SIGTERM'])
    assert.deepEqual(scene.turn(2, scene.exited('high', code(0))), ['TERM low: SIGTERM'])
    assert.deepEqual(scene.turn(3, scene.exited('low', code(0))), ['TERM web: SIGTERM'])
    assert.deepEqual(scene.turn(4, scene.exited('web', code(0))), ['TERM db: SIGTERM'])
    assert.deepEqual(scene.turn(5, scene.exited('db', code(0))), [])
  })

  it('while the daemon runs priorities do not order ends, dependencies do', () => {
    const scene = running(
      0,
      service('db', { priority: 1 }),
      service('web', { dependsOn: [needs('db')], priority: 2 }),
      service('other'),
    )
    assert.deepEqual(scene.turn(1, ask('stop', 'db', 'web', 'other')), [
      'TERM web: stopped by ann (uid 1000)',
      'TERM other: stopped by ann (uid 1000)',
    ])
    assert.deepEqual(scene.turn(2, scene.exited('web', code(0))), ['TERM db: stopped by ann (uid 1000)'])
  })

  it('what is starting is stopped when its outcome is known', () => {
    const scene = play()
    scene.turn(0, setTarget(service('web')))
    assert.deepEqual(scene.turn(1, ask('stop', 'web')), [])
    assert.deepEqual(scene.turn(2, scene.spawned('web')), ['TERM web: stopped by ann (uid 1000)'])
  })

  it('a unit that its declaration turns off says so', () => {
    const scene = running(0, service('web'))
    assert.deepEqual(scene.turn(1, setTarget(service('web', { autostart: false }))), ['TERM web: not to be started'])
  })
})

describe('signals and observations', () => {
  it('signals asked for leave one per turn, in order', () => {
    const scene = running(0, service('web'))
    const signal = (name: string) => asked({ kind: 'signal', units: [idOf('web')], signal: name, by: ann })
    assert.deepEqual(scene.turn(1, signal('HUP'), signal('USR1')), ['HUP web: asked for'])
    assert.deepEqual(scene.turn(2), ['USR1 web: asked for'])
    assert.deepEqual(scene.turn(3), [])
  })

  it('a signal that found nobody makes the driver look once', () => {
    const scene = running(0, service('web'))
    const gone = { kind: 'signalled', unit: idOf('web'), run: 1, signal: 'HUP', outcome: 'gone' } as const
    assert.deepEqual(scene.turn(1, gone), ['observe: a/web/1: nobody there to signal'])
    assert.deepEqual(scene.turn(2), [])
    assert.deepEqual(scene.turn(3, { kind: 'observed', takenBootMs: 3, alive: [] }), [
      'spawn web: restart after an unknown exit',
    ])
  })

  it('a unit nobody can tell is neither signalled nor started', () => {
    const scene = running(0, service('web'))
    scene.turn(1, { kind: 'unresolved', unit: idOf('web'), run: 1, message: 'two of them' })
    assert.deepEqual(scene.turn(2, ask('stop', 'web')), ['observe: stopped by ann (uid 1000)'])
    assert.deepEqual(scene.turn(3, shutdown()), [])
  })

  it('asking twice gives the same', () => {
    const scene = running(0, service('web'))
    scene.turn(1, ask('stop', 'web'))
    assert.deepEqual(plan(scene.state, at(10_001)), plan(scene.state, at(10_001)))
    assert.equal(plan(scene.state, at(10_001)).length, 1)
  })
})

it('past its end a ladder stays on its last rung, and an empty one is a TERM', () => {
  const scene = running(0, service('web'), service('bare', { stop: [] }))
  assert.deepEqual(
    [0, 1, 2, 9].map((rung) => rungAt(scene.unit('web'), { rung, isForGood: false }).signal),
    ['TERM', 'KILL', 'KILL', 'KILL'],
  )
  assert.deepEqual(rungAt(scene.unit('bare'), { rung: 0, isForGood: false }), {
    signal: 'TERM',
    scope: 'main',
    waitMs: 10_000,
  })
})
