import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  ask,
  asked,
  at,
  code,
  identityOf,
  idOf,
  play,
  policy,
  running,
  service,
  setTarget,
  shutdown,
} from '../fixture.ts'
import type { Backoff, EndKind, Event, RestartPolicy } from '../model.ts'
import { backoffMs, isRestarted } from './end.ts'

const steep: Backoff = { shape: 'exponential', firstMs: 200, factor: 2, maxMs: 1_000, jitter: 0, freeRestarts: 1 }

describe('backoffMs', () => {
  it('the free restarts are at once, then the delay grows by its factor up to the maximum', () => {
    assert.deepEqual(
      [0, 1, 2, 3, 4, 5, 50].map((early) => backoffMs(steep, early, 'x')),
      [0, 0, 200, 400, 800, 1_000, 1_000],
    )
  })

  it('linear grows by the first delay', () => {
    const linear: Backoff = { ...steep, shape: 'linear', freeRestarts: 0, maxMs: 700 }
    assert.deepEqual(
      [0, 1, 2, 3, 4].map((early) => backoffMs(linear, early, 'x')),
      [0, 200, 400, 600, 700],
    )
  })

  it('jitter spreads by half its share to both sides, in whole milliseconds, the same for the same seed', () => {
    const spread: Backoff = { ...steep, jitter: 0.5, freeRestarts: 0, firstMs: 1_000, maxMs: 1_000 }
    const delays = Array.from({ length: 200 }, (_, index) => backoffMs(spread, 1, `unit ${index}`))
    for (const delayMs of delays) assert(Number.isInteger(delayMs) && delayMs >= 750 && delayMs <= 1_250)
    assert(Math.min(...delays) < 800 && Math.max(...delays) > 1_200)
    assert.equal(backoffMs(spread, 1, 'unit 7'), delays[7])
  })
})

it('which end is followed by another run is a table', () => {
  const kinds: readonly EndKind[] = ['expected', 'unexpected', 'spawn-failed', 'unknown']
  const answer = (when: RestartPolicy['when'], early: RestartPolicy['early'], isEarly: boolean) =>
    kinds.filter((kind) => isRestarted({ ...policy, when, early }, kind, isEarly))
  assert.deepEqual(answer('always', 'by-policy', true), kinds)
  assert.deepEqual(answer('unless-stopped', 'by-policy', false), kinds)
  assert.deepEqual(answer('on-failure', 'by-policy', false), ['unexpected', 'spawn-failed'])
  assert.deepEqual(answer('no', 'by-policy', true), [])
  assert.deepEqual(answer('no', 'always', true), ['expected', 'unexpected', 'spawn-failed'])
  assert.deepEqual(answer('no', 'always', false), [])
})

const upWith = (restart: Partial<RestartPolicy>) => running(0, service('web', { restart: { ...policy, ...restart } }))

