import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { turn } from '../../engine/turn.ts'
import { advance, nextWake } from '../advance.ts'
import { begin } from '../begin.ts'
import { explain } from '../explain.ts'
import { ann, ask, asked, askLast, at, code, idOf, policy, service, setTarget, shutdown } from '../fixture.ts'
import { jobRunsKept } from '../limits.ts'
import type { Event, Now, Schedule, Service, State, Unit, UnitId } from '../model.ts'
import { observe } from '../observe.ts'
import { plan } from '../plan.ts'
import { revive, type StoredJob, storedJob, storedUnit } from '../revive.ts'
import { nextWallWake } from './job.ts'

const hourMs = 3_600_000
const day1 = 1_800_000_000_000

const schedule: Schedule = { cron: 'every hour', timeZone: null, overlap: 'skip', missed: 'skip' }

function job(settings: Partial<Schedule> = {}, rest: Partial<Service> = {}): Service {
  return service('job', { schedule: { ...schedule, ...settings }, restart: { ...policy, when: 'no' }, ...rest })
}

/** The core with a wall clock of its own, and a scheduler for every full hour of it. */
function clockwork(from?: State) {
  let state = from ?? revive(null, { bootId: 'boot', bootMs: 0, wallMs: day1 })
  let bootMs = 0
  const unit = (): Unit => state.units.get(idOf('job'))!
  const take = (wallMs: number, ...events: readonly Event[]): readonly string[] => {
    bootMs += 1_000
    const now: Now = { bootId: 'boot', bootMs, wallMs }
    const advanced = advance(observe(state, events, now).state, now).state
    const steps = plan(advanced, now)
    state = begin(advanced, steps, now).state
    const names = steps.map((step) => step.kind)
    const answers = steps.flatMap((step): Event[] => {
      if (step.kind !== 'schedule') return []
      const { unit, scheduleHash, afterWallMs } = step
      const dueWallMs = (Math.floor(afterWallMs / hourMs) + 1) * hourMs
      return [{ kind: 'next-due', unit, scheduleHash, afterWallMs, dueWallMs, message: '' }]
    })
    return answers.length === 0 ? names : [...names, ...take(wallMs, ...answers)]
  }
  return {
    take,
    unit,
    get state() {
      return state
    },
    now: (wallMs: number): Now => ({ bootId: 'boot', bootMs, wallMs }),
    spawned: (): Event => {
      const run = unit().run!.n
      const identity = { pid: run + 100, startTicks: run, bootId: 'boot', pidNamespace: 'test' }
      return { kind: 'spawned', unit: idOf('job'), run, identity }
    },
    exited: (value: number): Event => ({ kind: 'exited', unit: idOf('job'), run: unit().run!.n, exit: code(value) }),
    outcomes: () => unit().job!.history.map(({ outcome }) => outcome),
  }
}

type Clockwork = ReturnType<typeof clockwork>

const firstDue = (Math.floor(day1 / hourMs) + 1) * hourMs

function declared(one: Service = job()): Clockwork {
  const scene = clockwork()
  scene.take(day1, setTarget(one))
  return scene
}

/** Its first run lives. */
function underWay(one: Service = job()): Clockwork {
  const scene = declared(one)
  scene.take(firstDue)
  scene.take(firstDue, scene.spawned())
  return scene
}

