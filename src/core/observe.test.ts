import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { nextWake } from './advance.ts'
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
} from './fixture.ts'
import type { Event, FoundRun } from './model.ts'
import { observe } from './observe.ts'
import { predict } from './predict.ts'

const web = { unit: idOf('web'), run: 1 }
const hook = { command: ['hook'], timeoutMs: 60_000, ignoreFailure: false }
const postOnly = { preStart: null, postStop: hook }
const bothHooks = { preStart: hook, postStop: hook }
const found = (run: number, name = 'web', more: Partial<FoundRun> = {}): Event => ({
  kind: 'found',
  unit: idOf(name),
  run,
  role: 'main',
  attempt: run,
  identity: identityOf(run),
  isChild: false,
  ...more,
})

describe('news about a run', () => {
  it('about an older run, another unit or none changes nothing at all', () => {
    const scene = running(0, service('web'))
    const old: readonly Event[] = [
      { kind: 'exited', unit: idOf('web'), run: 0, exit: code(1) },
      { kind: 'spawned', unit: idOf('web'), run: 7, identity: identityOf(7) },
      { kind: 'paused', unit: idOf('nobody'), run: 1 },
    ]
    const change = observe(scene.state, old, at(5))
    assert.equal(change.state, scene.state)
    assert.deepEqual([change.transitions, [...change.touched]], [[], []])
  })

  it('each change raises the version by one', () => {
    const scene = running(0, service('web'))
    const change = observe(scene.state, [{ kind: 'paused', ...web }], at(5))
    assert.equal(change.state.version, scene.state.version + 1)
  })

  it('a spawn told twice is told once', () => {
    const scene = running(0, service('web'))
    const again = scene.spawned('web')
    assert.deepEqual(scene.turn(1, again), [])
    assert.deepEqual(scene.transitions, [])
    assert.equal(scene.unit('web').reason, 'running as pid 101')
  })

  it('a failed spawn that is told of a live run is not believed', () => {
    const scene = running(0, service('web'))
    scene.turn(1, scene.spawnFailed('web'))
    assert.equal(scene.unit('web').phase, 'up')
  })

  it('an exit may overtake its spawn', () => {
    const scene = play()
    scene.turn(0, setTarget(service('web', { restart: { ...policy, when: 'no' } })))
    const spawned = scene.spawned('web')
    scene.turn(1, scene.exited('web', code(0)), spawned)
    assert.equal(scene.unit('web').phase, 'ended')
  })

  it('a signal that was sent changes nothing, a refused one is the reason', () => {
    const scene = running(0, service('web'))
    scene.turn(1, { kind: 'signalled', ...web, signal: 'HUP', outcome: 'sent' })
    assert.equal(scene.state.observe, null)
    scene.turn(2, {
      kind: 'signal-failed',
      ...web,
      signal: 'HUP',
      code: 'EPERM',
      message: 'not permitted',
      retry: false,
    })
    assert.equal(scene.unit('web').reason, 'SIGHUP failed (EPERM): not permitted')
    assert.equal(scene.unit('web').phase, 'up')
  })

  it('a pause is a fact of the run until it goes on', () => {
    const scene = running(0, service('web'))
    scene.turn(1, { kind: 'paused', ...web })
    assert.equal(scene.run('web').isPaused, true)
    scene.turn(2, { kind: 'continued', ...web })
    assert.equal(scene.run('web').isPaused, false)
  })
})

describe('what the driver sees', () => {
  const observed = (takenBootMs: number, ...alive: readonly number[]): Event => ({
    kind: 'observed',
    takenBootMs,
    alive: alive.map((run) => ({ unit: idOf('web'), run })),
  })

  it('what is not alive and was started before has ended, nobody knows how', () => {
    const scene = running(10, service('web', { restart: { ...policy, when: 'on-failure' } }))
    scene.turn(11, observed(11))
    assert.deepEqual([scene.unit('web').phase, scene.unit('web').end.kind], ['ended', 'unknown'])
  })

  it('what is alive, or was started at that moment or later, is not touched', () => {
    const scene = running(10, service('web'))
    scene.turn(11, observed(11, 1))
    scene.turn(12, observed(10))
    assert.equal(scene.unit('web').phase, 'up')
    scene.turn(13, observed(11, 2))
    assert.notEqual(scene.run('web').n, 1)
  })

  it('a spawn under way is left to its outcome', () => {
    const scene = play()
    scene.turn(0, setTarget(service('web')))
    scene.turn(5, observed(5))
    assert.equal(scene.unit('web').phase, 'starting')
  })

  it('an observation that failed is over as well', () => {
    const scene = running(0, service('web'))
    scene.turn(1, { kind: 'signalled', ...web, signal: 'HUP', outcome: 'gone' })
    assert.deepEqual(scene.state.observe, { why: 'a/web/1: nobody there to signal', inFlight: true })
    scene.turn(2, { kind: 'observe-failed', code: 'EIO', message: 'no', retry: true })
    assert.equal(scene.state.observe, null)
  })
})