describe('how a run ends', () => {
  it('a success code is expected, another one and a signal are not, and what nobody saw is unknown', () => {
    const kindAfter = (exit: Extract<Event, { kind: 'exited' }>['exit']) => {
      const scene = upWith({ when: 'no', successExits: [0, 7] })
      scene.turn(1, scene.exited('web', exit))
      return [scene.unit('web').phase, scene.unit('web').end.kind]
    }
    assert.deepEqual(kindAfter(code(0)), ['ended', 'expected'])
    assert.deepEqual(kindAfter(code(7)), ['ended', 'expected'])
    assert.deepEqual(kindAfter(code(1)), ['ended', 'unexpected'])
    assert.deepEqual(kindAfter({ kind: 'signal', signal: 'SEGV', core: true }), ['ended', 'unexpected'])
    assert.deepEqual(kindAfter({ kind: 'unknown' }), ['ended', 'unknown'])
  })

  it('what its driver knows of its start and its end counts, and not when we came to it', () => {
    const scene = play()
    scene.turn(
      0,
      setTarget(
        service('web', {
          restart: {
            ...policy,
            stableMs: 1_000,
            backoff: { ...policy.backoff, freeRestarts: 0 },
            early: 'always',
            when: 'on-failure',
          },
        }),
      ),
    )
    const { n, startedBootMs } = scene.run('web')
    assert.equal(startedBootMs, 0)
    const unit = idOf('web')
    scene.turn(600, { kind: 'spawned', unit, run: n, identity: identityOf(n), startedBootMs: 550 })
    assert.equal(scene.run('web').startedBootMs, 550)
    scene.turn(1_100)
    assert.equal(scene.run('web').isStable, false, 'it lives for half a second')
    scene.turn(9_000, { kind: 'exited', unit, run: n, exit: code(0), livedMs: 0 })
    const { end, phase, earlyExits, reason } = scene.unit('web')
    assert.deepEqual([end.isEarly, phase, earlyExits], [true, 'backoff', 1])
    assert.match(reason, /^exit code 0 after 0 ms; restart 1 in/)
  })

  it('a run that counted as stable ends late, whatever its driver could see of it', () => {
    const scene = upWith({ when: 'no', stableMs: 1_000 })
    scene.turn(1_100)
    assert.equal(scene.run('web').isStable, true)
    scene.turn(1_200, { kind: 'exited', unit: idOf('web'), run: 1, exit: code(3), livedMs: 0 })
    const { end, earlyExits, reason } = scene.unit('web')
    assert.deepEqual([end.isEarly, earlyExits], [undefined, 0])
    assert.equal(reason, 'exit code 3 after 1.2 s; restart policy no')
  })

  it('an end keeps its run, its exit and its time, and says how long it lived', () => {
    const scene = upWith({ when: 'no' })
    scene.turn(2_500, scene.exited('web', code(4)))
    const { end, reason, run } = scene.unit('web')
    const facts = { run: 1, exit: code(4), message: '', atWallMs: at(2_500).wallMs, pid: 101, isEarly: true }
    assert.deepEqual(end, { kind: 'unexpected', ...facts })
    assert.equal(reason, 'exit code 4 after 2.5 s; restart policy no')
    assert.equal(run, null)
    assert.deepEqual(
      scene.transitions.map(({ from, to, run, exit }) => ({ from, to, run, exit })),
      [{ from: 'up', to: 'ended', run: 1, exit: code(4) }],
    )
  })

  it('an end while stopping is requested, whatever the code', () => {
    const scene = running(0, service('web'))
    scene.turn(1, ask('stop', 'web'))
    scene.turn(2, scene.exited('web', code(9)))
    assert.equal(scene.unit('web').phase, 'idle')
    assert.equal(scene.unit('web').end.kind, 'requested')
    assert.equal(scene.unit('web').reason, 'stopped by ann (uid 1000): exit code 9 after 2 ms')
  })

  it('an end while the wish is down rests in idle, told as it was', () => {
    const db = service('db', { dependsOn: [] })
    const web = service('web', { dependsOn: [{ service: 'db', condition: 'started', required: true, restart: false }] })
    const scene = running(0, db, web)
    scene.turn(1, ask('stop', 'db', 'web'))
    assert.deepEqual(scene.turn(2, scene.exited('db', code(1))), [])
    assert.equal(scene.unit('db').phase, 'idle')
    assert.equal(scene.unit('db').reason, 'exit code 1 after 2 ms')
    assert.equal(scene.unit('db').end.kind, 'unexpected')
  })

  it('nothing follows one run, and what was wanted before is wanted again', () => {
    const down = { kind: 'down', by: { kind: 'daemon' } } as const
    const declared = { kind: 'up', by: { kind: 'declared' } } as const
    for (const { afterwards, after } of [
      { afterwards: down, after: down },
      { afterwards: null, after: declared },
    ]) {
      const scene = running(0, service('web'))
      const unit = scene.unit('web')
      const want = { kind: 'once', by: { kind: 'daemon' }, afterwards } as const
      const once = play({ ...scene.state, units: new Map([[unit.id, { ...unit, want }]]) })
      assert.deepEqual(once.turn(1, once.exited('web', code(0))), [])
      assert.equal(once.unit('web').phase, 'ended')
      assert.deepEqual(once.unit('web').want, after)
    }
  })

  it('a run that had to be replaced and ended by itself is followed at once, without counting', () => {
    const scene = running(
      0,
      service('db'),
      service('web', { dependsOn: [{ service: 'db', condition: 'started', required: true, restart: false }] }),
    )
    scene.turn(1, ask('restart', 'db', 'web'))
    assert.deepEqual(scene.turn(2, scene.exited('db', code(1))), [
      'spawn db: exit code 1 after 2 ms; restarted by ann (uid 1000)',
    ])
    assert.equal(scene.unit('db').earlyExits, 0)
    assert.equal(scene.unit('db').restarts, 0)
  })

  it('signals not yet sent go with the run', () => {
    const scene = running(0, service('web'))
    const signal = asked({ kind: 'signal', units: [idOf('web')], signal: 'HUP', by: { kind: 'daemon' } })
    scene.turn(1, signal, signal)
    assert.equal(scene.unit('web').signals.length, 1)
    scene.turn(2, scene.exited('web', code(1)))
    assert.deepEqual(scene.unit('web').signals, [])
  })
})

