import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { nextWake } from '../advance.ts'
import { explain } from '../explain.ts'
import { ask, at, code, idOf, needs, type Play, play, policy, running, service, setTarget } from '../fixture.ts'
import { probesMax } from '../limits.ts'
import type { Check, CheckName, CheckState, Event, Service } from '../model.ts'

const check: Check = {
  probe: { kind: 'tcp', host: '127.0.0.1', port: 1 },
  intervalMs: 10_000,
  timeoutMs: 2_000,
  retries: 3,
  startPeriodMs: 0,
  startIntervalMs: 1_000,
}

function checked(checks: Partial<Service['checks']>, settings: Partial<Service> = {}): Service {
  return service('web', { checks: { readiness: null, liveness: null, ...checks }, ...settings })
}

function state(scene: Play, name: CheckName = 'readiness'): CheckState {
  const found = scene.unit('web').health?.[name]
  assert(found)
  return found
}

/** The answer to the probe under way. */
function answer(scene: Play, isOk: boolean, name: CheckName = 'readiness', output = 'said'): Event {
  const { inFlight } = state(scene, name)
  assert(inFlight, 'a probe is under way')
  const run = scene.run('web').n
  return { kind: 'probed', unit: idOf('web'), run, check: name, seq: inFlight.seq, isOk, output, durationMs: 5 }
}

/** Takes the turn in which the next probe is due, and answers it. Gives the time. */
function probe(scene: Play, isOk: boolean, name: CheckName = 'readiness'): number {
  const dueBootMs = state(scene, name).dueBootMs
  assert.deepEqual(scene.turn(dueBootMs), [`probe web: ${name} check`])
  scene.turn(dueBootMs, answer(scene, isOk, name))
  return dueBootMs
}

