import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { explain } from './explain.ts'
import type { Play } from './fixture.ts'
import {
  ann,
  ask,
  asked,
  at,
  code,
  idOf,
  needs,
  play,
  policy,
  running,
  service,
  setTarget,
  shutdown,
} from './fixture.ts'
import { signalsPerUnitMax } from './limits.ts'
import type { Event, Service, Who } from './model.ts'

const changed = (one: Service): Service => ({ ...one, process: { ...one.process, command: ['changed'] } })
const jobPolicy = { ...policy, when: 'no' } as const
const declaredUp = { kind: 'up', by: { kind: 'declared' } } as const

function endedWith(exit: number, settings: Partial<Service> = {}): Play {
  const scene = running(0, service('web', { restart: jobPolicy, ...settings }))
  scene.turn(1, scene.exited('web', code(exit)))
  return scene
}

describe('wishes', () => {
  it("a wish equal to the declared one is not kept as the user's", () => {
    const scene = running(0, service('web'))
    scene.turn(1, ask('stop', 'web'))
    assert.deepEqual(scene.unit('web').want, { kind: 'down', by: ann })
    scene.turn(2, ask('start', 'web'))
    assert.deepEqual(scene.unit('web').want, { kind: 'up', by: { kind: 'declared' } })
  })

  it('a start brings back what ended, failed or waits, with its counters cleared', () => {
    const scene = endedWith(1)
    assert.deepEqual(scene.turn(2, ask('start', 'web')), ['spawn web: started by ann (uid 1000)'])
    const failing = running(0, service('web', { restart: { ...policy, budget: { restartsMax: 0, windowMs: null } } }))
    failing.turn(1, failing.exited('web', code(1)))
    assert.equal(failing.unit('web').phase, 'failed')
    assert.deepEqual(failing.turn(2, ask('start', 'web')), ['spawn web: started by ann (uid 1000)'])
    const waiting = running(
      0,
      service('web', { restart: { ...policy, backoff: { ...policy.backoff, freeRestarts: 0 } } }),
    )
    waiting.turn(1, waiting.exited('web', code(1)))
    assert.equal(waiting.unit('web').phase, 'backoff')
    assert.deepEqual(waiting.turn(2, ask('start', 'web')), ['spawn web: started by ann (uid 1000)'])
    assert.deepEqual([waiting.unit('web').earlyExits, waiting.unit('web').restarts], [0, 0])
  })

  it('a start of what runs only clears the counters and keeps its reason', () => {
    const scene = running(0, service('web'))
    scene.turn(1, scene.exited('web', code(1)))
    scene.turn(1, scene.spawned('web'))
    assert.deepEqual([scene.unit('web').earlyExits, scene.unit('web').restarts], [1, 1])
    assert.deepEqual(scene.turn(2, ask('start', 'web')), [])
    assert.deepEqual([scene.unit('web').earlyExits, scene.unit('web').restarts], [0, 0])
    assert.equal(scene.unit('web').reason, 'running as pid 102')
  })

  it('a start while stopping is followed after the end', () => {
    const scene = running(0, service('web'))
    scene.turn(1, ask('stop', 'web'))
    assert.deepEqual(scene.turn(2, ask('start', 'web')), [])
    assert.equal(scene.unit('web').reason, 'started by ann (uid 1000)')
    assert.deepEqual(scene.turn(3, scene.exited('web', code(0))), [
      'spawn web: stopped by ann (uid 1000): exit code 0 after 3 ms',
    ])
  })

  it('a stop of what rests makes it idle, and of what waits to start tells who stopped it', () => {
    const scene = endedWith(1)
    assert.deepEqual(scene.turn(2, ask('stop', 'web')), [])
    assert.deepEqual([scene.unit('web').phase, scene.unit('web').reason], ['idle', 'stopped by ann (uid 1000)'])
    const waiting = play()
    waiting.turn(0, setTarget(service('web', { dependsOn: [needs('none')] })))
    waiting.turn(1, ask('stop', 'web'))
    assert.deepEqual([waiting.unit('web').phase, waiting.unit('web').reason], ['idle', 'stopped by ann (uid 1000)'])
    assert.deepEqual(waiting.unit('web').want, { kind: 'down', by: ann })
  })

  it('a stop of what runs keeps its reason until it ends', () => {
    const db = service('db')
    const scene = running(0, db, service('web', { dependsOn: [needs('db')] }))
    scene.turn(1, ask('stop', 'db', 'web'))
    assert.equal(scene.unit('db').reason, 'running as pid 101')
  })

  it('who stopped what is declared not to run is told, and no wish is left', () => {
    const scene = running(0, service('db'), service('web', { autostart: false, dependsOn: [needs('db')] }))
    scene.turn(1, ask('start', 'web'))
    assert.deepEqual(scene.turn(2, ask('stop', 'web'), scene.spawned('web')), ['TERM web: stopped by ann (uid 1000)'])
    assert.deepEqual(scene.unit('web').want, { kind: 'down', by: { kind: 'declared' } })
    assert.equal(scene.unit('web').reason, 'stopped by ann (uid 1000): SIGTERM sent')
    scene.turn(3, scene.exited('web', code(0)))
    assert.equal(scene.unit('web').reason, 'stopped by ann (uid 1000): exit code 0 after 2 ms')
  })

  it('a stop that was taken back is not told of the end that follows', () => {
    const along = service('along', { dependsOn: [needs('web')] })
    const scene = running(0, service('web', { autostart: false }), along)
    scene.turn(1, ask('start', 'web'))
    scene.turn(2, scene.spawned('web'))
    scene.turn(3, scene.spawned('along'))
    // It waits for who depends on it.
    assert.deepEqual(scene.turn(4, ask('stop', 'web', 'along')), ['TERM along: stopped by ann (uid 1000)'])
    assert.deepEqual(scene.unit('web').stoppedBy, ann)
    scene.turn(5, ask('start', 'web'))
    scene.turn(6, scene.exited('along', code(0)))
    assert.deepEqual([scene.unit('web').phase, scene.unit('web').stoppedBy], ['up', null])
  })

  it('names that no unit has are left out', () => {
    const scene = running(0, service('web'))
    assert.deepEqual(scene.turn(1, ask('stop', 'nobody', 'web')), ['TERM web: stopped by ann (uid 1000)'])
  })
})

