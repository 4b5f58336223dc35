import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { createRandom, type Random } from '../base/prng.ts'
import { appOf, container, image, joined, mounted, network, volume } from '../core/containers/fixture.ts'
import { homeLabel, specLabel, unitLabel } from '../core/containers/marks.ts'
import type { EngineContainer, EngineNews } from '../core/containers/model.ts'
import { ann, asked, at, code, policy, service } from '../core/fixture.ts'
import type { Event, Service, State, Step, Target } from '../core/model.ts'
import { revive } from '../core/revive.ts'
import { plainProcess } from '../core/target/plain.ts'
import { turn } from '../engine/turn.ts'
import { createRecorder } from '../store/recorder.ts'
import { replay } from './replay.ts'

describe('a recording with containers and releases', () => {
  for (let seed = 1; seed <= 40; seed++) {
    test(`replays as it was, although no secret is in it (seed ${seed})`, async () => {
      const directory = mkdtempSync(join(tmpdir(), 'holdfast-replay-'))
      try {
        play(directory, createRandom(seed))
        const file = join(directory, 'recording.ndjson')
        assert.doesNotMatch(readFileSync(file, 'utf8'), /hunter/)
        const texts: string[] = []
        const result = await replay({ file, out: () => {}, talk: (text) => void texts.push(text) })
        const told = texts.join('')
        assert.equal(result, 0, told)
        assert.match(told, /^\d\d+ turns, all as recorded\n$/)
      } finally {
        rmSync(directory, { recursive: true })
      }
    })
  }
})

/** Some hundred turns with a world that answers, recorded; begun anew now and then, as by the next daemon. */
function play(directory: string, random: Random): void {
  const world = createWorld(random)
  let recorder = createRecorder({ directory, warn: assert.fail })
  let state: State = revive(null, at(0))
  let bootMs = 0
  let pending: Event[] = []
  for (let turns = 0; turns < 120; turns++) {
    bootMs += random.whole(1, 900)
    const now = at(bootMs)
    const events = [...pending, ...world.happens(state, bootMs)]
    recorder.record({ now, events, state })
    const before = state
    const { steps, transitions, ...rest } = turn(before, events, now)
    state = rest.state
    recorder.settled({ version: state.version, steps: steps.length, transitions: transitions.length, refused: [] })
    pending = steps.flatMap((step) => world.perform(step, bootMs))
    if (!random.chance(0.03)) continue
    recorder.close()
    recorder = createRecorder({ directory, warn: assert.fail })
  }
  recorder.close()
}

