import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { createRandom, type Random } from '../../src/base/prng.ts'
import { nextWake } from '../../src/core/advance.ts'
import { asked, code, policy, service, storedForm, targetOf } from '../../src/core/fixture.ts'
import type { Event, Now, Service, State, Step, Target } from '../../src/core/model.ts'
import { revive } from '../../src/core/revive.ts'
import { noChecks } from '../../src/core/target/plain.ts'
import { turn } from '../../src/engine/turn.ts'
import { createReleaseWatch, drawPolicy, releasesAreDecided } from './releases.ts'

// The simulation's own watch, over the core alone: many declarations, and few of anything else.

describe('releases hold what they promise', () => {
  for (let seed = 1; seed <= 60; seed++) test(`whatever happens (seed ${seed})`, () => run(createRandom(seed)))
})

function run(random: Random): void {
  const watch = createReleaseWatch()
  const world = createWorld(random)
  const seen = new Set<string>()
  let bootId = 'boot'
  let bootMs = 1_000
  let state = revive(null, nowAt())
  let pending: Event[] = []

  function nowAt(): Now {
    return { bootId, bootMs, wallMs: 1_000_000_000 + bootMs }
  }

  function take(events: readonly Event[]): void {
    const { mode } = state
    const result = turn(state, events, nowAt())
    state = result.state
    watch.after({ events, state, now: nowAt(), modeBefore: mode })
    for (const { status } of state.releases.values()) seen.add(status)
    const wake = nextWake(state, nowAt())
    assert.ok(wake === null || wake > bootMs, `woken at ${wake}, now ${bootMs}`)
    pending = result.steps.flatMap((step) => world.perform(step))
  }

  /** The next time anything is due, or a moment of its own. */
  function pass(mostMs: number): void {
    const wake = nextWake(state, nowAt()) ?? Number.POSITIVE_INFINITY
    const answerMs = random.chance(0.1) ? mostMs : 1
    bootMs = pending.length > 0 ? bootMs + random.whole(1, answerMs) : Math.min(wake, bootMs + random.whole(1, mostMs))
  }

  for (let turns = 0; turns < 250; turns++) {
    pass(1_500)
    take([...pending, ...world.happens(state)])
    if (random.chance(0.02)) {
      const isReboot = random.chance(0.3)
      if (isReboot) bootId += "'"
      bootMs += isReboot ? 0 : random.whole(0, 20_000)
      const stored = JSON.parse(JSON.stringify(storedForm(state)))
      const revived = revive(stored, nowAt())
      assert.deepEqual(
        storedForm(revived).releases?.map(({ app, hash, status }) => [app, hash, status]),
        storedForm(state).releases?.map(({ app, hash, status }) => [app, hash, status]),
      )
      state = random.chance(0.2) ? { ...revived, mode: { kind: 'held', why: 'it died often' } } : revived
      watch.lifeBegins({ isStateLost: false, isReboot })
      pending = isReboot ? [] : world.recover(state)
    }
  }
  world.isGood = true
  take([...pending, world.declare()])
  for (let moves = 0; moves < 400; moves++) {
    if (pending.length === 0 && nextWake(state, nowAt()) === null) break
    pass(60_000)
    take(pending)
  }
  releasesAreDecided(state, nowAt())
  assert.ok(seen.has('trial'))
}

function createWorld(random: Random) {
  let declared: Target | null = null

  function drawServices(): readonly Service[] {
    const names = ['web', 'db', 'job'].filter((name) => name === 'web' || random.chance(0.7))
    return names.map((name) => {
      const version = random.pick(['1', '2', '3', 'bad'])
      const plain = service(name)
      const isChecked = name === 'db' && random.chance(0.5)
      return {
        ...plain,
        process: { ...plain.process, command: [name, version] },
        restart: { ...policy, budget: random.chance(0.4) ? { restartsMax: 1, windowMs: null } : null },
        checks: isChecked ? { ...noChecks, readiness: check } : noChecks,
        once: name === 'job' && random.chance(0.5) ? 'ever' : null,
        autostart: !random.chance(0.1),
      }
    })
  }

  function isBad(command: readonly string[]): boolean {
    return command[1] === 'bad' && !world.isGood
  }

  const world = {
    /** From now on nothing fails. */
    isGood: false,
    declare(): Event {
      const by = { kind: 'daemon' } as const
      // Whoever reads the files again finds the same most of the time.
      if (declared !== null && random.chance(0.5)) return asked({ kind: 'set-target', target: declared, by, why: 'up' })
      const { a } = targetOf(...drawServices()).apps
      const app = random.chance(0.9) ? { ...a!, release: drawPolicy(random) } : a!
      const target: Target = random.chance(0.03) ? { apps: {} } : { apps: { a: app } }
      declared = target
      return asked({ kind: 'set-target', target, by, why: 'up' })
    },
    perform(step: Step): readonly Event[] {
      switch (step.kind) {
        case 'spawn': {
          const { unit, run } = step
          const identity = { pid: 100 + run, startTicks: run, bootId: 'boot', pidNamespace: 'test' }
          const spawned: Event = { kind: 'spawned', unit, run, identity }
          const ends = isBad(step.spec.process.command) || step.spec.once !== null
          const exit = code(isBad(step.spec.process.command) ? 1 : 0)
          return ends ? [spawned, { kind: 'exited', unit, run, exit }] : [spawned]
        }
        case 'signal':
          return [
            {
              kind: 'exited',
              unit: step.unit,
              run: step.run,
              exit: { kind: 'signal', signal: step.signal, core: false },
            },
          ]
        case 'probe': {
          const isOk = !isBad(step.spec.process.command) && (world.isGood || random.chance(0.8))
          const { unit, check: name, seq } = step
          return [{ kind: 'probed', unit, run: step.run.n, check: name, seq, isOk, output: 'said', durationMs: 1 }]
        }
        default:
          return []
      }
    },
    happens(state: State): readonly Event[] {
      if (state.units.size === 0 || random.chance(0.05)) return [world.declare()]
      const by = { kind: 'user', uid: 1, name: 'ann' } as const
      if (random.chance(0.03)) {
        return [
          asked({ kind: random.pick(['start', 'stop', 'restart']), units: [random.pick([...state.units.keys()])], by }),
        ]
      }
      const up = [...state.units.values()].filter(({ phase }) => phase === 'up')
      if (up.length === 0 || !random.chance(0.03)) return []
      const unit = random.pick(up)
      return [{ kind: 'exited', unit: unit.id, run: unit.run!.n, exit: code(random.pick([0, 1])) }]
    },
    /** What lived when the daemon died does so still; of what was being started nothing came. */
    recover(state: State): Event[] {
      return [...state.units.values()].flatMap(({ id, run }): readonly Event[] => {
        if (run === null) return []
        const { n, identity } = run
        return identity === null
          ? [{ kind: 'not-started', unit: id, run: n }]
          : [{ kind: 'adopted', unit: id, run: n, identity }]
      })
    },
  }
  return world
}

const check = {
  probe: { kind: 'tcp', host: '127.0.0.1', port: 80 },
  intervalMs: 700,
  timeoutMs: 500,
  retries: 2,
  startPeriodMs: 0,
  startIntervalMs: 300,
} as const