describe('a check', () => {
  it('begins with the run, is probed often until it passes, then at its interval', () => {
    const scene = running(0, checked({ readiness: check }))
    assert.equal(state(scene).status, 'starting')
    const first = probe(scene, false)
    assert(first > 0 && first <= 1_000)
    assert.equal(state(scene).dueBootMs, first + 1_000)
    const second = probe(scene, true)
    assert.equal(state(scene).status, 'healthy')
    const steady = state(scene).dueBootMs
    assert(steady > second && steady <= second + 10_000)
    assert.equal(probe(scene, true), steady)
    assert.equal(state(scene).dueBootMs, steady + 10_000)
  })

  it('wakes nobody but for its probes', () => {
    const scene = running(0, checked({ readiness: check }, { restart: { ...policy, stableMs: 0 } }))
    const first = state(scene).dueBootMs
    assert.equal(nextWake(scene.state, at(1)), first)
    scene.turn(first)
    assert.equal(nextWake(scene.state, at(first)), first + 2_000 + 5_000)
    scene.turn(first, answer(scene, true))
    assert.equal(nextWake(scene.state, at(first)), state(scene).dueBootMs)
  })

  it('that never passes is unhealthy when its retries would be over at its interval, not sooner', () => {
    const scene = running(0, checked({ readiness: { ...check, startPeriodMs: 5_000 } }))
    let last = 0
    while (state(scene).status === 'starting') last = probe(scene, false)
    assert(last >= 35_000 && last < 36_000, `${last}`)
    assert.equal(state(scene).status, 'unhealthy')
    assert.match(scene.unit('web').reason, /readiness check failed \d+ times in a row: said/)
  })

  it('is not unhealthy before so many failures, however slow its probes are', () => {
    const scene = running(0, checked({ readiness: { ...check, startPeriodMs: 1_000, retries: 2, intervalMs: 1_000 } }))
    scene.turn(state(scene).dueBootMs)
    scene.turn(50_000, answer(scene, false))
    assert.equal(state(scene).status, 'starting')
    probe(scene, false)
    assert.equal(state(scene).status, 'unhealthy')
  })

  it('does not count what failed in its start period', () => {
    const scene = running(0, checked({ readiness: { ...check, startPeriodMs: 60_000 } }))
    for (let count = 0; count < 5; count++) probe(scene, false)
    assert.equal(state(scene).failures, 0)
  })

  it('is unhealthy after so many failures in a row, and healthy again with one success', () => {
    const scene = running(0, checked({ readiness: check }))
    probe(scene, true)
    probe(scene, false)
    probe(scene, true)
    probe(scene, false)
    probe(scene, false)
    assert.equal(state(scene).status, 'healthy')
    probe(scene, false)
    assert.equal(state(scene).status, 'unhealthy')
    assert.deepEqual(
      scene.transitions.map(({ from, to }) => [from, to]),
      [['up', 'up']],
    )
    assert.equal(explain(scene.state, at(0))[0]?.isAtTarget, false)
    probe(scene, true)
    assert.equal(state(scene).status, 'healthy')
    assert.equal(explain(scene.state, at(0))[0]?.isAtTarget, true)
  })

  it('keeps the last results and forgets them with the run', () => {
    const scene = running(0, checked({ readiness: check }))
    for (let count = 0; count < 7; count++) probe(scene, true)
    assert.equal(state(scene).results.length, 5)
    scene.turn(80_000, scene.exited('web', code(1)))
    assert.equal(scene.unit('web').health, null)
  })

  it('does not believe an answer to an earlier probe, or about an earlier run', () => {
    const scene = running(0, checked({ readiness: check }))
    scene.turn(state(scene).dueBootMs)
    const late = answer(scene, true)
    scene.turn(2_000, answer(scene, false))
    const before = scene.state
    scene.turn(2_000, late)
    assert.equal(scene.state.units.get(idOf('web')), before.units.get(idOf('web')))
  })

  it('fails when its probe is never answered', () => {
    const scene = running(0, checked({ readiness: check }))
    probe(scene, true)
    const dueBootMs = state(scene).dueBootMs
    scene.turn(dueBootMs)
    scene.turn(dueBootMs + 6_999)
    assert.notEqual(state(scene).inFlight, null)
    scene.turn(dueBootMs + 7_000)
    assert.deepEqual([state(scene).inFlight, state(scene).failures], [null, 1])
  })

  it('stands still while the process is paused', () => {
    const scene = running(0, checked({ liveness: { ...check, retries: 1 } }))
    probe(scene, true, 'liveness')
    const dueBootMs = state(scene, 'liveness').dueBootMs
    scene.turn(dueBootMs)
    const { n } = scene.run('web')
    scene.turn(dueBootMs, { kind: 'paused', unit: idOf('web'), run: n }, answer(scene, false, 'liveness'))
    assert.equal(scene.unit('web').condemned, null)
    assert.deepEqual(scene.turn(dueBootMs + 60_000), [])
    assert.deepEqual(scene.turn(dueBootMs + 60_000, { kind: 'continued', unit: idOf('web'), run: n }), [
      'probe web: liveness check',
    ])
  })

  it('asks nothing of what has to end', () => {
    const scene = running(0, checked({ readiness: check }))
    scene.turn(1, ask('stop', 'web'))
    assert.deepEqual(scene.turn(5_000), [])
  })

  it('declared otherwise does not believe an answer to a probe of before', () => {
    const scene = running(0, checked({ readiness: check }))
    scene.turn(state(scene).dueBootMs)
    const late = answer(scene, true)
    scene.turn(3_000, setTarget(checked({ readiness: { ...check, probe: { kind: 'exec', command: ['other'] } } })))
    scene.turn(state(scene).dueBootMs)
    scene.turn(5_000, late)
    assert.equal(state(scene).status, 'starting')
    assert.notEqual(state(scene).inFlight, null)
  })

  it('begins anew when it is declared otherwise, without touching the run', () => {
    const scene = running(0, checked({ readiness: check }))
    probe(scene, true)
    assert.deepEqual(scene.turn(3_000, setTarget(checked({ readiness: { ...check, retries: 9 } }))), [])
    assert.equal(state(scene).status, 'starting')
  })

  it('is spread in time among units that started together', () => {
    const many = running(0, {
      ...checked({ readiness: check }),
      instances: Array.from({ length: 50 }, (_, n) => ({ n })),
    })
    const dues = [...many.state.units.values()].map((unit) => unit.health?.readiness?.dueBootMs ?? 0)
    assert(Math.max(...dues) - Math.min(...dues) > 600)
    assert(new Set(dues).size > 40)
  })

  it('shares the number of probes under way with all others', () => {
    const many = running(0, {
      ...checked({ readiness: check }),
      instances: Array.from({ length: 50 }, (_, n) => ({ n })),
    })
    assert.equal(many.turn(1_000).length, probesMax)
    assert.deepEqual(many.turn(1_001), [])
  })
})

describe('liveness', () => {
  it('that fails ends the run by its ladder, and the policy follows', () => {
    const scene = running(0, checked({ liveness: { ...check, retries: 2 } }))
    probe(scene, true, 'liveness')
    probe(scene, false, 'liveness')
    const dueBootMs = state(scene, 'liveness').dueBootMs
    scene.turn(dueBootMs)
    const why = 'liveness check failed 2 times in a row: said'
    assert.deepEqual(scene.turn(dueBootMs, answer(scene, false, 'liveness')), [`TERM web: ${why}`])
    scene.turn(dueBootMs + 10, scene.exited('web', code(0)))
    assert.equal(scene.unit('web').end.kind, 'unhealthy')
    assert.equal(scene.unit('web').reason, `restart after ${why}`)
  })

  it('restarts on-failure services, and those without a restart stay down', () => {
    for (const [when, phase] of [
      ['on-failure', 'starting'],
      ['no', 'ended'],
    ] as const) {
      const scene = running(0, checked({ liveness: { ...check, retries: 1 } }, { restart: { ...policy, when } }))
      probe(scene, true, 'liveness')
      probe(scene, false, 'liveness')
      scene.turn(60_000, scene.exited('web', code(0)))
      assert.equal(scene.unit('web').phase, phase)
    }
  })

  it('is outweighed by a stop or a start that somebody asks for meanwhile', () => {
    for (const kind of ['stop', 'start'] as const) {
      const scene = running(0, checked({ liveness: { ...check, retries: 1 } }))
      probe(scene, true, 'liveness')
      probe(scene, false, 'liveness')
      assert.equal(scene.unit('web').phase, 'stopping')
      scene.turn(50_000, ask(kind, 'web'))
      scene.turn(50_001, scene.exited('web', code(0)))
      assert.equal(scene.unit('web').end.kind, 'requested')
      assert.equal(scene.unit('web').phase, kind === 'stop' ? 'idle' : 'starting')
    }
  })
})

