import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { constants, tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import type { EngineStep } from '../../src/core/containers/model.ts'
import { createDockerDriver } from '../../src/drivers/docker/driver.ts'
import type { SignalStep } from '../../src/drivers/docker/signal-step.ts'
import { bootNow } from '../../src/sys/boot-clock.ts'
import {
  type ContainerBehaviour,
  type ContainerEngineHarness,
  containerEngineContract,
} from '../contract/container-engine.ts'
import type { EngineJson } from './docker/engine-api.ts'
import { type DockerHost, type ImageContent, noDocker, startDockerHost } from './docker/host.ts'
import { type Registry, startRegistry } from './docker/registry.ts'
import { isCatching } from './processes.ts'
import { until } from './until.ts'

const stopCode = 7
const lives: ImageContent = {
  cmd: ['sh', '-c', `trap 'exit ${stopCode}' TERM INT; while :; do sleep 3600 & wait; done`],
}
const images: Readonly<Record<ContainerBehaviour, ImageContent>> = {
  lives,
  exits: { cmd: ['sh', '-c', 'sleep 0.2; exit 3'] },
  'is-healthy': { ...lives, healthcheck: '--interval=1s CMD true' },
  'cannot-start': { cmd: ['/no/such/program'] },
}

interface World {
  readonly host: DockerHost
  readonly registry: Registry
  readonly published: string
}

let world: Promise<World> | null = null
/** One engine for all of them: each test finds it empty but for the images. */
async function openWorld(): Promise<World> {
  const host = await startDockerHost({ isLiveRestore: true })
  const registry = await startRegistry(host)
  await host.importImage('to-publish:1', lives)
  const published = await registry.push('to-publish:1', 'published:1')
  return { host, registry, published }
}

after(async () => {
  const opened = await world
  await opened?.registry.close()
  await opened?.host.close()
})

async function tidy({ host, published }: World): Promise<void> {
  const containers: EngineJson[] = await host.api.get('/containers/json?all=1')
  await Promise.all(containers.map(({ Id }) => host.api.remove(`/containers/${Id}?force=1&v=1`)))
  await host.api.post('/networks/prune')
  const { Volumes }: { Volumes: EngineJson[] | null } = await host.api.get('/volumes')
  await Promise.all((Volumes ?? []).map(({ Name }) => host.api.remove(`/volumes/${Name}?force=1`)))
  await host.api.remove(`/images/${published}?force=1`).catch(() => {})
}

async function ensureImages(host: DockerHost): Promise<void> {
  const wanted = { there: lives, ...images }
  for (const [name, content] of Object.entries(wanted)) {
    const isThere = await host.api.get(`/images/${name}:1/json`).catch(() => null)
    if (isThere === null) await host.importImage(`${name}:1`, content)
  }
}

async function openHarness(): Promise<ContainerEngineHarness> {
  world ??= openWorld()
  const { host, registry, published } = await world
  await ensureImages(host)
  const directory = mkdtempSync(join(tmpdir(), 'hf-contract-'))
  const abort = new AbortController()
  const driver = createDockerDriver({
    address: host,
    homeId: 'home-1',
    clock: { now: bootNow },
    warn: () => {},
    environment: {},
  })
  const { api } = host
  const found = (path: string): Promise<EngineJson | null> => api.get(path).catch(() => null)
  const act = async (id: string, what: string): Promise<void> => void (await api.post(`/containers/${id}/${what}`))
  return {
    open: (post) => driver.events(post, abort.signal),
    perform: (steps, post) => {
      for (const step of steps) driver.perform(step as EngineStep | SignalStep, post)
    },
    images: { there: 'there:1', published, nowhere: registry.nameOf('nowhere:1') },
    imageOf: (behaviour) => `${behaviour}:1`,
    settingsOf: () => ({}),
    stopCode,
    async untilItListens(id) {
      const { Pid } = (await api.get(`/containers/${id}/json`)).State
      await until('it to have set its trap', () => isCatching(Pid, constants.signals.SIGTERM))
    },
    file: (name) => join(directory, name),
    byHand: {
      async run(name, labels) {
        const { Id } = await api.post(`/containers/create?name=${name}`, { Image: 'lives:1', Labels: labels })
        await api.post(`/containers/${Id}/start`)
        return Id
      },
      start: (id) => act(id, 'start'),
      kill: (id) => act(id, 'kill'),
      pause: (id) => act(id, 'pause'),
      unpause: (id) => act(id, 'unpause'),
      rename: (id, name) => act(id, `rename?name=${name}`),
      remove: async (id) => void (await api.remove(`/containers/${id}?force=1`)),
      stateOf: async (container) => (await found(`/containers/${container}/json`))?.State.Status ?? null,
      imageId: async (reference) => (await found(`/images/${reference}/json`))?.Id ?? null,
      networks: async () => (await api.get('/networks')).map((one: EngineJson) => one.Name),
      volumes: async () => ((await api.get('/volumes')).Volumes ?? []).map((one: EngineJson) => one.Name),
      makeFile: async (file) => writeFileSync(file, ''),
      hasFile: async (file) => existsSync(file),
      stopEngine: host.kill,
      startEngine: host.start,
    },
    settle: async (isDone) => void (await until('what the contract promises', isDone)),
    async close() {
      abort.abort()
      driver.close()
      rmSync(directory, { recursive: true })
      await tidy(await world!)
    },
  }
}

if (!noDocker) containerEngineContract('docker', openHarness)
