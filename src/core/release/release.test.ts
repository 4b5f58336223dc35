import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { nextWake } from '../advance.ts'
import {
  afterCrash,
  ask,
  asked,
  at,
  code,
  identityOf,
  needs,
  type Play,
  play,
  policy,
  service,
  storedForm,
  targetOf,
} from '../fixture.ts'
import type { Event, Release, RestartPolicy, Service, Unit } from '../model.ts'
import { revive } from '../revive.ts'
import { noChecks } from '../target/plain.ts'
import type { ReleasePolicy } from './model.ts'

const gate: ReleasePolicy = { id: null, minHealthyMs: 10_000, deadlineMs: 60_000, isReverted: true }

/** App `a` with these services, under a policy. */
function declare(services: readonly Service[], settings: Partial<ReleasePolicy> = {}, source = '/a.yaml'): Event {
  const { a } = targetOf(...services).apps
  const target = { apps: { a: { ...a!, source, release: { ...gate, ...settings } } } }
  return asked({ kind: 'set-target', target, by: { kind: 'daemon' }, why: 'up' })
}

/** `web` in its n-th version. */
function version(n: number, settings: Partial<Service> = {}, name = 'web'): Service {
  const plain = service(name, settings)
  return { ...plain, process: { ...plain.process, command: [name, String(n)] } }
}

const givesUpAtOnce: RestartPolicy = { ...policy, budget: { restartsMax: 0, windowMs: null } }

const check = {
  probe: { kind: 'tcp', host: '127.0.0.1', port: 80 },
  intervalMs: 5_000,
  timeoutMs: 1_000,
  retries: 1,
  startPeriodMs: 0,
  startIntervalMs: 1_000,
} as const

const checked: Partial<Service> = { checks: { ...noChecks, readiness: check } }

function release(scene: Play): Release {
  const found = scene.state.releases.get('a')
  assert.ok(found !== undefined, 'the app has no release')
  return found
}

/** Version 1 of `web` is up and counts, at 20 s. */
function settled(settings: Partial<Service> = {}): Play {
  const scene = play()
  scene.turn(0, declare([version(1, settings)]))
  scene.turn(0, scene.spawned('web'))
  if (settings.checks !== undefined) probe(scene, 5_000, true)
  scene.turn(20_000)
  assert.equal(release(scene).status, 'committed')
  return scene
}

/** The run that must end has done so, and the next one lives. */
function replaceRun(scene: Play, bootMs: number, name = 'web'): void {
  scene.turn(bootMs, scene.exited(name, code(0)))
  scene.turn(bootMs, scene.spawned(name))
}

function command(scene: Play, name = 'web'): string {
  return scene.unit(name).spec.process.command.join(' ')
}