describe('a scheduled service', () => {
  it('is not started with the daemon, but when it is due, and rests afterwards', () => {
    const scene = declared()
    assert.equal(scene.unit().phase, 'idle')
    assert.equal(nextWallWake(scene.state), firstDue)
    assert.deepEqual(scene.take(firstDue - 1), [])
    assert.deepEqual(scene.take(firstDue), ['spawn', 'schedule'])
    scene.take(firstDue, scene.spawned())
    assert.deepEqual(scene.take(firstDue + 5_000, scene.exited(0)), [])
    assert.deepEqual([scene.unit().phase, scene.unit().want.kind], ['ended', 'down'])
    assert.equal(nextWallWake(scene.state), firstDue + hourMs)
    assert.equal(explain(scene.state, scene.now(firstDue + hourMs / 2))[0]?.isAtTarget, true)
  })

  it('whose next time nobody tells is asked for again, ever more slowly, and says so', () => {
    let state = revive(null, at(0))
    const take = (bootMs: number, ...events: readonly Event[]) => {
      const { state: after, steps } = turn(state, events, at(bootMs))
      state = after
      return steps
    }
    const unit = (): Unit => state.units.get(idOf('job'))!
    const [first] = take(0, setTarget(job()))
    assert.equal(first?.kind, 'schedule')
    const asked = [0]
    for (let wake = nextWake(state, at(0)); asked.length < 9; wake = nextWake(state, at(wake!))) {
      assert.deepEqual(take(wake! - 1), [])
      assert.deepEqual(
        take(wake!).map((step) => step.kind),
        ['schedule'],
      )
      asked.push(wake!)
    }
    const waits = asked.slice(1).map((atMs, index) => atMs - asked[index]!)
    assert.deepEqual(waits, [10_000, 20_000, 40_000, 80_000, 160_000, 300_000, 300_000, 300_000])
    const last = asked.at(-1)!
    assert.match(explain(state, at(last))[0]!.next, /asked for 9 times and not told; asked again in 5 min/)
    // The answer to the first question is as good as any.
    const { scheduleHash, doneWallMs } = unit().job!
    const due = { unit: idOf('job'), scheduleHash, afterWallMs: doneWallMs, dueWallMs: last + day1, message: '' }
    take(last + 1, { kind: 'next-due', ...due })
    assert.deepEqual([unit().job?.due, unit().job?.asked, nextWake(state, at(last + 1))], ['known', null, null])
  })

  it('is asked for no more when it is not declared, or the daemon ends', () => {
    for (const end of [setTarget(), shutdown()]) {
      let { state } = turn(revive(null, at(0)), [setTarget(job())], at(0))
      state = turn(state, [end], at(1)).state
      assert.equal(nextWake(state, at(1)), null)
      assert.deepEqual(
        turn(state, [], at(1_000_000)).steps.filter((step) => step.kind === 'schedule'),
        [],
      )
    }
  })

  it('keeps what became of each run, and only so many', () => {
    const scene = declared()
    for (let count = 0; count < jobRunsKept + 5; count++) {
      const due = firstDue + count * hourMs
      scene.take(due)
      scene.take(due, scene.spawned())
      scene.take(due + 10, scene.exited(count % 2))
    }
    const { history } = scene.unit().job!
    assert.equal(history.length, jobRunsKept)
    const { run, dueWallMs, outcome, exit, by } = history.at(-1)!
    assert.deepEqual([run, outcome, exit, by.kind], [55, 'expected', code(0), 'schedule'])
    assert.equal(dueWallMs, firstDue + 54 * hourMs)
  })

  it('that fails tries again only where its policy is about failures', () => {
    const retried = underWay(
      job({}, { restart: { ...policy, when: 'on-failure', budget: { restartsMax: 1, windowMs: null } } }),
    )
    assert.deepEqual(retried.take(firstDue + 10, retried.exited(1)), ['spawn'])
    retried.take(firstDue + 10, retried.spawned())
    assert.deepEqual(retried.take(firstDue + 20, retried.exited(1)), [])
    assert.deepEqual([retried.unit().phase, retried.unit().want.kind], ['failed', 'down'])
    assert.deepEqual(retried.outcomes(), ['gave-up'])
    const once = underWay(job({}, { restart: { ...policy, when: 'always' } }))
    assert.deepEqual(once.take(firstDue + 10, once.exited(1)), [])
  })

  it('runs again when it failed before', () => {
    const scene = underWay()
    scene.take(firstDue + 10, scene.exited(9))
    assert.deepEqual(scene.take(firstDue + hourMs), ['spawn', 'schedule'])
  })

  it('has no further time: nothing wakes us, and it is told', () => {
    const scene = clockwork()
    scene.take(day1, setTarget(job()))
    const { scheduleHash, doneWallMs } = scene.unit().job!
    scene.take(day1, setTarget(job({ cron: 'never' })))
    const hash = scene.unit().job!.scheduleHash
    assert.notEqual(hash, scheduleHash)
    // The clockwork has answered; what a scheduler would say of such a text comes late, and is old news.
    const event = { kind: 'next-due', unit: idOf('job'), scheduleHash: hash, afterWallMs: doneWallMs } as const
    const before = scene.unit()
    scene.take(day1, { ...event, dueWallMs: null, message: '' })
    assert.equal(scene.unit(), before)
  })
})

