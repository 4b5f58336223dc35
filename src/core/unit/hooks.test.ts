import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { advance, nextWake } from '../advance.ts'
import { explain } from '../explain.ts'
import {
  afterCrash,
  ask,
  at,
  code,
  directory,
  idOf,
  needs,
  type Play,
  play,
  policy,
  running,
  service,
  setTarget,
  shutdown,
} from '../fixture.ts'
import type { Hook, Service } from '../model.ts'
import { observe } from '../observe.ts'
import { plan } from '../plan.ts'
import { revive, storedUnit } from '../revive.ts'

const hook: Hook = { command: ['hook'], timeoutMs: 5_000, ignoreFailure: false }

function withHooks(hooks: Partial<Service['hooks']>, settings: Partial<Service> = {}): Service {
  return service('web', { hooks: { preStart: null, postStop: null, ...hooks }, ...settings })
}

/** Up at `bootMs`, its pre_start hook over where it has one. */
function up(bootMs: number, web: Service): Play {
  const scene = play()
  scene.turn(bootMs, setTarget(web))
  if (web.hooks.preStart !== null) {
    scene.turn(bootMs, scene.spawned('web'))
    scene.turn(bootMs, scene.exited('web', code(0)))
  }
  scene.turn(bootMs, scene.spawned('web'))
  return scene
}