describe('a dependency on health', () => {
  const db = { ...checked({ readiness: check }), name: 'db' }
  const web = service('web', { dependsOn: [needs('db', 'healthy')] })

  function answerDb(scene: Play, isOk: boolean): Event {
    const unit = scene.unit('db')
    const seq = unit.health?.readiness?.inFlight?.seq ?? 0
    const run = scene.run('db').n
    return { kind: 'probed', unit: unit.id, run, check: 'readiness', seq, isOk, output: '', durationMs: 1 }
  }

  it('holds a start back until the other one has passed', () => {
    const scene = play()
    scene.turn(0, setTarget(db, web))
    scene.turn(0, scene.spawned('db'))
    scene.turn(1_000)
    assert.match(
      explain(scene.state, at(1_000))[1]?.why ?? '',
      /waits for a\/db\/1 to be healthy; it runs, and is not healthy yet$/,
    )
    assert.deepEqual(scene.turn(1_001, answerDb(scene, true)), ['spawn web: declared'])
  })

  it('lets be what is up when the other one becomes unhealthy', () => {
    const scene = play()
    scene.turn(0, setTarget(db, web))
    scene.turn(0, scene.spawned('db'))
    scene.turn(1_000)
    scene.turn(1_001, answerDb(scene, true))
    scene.turn(1_002, scene.spawned('web'))
    for (let time = 20_000; time < 60_000; time += 10_000) {
      scene.turn(time)
      assert.deepEqual(scene.turn(time, answerDb(scene, false)), [])
    }
    assert.equal(scene.unit('web').phase, 'up')
  })
})

it('slow checks of some do not starve those of others', () => {
  const slow = { ...check, intervalMs: 10, startIntervalMs: 10, timeoutMs: 60_000 }
  const names = Array.from({ length: probesMax + 4 }, (_, index) => `s${index}`)
  const scene = running(0, ...names.map((name) => service(name, { checks: { readiness: slow, liveness: null } })))
  scene.turn(100)
  const waiting = names.filter((name) => scene.unit(name).health?.readiness?.inFlight === null)
  const answered = names.filter((name) => !waiting.includes(name)).slice(0, waiting.length)
  for (const [index, name] of answered.entries()) {
    const { run, health } = scene.unit(name)
    const about = { unit: idOf(name), run: run!.n, check: 'readiness', seq: health!.readiness!.inFlight!.seq } as const
    scene.turn(200 + 100 * index, { kind: 'probed', ...about, isOk: false, output: '', durationMs: 1 })
  }
  for (const name of waiting) assert.notEqual(scene.unit(name).health?.readiness?.inFlight, null, name)
})

it('after a restart of the daemon every check asks anew, and soon', () => {
  const scene = running(0, checked({ readiness: check }))
  probe(scene, true)
  const { n, identity } = scene.run('web')
  scene.turn(30_000, { kind: 'adopted', unit: idOf('web'), run: n, identity: identity! })
  assert.equal(state(scene).status, 'starting')
  assert(state(scene).dueBootMs <= 30_200)
})

it('a run found by another daemon gets the time of its retries, at its interval', () => {
  const scene = running(0, checked({ liveness: check }, { restart: { ...policy, stableMs: 0 } }))
  const { identity, n } = scene.run('web')
  assert(identity)
  scene.turn(3_600_000, { kind: 'adopted', unit: idOf('web'), run: n, identity })
  const first = probe(scene, false, 'liveness')
  assert.equal(state(scene, 'liveness').dueBootMs, first + 10_000)
  probe(scene, false, 'liveness')
  assert.equal(scene.unit('web').condemned, null)
  const dueBootMs = state(scene, 'liveness').dueBootMs
  scene.turn(dueBootMs)
  assert.match(
    scene.turn(dueBootMs, answer(scene, false, 'liveness')).join(),
    /TERM web: liveness check failed 3 times/,
  )
})