describe('one run', () => {
  const run = (): Event => asked({ kind: 'run', units: [idOf('web')], by: ann })

  it('of what had ended is followed by nothing, and the service is wanted as before', () => {
    const scene = endedWith(1)
    assert.deepEqual(scene.turn(2, run()), ['spawn web: one run asked for by ann (uid 1000)'])
    scene.turn(3, scene.spawned('web'))
    assert.deepEqual(scene.turn(4, scene.exited('web', code(2))), [])
    assert.deepEqual([scene.unit('web').phase, scene.unit('web').want], ['ended', declaredUp])
    const [told] = explain(scene.state, at(4))
    assert.equal(told?.next, 'nothing: exit code 2, and it was run once by ann (uid 1000)')
    // Whoever starts the daemon again wants what is declared.
    scene.turn(5, shutdown())
    assert.equal(scene.unit('web').phase, 'idle')
  })

  it('of what somebody stopped leaves it stopped by whoever that was', () => {
    const bob: Who = { kind: 'user', uid: 1001, name: 'bob' }
    const scene = running(0, service('web'))
    scene.turn(1, asked({ kind: 'stop', units: [idOf('web')], by: bob }))
    scene.turn(2, scene.exited('web', code(0)))
    scene.turn(3, run())
    assert.equal(scene.unit('web').want.kind, 'once')
    scene.turn(4, scene.spawned('web'))
    scene.turn(5, scene.exited('web', code(0)))
    assert.deepEqual(scene.unit('web').want, { kind: 'down', by: bob })
  })

  it('that the end of the daemon cuts short is not made up for', () => {
    for (const { manualStop, want } of [
      { manualStop: 'until-started', want: { kind: 'down', by: ann } },
      { manualStop: 'until-daemon-restart', want: declaredUp },
    ] as const) {
      const scene = running(0, service('web', { manualStop }))
      scene.turn(1, ask('stop', 'web'))
      scene.turn(2, scene.exited('web', code(0)))
      scene.turn(3, run())
      scene.turn(4, shutdown())
      assert.deepEqual(scene.unit('web').want, want)
    }
  })

  it('is not asked of what is about to be tried again anyway', () => {
    const scene = running(
      0,
      service('web', { restart: { ...policy, backoff: { ...policy.backoff, freeRestarts: 0 } } }),
    )
    scene.turn(1, scene.exited('web', code(1)))
    assert.deepEqual(scene.turn(2, run()), [])
    assert.deepEqual([scene.unit('web').phase, scene.unit('web').want], ['backoff', declaredUp])
  })
})