describe('a pre_start hook', () => {
  it('runs before the process, under numbers that belong together', () => {
    const scene = play()
    assert.deepEqual(scene.turn(0, setTarget(withHooks({ preStart: hook }))), ['pre web: declared; pre_start hook'])
    assert.equal(scene.unit('web').phase, 'preparing')
    scene.turn(10, scene.spawned('web'))
    assert.deepEqual(scene.turn(20, scene.exited('web', code(0))), [
      'spawn web: pre_start hook: exit code 0 after 20 ms',
    ])
    scene.turn(30, scene.spawned('web'))
    const { phase, attempt, run } = scene.unit('web')
    assert.deepEqual([phase, attempt, run?.n, run?.role], ['up', 1, 2, 'main'])
  })

  it('that fails is a start that failed, and follows the policy', () => {
    const scene = play()
    scene.turn(0, setTarget(withHooks({ preStart: hook })))
    scene.turn(0, scene.spawned('web'))
    assert.deepEqual(scene.turn(5, scene.exited('web', code(3))), [
      'pre web: restart after pre_start hook: exit code 3 after 5 ms; pre_start hook',
    ])
    assert.equal(scene.unit('web').end.kind, 'hook-failed')
    assert.equal(scene.unit('web').earlyExits, 1)
  })

  it('that fails without a restart leaves the unit failed', () => {
    const scene = play()
    scene.turn(0, setTarget(withHooks({ preStart: hook }, { restart: { ...policy, when: 'no' } })))
    scene.turn(0, scene.spawned('web'))
    assert.deepEqual(scene.turn(5, scene.exited('web', code(3))), [])
    assert.equal(scene.unit('web').phase, 'failed')
    assert.match(scene.unit('web').reason, /pre_start hook: exit code 3/)
  })

  it('may fail where that is ignored', () => {
    const scene = play()
    scene.turn(0, setTarget(withHooks({ preStart: { ...hook, ignoreFailure: true } })))
    scene.turn(0, scene.spawned('web'))
    assert.deepEqual(scene.turn(5, scene.exited('web', code(3))), ['spawn web: pre_start hook: exit code 3 after 5 ms'])
  })

  it('that takes too long is stopped by the ladder, and has failed', () => {
    const scene = play()
    scene.turn(0, setTarget(withHooks({ preStart: hook })))
    scene.turn(0, scene.spawned('web'))
    assert.equal(nextWake(scene.state, at(1)), 5_000)
    const why = 'its pre_start hook took longer than 5 s'
    assert.deepEqual(scene.turn(5_000), [`TERM web: ${why}`])
    assert.deepEqual(scene.turn(15_000), [`KILL web: ${why}`])
    scene.turn(15_001, scene.exited('web', { kind: 'signal', signal: 'KILL', core: false }))
    assert.equal(scene.unit('web').end.kind, 'hook-failed')
    assert.match(scene.unit('web').reason, /took longer than 5 s/)
  })

  it('is ended by a stop, and nothing follows', () => {
    const scene = play()
    scene.turn(0, setTarget(withHooks({ preStart: hook })))
    scene.turn(0, scene.spawned('web'))
    assert.deepEqual(scene.turn(5, ask('stop', 'web')), ['TERM web: stopped by ann (uid 1000)'])
    assert.deepEqual(scene.turn(9, scene.exited('web', { kind: 'signal', signal: 'TERM', core: false })), [])
    assert.deepEqual([scene.unit('web').phase, scene.unit('web').end.kind], ['idle', 'requested'])
  })

  it('over when nobody wants the unit any more starts nothing', () => {
    const scene = play()
    scene.turn(0, setTarget(withHooks({ preStart: hook })))
    scene.turn(0, scene.spawned('web'))
    // Both in one turn: the hook has ended before its stop could be sent.
    assert.deepEqual(scene.turn(5, scene.exited('web', code(0)), ask('stop', 'web')), [])
    assert.equal(scene.unit('web').phase, 'idle')
  })

  it('over when nobody wants the unit any more is no success of what runs once', () => {
    const scene = play()
    scene.turn(0, setTarget(withHooks({ preStart: hook }, { once: 'ever' })))
    scene.turn(0, scene.spawned('web'))
    scene.turn(5, ask('stop', 'web'), scene.exited('web', code(0)))
    assert.deepEqual([scene.unit('web').end.kind, scene.unit('web').job?.done], ['requested', null])
  })

  it('that is no longer declared has a time all the same, and is not needed for the start', () => {
    const scene = play()
    scene.turn(0, setTarget(withHooks({ preStart: hook })))
    scene.turn(0, scene.spawned('web'))
    scene.turn(5, setTarget(withHooks({})))
    assert.equal(nextWake(scene.state, at(5)), 90_000)
    assert.deepEqual(scene.turn(90_000), ['TERM web: its pre_start hook took longer than 1.5 min'])
    const killed = scene.exited('web', { kind: 'signal', signal: 'TERM', core: false })
    assert.match(scene.turn(90_001, killed).join(), /spawn web/)
    assert.equal(scene.unit('web').end.kind, 'never')
  })

  it('that takes too long is stopped while others that depend on the unit still end', () => {
    const slow = service('app', { dependsOn: [needs('web')] })
    const scene = up(0, withHooks({ preStart: hook }))
    scene.turn(1, setTarget(withHooks({ preStart: hook }), slow))
    scene.turn(2, scene.spawned('app'))
    scene.turn(3, scene.exited('web', code(1)))
    scene.turn(4, scene.spawned('web'))
    scene.turn(5, ask('stop', 'app'))
    assert.match(scene.turn(5_003).join(), /TERM web: its pre_start hook took longer/)
  })

  it('holds the conditions of a start once: what changes after it does not stop the start', () => {
    const db = service('db')
    const scene = running(0, db)
    scene.turn(1, setTarget(db, withHooks({ preStart: hook }, { dependsOn: [needs('db')] })))
    scene.turn(2, scene.spawned('web'))
    scene.turn(3, ask('stop', 'db'))
    assert.match(scene.turn(4, scene.exited('web', code(0))).join(), /spawn web/)
  })
})