describe('after a restart of the daemon', () => {
  it('an adopted run goes on where it was', () => {
    const scene = play()
    scene.turn(0, setTarget(service('web')))
    scene.turn(1, { kind: 'adopted', ...web, identity: identityOf(1) })
    assert.deepEqual([scene.unit('web').phase, scene.run('web').isAdopted], ['up', true])
    assert.equal(scene.unit('web').reason, 'running as pid 101')
    scene.turn(2, { kind: 'adopted', ...web, identity: identityOf(1) })
    assert.deepEqual(scene.transitions, [])
  })

  it('a stop under way is begun again with its first signal', () => {
    const scene = running(0, service('web'))
    scene.turn(1, ask('stop', 'web'))
    assert.deepEqual(scene.turn(9_000, { kind: 'adopted', ...web, identity: identityOf(1) }), [
      'TERM web: stopped by ann (uid 1000)',
    ])
    assert.deepEqual(scene.turn(18_999), [])
    assert.deepEqual(scene.turn(19_000), ['KILL web: stopped by ann (uid 1000)'])
  })

  it('a start that never came to a process is begun again', () => {
    const scene = play()
    scene.turn(0, setTarget(service('web')))
    assert.deepEqual(scene.turn(1, { kind: 'not-started', ...web }), [
      'spawn web: its start was interrupted before a process existed',
    ])
    assert.equal(scene.run('web').n, 2)
  })

  it('an interrupted restart counts once, at the time it happens, and not at all for who is not wanted', () => {
    const windowed = service('web', { restart: { ...policy, budget: { restartsMax: 3, windowMs: 60_000 } } })
    const begun = () => {
      const scene = running(0, windowed)
      scene.turn(10, scene.exited('web', code(1)))
      assert.deepEqual([scene.unit('web').restarts, scene.unit('web').restartTimesBootMs], [1, [10]])
      return scene
    }
    const again = begun()
    assert.deepEqual(again.turn(500, { kind: 'not-started', unit: idOf('web'), run: 2 }), [
      'spawn web: restart after exit code 1',
    ])
    assert.deepEqual([again.unit('web').restarts, again.unit('web').restartTimesBootMs], [1, [500]])
    const twice = begun()
    twice.turn(11, { kind: 'spawned', unit: idOf('web'), run: 2, identity: identityOf(2) })
    twice.turn(300, { kind: 'exited', unit: idOf('web'), run: 2, exit: code(1) })
    twice.turn(1_000)
    assert.deepEqual(twice.unit('web').restartTimesBootMs, [10, 1_000])
    twice.turn(2_000, { kind: 'not-started', unit: idOf('web'), run: 3 })
    assert.deepEqual(twice.unit('web').restartTimesBootMs, [10, 2_000])
    const unwanted = begun()
    unwanted.turn(20, ask('stop', 'web'))
    assert.deepEqual(unwanted.turn(500, { kind: 'not-started', unit: idOf('web'), run: 2 }), [])
    assert.equal(unwanted.unit('web').phase, 'idle')
  })

  it('an unresolved unit is adopted once it can be told', () => {
    const scene = play()
    scene.turn(0, setTarget(service('web')))
    scene.turn(1, { kind: 'unresolved', ...web, message: 'pids 4, 5' })
    assert.deepEqual([scene.unit('web').phase, scene.unit('web').reason], ['unresolved', 'pids 4, 5'])
    scene.turn(2, { kind: 'adopted', ...web, identity: identityOf(1) })
    assert.equal(scene.unit('web').phase, 'up')
  })

  it('a start or a stop has an unresolved unit looked at again', () => {
    for (const kind of ['start', 'stop', 'restart'] as const) {
      const scene = play()
      scene.turn(0, setTarget(service('web')))
      scene.turn(1, { kind: 'unresolved', ...web, message: 'pids 4, 5' })
      const who = kind === 'stop' ? 'stopped' : 'started'
      assert.deepEqual(scene.turn(2, ask(kind, 'web')), [`observe: ${who} by ann (uid 1000)`])
    }
  })

  it("a run nobody stored is its unit's, and numbers go on after it", () => {
    const scene = play()
    scene.turn(0, setTarget(service('web', { autostart: false })))
    assert.deepEqual(scene.turn(3, found(40)), ['TERM web: not to be started'])
    const { n, isAdopted, startedBootMs, identity } = scene.run('web')
    assert.deepEqual(
      { n, isAdopted, startedBootMs, identity },
      { n: 40, isAdopted: true, startedBootMs: 3, identity: identityOf(40) },
    )
    assert.equal(scene.state.nextRun, 41)
    assert.equal(scene.transitions[0]?.why, 'running as pid 140, found after a restart of the daemon')
  })

  it('of two live runs the one that is left is the unit, whichever ends', () => {
    const exit = code(1)
    for (const { ends, stays } of [
      { ends: 1, stays: 9 },
      { ends: 9, stays: 1 },
    ]) {
      const scene = running(0, service('web'))
      scene.turn(1, found(9))
      assert.deepEqual(scene.turn(2, { kind: 'exited', unit: idOf('web'), run: ends, exit }), [])
      assert.deepEqual([scene.unit('web').phase, scene.run('web').n, scene.state.found], ['up', stays, []])
    }
  })

  it('of two live runs the one that a look at everything still finds is the unit', () => {
    const scene = running(0, service('web'))
    scene.turn(1, found(9))
    const alive = [{ unit: idOf('web'), run: 9 }]
    assert.deepEqual(scene.turn(2, { kind: 'observed', takenBootMs: 2, alive }), [])
    assert.deepEqual([scene.unit('web').phase, scene.run('web').n], ['up', 9])
  })

  it('two live runs of one unit are told, not touched; an older one is no news', () => {
    const scene = running(0, service('web'))
    assert.deepEqual(scene.turn(1, found(1)), [])
    assert.equal(scene.unit('web').phase, 'up')
    assert.deepEqual(scene.turn(2, found(9)), [])
    assert.equal(scene.unit('web').phase, 'unresolved')
    assert.equal(scene.unit('web').reason, 'pid 109 (run 9) lives beside run 1: end one of them')
  })

  it('what follows a post_stop hook is kept while it cannot be told, and it is looked at when somebody asks', () => {
    const hook = { command: ['hook'], timeoutMs: 60_000, ignoreFailure: false }
    const hooks = { preStart: null, postStop: hook }
    const scene = running(0, service('web', { hooks, restart: { ...policy, when: 'no' } }))
    scene.turn(1, scene.exited('web', code(0)))
    scene.turn(2, scene.spawned('web'))
    scene.turn(3, found(9))
    assert.equal(scene.unit('web').after?.phase, 'ended')
    assert.deepEqual(scene.turn(4, ask('start', 'web')), ['observe: started by ann (uid 1000)'])
  })

  it('a signal asked for is not sent to a unit that cannot be told', () => {
    const scene = running(0, service('web'))
    scene.turn(1, found(9))
    assert.deepEqual(scene.turn(2, asked({ kind: 'signal', units: [idOf('web')], signal: 'HUP', by: ann })), [])
  })

  it('what a run left behind that has ended is not taken for the unit', () => {
    const scene = running(0, service('web', { restart: { ...policy, when: 'no' } }))
    scene.turn(1, scene.exited('web', code(0)))
    scene.turn(2, found(1))
    assert.equal(scene.unit('web').phase, 'ended')
    scene.turn(3, found(2))
    assert.equal(scene.unit('web').phase, 'up')
  })

  it('a pre_start hook found alive is that hook: its process follows it, and belongs to the same start', () => {
    const scene = play()
    scene.turn(0, found(40, 'web', { role: 'pre' }))
    assert.deepEqual(scene.turn(1, setTarget(service('web', { hooks: bothHooks }))), [])
    assert.deepEqual([scene.unit('web').phase, scene.run('web').role], ['preparing', 'pre'])
    assert.deepEqual(scene.turn(2, scene.exited('web', code(0))), ['spawn web: pre_start hook: exit code 0 after 1 ms'])
    assert.deepEqual([scene.run('web').n, scene.unit('web').attempt], [41, 40])
  })

  it('a pre_start hook found alive for what is not to run is ended, and nothing follows it', () => {
    const scene = play()
    scene.turn(0, setTarget(service('web', { hooks: bothHooks, autostart: false })))
    assert.deepEqual(scene.turn(3, found(40, 'web', { role: 'pre' })), ['TERM web: not to be started'])
    assert.deepEqual(scene.turn(4, scene.exited('web', code(0))), [])
    assert.equal(scene.unit('web').phase, 'idle')
  })

  it('a hook found alive that takes too long is ended like any', () => {
    const scene = play()
    scene.turn(0, found(40, 'web', { role: 'pre' }), setTarget(service('web', { hooks: bothHooks })))
    assert.deepEqual(scene.turn(59_999), [])
    assert.deepEqual(scene.turn(60_000), ['TERM web: its pre_start hook took longer than 1 min'])
  })

  it('a post_stop hook found alive is not run a second time, and what was decided follows it', () => {
    const scene = running(0, service('web', { hooks: postOnly, restart: { ...policy, when: 'no' } }))
    const exit = { kind: 'unknown' } as const
    const steps = scene.turn(1, { ...web, kind: 'exited', exit }, found(2, 'web', { role: 'post', attempt: 1 }))
    assert.deepEqual(steps, [])
    assert.deepEqual([scene.unit('web').phase, scene.run('web').n], ['finishing', 2])
    assert.deepEqual(scene.turn(2, scene.exited('web', code(0))), [])
    assert.deepEqual([scene.unit('web').phase, scene.unit('web').end.kind], ['ended', 'unknown'])
  })

  it('a post_stop hook found alive tells that a run of which nothing is stored has ended unseen', () => {
    for (const { when, phase, steps } of [
      { when: 'no', phase: 'ended', steps: [] },
      { when: 'always', phase: 'starting', steps: ['spawn web: restart after an unknown exit'] },
    ] as const) {
      const scene = running(0, service('web', { hooks: postOnly, restart: { ...policy, when } }))
      scene.turn(1, scene.exited('web', code(0)))
      scene.turn(2, scene.spawned('web'))
      scene.turn(3, scene.exited('web', code(0)))
      const stored = play({ ...scene.state, units: new Map([[idOf('web'), { ...scene.unit('web'), run: null }]]) })
      const late = found(50, 'web', { role: 'post', attempt: 49 })
      assert.deepEqual(stored.turn(4, late), [])
      assert.deepEqual([stored.unit('web').phase, stored.run('web').role], ['finishing', 'post'])
      assert.deepEqual([stored.unit('web').end.kind, stored.unit('web').end.run], ['unknown', 49])
      assert.deepEqual(stored.turn(5, stored.exited('web', code(0))), steps)
      assert.equal(stored.unit('web').phase, phase)
    }
  })

  it('what a hook left behind is not taken for the hook', () => {
    const scene = running(0, service('web', { hooks: postOnly, restart: { ...policy, when: 'no' } }))
    scene.turn(1, scene.exited('web', code(0)))
    scene.turn(2, scene.spawned('web'))
    scene.turn(3, scene.exited('web', code(0)))
    assert.deepEqual(scene.turn(4, found(2, 'web', { role: 'post', attempt: 1 })), [])
    assert.equal(scene.unit('web').phase, 'ended')
  })

  it('a child of ours that is found tells us its end itself', () => {
    for (const isChild of [true, false]) {
      const scene = play()
      scene.turn(0, setTarget(service('web', { autostart: false })))
      scene.turn(1, found(40, 'web', { isChild }))
      assert.equal(scene.run('web').isAdopted, !isChild)
    }
  })

  it('a run that its schedule began is let run to its end, written down, and not run again for the same time', () => {
    const schedule = { cron: '@hourly', timeZone: null, overlap: 'queue', missed: 'run-once' } as const
    const scene = play()
    scene.turn(0, setTarget(service('web', { schedule, restart: { ...policy, when: 'no' } })))
    const { scheduleHash, doneWallMs } = scene.unit('web').job!
    const due: Event = {
      ...{ kind: 'next-due', unit: idOf('web'), scheduleHash, message: '' },
      ...{ afterWallMs: doneWallMs, dueWallMs: doneWallMs + 5 },
    }
    assert.deepEqual(scene.turn(10, found(40), due), ['schedule web: @hourly'])
    assert.equal(scene.unit('web').phase, 'up')
    scene.turn(20, scene.exited('web', code(0)))
    const { history, isQueued } = scene.unit('web').job!
    assert.deepEqual(
      history.map(({ run, outcome }) => [run, outcome]),
      [[40, 'expected']],
    )
    assert.deepEqual([scene.unit('web').phase, scene.unit('web').want.kind, isQueued], ['ended', 'down', false])
  })

  it('a run of a unit that is not declared waits for its declaration, unless it ends before', () => {
    const scene = play()
    scene.turn(0, found(7), found(8, 'db'))
    assert.deepEqual(
      scene.state.found.map((one) => one.run),
      [7, 8],
    )
    scene.turn(1, { kind: 'exited', unit: idOf('db'), run: 7, exit: code(0) })
    assert.equal(scene.state.found.length, 2)
    scene.turn(2, { kind: 'exited', unit: idOf('db'), run: 8, exit: code(0) })
    assert.deepEqual(scene.turn(3, setTarget(service('web'), service('db'))), ['spawn db: declared'])
    assert.deepEqual([scene.unit('web').phase, scene.run('web').n, scene.run('db').n], ['up', 7, 9])
    assert.deepEqual(scene.state.found, [])
  })
})