describe('restart policy', () => {
  it('early exits count up, are answered later and later, and a stable run clears them', () => {
    const scene = upWith({ backoff: { ...steep, maxMs: 10_000 } })
    assert.deepEqual(scene.turn(1, scene.exited('web', code(1))), ['spawn web: restart after exit code 1'])
    scene.turn(2, scene.spawned('web'))
    scene.turn(3, scene.exited('web', code(1)))
    assert.deepEqual([scene.unit('web').earlyExits, scene.unit('web').retryBootMs], [2, 203])
    assert.equal(scene.unit('web').reason, 'exit code 1 after 2 ms; restart 2 in 200 ms')
    scene.turn(203)
    scene.turn(204, scene.spawned('web'))
    scene.turn(10_203)
    assert.equal(scene.run('web').isStable, true)
    assert.equal(scene.unit('web').earlyExits, 0)
    assert.deepEqual(scene.turn(10_300, scene.exited('web', code(1))), ['spawn web: restart after exit code 1'])
    assert.deepEqual([scene.unit('web').earlyExits, scene.unit('web').restarts], [0, 3])
  })

  it('an exit exactly when it becomes stable is not early', () => {
    const scene = upWith({ stableMs: 100, backoff: { ...steep, freeRestarts: 0 } })
    scene.turn(100, scene.exited('web', code(1)))
    assert.equal(scene.unit('web').earlyExits, 0)
    const early = upWith({ stableMs: 100, backoff: { ...steep, freeRestarts: 0 } })
    early.turn(99, early.exited('web', code(1)))
    assert.equal(early.unit('web').earlyExits, 1)
    assert.equal(early.unit('web').reason, 'exit code 1 after 99 ms; restart 1 in 200 ms')
  })

  it('a budget of early exits in a row gives up when one more comes', () => {
    const scene = upWith({ budget: { restartsMax: 2, windowMs: null }, backoff: { ...steep, freeRestarts: 9 } })
    for (const bootMs of [1, 2]) {
      assert.equal(scene.turn(bootMs, scene.exited('web', code(1))).length, 1)
      scene.turn(bootMs, scene.spawned('web'))
    }
    assert.deepEqual(scene.turn(3, scene.exited('web', code(1))), [])
    const { phase, end, reason, earlyExits } = scene.unit('web')
    assert.deepEqual([phase, end.kind, earlyExits], ['failed', 'gave-up', 0])
    assert.deepEqual(end.exit, code(1))
    assert.equal(reason, 'gave up: ended early 3 times in a row; last: exit code 1 after 1 ms')
  })

  it('a budget within a window counts restarts, also of stable runs, and forgets those that left it', () => {
    const scene = upWith({ stableMs: 0, budget: { restartsMax: 2, windowMs: 1_000 } })
    for (const bootMs of [0, 900]) {
      scene.turn(bootMs, scene.exited('web', code(1)))
      scene.turn(bootMs, scene.spawned('web'))
    }
    assert.deepEqual(scene.unit('web').restartTimesBootMs, [0, 900])
    assert.equal(scene.turn(1_000, scene.exited('web', code(1))).length, 1)
    scene.turn(1_000, scene.spawned('web'))
    assert.deepEqual(scene.unit('web').restartTimesBootMs, [900, 1_000])
    assert.deepEqual(scene.turn(1_899, scene.exited('web', code(1))), [])
    assert.equal(scene.unit('web').phase, 'failed')
    assert.deepEqual(scene.unit('web').restartTimesBootMs, [])
    assert.equal(scene.unit('web').reason, 'gave up: restarted 2 times within 1 s; last: exit code 1 after 899 ms')
  })

  it('without a window no times are kept', () => {
    const scene = upWith({ budget: { restartsMax: 5, windowMs: null } })
    scene.turn(1, scene.exited('web', code(1)))
    assert.deepEqual(scene.unit('web').restartTimesBootMs, [])
  })

  it("a spawn that fails for the unit's own reason counts as an early end; under policy no it is failed", () => {
    const scene = play()
    scene.turn(0, setTarget(service('web')))
    scene.turn(50_000, scene.spawnFailed('web'))
    assert.equal(scene.unit('web').earlyExits, 1)
    const strict = play()
    strict.turn(0, setTarget(service('web', { restart: { ...policy, when: 'no' } })))
    strict.turn(1, strict.spawnFailed('web'))
    assert.deepEqual([strict.unit('web').phase, strict.unit('web').end.kind], ['failed', 'spawn-failed'])
    assert.equal(strict.unit('web').reason, 'spawn failed (ENOENT): no such file; restart policy no')
    assert.equal(strict.unit('web').end.message, 'no such file')
  })

  it("the host's own trouble is tried again under every policy, later, and counts for nothing", () => {
    const scene = play()
    scene.turn(
      0,
      setTarget(service('web', { restart: { ...policy, when: 'no', budget: { restartsMax: 0, windowMs: null } } })),
    )
    scene.turn(1, scene.spawnFailed('web', true))
    const { phase, earlyExits, retryBootMs, reason } = scene.unit('web')
    assert.deepEqual([phase, earlyExits], ['backoff', 0])
    assert(retryBootMs !== null && retryBootMs >= 901 && retryBootMs <= 1_101)
    assert.match(reason, /^spawn failed \(EAGAIN\): no such file; the host's trouble, tried again in /)
  })

  it('the daemon that ends answers no exit with a run', () => {
    const scene = running(
      0,
      service('web'),
      service('db', { dependsOn: [{ service: 'web', condition: 'started', required: true, restart: false }] }),
    )
    scene.turn(1, shutdown())
    assert.deepEqual(scene.turn(2, scene.exited('web', code(1))), [])
    assert.equal(scene.unit('web').phase, 'backoff')
    assert.deepEqual(scene.turn(60_000), ['KILL db: SIGTERM'])
  })
})