describe('a post_stop hook', () => {
  it('runs after the process and before the next one, with how it ended', () => {
    const scene = up(0, withHooks({ postStop: hook }))
    assert.deepEqual(scene.turn(20_000, scene.exited('web', code(7))), ['post web: post_stop hook'])
    assert.deepEqual([scene.unit('web').phase, scene.unit('web').end.exit], ['finishing', code(7)])
    scene.turn(20_001, scene.spawned('web'))
    assert.deepEqual(scene.turn(20_002, scene.exited('web', code(0))), ['spawn web: restart after exit code 7'])
  })

  it('runs after a stop as well, and the unit rests when it is over', () => {
    const scene = up(0, withHooks({ postStop: hook }))
    scene.turn(10, ask('stop', 'web'))
    assert.deepEqual(scene.turn(20, scene.exited('web', code(0))), ['post web: post_stop hook'])
    scene.turn(21, scene.spawned('web'))
    assert.deepEqual(scene.turn(22, scene.exited('web', code(0))), [])
    assert.equal(scene.unit('web').phase, 'idle')
  })

  it('that is no longer declared when the process ends is not run', () => {
    const scene = up(0, withHooks({ postStop: hook }, { restart: { ...policy, when: 'no' } }))
    assert.deepEqual(scene.turn(20_000, scene.exited('web', code(0)), setTarget(withHooks({}))), [])
    assert.deepEqual([scene.unit('web').phase, scene.unit('web').after], ['ended', null])
  })

  it('does not run where no process came of the start', () => {
    const scene = play()
    scene.turn(0, setTarget(withHooks({ postStop: hook })))
    scene.turn(1, scene.spawnFailed('web'))
    assert.equal(scene.unit('web').after, null)
  })

  it('that fails or hangs changes nothing of what follows, and is told', () => {
    const scene = up(0, withHooks({ postStop: hook }, { restart: { ...policy, when: 'no' } }))
    scene.turn(20_000, scene.exited('web', code(0)))
    scene.turn(20_001, scene.spawned('web'))
    assert.deepEqual(scene.turn(25_000), ['TERM web: its post_stop hook took longer than 5 s'])
    scene.turn(25_001, scene.exited('web', { kind: 'signal', signal: 'TERM', core: false }))
    assert.deepEqual([scene.unit('web').phase, scene.unit('web').end.kind], ['ended', 'expected'])
    assert.match(scene.unit('web').reason, /post_stop hook took longer/)
  })

  it('is let be by a stop, a start and a restart, which say what follows it', () => {
    const scene = up(0, withHooks({ postStop: hook }))
    scene.turn(20_000, scene.exited('web', code(7)))
    scene.turn(20_001, scene.spawned('web'))
    assert.deepEqual(scene.turn(20_002, ask('stop', 'web')), [])
    assert.deepEqual(scene.turn(20_003, ask('restart', 'web')), [])
    assert.deepEqual(scene.turn(20_004, ask('stop', 'web')), [])
    scene.turn(20_005, scene.exited('web', code(0)))
    assert.equal(scene.unit('web').phase, 'idle')
  })

  it('is waited for by the end of the daemon and by what the unit depends on', () => {
    const scene = running(0, service('db'), withHooks({ postStop: hook }, { dependsOn: [needs('db')] }))
    scene.turn(10, shutdown())
    assert.deepEqual(scene.turn(20, scene.exited('web', code(0))), ['post web: post_stop hook'])
    assert.deepEqual(scene.turn(21, scene.spawned('web')), [])
    assert.deepEqual(scene.turn(22, scene.exited('web', code(0))), ['TERM db: SIGTERM'])
  })

  it('runs for a unit that is no longer declared, which is forgotten then', () => {
    const scene = running(0, service('db'), withHooks({ postStop: hook }))
    scene.turn(10, setTarget(service('db')))
    assert.deepEqual(scene.turn(20, scene.exited('web', code(0))), ['post web: post_stop hook'])
    scene.turn(21, scene.spawned('web'))
    assert.deepEqual(scene.turn(22, scene.exited('web', code(0))), ['forget web: no longer declared'])
  })

  it('that was due when the daemon died is run by the next one', () => {
    const scene = up(0, withHooks({ postStop: hook }))
    scene.turn(20_000, scene.exited('web', code(7)))
    const { target, bootId } = scene.state
    const units = [...scene.state.units.values()].map(storedUnit)
    const next = play(revive({ bootId, target, units, wants: [], jobs: [], runsReserved: 1_000 }, at(20_010)))
    const unit = idOf('web')
    assert.deepEqual(next.turn(20_010, { kind: 'not-started', unit, run: next.run('web').n }), [
      'post web: post_stop hook',
    ])
  })
})