describe('when it is due and still runs', () => {
  it('skip: that time is left out, and noted', () => {
    const scene = underWay()
    assert.deepEqual(scene.take(firstDue + hourMs), ['schedule'])
    assert.deepEqual(scene.outcomes(), ['skipped', 'running'])
    scene.take(firstDue + hourMs + 5, scene.exited(0))
    assert.deepEqual(scene.outcomes(), ['skipped', 'expected'])
    assert.equal(scene.unit().phase, 'ended')
  })

  it('queue: one more run follows, however many were due', () => {
    const scene = underWay(job({ overlap: 'queue' }))
    scene.take(firstDue + hourMs)
    scene.take(firstDue + 2 * hourMs)
    assert.deepEqual(scene.take(firstDue + 2 * hourMs + 5, scene.exited(0)), ['spawn'])
    scene.take(firstDue + 2 * hourMs + 6, scene.spawned())
    assert.deepEqual(scene.take(firstDue + 2 * hourMs + 7, scene.exited(0)), [])
    assert.deepEqual(scene.outcomes(), ['skipped', 'expected', 'expected'])
  })

  it('replace: the run ends, and the next one follows', () => {
    const scene = underWay(job({ overlap: 'replace' }))
    assert.deepEqual(scene.take(firstDue + hourMs), ['signal', 'schedule'])
    assert.deepEqual(scene.take(firstDue + hourMs + 5, scene.exited(143)), ['spawn'])
    assert.deepEqual(scene.outcomes(), ['requested', 'running'])
  })
})

it('what is queued behind a post_stop hook follows it, and nothing stays queued behind nothing', () => {
  const hooks = { preStart: null, postStop: { command: ['hook'], timeoutMs: 90_000_000, ignoreFailure: false } }
  const scene = underWay(job({ overlap: 'queue' }, { hooks }))
  assert.deepEqual(scene.take(firstDue + 1, scene.exited(0)), ['spawn'])
  scene.take(firstDue + 2, scene.spawned())
  scene.take(firstDue + hourMs)
  assert.deepEqual(scene.take(firstDue + hourMs + 1, scene.exited(0)), ['spawn'])
  assert.deepEqual(scene.outcomes(), ['expected', 'running'])
  scene.take(firstDue + hourMs + 2, scene.spawned())
  scene.take(firstDue + 2 * hourMs)
  assert.equal(scene.unit().job?.isQueued, true)
  const next = clockwork(revived(scene.state, { bootId: 'next', bootMs: 1, wallMs: firstDue + 2 * hourMs + 9 }))
  next.take(firstDue + 2 * hourMs + 9)
  assert.equal(next.unit().job?.isQueued, false)
})

it('what is queued behind a last run that was not begun yet follows it', () => {
  const waiting = job(
    { overlap: 'queue' },
    { dependsOn: [{ service: 'db', condition: 'started', required: true, restart: false }] },
  )
  const scene = clockwork()
  scene.take(day1, setTarget(waiting, service('db', { autostart: false })))
  assert.deepEqual(scene.take(day1 + 1, askLast('job')), [])
  scene.take(firstDue)
  assert.equal(scene.unit().job?.isQueued, true)
  scene.take(firstDue + 1, setTarget(job({ overlap: 'queue' })))
  scene.take(firstDue + 2, scene.spawned())
  assert.equal(scene.unit().phase, 'up')
  assert.deepEqual(scene.take(firstDue + 3, scene.exited(0)), ['spawn'])
  assert.deepEqual(scene.outcomes(), ['expected', 'running'])
})

