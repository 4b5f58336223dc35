import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { explain } from '../explain.ts'
import {
  afterCrash,
  ann,
  ask,
  askLast,
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
import { revive } from '../revive.ts'

const down = { kind: 'down', by: ann } as const
const once = { kind: 'once', by: ann, afterwards: down, isLast: true } as const
const slow = { ...policy, backoff: { ...policy.backoff, freeRestarts: 0 } }
const hook: Hook = { command: ['hook'], timeoutMs: null, ignoreFailure: true }
const asked = 'one last run asked for by ann (uid 1000)'

/** It rests, is wanted down, and no time brings another run. */
function isOver(scene: Play, bootMs: number): void {
  const { want, run, after, job } = scene.unit('web')
  assert.deepEqual({ want, run, after }, { want: down, run: null, after: null })
  assert.equal(job, null, 'it was no job')
  assert.deepEqual(scene.turn(bootMs), [])
  assert.deepEqual(scene.turn(bootMs + 1_000_000), [])
}

/** Runs, and that run is the last one. */
function lastRun(settings: Partial<Service> = {}): Play {
  const scene = running(0, service('web', settings))
  scene.turn(1, askLast('web'))
  return scene
}

describe('one last run of what', () => {
  it('is down is begun, is no job, and nothing follows it', () => {
    const scene = play()
    scene.turn(0, setTarget(service('web', { autostart: false })))
    assert.deepEqual(scene.turn(1, askLast('web')), [`spawn web: ${asked}`])
    assert.deepEqual(scene.unit('web').want, once)
    scene.turn(2, scene.spawned('web'))
    assert.deepEqual(scene.turn(3, scene.exited('web', code(0))), [])
    isOver(scene, 4)
  })

  it('is to be started is the start, and its exit is not written down as that of a job', () => {
    const scene = play()
    scene.turn(0, setTarget(service('web', { dependsOn: [needs('db')] }), service('db', { autostart: false })))
    scene.turn(1, askLast('web'))
    assert.deepEqual([scene.unit('web').phase, scene.unit('web').want, scene.unit('web').reason], ['idle', once, asked])
    const recorded = [askLast('db'), ask('run', 'db')].map((event) =>
      plan(observe(scene.state, [event], at(2)).state, at(2)).map((step) => step.kind === 'spawn' && step.isRecorded),
    )
    assert.deepEqual(recorded, [[false], [true]])
  })

  it('runs is that run', () => {
    for (const exit of [0, 1]) {
      const scene = lastRun()
      assert.deepEqual([scene.unit('web').phase, scene.unit('web').want], ['up', once])
      assert.deepEqual(scene.turn(20_000, scene.exited('web', code(exit))), [])
      isOver(scene, 20_001)
    }
  })

  it('is being started is that start', () => {
    const scene = play()
    scene.turn(0, setTarget(service('web')))
    assert.deepEqual(scene.turn(1, askLast('web')), [])
    scene.turn(2, scene.spawned('web'))
    assert.deepEqual(scene.turn(3, scene.exited('web', code(1))), [])
    isOver(scene, 4)
  })

  it('is prepared is the run that follows', () => {
    const scene = play()
    scene.turn(0, setTarget(service('web', { hooks: { preStart: hook, postStop: hook } })))
    scene.turn(1, askLast('web'), scene.spawned('web'))
    scene.turn(2, scene.exited('web', code(0)))
    scene.turn(3, scene.spawned('web'))
    assert.deepEqual(scene.turn(4, scene.exited('web', code(1))), ['post web: post_stop hook'])
    scene.turn(5, scene.spawned('web'))
    assert.deepEqual(scene.turn(6, scene.exited('web', code(0))), [])
    isOver(scene, 7)
  })

  it('waits to be tried again is begun at once', () => {
    const scene = running(0, service('web', { restart: slow }))
    scene.turn(1, scene.exited('web', code(1)))
    assert.equal(scene.unit('web').phase, 'backoff')
    assert.deepEqual(scene.turn(2, askLast('web')), [`spawn web: ${asked}`])
    assert.equal(scene.unit('web').restarts, 0)
    scene.turn(3, scene.spawned('web'))
    assert.deepEqual(scene.turn(4, scene.exited('web', code(1))), [])
    isOver(scene, 5)
  })

  it('has ended or failed is begun', () => {
    const rests = [
      { restart: { ...policy, when: 'no' } },
      { restart: { ...policy, budget: { restartsMax: 0, windowMs: null } } },
    ] as const
    for (const settings of rests) {
      const scene = running(0, service('web', settings))
      scene.turn(1, scene.exited('web', code(1)))
      assert.deepEqual(scene.turn(2, askLast('web')), [`spawn web: ${asked}`])
      scene.turn(3, scene.spawned('web'))
      assert.deepEqual(scene.turn(4, scene.exited('web', code(1))), [])
      isOver(scene, 5)
    }
  })

  it('is being stopped is over already', () => {
    const scene = running(0, service('web'))
    scene.turn(1, ask('restart', 'web'))
    assert.deepEqual(scene.turn(2, askLast('web')), [])
    assert.deepEqual(scene.unit('web').want, down)
    assert.deepEqual(scene.turn(3, scene.exited('web', code(0))), [])
    isOver(scene, 4)
  })

  it('has ended, with its post_stop hook due or under way, is over already', () => {
    const scene = running(0, service('web', { hooks: { preStart: null, postStop: hook } }))
    assert.deepEqual(scene.turn(1, scene.exited('web', code(1)), askLast('web')), ['post web: post_stop hook'])
    scene.turn(2, scene.spawned('web'))
    assert.deepEqual(scene.turn(3, askLast('web')), [])
    assert.deepEqual(scene.turn(4, scene.exited('web', code(0))), [])
    isOver(scene, 5)
  })

  it('nobody can tell is looked at first', () => {
    const scene = running(0, service('web'))
    scene.turn(1, { kind: 'unresolved', unit: idOf('web'), run: 1, message: 'two of them' })
    assert.deepEqual(scene.turn(2, askLast('web')), [`observe: ${asked}`])
    scene.turn(3, scene.adopted('web'))
    assert.deepEqual(scene.turn(4, scene.exited('web', code(1))), [])
    isOver(scene, 5)
  })

  it('runs as a job closes the entry of the job when it ends', () => {
    const scene = play()
    scene.turn(0, setTarget(service('web', { autostart: false })))
    scene.turn(1, ask('run', 'web'))
    scene.turn(2, scene.spawned('web'), askLast('web'))
    scene.turn(3, scene.exited('web', code(1)))
    const outcomes = scene.unit('web').job?.history.map(({ outcome }) => outcome)
    assert.deepEqual([outcomes, scene.unit('web').want], [['unexpected'], down])
    assert.deepEqual(scene.turn(1_000_000), [])
  })
})

describe('a last run', () => {
  it('is not tried again, whatever its policy and whosever trouble', () => {
    const onFailure = lastRun({ restart: { ...slow, when: 'on-failure' } })
    onFailure.turn(2, onFailure.exited('web', code(1)))
    isOver(onFailure, 3)
    for (const retry of [false, true]) {
      const scene = play()
      scene.turn(0, setTarget(service('web', { autostart: false })))
      scene.turn(1, askLast('web'))
      assert.deepEqual(scene.turn(2, scene.spawnFailed('web', retry)), [])
      isOver(scene, 3)
    }
  })

  it('whose pre_start hook failed is over', () => {
    const scene = play()
    const strict = { preStart: { ...hook, ignoreFailure: false }, postStop: null }
    scene.turn(0, setTarget(service('web', { autostart: false, hooks: strict })))
    scene.turn(1, askLast('web'))
    scene.turn(2, scene.spawned('web'))
    assert.deepEqual(scene.turn(3, scene.exited('web', code(1))), [])
    isOver(scene, 4)
  })

  it('is the last one no more when somebody starts or restarts the unit', () => {
    const started = lastRun()
    started.turn(2, ask('start', 'web'))
    assert.match(started.turn(20_000, started.exited('web', code(0))).join(), /^spawn web: /)
    const restarted = lastRun()
    assert.deepEqual(restarted.turn(2, ask('restart', 'web')), ['TERM web: restarted by ann (uid 1000)'])
    assert.match(restarted.turn(3, restarted.exited('web', code(0))).join(), /^spawn web: /)
  })

  it('is ended by a stop, and nothing follows it', () => {
    const scene = lastRun()
    assert.deepEqual(scene.turn(2, ask('stop', 'web')), ['TERM web: stopped by ann (uid 1000)'])
    assert.deepEqual(scene.turn(3, scene.exited('web', code(0))), [])
    isOver(scene, 4)
  })

  it('asked for twice is the same one', () => {
    const scene = lastRun()
    scene.turn(2, askLast('web'))
    assert.deepEqual(scene.unit('web').want, once)
    assert.deepEqual(scene.turn(3, scene.exited('web', code(0))), [])
    isOver(scene, 4)
  })

  it('goes on over a crash of ours, also when it was not begun yet', () => {
    const living = afterCrash(lastRun(), 2)
    assert.deepEqual(living.turn(2, living.adopted('web')), [])
    assert.deepEqual(living.turn(3, living.exited('web', code(1))), [])
    isOver(living, 4)
    const gone = afterCrash(lastRun(), 2)
    assert.deepEqual(gone.turn(2, gone.exited('web', { kind: 'unknown' })), [])
    isOver(gone, 3)
    const scene = play()
    scene.turn(0, setTarget(service('web', { autostart: false })))
    scene.turn(1, askLast('web'))
    const unborn = afterCrash(scene, 2)
    assert.match(unborn.turn(2, unborn.notStarted('web')).join(), /^spawn web: /)
    unborn.turn(3, unborn.spawned('web'))
    assert.deepEqual(unborn.turn(4, unborn.exited('web', code(0))), [])
    isOver(unborn, 5)
  })

  it('is over with the daemon: the next one wants what its service says', () => {
    const kept = lastRun()
    assert.deepEqual(kept.turn(2, shutdown()), ['TERM web: SIGTERM'])
    assert.deepEqual(kept.unit('web').want, down)
    const until = lastRun({ manualStop: 'until-daemon-restart' })
    until.turn(2, shutdown())
    assert.deepEqual(until.unit('web').want, { kind: 'up', by: { kind: 'declared' } })
  })

  it('is over with the host', () => {
    const { state } = afterCrash(lastRun(), 2)
    const [unit] = [...state.units.values()]
    const stored = { bootId: 'boot', target: state.target, units: [], jobs: [], runsReserved: 9 }
    const wants = [{ unit: idOf('web'), want: unit!.want }]
    const web = revive({ ...stored, wants }, { bootId: 'next', bootMs: 1, wallMs: 1 }).units.get(idOf('web'))
    assert.deepEqual([web?.want, web?.phase], [down, 'idle'])
  })

  it('of a service directory ends as any, and explains that it is wanted no more', () => {
    const scene = running(0, directory('web'))
    scene.turn(1, askLast('web'))
    scene.turn(2, scene.exited('web', code(1)))
    const [told] = explain(scene.state, at(3))
    assert.deepEqual([told?.isAtTarget, told?.next], [true, 'nothing: it is not wanted'])
  })
})