describe('deadlines', () => {
  it('nothing waits where nothing is due', () => {
    assert.equal(nextWake(play().state, at(0)), null)
    const off = play()
    off.turn(0, setTarget(service('web', { autostart: false })))
    assert.equal(nextWake(off.state, at(0)), null)
  })

  it('a run wakes the core when it becomes stable, once', () => {
    const scene = running(100, service('web'))
    assert.equal(nextWake(scene.state, at(100)), 10_100)
    scene.turn(10_099)
    assert.equal(scene.run('web').isStable, false)
    scene.turn(10_100)
    assert.equal(scene.run('web').isStable, true)
    assert.equal(nextWake(scene.state, at(10_100)), null)
    const { state } = scene
    scene.turn(20_000)
    assert.equal(scene.state, state)
  })

  it('the nearest of retry, rung and stability comes first', () => {
    const late = { ...policy, stableMs: 60_000, backoff: { ...policy.backoff, freeRestarts: 0, firstMs: 500 } }
    const scene = running(0, service('web', { restart: late }), service('db', { restart: late }))
    scene.turn(0, ask('stop', 'db'))
    assert.equal(nextWake(scene.state, at(0)), 10_000)
    scene.turn(1, scene.exited('web', code(1)))
    assert.equal(nextWake(scene.state, at(1)), 501)
  })

  it('a retry that is due and held back by a dependency wakes nobody', () => {
    const slow = { ...policy, backoff: { ...policy.backoff, freeRestarts: 0 } }
    const scene = running(0, service('db'), service('web', { restart: slow, dependsOn: [needs('db')] }))
    scene.turn(1, ask('stop', 'db'), scene.exited('web', code(1)))
    scene.turn(2, scene.exited('db', code(0)))
    assert.equal(nextWake(scene.state, at(2)), 201)
    assert.deepEqual(scene.turn(201), [])
    assert.equal(nextWake(scene.state, at(201)), null)
  })

  it('a run that is being stopped does not become stable', () => {
    const scene = running(0, service('web', { stop: [{ signal: 'TERM', scope: 'main', waitMs: 50_000 }] }))
    scene.turn(1, ask('stop', 'web'))
    scene.turn(20_000)
    assert.equal(scene.run('web').isStable, false)
    assert.equal(nextWake(scene.state, at(20_000)), null)
  })
})