it('while the daemon is held nothing queued is begun, and nothing stays queued behind nothing', () => {
  const scene = declared(service('job', { autostart: false }))
  scene.take(day1 + 1, ask('start', 'job'))
  scene.take(day1 + 2, scene.spawned())
  scene.take(day1 + 3, setTarget(job({ overlap: 'queue' })))
  scene.take(firstDue)
  assert.equal(scene.unit().job?.isQueued, true)
  const held = clockwork({ ...scene.state, mode: { kind: 'held', why: 'it died' } })
  assert.deepEqual(held.take(firstDue + 1, scene.exited(0)), [])
  assert.deepEqual([held.unit().phase, held.unit().want.kind, held.unit().job?.isQueued], ['ended', 'up', false])
})

it('a service that was started for good before it had a schedule follows its schedule after its end', () => {
  const scene = declared(service('job', { autostart: false }))
  scene.take(day1 + 1, ask('start', 'job'))
  scene.take(day1 + 2, scene.spawned())
  scene.take(day1 + 3, setTarget(job()))
  scene.take(day1 + 4, scene.exited(0))
  assert.deepEqual([scene.unit().phase, scene.unit().want.kind], ['ended', 'up'])
  assert.deepEqual(scene.take(firstDue), ['spawn', 'schedule'])
})

describe('when nobody could start it in time', () => {
  it('a little late is not missed', () => {
    const scene = declared()
    assert.deepEqual(scene.take(firstDue + 59_000), ['spawn', 'schedule'])
  })

  it('skip: it is noted, once', () => {
    const scene = declared()
    assert.deepEqual(scene.take(firstDue + 10 * hourMs + 5 * 60_000), ['schedule'])
    assert.deepEqual(scene.outcomes(), ['missed'])
    assert.equal(nextWallWake(scene.state), firstDue + 11 * hourMs)
  })

  it('run-once: one run, however many were missed', () => {
    const scene = declared(job({ missed: 'run-once' }))
    assert.deepEqual(scene.take(firstDue + 10 * hourMs + 5 * 60_000), ['spawn', 'schedule'])
    assert.equal(nextWallWake(scene.state), firstDue + 11 * hourMs)
  })
})

describe('what is written down of a job', () => {
  const run = (): Event => asked({ kind: 'run', units: [idOf('job')], by: ann })
  const once = (settings: Partial<Service> = {}): Service => service('job', { autostart: false, ...settings })

  it('ends with its run, also when the unit was started for good meanwhile', () => {
    const scene = declared(once())
    scene.take(day1 + 1, run())
    scene.take(day1 + 2, scene.spawned())
    scene.take(day1 + 3, ask('start', 'job'))
    scene.take(day1 + 4, scene.exited(1))
    assert.deepEqual(scene.outcomes(), ['unexpected'])
  })

  it('ends when what waited is started for good, declared down, or asked for again', () => {
    const db = service('db', { autostart: false })
    const waits = { dependsOn: [{ service: 'db', condition: 'started', required: true, restart: false } as const] }
    const started = declared(once())
    started.take(day1, setTarget(once(waits), db))
    started.take(day1 + 1, run())
    started.take(day1 + 2, ask('start', 'job'))
    assert.deepEqual(started.outcomes(), ['requested'])
    const retried = declared(service('job', { once: 'ever', restart: { ...policy, when: 'on-failure' } }))
    retried.take(day1 + 1, retried.spawned())
    retried.take(day1 + 2, retried.exited(1))
    retried.take(day1 + 2, retried.spawned())
    retried.take(day1 + 3, retried.exited(1))
    assert.deepEqual([retried.unit().phase, retried.outcomes()], ['backoff', ['running']])
    retried.take(day1 + 4, run())
    assert.deepEqual(retried.outcomes(), ['requested', 'running'])
    retried.take(day1 + 5, retried.spawned())
    retried.take(day1 + 6, retried.exited(1))
    retried.take(day1 + 7, retried.spawned())
    retried.take(day1 + 8, retried.exited(1))
    retried.take(day1 + 9, setTarget(service('job', { once: 'ever', autostart: false })), ask('stop', 'job'))
    assert.deepEqual(retried.outcomes(), ['requested', 'requested'])
  })

  it('ends where its start was interrupted and nobody wants it any more', () => {
    const scene = declared(once())
    scene.take(day1 + 1, run())
    scene.take(day1 + 2, ask('stop', 'job'))
    scene.take(day1 + 3, { kind: 'not-started', unit: idOf('job'), run: scene.unit().run!.n })
    assert.deepEqual([scene.unit().phase, scene.outcomes()], ['idle', ['requested']])
  })

  it('a success is that of what was run, not of what is declared since', () => {
    const setup = service('job', { once: 'ever', restart: { ...policy, when: 'no' } })
    const scene = declared(setup)
    const { runHash } = scene.unit().spec
    scene.take(day1 + 1, scene.spawned())
    const changed = { ...setup, process: { ...setup.process, command: ['other'] } }
    scene.take(day1 + 2, setTarget(changed), scene.exited(0))
    assert.equal(scene.unit().job?.done?.runHash, runHash)
  })
})