describe('a release counts when all have been well for long enough', () => {
  test('the first one too, and nothing wakes us after it', () => {
    const scene = play()
    scene.turn(0, declare([service('web')]))
    assert.equal(release(scene).status, 'trial')
    assert.equal(release(scene).previous, null)
    scene.turn(100, scene.spawned('web'))
    assert.equal(nextWake(scene.state, at(100)), 10_000)
    scene.turn(10_000)
    assert.equal(release(scene).status, 'trial', 'well since 0.1 s')
    scene.turn(10_100)
    assert.deepEqual([release(scene).status, release(scene).why], ['committed', 'all were well for 10 s'])
    assert.equal(nextWake(scene.state, at(10_100)), null)
  })

  test('what is there before its policy counts at once, and so does what is declared again', () => {
    const scene = play()
    scene.turn(0, asked({ kind: 'set-target', target: targetOf(service('web')), by: { kind: 'daemon' }, why: 'up' }))
    assert.equal(scene.state.releases.size, 0)
    scene.turn(10, declare([service('web')]))
    assert.equal(release(scene).status, 'committed')
    const before = scene.state.releases
    scene.turn(20, declare([service('web')]))
    assert.equal(scene.state.releases, before)
  })

  test('a change is on trial, with what was before it kept until then', () => {
    const scene = settled()
    const { id } = release(scene)
    assert.deepEqual(scene.turn(30_000, declare([version(2)])), ['TERM web: its configuration changed'])
    assert.deepEqual([release(scene).status, release(scene).previous?.id], ['trial', id])
    assert.equal(release(scene).why, `declared instead of ${id}`)
    replaceRun(scene, 31_000)
    scene.turn(40_999)
    assert.equal(release(scene).status, 'trial')
    scene.turn(41_000)
    assert.deepEqual([release(scene).status, release(scene).previous], ['committed', null])
    assert.equal(command(scene), 'web 2')
  })

  test('a run that ends in between begins the time anew', () => {
    const scene = settled()
    scene.turn(30_000, declare([version(2)]))
    replaceRun(scene, 31_000)
    scene.turn(40_000, scene.exited('web', code(1)))
    scene.turn(40_000, scene.spawned('web'))
    scene.turn(49_999)
    assert.equal(release(scene).status, 'trial')
    scene.turn(50_000)
    assert.equal(release(scene).status, 'committed')
  })

  test('the old run does not count for the new release, however well it is', () => {
    const scene = settled()
    scene.turn(30_000, declare([version(2)]))
    scene.turn(45_000)
    assert.equal(release(scene).wellSinceBootMs, null)
  })

  test('a readiness check has to pass', () => {
    const scene = play()
    scene.turn(0, declare([version(1, checked)]))
    scene.turn(0, scene.spawned('web'))
    scene.turn(15_000)
    assert.equal(release(scene).status, 'trial')
    probe(scene, 15_000, true)
    assert.equal(release(scene).wellSinceBootMs, 15_000)
    scene.turn(25_000)
    assert.equal(release(scene).status, 'committed')
  })

  test('what is stopped by somebody, runs by a schedule or has done what it runs once for is not waited for', () => {
    const scene = play()
    const job = service('job', { once: 'ever', restart: { ...policy, when: 'no' } })
    const nightly = service('nightly', {
      schedule: { cron: '@daily', timeZone: null, overlap: 'skip', missed: 'skip' },
    })
    scene.turn(0, declare([version(1), job, nightly, service('spare', { autostart: false })]))
    scene.turn(0, scene.spawned('web'), scene.spawned('job'))
    assert.equal(release(scene).wellSinceBootMs, null, 'the job is not done')
    scene.turn(1_000, scene.exited('job', code(0)), ask('stop', 'web'))
    assert.equal(release(scene).wellSinceBootMs, 1_000)
    scene.turn(11_000)
    assert.equal(release(scene).status, 'committed')
  })
})

/** The check of `web` answers. */
function probe(scene: Play, bootMs: number, isOk: boolean): void {
  const known = scene.unit('web').health?.readiness
  if (known?.inFlight == null) scene.turn(bootMs)
  const seq = scene.unit('web').health?.readiness?.inFlight?.seq
  assert.ok(seq !== undefined, 'no probe is under way')
  const told = { unit: 'a/web/1', run: scene.run('web').n, check: 'readiness', seq, durationMs: 5 } as const
  scene.turn(bootMs, { kind: 'probed', ...told, isOk, output: isOk ? 'fine' : 'no answer' })
}

