import assert from 'node:assert/strict'
import type {
  ContainerSettings,
  ContainerSpec,
  EngineContainer,
  EngineEvent,
  EngineLook,
  EngineNews,
  EngineStep,
} from '../../../src/core/containers/model.ts'
import type { Event } from '../../../src/core/model.ts'
import { plainSettings } from '../../../src/core/target/plain-container.ts'
import { createDockerDriver, type DockerDriver } from '../../../src/drivers/docker/driver.ts'
import type { SignalStep } from '../../../src/drivers/docker/signal-step.ts'
import { bootNow } from '../../../src/sys/boot-clock.ts'
import { until } from '../until.ts'

export const homeId = 'home-of-tests'

export type Outcome = Extract<EngineEvent, { kind: 'engine-done' | 'engine-failed' }>
export type Observed = Extract<EngineEvent, { kind: 'engine-observed' }>
type WorkStep = Exclude<EngineStep, { kind: 'observe-engine' }>
/** Each kind by itself: of a union only what all have in common would be left. */
type Asked<Step = WorkStep> = Step extends WorkStep ? Omit<Step, 'why' | 'resource'> : never

/** One driver over a real engine, with all that it posts. */
export interface DriverBench {
  readonly driver: DockerDriver
  /** All that was posted, in order; outcomes and news alike. */
  readonly events: readonly Event[]
  readonly warnings: readonly string[]
  /** Asks for a step; its resource is made up. */
  outcome(step: Asked): Promise<Outcome>
  /** The same, and it was done. */
  done(step: Asked): Promise<EngineNews>
  /** The same, and it failed. */
  failed(step: Asked): Promise<Extract<Outcome, { kind: 'engine-failed' }>>
  look(look?: Partial<EngineLook>): Promise<Observed | Extract<EngineEvent, { kind: 'engine-observe-failed' }>>
  signal(container: string, signal: string, purpose?: SignalStep['purpose']): Promise<Event>
  create(name: string, image: string, settings?: Partial<ContainerSettings>): Promise<EngineContainer>
  start(container: EngineContainer): Promise<EngineContainer>
  run(name: string, image: string, settings?: Partial<ContainerSettings>): Promise<EngineContainer>
  createStep(
    name: string,
    image: string,
    settings?: Partial<ContainerSettings>,
  ): Promise<Extract<Asked, { kind: 'create-container' }>>
  /** Resolves with the first event, from the `from`th on, that passes. */
  event<T>(what: string, pick: (event: Event) => T | null | false, from?: number): Promise<T>
  close(): void
}

export function openDriver(
  socketPath: string,
  options: {
    readonly home?: string
    readonly environment?: Readonly<Record<string, string>>
    readonly isDeaf?: boolean
  } = {},
): DriverBench {
  const events: Event[] = []
  const warnings: string[] = []
  const abort = new AbortController()
  let count = 0
  const driver = createDockerDriver({
    address: { socketPath },
    homeId: options.home ?? homeId,
    clock: { now: bootNow },
    warn: (text) => warnings.push(text),
    environment: options.environment ?? {},
  })
  const post = (event: Event): void => void events.push(event)
  if (!options.isDeaf) driver.events(post, abort.signal)

  function asked(step: EngineStep | SignalStep, isOutcome: (event: Event) => boolean): Promise<Event> {
    return new Promise((resolve) => {
      driver.perform(step, (event) => {
        post(event)
        if (isOutcome(event)) resolve(event)
      })
    })
  }

  const bench: DriverBench = {
    driver,
    events,
    warnings,
    async outcome(step) {
      count += 1
      const resource = `step:${count}`
      const whole: WorkStep = { ...step, resource, why: 'test' }
      return (await asked(whole, ({ kind }) => kind === 'engine-done' || kind === 'engine-failed')) as Outcome
    },
    async done(step) {
      const outcome = await bench.outcome(step)
      assert.equal(outcome.kind, 'engine-done', outcome.kind === 'engine-failed' ? outcome.message : '')
      return outcome.news
    },
    async failed(step) {
      const outcome = await bench.outcome(step)
      assert.equal(outcome.kind, 'engine-failed')
      return outcome
    },
    async look(look = {}) {
      const step = {
        kind: 'observe-engine',
        look: { isEverything: true, adopts: [], images: [], ...look },
        why: 'test',
      } as const
      const isOutcome = ({ kind }: Event) => kind === 'engine-observed' || kind === 'engine-observe-failed'
      return (await asked(step, isOutcome)) as Observed
    },
    async signal(container, signal, purpose = 'asked') {
      const step = {
        kind: 'signal',
        unit: 'a/web/1',
        run: 1,
        signal,
        scope: 'main',
        purpose,
        container,
        why: 'test',
      } as const
      return await asked(step, ({ kind }) => kind === 'signalled' || kind === 'signal-failed')
    },
    async createStep(name, image, settings = {}) {
      const { images } = (await bench.look({ isEverything: false, images: [image] })) as Observed
      const spec = specOf(name, image, settings)
      const imageId = images[0]?.image?.id ?? `sha256:${'0'.repeat(64)}`
      return { kind: 'create-container', unit: `a/${name}/1`, spec, imageId, specHash: 'made', containers: {} }
    },
    async create(name, image, settings) {
      return theContainer(await bench.done(await bench.createStep(name, image, settings)))
    },
    async start({ id }) {
      return theContainer(await bench.done({ kind: 'start-container', unit: 'a/web/1', id }))
    },
    run: async (name, image, settings) => await bench.start(await bench.create(name, image, settings)),
    event: (what, pick, from = 0) =>
      until(what, () => {
        for (const event of events.slice(from)) {
          const found = pick(event)
          if (found !== null && found !== false) return { found }
        }
        return null
      }).then(({ found }) => found),
    close() {
      abort.abort()
      driver.close()
    },
  }
  return bench
}

export function specOf(name: string, image: string, settings: Partial<ContainerSettings> = {}): ContainerSpec {
  return {
    ...{ containerName: name, image, platform: null, pull: 'missing', adopts: null, lockFiles: [] },
    strategy: { kind: 'download-then-kill' },
    settings: { ...plainSettings, ...settings },
  }
}

export function theContainer({ containers }: EngineNews): EngineContainer {
  assert.equal(containers?.length, 1)
  return containers![0]!
}

/** News of the container that pass. */
export function newsOf(id: string, isIt: (container: EngineContainer) => boolean) {
  return (event: Event): EngineContainer | null => {
    if (event.kind !== 'engine-news' && event.kind !== 'engine-done') return null
    return event.news.containers?.find((one) => one.id === id && isIt(one)) ?? null
  }
}
