import type {
  ContainerSpec,
  EngineContainer,
  EngineImage,
  EngineNews,
  EngineVolume,
  VolumeSpec,
} from '../core/containers/model.ts'
import type {
  App,
  Check,
  Checks,
  Command,
  Declared,
  Event,
  Instance,
  ProcessSpec,
  Release,
  Service,
  State,
  Target,
  UnitSpec,
} from '../core/model.ts'

/** Takes the secrets out of what is written down. */
export interface Redaction {
  state(state: State): State
  event(event: Event): Event
}

/**
 * Instead of the values of environments, of HTTP headers and of the options of volume drivers, where passwords are, it puts
 * `<redacted 7>`: the same number for equal values, so that what the core compares it finds as different or equal as it was.
 * Numbers are given in order of appearance and tell nothing of a value; they hold for one redaction.
 */
export function createRedaction(): Redaction {
  const numbers = new Map<string, number>()

  function hidden(value: string): string {
    const known = numbers.get(value)
    if (known === undefined) numbers.set(value, numbers.size + 1)
    return `<redacted ${known ?? numbers.size}>`
  }

  const hiddenValues = (values: Readonly<Record<string, string>>) =>
    mapped(values, (value, name) => (plainNames.has(name) ? value : hidden(value)))

  const process = <P extends Partial<ProcessSpec>>(spec: P): P =>
    spec.environment === undefined ? spec : { ...spec, environment: hiddenValues(spec.environment) }

  const container = <C extends Partial<ContainerSpec>>(spec: C): C =>
    spec.settings === undefined
      ? spec
      : { ...spec, settings: { ...spec.settings, environment: hiddenValues(spec.settings.environment) } }

  /** Headers are where keys are. */
  const check = (one: Check | null): Check | null => {
    if (one === null || one.probe.kind !== 'http') return one
    return { ...one, probe: { ...one.probe, headers: hiddenValues(one.probe.headers) } }
  }

  const checks = ({ readiness, liveness }: Checks): Checks => ({
    readiness: check(readiness),
    liveness: check(liveness),
  })

  const unitSpec = <S extends UnitSpec | null>(spec: S): S =>
    spec === null
      ? spec
      : {
          ...spec,
          process: process(spec.process),
          checks: checks(spec.checks),
          ...(spec.container === undefined ? {} : { container: container(spec.container) }),
        }

  const volume = <V extends VolumeSpec | EngineVolume>(spec: V): V => ({
    ...spec,
    driverOpts: hiddenValues(spec.driverOpts),
  })

  const instance = (one: Instance): Instance => ({
    ...one,
    ...(one.process === undefined ? {} : { process: process(one.process) }),
    ...(one.container === undefined ? {} : { container: container(one.container) }),
  })

  const service = (one: Service): Service => ({
    ...one,
    process: process(one.process),
    checks: checks(one.checks),
    instances: one.instances.map(instance),
    ...(one.container === undefined ? {} : { container: container(one.container) }),
  })

  const app = (one: App): App => {
    const { resources } = one
    const volumes = resources === undefined ? {} : mapped(resources.volumes, volume)
    return {
      ...one,
      services: mapped(one.services, service),
      ...(resources === undefined ? {} : { resources: { ...resources, volumes } }),
    }
  }

  const target = ({ apps }: Target): Target => ({ apps: mapped(apps, app) })

  const declared = <D extends Declared | null>(one: D): D => (one === null ? one : { ...one, app: app(one.app) })

  const release = (one: Release): Release => ({
    ...one,
    previous: declared(one.previous),
    rejected: declared(one.rejected),
  })

  const engineContainer = (one: EngineContainer): EngineContainer => ({
    ...one,
    settings: { ...one.settings, environment: hiddenValues(one.settings.environment) },
  })

  const engineImage = (one: EngineImage | null): EngineImage | null =>
    one === null ? one : { ...one, config: { ...one.config, environment: hiddenValues(one.config.environment) } }

  const command = (one: Command): Command => (one.kind === 'set-target' ? { ...one, target: target(one.target) } : one)

  /** What is not told stays so: null and absent are different. */
  const news = <N extends SeenOfEngine>(seen: N): N => ({
    ...seen,
    ...(seen.containers == null ? {} : { containers: seen.containers.map(engineContainer) }),
    ...(seen.images == null
      ? {}
      : { images: seen.images.map(({ reference, image }) => ({ reference, image: engineImage(image) })) }),
    ...(seen.volumes == null ? {} : { volumes: seen.volumes.map(volume) }),
  })

  return {
    state: (state) => ({
      ...state,
      target: target(state.target),
      units: mappedMap(state.units, (unit) => ({ ...unit, spec: unitSpec(unit.spec) })),
      releases: mappedMap(state.releases, release),
      containerEngine: {
        ...state.containerEngine,
        containers: mappedMap(state.containerEngine.containers, engineContainer),
        images: mappedMap(state.containerEngine.images, engineImage),
        volumes: mappedMap(state.containerEngine.volumes, volume),
      },
    }),
    event: (event) => {
      switch (event.kind) {
        case 'command':
          return { ...event, command: command(event.command) }
        case 'engine-observed':
          return news(event)
        case 'engine-news':
        case 'engine-done':
        case 'engine-failed':
          return { ...event, news: news(event.news) }
        default:
          return event
      }
    },
  }
}

type SeenOfEngine =
  | Pick<EngineNews, 'containers' | 'images' | 'volumes'>
  | Pick<Extract<Event, { kind: 'engine-observed' }>, 'containers' | 'images' | 'volumes'>

/** Variables that engines set by themselves: what they are is compared with what engines are known to set, and no secret. */
const plainNames: ReadonlySet<string> = new Set(['PATH', 'HOME', 'TERM', 'HOSTNAME', 'container'])

function mapped<T, U>(record: Readonly<Record<string, T>>, change: (value: T, key: string) => U): Record<string, U> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value, key)]))
}

function mappedMap<K, T>(map: ReadonlyMap<K, T>, change: (value: T) => T): ReadonlyMap<K, T> {
  return new Map([...map].map(([key, value]) => [key, change(value)]))
}