describe('when the clock is set', () => {
  it('back a little: nothing is run again', () => {
    const scene = underWay()
    scene.take(firstDue + 10, scene.exited(0))
    assert.deepEqual(scene.take(firstDue - 2 * hourMs), [])
    assert.deepEqual(scene.take(firstDue), [])
    assert.equal(nextWallWake(scene.state), firstDue + hourMs)
  })

  it('back a lot: the schedule goes on by the new time', () => {
    const scene = underWay()
    scene.take(firstDue + 10, scene.exited(0))
    const wrong = 50 * hourMs + 1
    assert.deepEqual(scene.take(wrong), ['schedule'])
    assert.equal(nextWallWake(scene.state), 51 * hourMs)
    assert.deepEqual(scene.take(51 * hourMs), ['spawn', 'schedule'])
  })

  it('back and right again: what was dealt with before is not run again, what was missed since is', () => {
    for (const [later, runs] of [
      [firstDue + 30 * 60_000, 0],
      [firstDue + 5 * hourMs + 5 * 60_000, 1],
    ] as const) {
      const scene = underWay(job({ missed: 'run-once' }))
      scene.take(firstDue + 10, scene.exited(0))
      scene.take(50 * hourMs + 1)
      const kinds = [...scene.take(later), ...scene.take(later + 1)]
      assert.equal(kinds.filter((kind) => kind === 'spawn').length, runs, `${later - firstDue}`)
    }
  })
})

it('back and almost right again: what was dealt with before is not run again', () => {
  const scene = underWay(job({ missed: 'run-once' }))
  scene.take(firstDue + 10, scene.exited(0))
  scene.take(50 * hourMs + 1)
  const later = firstDue - hourMs / 2
  assert.deepEqual(scene.take(later), ['schedule'])
  assert.equal(nextWallWake(scene.state), firstDue + hourMs)
})

it('a clock that was never set misses nothing', () => {
  const scene = clockwork(revive(null, { bootId: 'boot', bootMs: 0, wallMs: 5_000 }))
  scene.take(5_000, setTarget(job({ missed: 'run-once' })))
  assert.deepEqual(scene.take(day1), ['schedule'])
  assert.deepEqual(scene.outcomes(), [])
  assert.equal(nextWallWake(scene.state), firstDue)
})