describe('a hook without a timeout', () => {
  const patient: Hook = { ...hook, timeoutMs: null }

  it('may take as long as it likes: it is never condemned, and nobody wakes for it', () => {
    const scene = play()
    scene.turn(0, setTarget(withHooks({ preStart: patient })))
    scene.turn(0, scene.spawned('web'))
    assert.equal(nextWake(scene.state, at(1)), null)
    assert.deepEqual(scene.turn(1_000_000_000), [])
    assert.deepEqual([scene.unit('web').phase, scene.unit('web').condemned], ['preparing', null])
    const [told] = explain(scene.state, at(1_000_000_000))
    assert.equal(told?.next, 'its process is started when the hook has ended')
    const after = up(0, withHooks({ postStop: patient }))
    after.turn(20_000, after.exited('web', code(7)))
    after.turn(20_001, after.spawned('web'))
    assert.equal(nextWake(after.state, at(20_002)), null)
    assert.deepEqual(after.turn(1_000_000_000), [])
  })

  it('is ended by a stop where it comes before the process, and let be where it comes after it', () => {
    const scene = play()
    scene.turn(0, setTarget(withHooks({ preStart: patient })))
    scene.turn(0, scene.spawned('web'))
    assert.deepEqual(scene.turn(5, ask('stop', 'web')), ['TERM web: stopped by ann (uid 1000)'])
    const after = up(0, withHooks({ postStop: patient }))
    after.turn(20_000, after.exited('web', code(7)))
    after.turn(20_001, after.spawned('web'))
    assert.deepEqual(after.turn(20_002, ask('stop', 'web')), [])
    assert.deepEqual(after.turn(20_003, shutdown()), [])
    assert.deepEqual(after.turn(1_000_000_000), [])
  })

  it('that gets one while it runs has its time from its beginning', () => {
    const scene = play()
    scene.turn(0, setTarget(withHooks({ preStart: patient })))
    scene.turn(0, scene.spawned('web'))
    assert.deepEqual(scene.turn(9_000, setTarget(withHooks({ preStart: hook }))), [
      'TERM web: its pre_start hook took longer than 5 s',
    ])
  })
})

describe('finish', () => {
  const finish: Hook = { command: ['./finish'], timeoutMs: null, ignoreFailure: true, isFinish: true }
  const web = directory('web', { hooks: { preStart: null, postStop: finish } })

  it('follows a start that failed as well, and then what follows any failed start', () => {
    const scene = play()
    scene.turn(0, setTarget(web))
    assert.deepEqual(scene.turn(1, scene.spawnFailed('web')), ['post web: post_stop hook'])
    assert.deepEqual([scene.unit('web').phase, scene.unit('web').end.kind], ['finishing', 'spawn-failed'])
    assert.deepEqual(scene.unit('web').after?.phase, 'backoff')
    scene.turn(2, scene.spawned('web'))
    assert.deepEqual(scene.turn(3, scene.exited('web', code(1))), ['spawn web: restart after no such file'])
  })

  it('follows it with how it ended, and is itself followed by nothing', () => {
    const scene = play()
    scene.turn(0, setTarget(web))
    const { state } = observe(scene.state, [scene.spawnFailed('web')], at(1))
    const [spawn] = plan(state, at(1))
    assert(spawn?.kind === 'spawn')
    assert.deepEqual([spawn.role, spawn.attempt, spawn.end?.kind, spawn.end?.exit], ['post', 1, 'spawn-failed', null])
    scene.turn(1, scene.spawnFailed('web'))
    // It cannot be executed itself: life goes on.
    assert.deepEqual(scene.turn(2, scene.spawnFailed('web')), ['spawn web: restart after no such file'])
  })

  it('that fails is not told', () => {
    const scene = up(0, web)
    scene.turn(20_000, scene.exited('web', code(0)))
    scene.turn(20_001, scene.spawned('web'))
    scene.turn(20_002, scene.exited('web', code(111)), ask('stop', 'web'))
    assert.doesNotMatch(scene.unit('web').reason, /post_stop/)
  })

  it('does not follow a pre_start hook that could not be started', () => {
    const scene = play()
    scene.turn(0, setTarget({ ...web, hooks: { preStart: hook, postStop: finish } }))
    assert.doesNotMatch(scene.turn(1, scene.spawnFailed('web')).join(), /post web/)
    assert.equal(scene.unit('web').after, null)
  })

  it('does not follow a start that was interrupted before a process existed', () => {
    const scene = play()
    scene.turn(0, setTarget(web))
    const next = afterCrash(scene, 1)
    assert.match(next.turn(1, next.notStarted('web')).join(), /^spawn web: its start was interrupted/)
  })
})

it('a unit prepared and not wanted any more is at rest, whoever changed that', () => {
  const scene = play()
  scene.turn(0, setTarget(withHooks({ preStart: hook })))
  scene.turn(0, scene.spawned('web'))
  scene.turn(1, scene.exited('web', code(0)), shutdown())
  assert.equal(advance(scene.state, at(2)).state.units.get(idOf('web'))?.phase, 'idle')
})
