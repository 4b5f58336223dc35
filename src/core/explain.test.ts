import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Explanation, explain } from './explain.ts'
import {
  ann,
  ask,
  at,
  code,
  idOf,
  needs,
  type Play,
  play,
  policy,
  running,
  service,
  setTarget,
  shutdown,
} from './fixture.ts'
import type { Check, RestartPolicy } from './model.ts'

const job = { ...policy, when: 'no' } as const
const slow = { ...policy, backoff: { ...policy.backoff, freeRestarts: 0, firstMs: 4_000 } }

const check: Check = {
  probe: { kind: 'tcp', host: '127.0.0.1', port: 80 },
  intervalMs: 10_000,
  timeoutMs: 3_000,
  retries: 3,
  startPeriodMs: 0,
  startIntervalMs: 1_000,
}
const checked = { readiness: check, liveness: null }

function told(scene: Play, name: string, bootMs: number): Omit<Explanation, 'unit'> {
  const { unit: _unit, ...rest } = explain(scene.state, at(bootMs)).find((one) => one.unit === idOf(name))!
  return rest
}

describe('at target', () => {
  it('a running unit', () => {
    assert.deepEqual(told(running(0, service('web')), 'web', 1), {
      state: 'running',
      isAtTarget: true,
      why: 'running as pid 101',
      next: 'started again when it ends',
      upcoming: null,
      command: null,
    })
  })

  it('a paused one, with the command that lets it go on', () => {
    const scene = running(0, service('web'))
    scene.turn(1, { kind: 'paused', unit: idOf('web'), run: 1 })
    const { state, isAtTarget, next, command } = told(scene, 'web', 1)
    assert.deepEqual(
      [state, isAtTarget, next, command],
      ['paused', true, 'it does nothing until it gets SIGCONT', 'holdfast signal CONT a/web/1'],
    )
  })

  it('one that is not to run, by its declaration or by somebody', () => {
    const scene = running(0, service('web'), service('off', { autostart: false }))
    scene.turn(1, ask('stop', 'web'))
    scene.turn(2, scene.exited('web', code(0)))
    assert.deepEqual(told(scene, 'off', 2), {
      state: 'stopped',
      isAtTarget: true,
      why: 'declared',
      next: 'nothing: it is not started by itself',
      upcoming: null,
      command: 'holdfast start a/off/1',
    })
    assert.equal(
      told(scene, 'web', 2).next,
      'nothing: it stays down by the wish of ann (uid 1000), until somebody starts it',
    )
  })

  it('a job that ended as it should', () => {
    const scene = running(0, service('web', { restart: job }))
    scene.turn(1, scene.exited('web', code(0)))
    const { state, isAtTarget, next } = told(scene, 'web', 1)
    assert.deepEqual([state, isAtTarget, next], ['exited', true, 'nothing: it ended as it should'])
  })

  it('everything that is down while the daemon ends', () => {
    const scene = running(0, service('web', { restart: slow }))
    scene.turn(1, scene.exited('web', code(1)))
    scene.turn(2, shutdown())
    assert.deepEqual(
      [told(scene, 'web', 2).isAtTarget, told(scene, 'web', 2).next],
      [true, 'nothing: it is not wanted'],
    )
    const idle = play()
    idle.turn(0, setTarget(service('off', { autostart: false })), shutdown())
    assert.deepEqual(told(idle, 'off', 0).next, 'nothing: the daemon ends')
  })
})