describe('by hand', () => {
  const run = (): Event => asked({ kind: 'run', units: [idOf('job')], by: ann })

  it('one run now, of a scheduled service as of any other', () => {
    for (const one of [job(), service('job', { autostart: false })]) {
      const scene = declared(one)
      assert.deepEqual(scene.take(day1 + 1, run()), ['spawn'])
      scene.take(day1 + 2, scene.spawned())
      assert.deepEqual(scene.take(day1 + 3, scene.exited(4)), [])
      assert.deepEqual([scene.unit().phase, scene.unit().want.kind], ['ended', 'down'])
      const { outcome, exit, by } = scene.unit().job!.history.at(-1)!
      assert.deepEqual([outcome, exit, by], ['unexpected', code(4), ann])
    }
  })

  it('what runs is left alone', () => {
    const scene = underWay()
    assert.deepEqual(scene.take(firstDue + 1, run()), [])
    assert.deepEqual(scene.outcomes(), ['running'])
  })

  it('what is wanted up and waits is left alone as well', () => {
    const waits = [{ service: 'db', condition: 'started', required: true, restart: false } as const]
    const scene = clockwork()
    scene.take(day1, setTarget(service('job', { dependsOn: waits }), service('db', { autostart: false })))
    scene.take(day1 + 1, run())
    assert.deepEqual(scene.unit().want, { kind: 'up', by: { kind: 'declared' } })
  })

  it('what is being stopped is followed by the run that was asked for', () => {
    const scene = underWay()
    scene.take(firstDue + 1, ask('stop', 'job'))
    assert.deepEqual(scene.take(firstDue + 2, run()), [])
    assert.deepEqual(scene.take(firstDue + 3, scene.exited(0)), ['spawn'])
    assert.deepEqual(scene.outcomes(), ['requested', 'running'])
  })

  it('start runs a scheduled service once; stop ends the run, and the schedule goes on', () => {
    const scene = declared()
    assert.deepEqual(scene.take(day1 + 1, ask('start', 'job')), ['spawn'])
    scene.take(day1 + 2, scene.spawned())
    assert.deepEqual(scene.take(day1 + 3, ask('stop', 'job')), ['signal'])
    scene.take(day1 + 4, scene.exited(0))
    assert.deepEqual(scene.outcomes(), ['requested'])
    assert.deepEqual(scene.take(firstDue), ['spawn', 'schedule'])
  })

  it('stop gives up what had not begun', () => {
    const waiting = job({}, { dependsOn: [{ service: 'db', condition: 'started', required: true, restart: false }] })
    const scene = clockwork()
    scene.take(day1, setTarget(waiting, service('db', { autostart: false })))
    assert.deepEqual(scene.take(day1 + 1, run()), [])
    scene.take(day1 + 2, ask('stop', 'job'))
    assert.deepEqual(scene.outcomes(), ['requested'])
    assert.equal(scene.unit().want.kind, 'down')
  })
})

/** What a daemon finds in the store after this one. */
function revived(state: State, now: Now, without: readonly UnitId[] = []): State {
  const units = [...state.units.values()]
  const jobs = units.flatMap(({ id, job }): StoredJob[] => {
    const stored = storedJob(job)
    return stored === null ? [] : [{ unit: id, job: stored }]
  })
  const wants = units.flatMap(({ id, want }) => (want.by.kind === 'declared' ? [] : [{ unit: id, want }]))
  const rows = units.filter(({ id }) => !without.includes(id)).map(storedUnit)
  return revive({ bootId: state.bootId, target: state.target, units: rows, wants, jobs, runsReserved: 1_000 }, now)
}

describe('over the ends of the daemon and of the host', () => {
  it('the schedule goes on where it was, and what was missed meanwhile is told', () => {
    const scene = declared()
    const next = clockwork(revived(scene.state, at(10)))
    next.take(firstDue + 2 * hourMs + 5 * 60_000)
    assert.deepEqual(next.outcomes(), ['missed'])
  })

  it('a job under way when the daemon is ended is not started again by the next one', () => {
    const scene = underWay()
    assert.deepEqual(scene.take(firstDue + 10, shutdown()), ['signal'])
    scene.take(firstDue + 11, scene.exited(143))
    assert.deepEqual(scene.outcomes(), ['requested'])
    const next = clockwork(revived(scene.state, at(10)))
    assert.deepEqual(next.take(firstDue + 20), ['schedule'])
  })

  it('a job under way when the host went down is not run again, and its end is unknown', () => {
    const scene = underWay()
    const state = revived(scene.state, { bootId: 'next', bootMs: 1, wallMs: firstDue + 60 }, [idOf('job')])
    const unit = state.units.get(idOf('job'))!
    assert.deepEqual([unit.phase, unit.want.kind], ['idle', 'down'])
    assert.deepEqual(
      unit.job?.history.map(({ outcome }) => outcome),
      ['unknown'],
    )
  })
})

