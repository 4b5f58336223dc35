import type { Random } from '../../src/base/prng.ts'
import type { App, Phase, Service, Target, UnitId } from '../../src/core/model.ts'
import { hasToEnd } from './invariants.ts'
import type { Watch } from './scene.ts'
import { roleOf } from './services.ts'
import { hold } from './violation.ts'

/** Some of its servers are told of events by the daemon, over pipes that end with it. */
export function withTalkers(random: Random, { apps }: Target): Target {
  if (random.chance(0.6)) return { apps }
  return {
    apps: mapValues(apps, (app) => ({ ...app, services: mapValues(app.services, (one) => talking(random, one)) })),
  }
}

function talking(random: Random, service: Service): Service {
  const { command, stdin } = service.process
  const isServer = service.kind === 'process' && stdin.kind === 'null' && roleOf(command) === 'server'
  if (!isServer || !random.chance(0.3)) return service
  return { ...service, process: { ...service.process, stdin: { kind: 'events' } } }
}

function mapValues<T extends App | Service>(record: Readonly<Record<string, T>>, change: (value: T) => T) {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]))
}

const name = 'who talked with a daemon that is gone is replaced, and has not failed'

/** Whoever talks with the daemon, and outlives it. */
export function createTalkerWatch(): Watch {
  /** The main run of each unit that was started by the present daemon. */
  const own = new Map<UnitId, number>()
  return {
    news({ transitions, before }) {
      for (const { unit, run, from, to, why, exit } of transitions) {
        const was = before.get(unit)
        const isTalker = was?.spec.process.stdin.kind === 'events' && was.run?.role === 'main' && was.run.n === run
        if (!isTalker || own.get(unit) === run || exit === null || !was.isDeclared) continue
        const isBlamed = byPolicy.has(to) && from !== 'stopping' && was.condemned === null && was.want.kind !== 'down'
        hold(!isBlamed, name, () => `${unit} run ${run}: ${from} to ${to} (${why})`)
      }
    },
    step(step) {
      if (step.kind === 'spawn' && step.role === 'main') own.set(step.unit, step.run)
    },
    after({ units, state }) {
      for (const unit of units.values()) {
        const { id, run, phase, spec } = unit
        if (spec.process.stdin.kind !== 'events' || run?.role !== 'main' || phase !== 'up') continue
        hold(own.get(id) === run.n || hasToEnd(state, unit), name, () => `${id} run ${run.n} goes on`)
      }
    },
    lifeBegins() {
      own.clear()
    },
  }
}

const byPolicy: ReadonlySet<Phase> = new Set(['backoff', 'ended', 'failed'])
