import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { asked, at, code, type Play, play, policy, service, targetOf } from '../../core/fixture.ts'
import type { Event, Service } from '../../core/model.ts'
import type { Snapshot } from '../../engine/ports.ts'
import { explanationList } from './explanations.ts'
import { engineOf } from './fixture.ts'
import { releaseList } from './releases.ts'
import { settleTarget } from './settle-target.ts'
import { unitList } from './units.ts'

const gate = { id: null, minHealthyMs: 10_000, deadlineMs: 60_000, isReverted: true }

/** `web` in its n-th version; it is given up at its first early end. */
function version(n: number): Service {
  const plain = service('web', { restart: { ...policy, budget: { restartsMax: 0, windowMs: null } } })
  return { ...plain, process: { ...plain.process, command: ['web', String(n)] } }
}

function declare(n: number, settings: Partial<typeof gate> & { readonly name?: string } = {}): Event {
  const { a } = targetOf(version(n)).apps
  const { name = `v${n}`, ...rest } = settings
  const target = { apps: { a: { ...a!, release: { ...gate, ...rest, id: name } } } }
  return asked({ kind: 'set-target', target, by: { kind: 'daemon' }, why: 'up' })
}

/** v1 counts, v2 is on trial and up since 31 s. */
function onTrial(): Play {
  const scene = play()
  scene.turn(0, declare(1))
  scene.turn(0, scene.spawned('web'))
  scene.turn(20_000)
  scene.turn(30_000, declare(2))
  scene.turn(31_000, scene.exited('web', code(0)))
  return scene
}

/** v2 was rejected, and v1 runs again. */
function reverted(): Play {
  const scene = onTrial()
  scene.turn(31_000, scene.spawned('web'))
  scene.turn(31_200, scene.exited('web', code(1)))
  return scene
}

function snapshotOf({ state }: Play, bootMs: number): Snapshot {
  return { state, now: at(bootMs), storeTrouble: null }
}

describe('a release is told', () => {
  it('while it is not well, with what keeps it from being so, and what comes of it', () => {
    const { items, warnings } = releaseList(snapshotOf(onTrial(), 40_000))
    assert.deepEqual(warnings, [])
    const [item] = items
    assert.deepEqual(item, {
      app: 'a',
      release: 'v2',
      status: 'trial',
      since: new Date(at(30_000).wallMs).toISOString(),
      why: 'a/web/1 is being started',
      next: 'v1 comes back in 50 s unless it is well by then',
      upcoming: {
        what: 'v1 comes back',
        at: new Date(at(90_000).wallMs).toISOString(),
        more: ' unless it is well by then',
      },
      command: null,
      previous: 'v1',
      rejected: null,
    })
  })

  it('while it is well, with when it counts', () => {
    const scene = onTrial()
    scene.turn(31_000, scene.spawned('web'))
    const [item] = releaseList(snapshotOf(scene, 35_000)).items
    assert.equal(item?.why, 'all have been well for 4 s')
    assert.equal(item?.next, 'it counts in 6 s if nothing happens to them')
  })

  it('when it was taken back, with what was rejected, and by every list', () => {
    const snapshot = snapshotOf(reverted(), 35_000)
    const [item] = releaseList(snapshot).items
    assert.deepEqual(
      [item?.release, item?.status, item?.previous, item?.command],
      ['v1', 'reverted', null, 'holdfast up'],
    )
    assert.equal(item?.rejected?.release, 'v2')
    assert.match(item?.rejected?.why ?? '', /^a\/web\/1 has failed: gave up: .*exit code 1 after 200 ms$/)
    const warning = /^a: release v2 was rejected \(.*\); v1 runs again, until the files declare something else$/
    assert.match(unitList(snapshot, null).warnings[0] ?? '', warning)
    const { items, warnings } = explanationList(snapshot, ['a/web/1'], () => null)
    assert.match(warnings[0] ?? '', warning)
    const fact = items[0]?.facts.find(({ name }) => name === 'release')
    assert.match(
      fact?.value ?? '',
      /^v1, reverted: v2 was rejected: a\/web\/1 has failed: .*; nothing: it is not tried/,
    )
  })

  it('not at all where changes count at once', () => {
    const scene = play()
    const target = targetOf(service('web'))
    scene.turn(0, asked({ kind: 'set-target', target, by: { kind: 'daemon' }, why: 'up' }))
    const snapshot = snapshotOf(scene, 0)
    assert.deepEqual(releaseList(snapshot).items, [])
    const [item] = explanationList(snapshot, ['a/web/1'], () => null).items
    assert.equal(
      item?.facts.some(({ name }) => name === 'release'),
      false,
    )
  })
})

describe('waiting for what is declared', () => {
  const patient = { waitFor: 'committed', timeoutMs: 600_000 } as const

  it('to be committed is over with the trial', async () => {
    const scene = onTrial()
    const engine = engineOf(scene)
    const before = engine.snapshot()
    let isTold = false
    const answer = settleTarget(engine, before, patient).finally(() => {
      isTold = true
    })
    engine.turn(31_000, scene.spawned('web'))
    engine.turn(40_000)
    await new Promise((resolve) => setImmediate(resolve))
    assert.equal(isTold, false)
    engine.turn(41_000)
    const { items, rejections } = await answer
    assert.deepEqual([items.map(({ result }) => result), rejections], [['done'], []])
  })

  it('ends when it is taken back meanwhile, with why, and with what runs then', async () => {
    const scene = onTrial()
    const engine = engineOf(scene)
    const answer = settleTarget(engine, engine.snapshot(), { waitFor: 'healthy', timeoutMs: 600_000 })
    engine.turn(31_000, scene.spawned('web'))
    engine.turn(31_200, scene.exited('web', code(1)))
    engine.turn(31_300, scene.spawned('web'))
    engine.turn(32_000)
    const { items, rejections } = await answer
    assert.deepEqual(
      items.map(({ unit, state }) => `${unit} ${state}`),
      ['a/web/1 running'],
    )
    assert.deepEqual(
      rejections.map(({ release, runs }) => [release, runs]),
      [['v2', 'v1']],
    )
  })

  it('tells what was rejected before, and does not wait for it', async () => {
    const scene = reverted()
    const engine = engineOf(scene)
    engine.turn(31_300, scene.spawned('web'))
    const before = engine.snapshot()
    engine.turn(40_000, declare(2))
    const { items, rejections } = await settleTarget(engine, before, patient)
    assert.deepEqual(
      items.map(({ result }) => result),
      ['unchanged'],
    )
    assert.equal(rejections[0]?.release, 'v2')
  })

  it('tells one that failed and stays only to whom it was to be committed', async () => {
    const scene = play()
    const engine = engineOf(scene)
    engine.turn(0, declare(1))
    engine.turn(0, scene.spawned('web'))
    engine.turn(100, scene.exited('web', code(1)))
    const of = async (waitFor: 'committed' | 'running') =>
      (await settleTarget(engine, engine.snapshot(), { ...patient, waitFor })).rejections.map(({ release, runs }) => [
        release,
        runs,
      ])
    assert.deepEqual(await of('committed'), [['v1', 'v1']])
    assert.deepEqual(await of('running'), [])
  })

  it('to be committed runs out of time as anything does', async () => {
    const scene = onTrial()
    const engine = engineOf(scene)
    engine.turn(31_000, scene.spawned('web'))
    const { items } = await settleTarget(engine, engine.snapshot(), { ...patient, timeoutMs: 0 })
    assert.deepEqual(
      items.map(({ result }) => result),
      ['timed-out'],
    )
  })
})