describe('a release that does not prove itself is taken back', () => {
  test('at once when a unit gives up, by the same way as any declaration', () => {
    const scene = settled({ restart: givesUpAtOnce })
    const { id } = release(scene)
    scene.turn(30_000, declare([version(2, { restart: givesUpAtOnce }), version(2, {}, 'extra')]))
    replaceRun(scene, 31_000)
    scene.turn(31_000, scene.spawned('extra'))
    const bad = release(scene).id
    const steps = scene.turn(31_200, scene.exited('web', code(1)))
    assert.deepEqual(steps, [`spawn web: release ${bad} was rejected`, 'TERM extra: no longer declared'])
    const { status, why, rejected, previous, trial } = release(scene)
    assert.deepEqual([status, release(scene).id, previous, trial], ['reverted', id, null, null])
    const gaveUp = 'a/web/1 has failed: gave up: ended early 1 times in a row; last: exit code 1 after 200 ms'
    assert.equal(rejected?.why, gaveUp)
    assert.equal(why, `${bad} was rejected: ${gaveUp}`)
    assert.equal(command(scene), 'web 1')
    assert.equal(scene.state.target.apps.a?.services.extra, undefined)
  })

  test('when its time is over, with what is the matter', () => {
    const scene = settled(checked)
    scene.turn(30_000, declare([version(2, checked)]))
    replaceRun(scene, 31_000)
    probe(scene, 32_000, false)
    scene.turn(89_999)
    assert.equal(release(scene).status, 'trial')
    scene.turn(90_000)
    assert.equal(release(scene).status, 'reverted')
    assert.match(
      release(scene).rejected?.why ?? '',
      /^not well within 1 min: a\/web\/1 runs, and is not healthy yet: no answer$/,
    )
  })

  test('also when it is well by then, but not for long enough', () => {
    const scene = settled()
    scene.turn(30_000, declare([version(2)], { deadlineMs: 12_000 }))
    replaceRun(scene, 40_000)
    assert.equal(nextWake(scene.state, at(40_000)), 42_000)
    scene.turn(42_000)
    assert.equal(release(scene).rejected?.why, 'not well for 10 s within 12 s: a/web/1 was started 2 s ago')
  })

  test('a crash loop without end is one', () => {
    const scene = settled()
    scene.turn(30_000, declare([version(2)], { deadlineMs: 20_000 }))
    replaceRun(scene, 31_000)
    for (let bootMs = 32_000; bootMs < 50_000; bootMs += 2_000) {
      scene.turn(bootMs, scene.exited('web', code(1)))
      const { retryBootMs } = scene.unit('web')
      if (scene.unit('web').phase === 'backoff') scene.turn(retryBootMs ?? bootMs)
      scene.turn(Math.max(bootMs, retryBootMs ?? 0), scene.spawned('web'))
      if (scene.unit('web').sinceBootMs > 46_000) break
    }
    scene.turn(50_000)
    assert.equal(release(scene).status, 'reverted')
    assert.equal(command(scene), 'web 1')
  })

  test('what was not well before is not held against it', () => {
    const scene = play()
    const broken = service('broken', { restart: givesUpAtOnce })
    scene.turn(0, declare([version(1), broken]))
    scene.turn(0, scene.spawned('web'), scene.spawned('broken'))
    scene.turn(20_000)
    scene.turn(25_000, scene.exited('broken', code(1)))
    scene.turn(25_000, scene.spawned('broken'))
    scene.turn(25_100, scene.exited('broken', code(1)))
    assert.equal(scene.unit('broken').phase, 'failed')
    scene.turn(30_000, declare([version(2), broken]))
    assert.deepEqual(release(scene).trial?.exempt, ['a/broken/1'])
    replaceRun(scene, 31_000)
    scene.turn(41_000)
    assert.equal(release(scene).status, 'committed')
  })

  test('who waits for what was not well before is excused, who is only being replaced is not', () => {
    const scene = play()
    const db = service('db', checked)
    const web = version(1, { dependsOn: [needs('db', 'healthy')] })
    const other = version(1, {}, 'other')
    scene.turn(0, declare([db, web, other], { isReverted: false }))
    scene.turn(0, scene.spawned('db'), scene.spawned('other'))
    scene.turn(5_000)
    const seq = scene.unit('db').health?.readiness?.inFlight?.seq ?? 0
    const told = { unit: 'a/db/1', run: scene.run('db').n, check: 'readiness', seq, durationMs: 5 } as const
    scene.turn(5_000, { kind: 'probed', ...told, isOk: false, output: 'down' })
    scene.turn(61_000)
    assert.equal(release(scene).status, 'failed')
    const accepted = { ...release(scene), status: 'committed', trial: null } as const
    const calm = play({ ...scene.state, releases: new Map([['a', accepted]]) })
    calm.turn(62_000, declare([db, web, version(2, {}, 'other')]))
    assert.deepEqual(release(calm).trial?.exempt, ['a/db/1', 'a/web/1'])
  })

  test('where the policy says so it stays, is told, and counts should it be well later', () => {
    const scene = settled(checked)
    scene.turn(30_000, declare([version(2, checked)], { isReverted: false }))
    replaceRun(scene, 31_000)
    scene.turn(90_000)
    assert.deepEqual([release(scene).status, command(scene)], ['failed', 'web 2'])
    assert.equal(release(scene).rejected?.id, release(scene).id)
    probe(scene, 95_000, true)
    scene.turn(105_000)
    assert.deepEqual([release(scene).status, release(scene).rejected], ['committed', null])
  })

  test('the first one has nothing to go back to', () => {
    const scene = play()
    scene.turn(0, declare([version(1, { restart: givesUpAtOnce })]))
    scene.turn(0, scene.spawned('web'))
    scene.turn(100, scene.exited('web', code(1)))
    assert.equal(release(scene).status, 'failed')
    assert.equal(scene.unit('web').phase, 'failed')
  })
})

/** Version 2 was rejected, version 1 runs again. */
function reverted(): Play {
  const scene = settled({ restart: givesUpAtOnce })
  scene.turn(30_000, declare([version(2, { restart: givesUpAtOnce })]))
  replaceRun(scene, 31_000)
  scene.turn(31_100, scene.exited('web', code(1)))
  scene.turn(31_100, scene.spawned('web'))
  assert.equal(release(scene).status, 'reverted')
  return scene
}