describe('restart', () => {
  it('ends the run and starts another without backoff; what does not run is started', () => {
    const scene = running(0, service('web'), service('off', { autostart: false }))
    assert.deepEqual(scene.turn(1, ask('restart', 'web', 'off')), [
      'spawn off: started by ann (uid 1000)',
      'TERM web: restarted by ann (uid 1000)',
    ])
    assert.deepEqual(scene.turn(2, scene.exited('web', code(0))), [
      'spawn web: restarted by ann (uid 1000): exit code 0 after 2 ms',
    ])
  })

  it('takes along dependants that ask for it, run and are wanted, and leaves their wish as it is', () => {
    const along = { ...needs('db'), restart: true }
    const scene = running(
      0,
      service('db'),
      service('web', { dependsOn: [along] }),
      service('plain', { dependsOn: [needs('db')] }),
      service('off', { dependsOn: [along], autostart: false }),
    )
    scene.turn(1, ask('start', 'off'))
    scene.turn(1, scene.spawned('off'))
    assert.deepEqual(scene.turn(2, ask('restart', 'db')), [
      'TERM web: restarted by ann (uid 1000)',
      'TERM off: restarted by ann (uid 1000)',
    ])
    assert.deepEqual(scene.unit('off').want, { kind: 'up', by: ann })
    assert.equal(scene.unit('plain').phase, 'up')
  })

  it('does not bring back a dependant that is being stopped', () => {
    const scene = running(0, service('db'), service('web', { dependsOn: [{ ...needs('db'), restart: true }] }))
    scene.turn(1, ask('stop', 'web'))
    scene.turn(2, ask('restart', 'db'))
    assert.deepEqual(scene.unit('web').want, { kind: 'down', by: ann })
    assert.deepEqual(scene.turn(3, scene.exited('web', code(0))), ['TERM db: restarted by ann (uid 1000)'])
  })
})

