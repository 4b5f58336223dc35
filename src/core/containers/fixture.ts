import { advance } from '../advance.ts'
import { begin } from '../begin.ts'
import { asked, at, service as processService, sentence } from '../fixture.ts'
import type { App, Command, Event, Service, State, Step } from '../model.ts'
import { observe } from '../observe.ts'
import { plan } from '../plan.ts'
import { revive } from '../revive.ts'
import { plainSettings } from '../target/plain-container.ts'
import { homeLabel, specLabel, unitLabel } from './marks.ts'
import type {
  ContainerSettings,
  ContainerSpec,
  EngineContainer,
  EngineEvent,
  EngineImage,
  EngineNetwork,
  EngineNews,
  EngineStep,
  EngineVolume,
  NetworkSpec,
  VolumeSpec,
} from './model.ts'

/** What the tests of containers are made of: a service with an image, and an engine that does at once what it is asked for. */

export function container(
  name: string,
  settings: Partial<ContainerSettings> = {},
  spec: Partial<ContainerSpec> = {},
  rest: Partial<Service> = {},
): Service {
  return processService(name, {
    kind: 'container',
    container: {
      containerName: `a-${name}-1`,
      image: `${name}:1`,
      platform: null,
      pull: 'missing',
      strategy: { kind: 'download-then-kill' },
      adopts: null,
      lockFiles: [],
      settings: { ...plainSettings, restart: { name: 'always', retriesMax: 0 }, ...settings },
      ...spec,
    },
    ...rest,
  })
}

export function appOf(services: readonly Service[], resources: Partial<NonNullable<App['resources']>> = {}): App {
  const keyed = Object.fromEntries(services.map((one) => [one.name, one]))
  const needs = { networks: {}, volumes: {}, ...resources }
  return { name: 'a', source: '/a.yaml', dialect: 'compose', priority: 999, services: keyed, resources: needs }
}

export function network(name: string, rest: Partial<NetworkSpec> = {}): NetworkSpec {
  return {
    engineName: `a_${name}`,
    isExternal: false,
    driver: null,
    driverOpts: {},
    isInternal: false,
    isAttachable: false,
    enableIpv6: false,
    isConfigOnly: false,
    ipam: null,
    labels: {},
    ...rest,
  }
}

export function volume(name: string, rest: Partial<VolumeSpec> = {}): VolumeSpec {
  return { engineName: `a_${name}`, isExternal: false, driver: null, driverOpts: {}, labels: {}, ...rest }
}

export function joined(name: string): ContainerSettings['networks'][number] {
  const rest = { ipv4: null, ipv6: null, linkLocalIps: [], macAddress: null, driverOpts: {} }
  return { network: name, engineName: `a_${name}`, aliases: [], ...rest }
}

export function mounted(name: string): ContainerSettings['mounts'][number] {
  const rest = { isReadOnly: false, isCopied: true, subpath: null }
  return { kind: 'volume', volume: name, engineName: `a_${name}`, target: `/${name}`, ...rest }
}

export function image(id: string): EngineImage {
  return {
    id: `sha256:${id}`,
    tags: [],
    digests: [],
    sizeBytes: 1_000,
    config: {
      command: null,
      entrypoint: null,
      environment: {},
      labels: {},
      user: '',
      workingDir: '',
      stopSignal: null,
      healthcheck: null,
      volumes: [],
      expose: [],
    },
  }
}

/** The core beside an engine of its own. */
export interface Dock {
  readonly state: State
  /** In the registry, by reference: what a pull brings. */
  readonly registry: Map<string, string>
  readonly containers: Map<string, EngineContainer>
  readonly images: Map<string, EngineImage>
  readonly networks: Map<string, EngineNetwork>
  readonly volumes: Map<string, EngineVolume>
  /** Files that somebody else made. */
  readonly locks: Set<string>
  /** Resources whose steps fail, with the code. */
  readonly failing: Map<string, string>
  /** Kinds of steps that are taken, and neither done nor answered. */
  readonly silent: Set<EngineStep['kind']>
  /** All that is done until nothing more follows, as sentences. */
  settle(bootMs: number, ...events: readonly Event[]): readonly string[]
  /** One turn: what is asked for, and the outcomes for the next. */
  turn(bootMs: number, ...events: readonly Event[]): readonly string[]
  up(app: App): Event
  command(command: Command): Event
  /** By its name. */
  container(name: string): EngineContainer
  /** It changed by itself or by hand: the news of it. */
  change(name: string, to: Partial<EngineContainer>): Event
  /** The next daemon, with what was stored. */
  successor(state: State): void
}

