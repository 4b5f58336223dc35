import type { ImageConfig } from '../../src/core/containers/model.ts'
import { plainSettings } from '../../src/core/target/plain-container.ts'
import { createFakeContainerEngine, promptly } from '../../src/drivers/fake/container-engine.ts'
import { createEngineWorld } from '../../src/drivers/fake/engine/engine-world.ts'
import type { Published } from '../../src/drivers/fake/engine/images.ts'
import { containerScriptFromEnvironment } from '../../src/drivers/fake/engine/script.ts'
import type { Post } from '../../src/engine/ports.ts'
import { createSimClock, type SimTime } from '../sim/clock.ts'
import { type ContainerBehaviour, type ContainerEngineHarness, containerEngineContract } from './container-engine.ts'

containerEngineContract('fake', async (): Promise<ContainerEngineHarness> => {
  const time: SimTime = { bootId: 'boot', bootMs: 1_000, wallOffsetMs: 0 }
  const world = createEngineWorld({
    scriptOf: ({ settings, starts }) => containerScriptFromEnvironment(settings, starts),
  })
  const { clock, alarm } = createSimClock(time)
  const engine = createFakeContainerEngine({ world, clock, home: 'home-1', treat: () => promptly })
  const abort = new AbortController()
  const byRunning = new Set(['observe-engine', 'signal'])
  for (const reference of ['there:1', 'published:1', ...Object.values(imagesOf)]) {
    world.registry.publish(reference, image(reference))
    if (reference !== 'published:1') world.pulled(reference)
  }
  world.takeNotes()

  /** What happened past the driver is noticed. */
  const now = <T>(happen: () => T): Promise<T> => {
    const result = happen()
    alarm.bootMs = time.bootMs
    return Promise.resolve(result)
  }

  return {
    open: (post: Post) => engine.events(post, abort.signal),
    perform: (steps, post) =>
      engine.perform(
        steps.filter((step) => byRunning.has(step.kind) || 'resource' in step) as Parameters<typeof engine.perform>[0],
        post,
      ),
    images: { there: 'there:1', published: 'published:1', nowhere: 'nowhere:1' },
    imageOf: (behaviour) => imagesOf[behaviour],
    settingsOf: (behaviour) => ({ environment: { HOLDFAST_FAKE: words[behaviour] } }),
    stopCode: 143,
    untilItListens: async () => {},
    file: (name) => `/run/${name}`,
    byHand: {
      run: (name, labels) =>
        now(() => {
          const imageId = world.images.inspect('there:1')!.id
          const { id } = world.create({ name, imageId, settings: { ...plainSettings, labels }, nowBootMs: time.bootMs })
          world.start(id, time.bootMs)
          return id
        }),
      start: (id) => now(() => world.start(id, time.bootMs)),
      kill: (id) => now(() => world.kill(id, 'KILL', time.bootMs)),
      pause: (id) => now(() => world.pause(id, time.bootMs)),
      unpause: (id) => now(() => world.unpause(id, time.bootMs)),
      rename: (id, name) => now(() => world.rename(id, name)),
      remove: (id) => now(() => world.remove(id, { isForced: true, nowBootMs: time.bootMs })),
      stateOf: async (container) =>
        [...world.containers.values()].find(({ id, name }) => id === container || name === container)?.state ?? null,
      imageId: async (reference) => world.images.inspect(reference)?.id ?? null,
      networks: async () => [...world.networks.values()].map(({ name }) => name),
      volumes: async () => [...world.volumes.keys()],
      makeFile: (file) => now(() => void world.files.make(file, 'somebody')),
      hasFile: async (file) => world.files.ownerOf(file) !== null,
      stopEngine: () => now(() => world.goDown()),
      startEngine: () => now(() => world.comeUp(time.bootMs, { isLiveRestore: false })),
    },
    async settle(isDone) {
      while (!isDone()) {
        if (alarm.bootMs === null) throw new Error('nothing is left to happen')
        time.bootMs = Math.max(time.bootMs, alarm.bootMs)
        alarm.bootMs = null
        alarm.wake()
        await Promise.resolve()
      }
    },
    close: async () => abort.abort(),
  }
})

const imagesOf: Readonly<Record<ContainerBehaviour, string>> = {
  lives: 'plain:1',
  exits: 'plain:1',
  'is-healthy': 'checked:1',
  'cannot-start': 'plain:1',
}

const words: Readonly<Record<ContainerBehaviour, string>> = {
  lives: '',
  exits: 'lives=20 exit=3',
  'is-healthy': 'ready=5',
  'cannot-start': 'fails=ENOENT',
}

function image(reference: string): Published {
  const check = { test: ['CMD', 'true'], intervalMs: null, timeoutMs: null, startPeriodMs: null, startIntervalMs: null }
  const config: ImageConfig = {
    command: ['serve'],
    entrypoint: null,
    environment: { PATH: '/bin' },
    labels: { made: 'here' },
    user: '',
    workingDir: '/srv',
    stopSignal: null,
    healthcheck: reference === 'checked:1' ? { ...check, retries: null } : null,
    volumes: [],
    expose: [],
  }
  const hex = Buffer.from(reference).toString('hex').padEnd(64, '0')
  return { id: `sha256:${hex}`, digest: `sha256:${hex}`, sizeBytes: 1_000, config, pullMs: 40 }
}