describe('predict', () => {
  it('a spawn is up, a rung of the ladder ends, the rest changes nothing', () => {
    const scene = play()
    scene.turn(0, setTarget(service('web')))
    const spec = scene.unit('web').spec
    const up = predict(
      scene.state,
      { kind: 'spawn', ...web, role: 'main', attempt: 1, spec, end: null, isRecorded: false, why: '' },
      at(1),
    )
    assert.equal(up.units.get(idOf('web'))?.phase, 'up')
    assert.equal(up.units.get(idOf('web'))?.run?.identity?.pid, 1)
    const step = { kind: 'signal', ...web, signal: 'TERM', scope: 'main', why: '' } as const
    const down = predict(up, { ...step, purpose: 'ladder' }, at(2))
    assert.deepEqual(down.units.get(idOf('web'))?.end.exit, { kind: 'signal', signal: 'TERM', core: false })
    assert.equal(predict(up, { ...step, purpose: 'asked' }, at(2)), up)
    assert.equal(predict(up, { kind: 'observe', why: '' }, at(2)), up)
    assert.equal(predict(up, { kind: 'forget', unit: idOf('web'), why: '' }, at(2)), up)
  })
})

it('transitions are numbered without holes and say from where to where', () => {
  const scene = play()
  const seen: string[] = []
  const take = () => {
    for (const { seq, unit, run, from, to } of scene.transitions) seen.push(`${seq} ${unit} ${run} ${from} ${to}`)
  }
  scene.turn(0, setTarget(service('web')))
  take()
  scene.turn(1, scene.spawned('web'))
  take()
  scene.turn(2, asked({ kind: 'stop', units: [idOf('web')], by: ann }))
  take()
  scene.turn(3, scene.exited('web', code(0)), shutdown())
  take()
  assert.deepEqual(seen, [
    '1 a/web/1 1 idle starting',
    '2 a/web/1 1 starting up',
    '3 a/web/1 1 up stopping',
    '4 a/web/1 1 stopping idle',
  ])
})
