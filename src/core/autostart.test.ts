import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { explain } from './explain.ts'
import {
  afterCrash,
  ann,
  ask,
  asked,
  at,
  code,
  directory,
  type Play,
  play,
  running,
  service,
  setTarget,
  shutdown,
  storedForm,
} from './fixture.ts'
import { revive } from './revive.ts'

/** A service directory with a file `down`, and without. */
const withDown = directory('web', { autostart: false })
const without = directory('web')
const other = service('other')

function down(): Play {
  const scene = play()
  scene.turn(0, setTarget(withDown, other))
  scene.turn(0, scene.spawned('other'))
  return scene
}

describe('what a file `down` says', () => {
  it('counts when the service is declared for the first time', () => {
    assert.equal(down().unit('web').phase, 'idle')
    assert.equal(running(0, without).unit('web').phase, 'up')
  })

  it('changes nothing when it appears while the service runs, also for its next runs', () => {
    const scene = running(0, without)
    assert.deepEqual(scene.turn(1, setTarget(withDown)), [])
    assert.match(scene.turn(20_000, scene.exited('web', code(0))).join(), /^spawn web: restart/)
  })

  it('changes nothing when it vanishes', () => {
    const scene = down()
    assert.deepEqual(scene.turn(1, setTarget(without, other)), [])
    assert.deepEqual([scene.unit('web').phase, scene.unit('web').want.kind], ['idle', 'down'])
    const [told] = explain(scene.state, at(1))
    assert.deepEqual([told?.isAtTarget, told?.next], [true, 'nothing: it is not started by itself'])
  })

  it('changes nothing of what somebody wanted since', () => {
    const stopped = running(0, without)
    stopped.turn(1, ask('stop', 'web'))
    stopped.turn(2, stopped.exited('web', code(0)))
    stopped.turn(3, setTarget(withDown))
    assert.deepEqual(stopped.turn(4, setTarget(without)), [])
    const started = down()
    started.turn(1, ask('start', 'web'))
    started.turn(2, started.spawned('web'), setTarget(without, other))
    assert.deepEqual(started.turn(3, setTarget(withDown, other)), [])
    assert.deepEqual(started.unit('web').want, { kind: 'up', by: ann })
  })

  it('is no wish that one run goes back to: what was wanted before it is', () => {
    const scene = down()
    scene.turn(1, ask('run', 'web'))
    scene.turn(2, scene.spawned('web'), setTarget(without, other))
    assert.deepEqual(scene.turn(3, scene.exited('web', code(0))), [])
    assert.equal(scene.unit('web').want.kind, 'down')
  })

  it('counts for what was forgotten meanwhile', () => {
    const scene = running(0, without, other)
    scene.turn(1, setTarget(other))
    assert.deepEqual(scene.turn(2, scene.exited('web', code(0))), ['forget web: no longer declared'])
    assert.deepEqual(scene.turn(3, setTarget(withDown, other)), [])
    assert.equal(scene.unit('web').phase, 'idle')
  })

  it('counts for what is declared again while it still stops, whatever somebody wanted of it before', () => {
    const scene = running(0, without, other)
    scene.turn(1, setTarget(withDown, other)) // remembered: it is up
    scene.turn(2, setTarget(other))
    scene.turn(3, setTarget(withDown, other))
    assert.deepEqual(scene.turn(4, scene.exited('web', code(0))), [])
    assert.deepEqual([scene.unit('web').phase, scene.unit('web').isDeclared], ['idle', true])
    const stopped = running(0, without, other)
    stopped.turn(1, ask('stop', 'web'))
    stopped.turn(2, setTarget(other))
    stopped.turn(3, setTarget(without, other))
    assert.match(stopped.turn(4, stopped.exited('web', code(0))).join(), /^spawn web: /)
  })

  it('is what it was before a crash of ours, whatever happened to the file meanwhile', () => {
    const up = afterCrash(running(0, without), 1)
    assert.deepEqual(up.turn(1, up.adopted('web')), [])
    assert.deepEqual(up.turn(2, setTarget(withDown)), [])
    assert.match(up.turn(20_000, up.exited('web', code(0))).join(), /^spawn web: restart/)
    const still = afterCrash(down(), 1)
    assert.deepEqual(still.turn(1, still.adopted('other'), setTarget(without, other)), [])
    assert.equal(still.unit('web').want.kind, 'down')
    const flipped = running(0, without)
    flipped.turn(1, setTarget(withDown))
    const again = afterCrash(flipped, 2)
    assert.deepEqual(again.turn(2, again.adopted('web'), setTarget(withDown)), [])
    assert.equal(again.unit('web').want.kind, 'up')
  })

  it('counts anew when the daemon was started again on purpose', () => {
    const scene = running(0, without)
    scene.turn(1, shutdown())
    scene.turn(2, scene.exited('web', code(0)))
    const next = afterCrash(scene, 3)
    assert.deepEqual(next.turn(3, setTarget(withDown)), [])
    assert.deepEqual([next.unit('web').phase, next.unit('web').want.kind], ['idle', 'down'])
    const off = down()
    off.turn(1, ask('start', 'web'))
    off.turn(2, off.spawned('web'), shutdown())
    off.turn(3, off.exited('web', code(0)), off.exited('other', code(0)))
    assert.match(afterCrash(off, 4).turn(4, setTarget(without)).join(), /^spawn web: /)
  })

  it('counts anew also for what was declared while the daemon ended', () => {
    const scene = running(0, other)
    scene.turn(1, shutdown())
    scene.turn(2, setTarget(other, without))
    scene.turn(3, scene.exited('other', code(0)))
    assert.deepEqual(afterCrash(scene, 4).turn(4, setTarget(withDown, other)), [
      'spawn other: SIGTERM: exit code 0 after 3 ms',
    ])
  })

  it('that says the same again after the daemon was started counts from then on, and no later one', () => {
    const scene = running(0, without)
    const same = setTarget(without)
    scene.turn(1, shutdown())
    scene.turn(2, scene.exited('web', code(0)))
    const next = play(revive(storedForm(scene.state), at(3)))
    next.turn(3, same)
    next.turn(4, asked({ kind: 'set-target', target: next.state.target, by: ann, why: 'again' }))
    next.turn(5, next.spawned('web'))
    assert.deepEqual(next.turn(6, setTarget(withDown)), [])
    const again = play(revive(storedForm(scene.state), at(3)))
    again.turn(4, asked({ kind: 'set-target', target: again.state.target, by: ann, why: 'again' }))
    assert.deepEqual(again.turn(6, again.spawned('web'), setTarget(withDown)), [])
    assert.equal(again.unit('web').want.kind, 'up')
  })

  it('counts anew when the host was started again, also where a stop by hand does not end with the daemon', () => {
    for (const manualStop of ['until-daemon-restart', 'until-started'] as const) {
      const scene = running(0, { ...without, manualStop })
      const state = revive(storedForm(scene.state), { bootId: 'next', bootMs: 1, wallMs: 1 })
      assert.deepEqual(play(state).turn(2, setTarget({ ...withDown, manualStop })), [])
    }
  })

  it('counts each time for a service that becomes one of another world', () => {
    const scene = running(0, without)
    assert.deepEqual(scene.turn(1, setTarget({ ...withDown, autostartAgain: true })), [
      'TERM web: not to be started',
      'CONT web: not to be started',
    ])
    const kept = running(0, without)
    kept.turn(1, ask('stop', 'web'))
    kept.turn(2, setTarget({ ...without, autostartAgain: true }))
    assert.deepEqual(kept.unit('web').want, { kind: 'down', by: ann })
  })
})

it('where it counts each time it stops and starts', () => {
  const scene = running(0, service('web'))
  assert.deepEqual(scene.turn(1, setTarget(service('web', { autostart: false }))), ['TERM web: not to be started'])
  scene.turn(2, scene.exited('web', code(0)))
  assert.deepEqual(scene.turn(3, setTarget(service('web'))), ['spawn web: not to be started: exit code 0 after 2 ms'])
})

it('a client of another world is told by its name, and its stop is a stop by somebody', () => {
  const scene = running(0, directory('web'))
  const stop = { kind: 'stop', units: ['a/web/1'], by: { kind: 'client', name: 'sv' } } as const
  assert.deepEqual(scene.turn(1, asked(stop)), ['TERM web: stopped by sv', 'CONT web: stopped by sv'])
})