describe('what was rejected', () => {
  const again = version(2, { restart: givesUpAtOnce })

  test('is not tried again when it is declared again', () => {
    const scene = reverted()
    const before = scene.state.releases
    assert.deepEqual(scene.turn(40_000, declare([again])), [])
    assert.equal(scene.state.releases, before)
    assert.equal(command(scene), 'web 1')
  })

  test('nor after a death of the daemon, nor after a reboot', () => {
    const crashed = afterCrash(reverted(), 40_000)
    crashed.turn(40_000, crashed.adopted('web'))
    crashed.turn(40_100, declare([again]))
    assert.deepEqual([release(crashed).status, command(crashed)], ['reverted', 'web 1'])
    const rebooted = play(revive({ ...storedForm(reverted().state), bootId: 'earlier' }, at(500)))
    rebooted.turn(500, declare([again]))
    assert.deepEqual([release(rebooted).status, command(rebooted)], ['reverted', 'web 1'])
  })

  test('is tried again under another name, or after something else was declared', () => {
    const named = reverted()
    named.turn(40_000, declare([again], { id: 'second-try' }))
    assert.deepEqual([release(named).status, release(named).id], ['trial', 'second-try'])
    const changed = reverted()
    changed.turn(40_000, declare([version(3)]))
    assert.deepEqual([release(changed).status, release(changed).rejected], ['trial', null])
    changed.turn(41_000, declare([again]))
    assert.deepEqual([release(changed).status, command(changed)], ['trial', 'web 2'])
  })

  test('is forgotten when what runs is declared: that counts at once', () => {
    const scene = reverted()
    assert.deepEqual(scene.turn(40_000, declare([version(1, { restart: givesUpAtOnce })])), [])
    assert.deepEqual([release(scene).status, release(scene).rejected], ['committed', null])
  })

  test('is remembered when nobody read a file that says what runs', () => {
    const scene = reverted()
    const target = scene.state.target
    const stored = { kind: 'set-target', target, by: { kind: 'daemon' }, why: 'begin', isUnread: true } as const
    scene.turn(40_000, asked(stored))
    assert.equal(release(scene).status, 'reverted')
    const next = declare([version(3)])
    assert.ok(next.kind === 'command' && next.command.kind === 'set-target')
    scene.turn(41_000, asked({ ...next.command, isUnread: true }))
    assert.deepEqual(
      [release(scene).status, command(scene)],
      ['trial', 'web 3'],
      'somebody else declared something new',
    )
  })

  test('is let in by a declaration without a policy', () => {
    const scene = reverted()
    const target = targetOf(again)
    scene.turn(40_000, asked({ kind: 'set-target', target, by: { kind: 'daemon' }, why: 'up' }))
    assert.deepEqual([scene.state.releases.size, command(scene)], [0, 'web 2'])
  })
})

describe('a trial', () => {
  test('that is replaced by another one keeps what to go back to, and whom it excuses', () => {
    const scene = settled({ restart: givesUpAtOnce })
    const { id } = release(scene)
    scene.turn(30_000, declare([version(2)]))
    replaceRun(scene, 31_000)
    scene.turn(31_100, scene.exited('web', code(1)))
    scene.turn(31_100, scene.spawned('web'))
    scene.turn(31_200, scene.exited('web', code(1)))
    assert.equal(scene.unit('web').phase, 'backoff')
    scene.turn(32_000, declare([version(3, { restart: givesUpAtOnce })]))
    assert.deepEqual([release(scene).previous?.id, release(scene).trial?.exempt], [id, []])
    assert.match(release(scene).why, /^declared instead of \w+, which had not proved itself$/)
    scene.turn(32_000, scene.spawned('web'))
    scene.turn(32_100, scene.exited('web', code(1)))
    assert.deepEqual([release(scene).status, release(scene).id, command(scene)], ['reverted', id, 'web 1'])
  })

  test('that is called off by hand is over: what was before counts at once', () => {
    const scene = settled()
    scene.turn(30_000, declare([version(2)]))
    scene.turn(31_000, declare([version(1)]))
    const { status, previous, why } = release(scene)
    assert.deepEqual([status, previous, why], ['committed', null, 'declared again as before'])
  })

  test('goes on after a death of the daemon, by its deadline, and watches anew', () => {
    const scene = settled()
    scene.turn(30_000, declare([version(2)]))
    replaceRun(scene, 31_000)
    const again = afterCrash(scene, 39_000)
    again.turn(39_000, again.adopted('web'))
    assert.deepEqual(release(again).trial, { deadlineBootMs: 90_000, exempt: [] })
    again.turn(48_999)
    assert.equal(release(again).status, 'trial')
    again.turn(49_000)
    assert.equal(release(again).status, 'committed')
  })

  test('has the time to prove itself where the daemon was dead at its deadline', () => {
    const scene = settled()
    scene.turn(30_000, declare([version(2)]))
    replaceRun(scene, 31_000)
    const again = afterCrash(scene, 200_000)
    again.turn(200_000, again.adopted('web'))
    again.turn(210_000)
    assert.equal(release(again).status, 'committed')
  })

  test('is neither lost nor decided while the daemon ends, and goes on with the next one', () => {
    const scene = settled()
    scene.turn(30_000, declare([version(2)]))
    scene.turn(31_000, asked({ kind: 'shutdown', by: { kind: 'daemon' }, why: 'SIGTERM' }))
    scene.turn(200_000, scene.exited('web', code(0)))
    assert.equal(release(scene).status, 'trial')
    const again = afterCrash(scene, 300_000)
    again.turn(300_000)
    again.turn(300_000, again.spawned('web'))
    again.turn(310_000)
    assert.deepEqual([release(again).status, command(again)], ['committed', 'web 2'])
  })

  test('is not decided while held, and has its whole time after that', () => {
    const scene = settled()
    scene.turn(30_000, declare([version(2)]))
    replaceRun(scene, 31_000)
    const held = play({ ...scene.state, mode: { kind: 'held', why: 'died often' } })
    held.turn(200_000)
    assert.deepEqual(release(held).trial?.deadlineBootMs, null)
    assert.equal(nextWake(held.state, at(200_000)), null)
    held.turn(201_000, declare([version(2)]))
    assert.deepEqual(release(held).trial?.deadlineBootMs, 261_000)
  })

  test('is over when its app is no longer declared', () => {
    const scene = settled()
    scene.turn(30_000, declare([version(2)]))
    scene.turn(31_000, asked({ kind: 'set-target', target: { apps: {} }, by: { kind: 'daemon' }, why: 'up' }))
    assert.equal(scene.state.releases.size, 0)
  })
})