export function dock(...pulled: readonly string[]): Dock {
  let state = revive(null, at(0))
  let pending: Event[] = []
  let clockMs = 0
  let serial = 0
  const images = new Map(pulled.map((reference) => [reference, image(reference)]))
  const world: Dock = {
    get state() {
      return state
    },
    registry: new Map(),
    containers: new Map(),
    images,
    networks: new Map(),
    volumes: new Map(),
    locks: new Set(),
    failing: new Map(),
    silent: new Set(),
    turn(bootMs, ...events) {
      const now = at(bootMs)
      clockMs = bootMs
      const observed = observe(state, [...pending, ...events], now)
      pending = []
      const advanced = advance(observed.state, now)
      const steps = plan(advanced.state, now)
      state = begin(advanced.state, steps, now).state
      for (const step of steps) perform(step)
      return steps.map(sentence)
    },
    settle(bootMs, ...events) {
      const told = [...world.turn(bootMs, ...events)]
      for (let turns = 0; pending.length > 0; turns++) {
        if (turns > 100) throw new Error(`no end of it: ${told.slice(-5).join('; ')}`)
        told.push(...world.turn(bootMs + (turns + 1)))
      }
      return told.filter((text) => !text.startsWith('observe-engine'))
    },
    up: (app) => asked({ kind: 'set-target', target: { apps: { a: app } }, by: { kind: 'daemon' }, why: 'up' }),
    command: asked,
    container(name) {
      const found = [...world.containers.values()].find((one) => one.name === name)
      if (found === undefined) throw new Error(`there is no container ${name}`)
      return found
    },
    change(name, to) {
      const changed = { ...world.container(name), ...to }
      world.containers.set(changed.id, changed)
      return { kind: 'engine-news', takenBootMs: clockMs + 0.5, news: { containers: [changed] } }
    },
    successor(next) {
      state = next
      pending = []
    },
  }

  function perform(step: Step): void {
    switch (step.kind) {
      case 'spawn': {
        const identity = { pid: 100 + step.run, startTicks: step.run, bootId: 'boot', pidNamespace: 'test' }
        pending.push({ kind: 'spawned', unit: step.unit, run: step.run, identity })
        return
      }
      case 'signal':
        signal(step)
        return
      case 'forget':
      case 'observe':
      case 'probe':
      case 'schedule':
        return
      default:
        pending.push(...outcome(step))
    }
  }

  function signal(step: Extract<Step, { kind: 'signal' }>): void {
    const { unit, run, container: id } = step
    if (id === undefined) {
      pending.push({ kind: 'exited', unit, run, exit: { kind: 'signal', signal: step.signal, core: false } })
      return
    }
    pending.push({ kind: 'signalled', unit, run, signal: step.signal, outcome: 'sent' })
    const one = world.containers.get(id)
    if (one === undefined || step.purpose === 'asked') return
    world.containers.set(id, { ...one, state: 'exited', pid: 0, exitCode: 143, finishedAt: stamp() })
    pending.push(told({ containers: [world.containers.get(id)!] }))
  }

  function told(news: EngineNews): EngineEvent {
    return { kind: 'engine-news', takenBootMs: clockMs, news }
  }

  /** Grows by a nanosecond with each use. */
  function stamp(): string {
    serial += 1
    return `2026-11-21T20:00:00.${String(serial).padStart(9, '0')}Z`
  }

  function outcome(step: EngineStep): readonly EngineEvent[] {
    if (world.silent.has(step.kind)) return []
    if (step.kind === 'observe-engine') return [look(step)]
    const { resource } = step
    const code = world.failing.get(resource)
    const common = { resource, step: step.kind, takenBootMs: clockMs }
    if (code !== undefined) {
      const failure = { code, message: `${resource} fails`, retry: true }
      return [{ kind: 'engine-failed', ...common, news: { containers: [...world.containers.values()] }, ...failure }]
    }
    if (step.kind === 'take-lock') {
      const file = step.isForced ? undefined : step.files.find((one) => world.locks.has(one))
      if (file !== undefined) {
        return [{ kind: 'engine-failed', ...common, news: {}, code: 'LOCKED', message: file, retry: true }]
      }
    }
    return [{ kind: 'engine-done', ...common, news: done(step) }]
  }

  function look({
    look: { isEverything, images: references },
  }: Extract<EngineStep, { kind: 'observe-engine' }>): EngineEvent {
    return {
      kind: 'engine-observed',
      takenBootMs: clockMs,
      name: 'Docker 20',
      apiVersion: '1.41',
      containers: isEverything ? [...world.containers.values()] : null,
      networks: isEverything ? [...world.networks.values()] : null,
      volumes: isEverything ? [...world.volumes.values()] : null,
      images: references.map((reference) => ({ reference, image: imageOf(reference) })),
    }
  }

  function imageOf(reference: string): EngineImage | null {
    return images.get(reference) ?? [...images.values()].find(({ id }) => id === reference) ?? null
  }

  function done(step: Exclude<EngineStep, { kind: 'observe-engine' }>): EngineNews {
    switch (step.kind) {
      case 'pull': {
        images.set(step.image, image(world.registry.get(step.image) ?? step.image))
        return { images: [{ reference: step.image, image: imageOf(step.image) }] }
      }
      case 'remove-image':
        images.delete(step.image)
        return { images: [{ reference: step.image, image: null }] }
      case 'create-network': {
        const { engineName: name, ipam, ...rest } = step.spec
        const made = { id: `net-${name}-${stamp()}`, name, isOurs: true, ...rest, driver: rest.driver ?? 'bridge' }
        world.networks.set(name, { ...made, ipam: ipam ?? { driver: 'default', config: [], options: {} } })
        return { networks: [world.networks.get(name)!] }
      }
      case 'remove-network':
        world.networks.delete(step.name)
        return { networksGone: [step.name] }
      case 'create-volume': {
        const { engineName: name, driverOpts, labels } = step.spec
        world.volumes.set(name, { name, isOurs: true, driver: 'local', driverOpts, labels })
        return { volumes: [world.volumes.get(name)!] }
      }
      case 'remove-volume':
        world.volumes.delete(step.name)
        return { volumesGone: [step.name] }
      case 'create-container': {
        const id = `c${world.containers.size + serial}-${step.unit}`
        const marks = { [homeLabel]: 'home', [unitLabel]: step.unit, [specLabel]: step.specHash }
        const settings = { ...step.spec.settings, labels: { ...step.spec.settings.labels, ...marks } }
        return change({
          ...created,
          id,
          name: step.spec.containerName,
          unit: step.unit,
          imageId: step.imageId,
          createdAt: stamp(),
          settings,
        })
      }
      case 'rename-container':
        return change({ ...world.containers.get(step.id)!, name: step.name })
      case 'update-container': {
        const one = world.containers.get(step.id)!
        return change({ ...one, settings: { ...one.settings, ...step.settings } })
      }
      case 'start-container':
        return change({ ...world.containers.get(step.id)!, state: 'running', pid: 7, startedAt: stamp() })
      case 'stop-container':
        return change({ ...world.containers.get(step.id)!, state: 'exited', pid: 0 })
      case 'remove-container':
        world.containers.delete(step.id)
        return { containersGone: [step.id] }
      case 'take-lock':
      case 'release-lock':
      case 'await-file':
        return {}
    }
  }

  function change(one: EngineContainer): EngineNews {
    world.containers.set(one.id, one)
    return { containers: [one] }
  }
  return world
}

const created = {
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