function createWorld(random: Random) {
  const containers = new Map<string, EngineContainer>()
  const images = new Map<string, ReturnType<typeof image>>()
  let serial = 0
  const stamp = () => `2026-11-21T20:00:00.${String(++serial).padStart(9, '0')}Z`
  const secret = () => `hunter${random.whole(1, 3)}`

  function drawTarget(): Target {
    const env = () => ({ PASSWORD: secret(), LEVEL: random.pick(['hunter-low', 'hunter-high']) })
    const gaveUp = { ...policy, budget: { restartsMax: 1, windowMs: null } }
    const services: Service[] = [
      service('plain', { process: { ...plainProcess, command: ['plain'], environment: env() }, restart: gaveUp }),
      container('web', { environment: env(), networks: [joined('net')], mounts: [mounted('data')] }),
      container(
        'db',
        { environment: env(), user: random.pick([null, 'db']) },
        { image: random.pick(['db:1', 'db:2']) },
      ),
    ].filter(() => random.chance(0.9))
    const networks = { net: network('net') }
    const volumes = { data: volume('data', { driverOpts: { o: 'password=hunter2' } }) }
    const release = { id: null, minHealthyMs: 2_000, deadlineMs: 8_000, isReverted: true }
    return { apps: { a: { ...appOf(services, { networks, volumes }), ...(random.chance(0.8) ? { release } : {}) } } }
  }

  function put(one: EngineContainer): EngineNews {
    containers.set(one.id, one)
    return { containers: [one] }
  }

  function done(step: Exclude<Step, { kind: 'observe-engine' }>): EngineNews {
    switch (step.kind) {
      case 'pull':
        images.set(step.image, withSecret(image(step.image)))
        return { images: [{ reference: step.image, image: images.get(step.image)! }] }
      case 'create-container': {
        const id = `c${++serial}`
        const { settings, containerName: name } = step.spec
        const marks = { [homeLabel]: 'home', [unitLabel]: step.unit, [specLabel]: step.specHash }
        const environment = { IMAGE: 'hunter-image', PATH: '/bin', ...settings.environment }
        const made = { ...settings, environment, labels: { ...settings.labels, ...marks } }
        const rest = { imageId: step.imageId, createdAt: stamp(), settings: made }
        return put({ ...fresh, id, name, unit: step.unit, ...rest })
      }
      case 'start-container':
        return put({ ...containers.get(step.id)!, state: 'running', pid: 7, startedAt: stamp() })
      case 'rename-container':
        return put({ ...containers.get(step.id)!, name: step.name })
      case 'update-container': {
        const one = containers.get(step.id)!
        return put({ ...one, settings: { ...one.settings, ...step.settings } })
      }
      case 'remove-container':
        containers.delete(step.id)
        return { containersGone: [step.id] }
      case 'create-volume': {
        const { engineName: name, driverOpts, labels } = step.spec
        return { volumes: [{ name, isOurs: true, driver: 'local', driverOpts, labels }] }
      }
      case 'create-network': {
        const { engineName: name, ipam, ...spec } = step.spec
        const made = {
          ...spec,
          driver: spec.driver ?? 'bridge',
          ipam: ipam ?? { driver: null, config: [], options: {} },
        }
        return { networks: [{ id: name, name, isOurs: true, ...made }] }
      }
      default:
        return {}
    }
  }

  return {
    perform(step: Step, bootMs: number): readonly Event[] {
      switch (step.kind) {
        case 'spawn': {
          const identity = { pid: 100 + step.run, startTicks: step.run, bootId: 'boot', pidNamespace: 'test' }
          return [{ kind: 'spawned', unit: step.unit, run: step.run, identity }]
        }
        case 'signal': {
          const { unit, run, signal, container: id } = step
          if (id === undefined) return [{ kind: 'exited', unit, run, exit: code(0) }]
          const one = containers.get(id)
          const news = one === undefined ? {} : put({ ...one, state: 'exited', pid: 0, finishedAt: stamp() })
          const told: Event = { kind: 'engine-news', takenBootMs: bootMs, news }
          return [{ kind: 'signalled', unit, run, signal, outcome: 'sent' }, told]
        }
        case 'observe-engine':
          return [
            {
              kind: 'engine-observed',
              takenBootMs: bootMs,
              name: 'Docker',
              apiVersion: '1.41',
              containers: step.look.isEverything ? [...containers.values()] : null,
              networks: step.look.isEverything ? [] : null,
              volumes: step.look.isEverything ? [] : null,
              images: step.look.images.map((reference) => ({ reference, image: images.get(reference) ?? null })),
            },
          ]
        case 'forget':
        case 'observe':
        case 'probe':
        case 'schedule':
          return []
        default: {
          const common = { resource: step.resource, step: step.kind, takenBootMs: bootMs }
          if (random.chance(0.9)) return [{ kind: 'engine-done', ...common, news: done(step) }]
          return [{ kind: 'engine-failed', ...common, news: {}, code: 'HTTP_500', message: 'no luck', retry: true }]
        }
      }
    },
    /** What nobody asked for. */
    happens(state: State, bootMs: number): readonly Event[] {
      const living = [...state.units.values()].filter(
        ({ phase, run }) => phase === 'up' && run?.identity?.container === undefined,
      )
      const units = [...state.units.keys()]
      if (state.units.size === 0 || random.chance(0.06)) {
        const by = { kind: 'daemon' } as const
        return [asked({ kind: 'set-target', target: drawTarget(), by, why: 'up' })]
      }
      if (random.chance(0.03)) return [asked({ kind: random.pick(['stop', 'start', 'restart']), units, by: ann })]
      if (random.chance(0.03)) return [{ kind: 'engine-doubt', why: 'the connection broke' }]
      const [first] = living
      if (first !== undefined && random.chance(0.05)) {
        return [{ kind: 'exited', unit: first.id, run: first.run!.n, exit: code(1) }]
      }
      const one = [...containers.values()].find(({ state: is }) => is === 'running')
      if (one === undefined || !random.chance(0.05)) return []
      const news = put({ ...one, state: 'exited', pid: 0, exitCode: 1, finishedAt: stamp() })
      return [{ kind: 'engine-news', takenBootMs: bootMs, news }]
    },
  }
}

function withSecret(one: ReturnType<typeof image>): ReturnType<typeof image> {
  return { ...one, config: { ...one.config, environment: { IMAGE: 'hunter-image', PATH: '/bin' } } }
}

const fresh = {
  state: 'created',
  pid: 0,
  startedAt: '',
  finishedAt: '',
  exitCode: 0,
  isOutOfMemory: false,
  error: '',
  restartCount: 0,
  health: null,
} as const