describe('a service that runs once', () => {
  const setup = (once: 'ever' | 'each-boot'): Service => service('job', { once, restart: { ...policy, when: 'no' } })

  function done(once: 'ever' | 'each-boot'): Clockwork {
    const scene = declared(setup(once))
    scene.take(day1 + 1, scene.spawned())
    scene.take(day1 + 2, scene.exited(0))
    return scene
  }

  it('is started with the daemon, and not again by the next daemon', () => {
    const scene = done('each-boot')
    assert.equal(scene.unit().phase, 'ended')
    scene.take(day1 + 3, shutdown())
    const next = clockwork(revived(scene.state, at(10)))
    assert.deepEqual(next.take(day1 + 10, setTarget(setup('each-boot'))), [])
  })

  it('each-boot: runs again after a start of the host; ever: not even if its run state is lost', () => {
    for (const [once, phase] of [
      ['each-boot', 'idle'],
      ['ever', 'ended'],
    ] as const) {
      const scene = done(once)
      const state = revived(scene.state, { bootId: 'next', bootMs: 1, wallMs: day1 + 60 }, [idOf('job')])
      assert.equal(state.units.get(idOf('job'))?.phase, phase)
    }
  })

  it('stays done when somebody stops it, or wants it down for a while', () => {
    const restarted = { ...setup('ever'), manualStop: 'until-daemon-restart' } as const
    const scene = declared(restarted)
    scene.take(day1 + 1, scene.spawned())
    scene.take(day1 + 2, scene.exited(0))
    scene.take(day1 + 3, ask('stop', 'job'))
    scene.take(day1 + 4, setTarget({ ...restarted, autostart: false }))
    assert.deepEqual(scene.take(day1 + 5, setTarget(restarted)), [])
    scene.take(day1 + 6, shutdown())
    const next = clockwork(revived(scene.state, at(10)))
    assert.deepEqual(next.take(day1 + 10, setTarget(restarted)), [])
  })

  it('stays done when it is declared to rest, and to run again', () => {
    const scene = done('ever')
    scene.take(day1 + 3, setTarget({ ...setup('ever'), autostart: false }))
    assert.deepEqual(scene.take(day1 + 4, setTarget(setup('ever'))), [])
  })

  it('is done also where it was declared to run once after it was started', () => {
    const scene = declared(service('job', { restart: { ...policy, when: 'no' } }))
    scene.take(day1 + 1, scene.spawned())
    scene.take(day1 + 2, setTarget(setup('ever')))
    scene.take(day1 + 3, scene.exited(0))
    assert.equal(scene.unit().job?.done?.runHash, scene.unit().spec.runHash)
  })

  it('is done when it ended well in the moment of a stop', () => {
    const scene = declared(setup('ever'))
    scene.take(day1 + 1, scene.spawned())
    scene.take(day1 + 2, ask('stop', 'job'), scene.exited(0))
    assert.equal(scene.unit().phase, 'ended')
    scene.take(day1 + 3, setTarget({ ...setup('ever'), autostart: false }))
    assert.deepEqual(scene.take(day1 + 4, setTarget(setup('ever'))), [])
  })

  it('is wanted as before when somebody ran it by hand', () => {
    const scene = done('each-boot')
    scene.take(day1 + 3, asked({ kind: 'run', units: [idOf('job')], by: ann }))
    scene.take(day1 + 4, scene.spawned())
    scene.take(day1 + 5, scene.exited(0))
    assert.deepEqual(scene.unit().want, { kind: 'up', by: { kind: 'declared' } })
  })

  it('runs again when it changed, failed, or somebody asks', () => {
    const scene = done('ever')
    const changed = { ...setup('ever'), process: { ...setup('ever').process, command: ['other'] } }
    assert.deepEqual(scene.take(day1 + 5, setTarget(changed)), ['spawn'])
    scene.take(day1 + 6, scene.spawned())
    scene.take(day1 + 7, scene.exited(1))
    scene.take(day1 + 8, shutdown())
    assert.equal(scene.unit().phase, 'idle')
    const asks = done('ever')
    assert.deepEqual(asks.take(day1 + 5, ask('start', 'job')), ['spawn'])
  })
})