describe('not at target', () => {
  it('waits for a dependency that comes by itself', () => {
    const scene = play()
    scene.turn(0, setTarget(service('db'), service('web', { dependsOn: [needs('db')] })))
    assert.deepEqual(told(scene, 'web', 0), {
      state: 'waiting',
      isAtTarget: false,
      why: 'waits for a/db/1 to start; it is being started',
      next: 'started as soon as that holds',
      upcoming: null,
      command: null,
    })
    const { state, next, isAtTarget } = told(scene, 'db', 0)
    assert.deepEqual(
      [state, next, isAtTarget],
      ['starting', 'its process is being started; the outcome follows within moments', false],
    )
  })

  it('waits for a dependency that somebody has to start', () => {
    const scene = play()
    const once = service('once', { restart: job, autostart: false })
    scene.turn(0, setTarget(once, service('web', { dependsOn: [needs('once', 'completed')] })))
    assert.equal(told(scene, 'web', 0).why, 'waits for a/once/1 to complete; it is not started by itself')
    assert.equal(told(scene, 'web', 0).command, 'holdfast start a/once')
    scene.turn(1, ask('start', 'once'))
    scene.turn(2, scene.spawned('once'))
    assert.equal(told(scene, 'web', 2).command, null)
    scene.turn(3, scene.exited('once', code(1)))
    assert.equal(told(scene, 'web', 3).command, 'holdfast start a/once')
  })

  it('waits for a service without units', () => {
    const scene = play()
    scene.turn(0, setTarget(service('web', { dependsOn: [needs('gone')] })))
    assert.deepEqual(
      [told(scene, 'web', 0).why, told(scene, 'web', 0).command],
      ['waits for a/gone to start; it has no units', null],
    )
  })

  it('backs off, with the time that is left', () => {
    const scene = running(0, service('web', { restart: slow }))
    scene.turn(1, scene.exited('web', code(1)))
    assert.deepEqual(told(scene, 'web', 1_001), {
      state: 'backoff',
      isAtTarget: false,
      why: 'exit code 1 after 1 ms; restart 1 in 4 s',
      next: 'tried again in 3 s',
      upcoming: { what: 'tried again', atWallMs: 1_004_001, more: '' },
      command: 'holdfast start a/web/1',
    })
    assert.equal(told(scene, 'web', 4_001).next, 'started with the next turn')
  })

  it('backs off, and tells how many tries are left', () => {
    const tries = (budget: RestartPolicy['budget']) => {
      const scene = running(0, service('web', { restart: { ...slow, budget } }))
      scene.turn(1, scene.exited('web', code(1)))
      scene.turn(4_001)
      scene.turn(4_002, scene.spawned('web'))
      scene.turn(4_003, scene.exited('web', code(1)))
      return told(scene, 'web', 5_003).next
    }
    assert.equal(tries({ restartsMax: 10, windowMs: null }), 'tried again in 7 s, the 2nd of 10 tries')
    assert.equal(
      tries({ restartsMax: 10, windowMs: 60_000 }),
      'tried again in 7 s, the 2nd of 10 restarts within 1 min',
    )
    assert.equal(tries(null), 'tried again in 7 s, the 2nd time in a row')
  })

  it('waits through others, and tells where it begins and when that is tried again', () => {
    const scene = play()
    const web = service('web', { dependsOn: [needs('api', 'healthy')], checks: checked })
    const api = service('api', { dependsOn: [needs('db')], checks: checked })
    scene.turn(0, setTarget(service('db', { restart: slow }), api, web))
    scene.turn(2, scene.spawnFailed('db'))
    const { why, next, upcoming, command } = told(scene, 'web', 1_002)
    assert.equal(
      why,
      'waits for a/api/1 to be healthy, which waits for a/db/1 to start; ' +
        'a/db/1 is in backoff: spawn failed (ENOENT): no such file; restart 1 in 4 s',
    )
    assert.equal(next, 'started as soon as that holds; a/db/1 is tried again in 3 s')
    assert.deepEqual([upcoming?.atWallMs, command], [1_004_002, null])
    scene.turn(1_003, ask('stop', 'db'))
    assert.match(told(scene, 'web', 1_003).why, /; a\/db\/1 is stopped: stopped by ann \(uid 1000\)$/)
    assert.equal(told(scene, 'web', 1_003).command, 'holdfast start a/db')
  })

  it('waits for one that is probed until it is healthy', () => {
    const scene = running(
      0,
      service('db', { checks: checked }),
      service('web', { dependsOn: [needs('db', 'healthy')] }),
    )
    const { why, next } = told(scene, 'web', 0)
    assert.equal(why, 'waits for a/db/1 to be healthy; it runs, and is not healthy yet')
    assert.match(next, /^started as soon as that holds; a\/db\/1 is probed in \d+ ms; one success makes it healthy$/)
    const [, probed] = [scene.turn(1_000), scene.unit('db').health?.readiness?.inFlight?.seq ?? 0]
    const news = { unit: idOf('db'), run: 1, check: 'readiness', seq: probed, isOk: false, durationMs: 1 } as const
    scene.turn(1_001, { kind: 'probed', ...news, output: 'connection refused' })
    assert.equal(
      told(scene, 'web', 1_001).why,
      'waits for a/db/1 to be healthy; it runs, and is not healthy yet: connection refused',
    )
  })

  it('is probed, and tells what comes of it', () => {
    const scene = running(0, service('web', { checks: { readiness: null, liveness: checked.readiness } }))
    assert.match(told(scene, 'web', 0).next, /^probed in \d+ ms; 3 failures in a row end it$/)
  })

  it('has to end and waits for another to end first', () => {
    const scene = running(0, service('db'), service('web', { dependsOn: [needs('db')] }))
    scene.turn(1, ask('stop', 'db', 'web'))
    assert.deepEqual(told(scene, 'db', 1), {
      state: 'running',
      isAtTarget: false,
      why: 'running as pid 101; has to end',
      next: 'stopped when a/web/1 has ended',
      upcoming: null,
      command: null,
    })
    assert.equal(told(scene, 'web', 1).next, 'SIGKILL in 10 s if it is still there')
  })

  it('has to end and is told to in a moment', () => {
    const scene = running(0, service('web'))
    const unit = { ...scene.unit('web'), want: { kind: 'down', by: { kind: 'declared' } } } as const
    const state = { ...scene.state, units: new Map([[unit.id, unit]]) }
    assert.equal(explain(state, at(1))[0]?.next, 'told to stop with the next turn')
  })

  it('is stopping, and the next rung is told, whichever it is', () => {
    const rungs = ['TERM', 'INT', 'HUP'].map((signal) => ({ signal, scope: 'main', waitMs: 1_000 }) as const)
    const scene = running(0, service('web', { stop: rungs }))
    scene.turn(1, ask('stop', 'web'))
    assert.equal(told(scene, 'web', 1).next, 'SIGINT in 1 s if it is still there')
    scene.turn(1_001)
    assert.equal(told(scene, 'web', 1_001).next, 'SIGHUP in 1 s if it is still there')
  })

  it('is stopping, and its ladder has no further rung', () => {
    const scene = running(0, service('web', { stop: [{ signal: 'TERM', scope: 'main', waitMs: 1 }] }))
    scene.turn(1, ask('stop', 'web'))
    assert.deepEqual(
      [told(scene, 'web', 1).state, told(scene, 'web', 1).next],
      ['stopping', 'ends when it ends: its stop ladder has no further rung'],
    )
  })

  it('is stopping, and repeats its kill', () => {
    const scene = running(0, service('web'))
    scene.turn(1, ask('stop', 'web'))
    scene.turn(10_001)
    assert.equal(told(scene, 'web', 10_001).next, 'SIGKILL in 5 s if it is still there')
  })

  it('ended after its one run, however that ended', () => {
    const scene = running(0, service('web', { restart: { ...policy, when: 'no' } }))
    scene.turn(1, scene.exited('web', code(1)))
    const unit = { ...scene.unit('web'), want: { kind: 'down', by: ann } } as const
    const state = { ...scene.state, units: new Map([[unit.id, unit]]) }
    assert.deepEqual(explain(state, at(1))[0]?.isAtTarget, true)
  })

  it('ended against its wish, with the command that decides', () => {
    const scene = running(0, service('web', { restart: { ...policy, when: 'on-failure' } }))
    scene.turn(1, scene.exited('web', { kind: 'unknown' }))
    assert.deepEqual(told(scene, 'web', 1), {
      state: 'exited',
      isAtTarget: false,
      why: 'an unknown exit after 1 ms; restart policy on-failure',
      next: 'nothing: an unknown exit, and its restart policy is on-failure',
      upcoming: null,
      command: 'holdfast start a/web/1',
    })
  })

  it('failed, and stays so', () => {
    const scene = play()
    scene.turn(0, setTarget(service('web', { restart: job })))
    scene.turn(1, scene.spawnFailed('web'))
    const { state, next, command, isAtTarget } = told(scene, 'web', 1)
    assert.deepEqual([state, isAtTarget, command], ['failed', false, 'holdfast start a/web/1'])
    assert.equal(next, 'nothing: it stays failed until somebody starts it or its configuration changes')
  })

  it('cannot be told apart', () => {
    const scene = play()
    scene.turn(0, setTarget(service('web')))
    scene.turn(1, { kind: 'unresolved', unit: idOf('web'), run: 1, message: 'pids 4, 5' })
    const { state, why, next } = told(scene, 'web', 1)
    assert.deepEqual([state, why], ['unknown', 'pids 4, 5'])
    assert.equal(next, 'nothing is started or signalled; it is looked at again when somebody starts or stops it')
  })
})

it('what is idle and wanted is shown as starting, and as stopped while the daemon ends or when it is not declared', () => {
  const scene = running(0, service('web'))
  const show = (changes: object, mode = scene.state.mode) => {
    const unit = { ...scene.unit('web'), phase: 'idle' as const, run: null, ...changes }
    return explain({ ...scene.state, mode, units: new Map([[unit.id, unit]]) }, at(1))[0]
  }
  assert.equal(show({})?.state, 'starting')
  assert.equal(show({})?.next, 'started with the next turn')
  assert.equal(show({ isDeclared: false })?.state, 'stopped')
  assert.equal(show({ isDeclared: false })?.next, 'forgotten with the next turn')
  assert.equal(show({}, { kind: 'stopping', by: { kind: 'daemon' }, why: 'x' })?.state, 'stopped')
})