describe('what is declared', () => {
  it('a changed configuration brings back what rests, the same one does not', () => {
    const scene = endedWith(1)
    const web = service('web', { restart: jobPolicy })
    assert.deepEqual(scene.turn(2, setTarget(web)), [])
    assert.equal(scene.unit('web').phase, 'ended')
    assert.deepEqual(scene.turn(3, setTarget(changed(web))), ['spawn web: its configuration changed'])
    assert.deepEqual([scene.unit('web').earlyExits, scene.unit('web').restarts], [0, 0])
  })

  it("a declared wish follows the declaration, a user's does not", () => {
    const scene = running(0, service('web'), service('db'))
    scene.turn(1, ask('stop', 'db'))
    scene.turn(2, setTarget(service('web', { autostart: false }), service('db', { autostart: true })))
    assert.deepEqual(scene.unit('web').want, { kind: 'down', by: { kind: 'declared' } })
    assert.deepEqual(scene.unit('db').want, { kind: 'down', by: ann })
  })

  it('a unit declared again before it was forgotten keeps its run or, when changed, replaces it', () => {
    const web = service('web')
    const scene = running(0, web)
    scene.turn(1, setTarget())
    assert.equal(scene.unit('web').isDeclared, false)
    assert.equal(scene.unit('web').phase, 'stopping')
    scene.turn(2, setTarget(web))
    assert.equal(scene.unit('web').isDeclared, true)
    assert.deepEqual(scene.turn(3, scene.exited('web', code(0))), [
      'spawn web: no longer declared: exit code 0 after 3 ms',
    ])
  })

  it('units come in the order of the target, those no longer declared after them', () => {
    const scene = running(0, service('one'), service('two'), service('three'))
    scene.turn(1, setTarget(service('three'), service('two')))
    assert.deepEqual([...scene.state.units.keys()], ['a/three/1', 'a/two/1', 'a/one/1'])
  })

  it('a ladder that was over goes on when a changed one has more rungs, after its wait', () => {
    const soft = service('web', { stop: [{ signal: 'TERM', scope: 'main', waitMs: 100 }] })
    const scene = running(0, soft)
    scene.turn(1, ask('stop', 'web'))
    assert.deepEqual(scene.turn(500, setTarget(soft)), [])
    assert.equal(scene.unit('web').stop?.dueBootMs, null)
    assert.deepEqual(scene.turn(1_000, setTarget(service('web'))), [])
    assert.deepEqual(scene.turn(1_099), [])
    assert.deepEqual(scene.turn(1_100), ['KILL web: stopped by ann (uid 1000)'])
  })

  it('a new target ends the held mode, and nothing else does', () => {
    const scene = play({ ...play().state, mode: { kind: 'held', why: 'it died' } })
    scene.turn(0, ask('start', 'web'))
    assert.equal(scene.state.mode.kind, 'held')
    scene.turn(1, setTarget(service('web')))
    assert.equal(scene.state.mode.kind, 'running')
  })

  it('a new target while the daemon ends does not keep it', () => {
    const scene = running(0, service('web'))
    scene.turn(1, shutdown())
    assert.deepEqual(scene.turn(2, setTarget(service('web'), service('new'))), [])
    assert.equal(scene.state.mode.kind, 'stopping')
  })
})

describe('signal and shutdown', () => {
  it('no more signals than the limit are kept, and none without a run', () => {
    const scene = running(0, service('web'), service('off', { autostart: false }))
    const signal = asked({ kind: 'signal', units: [idOf('web'), idOf('off')], signal: 'HUP', by: ann })
    scene.turn(1, ...Array.from({ length: signalsPerUnitMax + 3 }, () => signal))
    assert.equal(scene.unit('web').signals.length, signalsPerUnitMax - 1)
    assert.deepEqual(scene.unit('off').signals, [])
  })

  it('a second shutdown changes nothing', () => {
    const scene = running(0, service('web'))
    scene.turn(1, shutdown())
    scene.turn(2, asked({ kind: 'shutdown', by: ann, why: 'again' }))
    assert.deepEqual(scene.state.mode, { kind: 'stopping', by: { kind: 'daemon' }, why: 'SIGTERM' })
  })

  it('a wish until the daemon restarts is over with it, another one stays', () => {
    const scene = running(0, service('web', { manualStop: 'until-daemon-restart' }), service('db'))
    scene.turn(1, ask('stop', 'web', 'db'))
    scene.turn(2, shutdown())
    assert.deepEqual(scene.unit('web').want, { kind: 'up', by: { kind: 'declared' } })
    assert.deepEqual(scene.unit('db').want, { kind: 'down', by: ann })
  })

  it('a unit that is no longer wanted when its wish is over does not wait for a retry', () => {
    const off = service('web', {
      autostart: false,
      manualStop: 'until-daemon-restart',
      restart: { ...policy, backoff: { ...policy.backoff, freeRestarts: 0 } },
    })
    const scene = play()
    scene.turn(0, setTarget(off))
    scene.turn(1, ask('start', 'web'))
    scene.turn(2, scene.spawned('web'))
    scene.turn(3, scene.exited('web', code(1)))
    assert.equal(scene.unit('web').phase, 'backoff')
    scene.turn(4, shutdown())
    assert.deepEqual([scene.unit('web').phase, scene.unit('web').want.kind], ['idle', 'down'])
  })
})