test('a run that began in between, unseen, begins the time anew', () => {
  const scene = settled()
  scene.turn(30_000, declare([version(2)]))
  replaceRun(scene, 31_000)
  const web = scene.unit('web')
  const later = { ...web, run: { ...scene.run('web'), n: 90, startedBootMs: 38_000 } }
  const again = play({ ...scene.state, units: new Map([[web.id, later]]) })
  again.turn(41_000)
  assert.equal(release(again).status, 'trial')
  again.turn(48_000)
  assert.equal(release(again).status, 'committed')
})

test('a deadline of another boot begins anew', () => {
  const scene = settled()
  scene.turn(30_000, declare([version(2, checked)]))
  const rebooted = play(revive({ ...storedForm(scene.state), bootId: 'earlier' }, at(500)))
  rebooted.turn(500)
  assert.equal(release(rebooted).trial?.deadlineBootMs, 60_500)
})

test('what is rejected while its file moves is taken back to where that is now', () => {
  const scene = settled({ restart: givesUpAtOnce })
  scene.turn(30_000, declare([version(2, { restart: givesUpAtOnce })], {}, '/moved.yaml'))
  replaceRun(scene, 31_000)
  scene.turn(31_100, scene.exited('web', code(1)))
  assert.deepEqual([release(scene).status, scene.state.target.apps.a?.source], ['reverted', '/moved.yaml'])
})

test('an old run that is unwell while it is being replaced excuses nobody', () => {
  const scene = settled(checked)
  scene.turn(30_000, declare([version(2, checked)], { isReverted: false }))
  replaceRun(scene, 31_000)
  scene.turn(31_100)
  const { health } = scene.unit('web')
  const sick = { ...health!, readiness: { ...health!.readiness!, status: 'unhealthy' } } as const
  const counted = { ...release(scene), status: 'committed', trial: null, previous: null } as const
  const state = { ...scene.state, releases: new Map([['a', counted]]) }
  const excusedBy = (unit: Unit): readonly string[] => {
    const other = play({ ...state, units: new Map([[unit.id, unit]]) })
    other.turn(32_000, declare([version(3, checked)]))
    return release(other).trial?.exempt ?? []
  }
  const web = { ...scene.unit('web'), health: sick }
  assert.deepEqual(excusedBy(web), ['a/web/1'])
  assert.deepEqual(excusedBy({ ...web, endRunsUpTo: scene.run('web').n, endRunsWhy: 'changed' }), [])
})

test('a run that was found alive is judged as any other', () => {
  const scene = settled()
  scene.turn(30_000, declare([version(2)]))
  scene.turn(30_000, scene.exited('web', code(0)))
  const again = afterCrash(scene, 31_000)
  const { n } = again.run('web')
  again.turn(31_000, { kind: 'adopted', unit: 'a/web/1', run: n, identity: identityOf(n) })
  again.turn(41_000)
  assert.equal(release(again).status, 'committed')
})
