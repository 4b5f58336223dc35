import { createRandom, type Random } from '../../../src/base/prng.ts'
import type { ImageConfig } from '../../../src/core/containers/model.ts'
import { plainSettings } from '../../../src/core/target/plain-container.ts'
import {
  createEngineWorld,
  type EngineWorld,
  type FakeContainer,
} from '../../../src/drivers/fake/engine/engine-world.ts'
import type { Published } from '../../../src/drivers/fake/engine/images.ts'
import { type ContainerScript, livesOn } from '../../../src/drivers/fake/engine/script.ts'
import { roleOf } from '../services.ts'
import { doneFile, hasContainers, idOfContent, imageName, repositories, versionsMax } from './declared.ts'
import { drawEngineMix, type EngineFaultKind, type EngineMix } from './faults.ts'

/** The engine of a scenario, with what is on it that is nobody's business of ours. */
export interface Dock {
  /** A stream of its own: what other things draw stays as it is. */
  readonly random: Random
  readonly world: EngineWorld
  readonly mix: EngineMix
  /** Die at every start. */
  readonly looping: Set<string>
  readonly foreign: Foreign
  isFaulty: boolean
  /** Things of ours that somebody changed by hand, by key: what is said of them is not judged by what was there. */
  readonly touched: Map<string, number>
  /** When what is wrong for a while is right again. */
  upBootMs: number | null
  roomBootMs: number | null
  /** Locks that users of containers hold, until then. */
  readonly locks: Map<string, number>
  lives: number
}

/** What must be there as it was, whatever we do. */
export interface Foreign {
  readonly containers: Set<string>
  readonly networks: Set<string>
  readonly volumes: Set<string>
  readonly images: Set<string>
}

export const home = 'home-1'

export function openDock(seed: number, without: readonly string[]): Dock | null {
  if (!hasContainers(seed)) return null
  const random = createRandom(seed ^ 0x2545_f491)
  const drawn = drawEngineMix(random)
  const mix = new Set([...drawn].filter((kind) => !without.includes(kind)))
  const looping = new Set<string>()
  const isOn = (kind: EngineFaultKind) => dock.isFaulty && mix.has(kind)
  const world = createEngineWorld({ scriptOf: (container) => drawContainerScript(dock, container, isOn) })
  const dock: Dock = {
    ...{ random, world, mix, looping, isFaulty: false, touched: new Map(), upBootMs: null, roomBootMs: null },
    ...{ locks: new Map(), lives: 0 },
    foreign: { containers: new Set(), networks: new Set(), volumes: new Set(), images: new Set() },
  }
  publishAll(dock)
  settleForeigners(dock)
  dock.isFaulty = true
  return dock
}

// ---- what the registry has ---------------------------------------------------------------------------------------

function publishAll({ world, random }: Dock): void {
  for (const repository of repositories) {
    for (let version = 1; version <= versionsMax; version++) {
      // Two tags of the last repository mean the same.
      const content = repository === repositories[2] && version === 2 ? 1 : version
      world.registry.publish(imageName(repository, version), published(repository, content, random))
    }
  }
}

export function published(repository: string, content: number, random: Random): Published {
  const id = idOfContent(`${repository}/${content}`)
  const config: ImageConfig = {
    command: ['server', 'image'],
    entrypoint: null,
    environment: { PATH: '/bin', VERSION: String(content) },
    labels: { version: String(content) },
    user: '',
    workingDir: '/srv',
    stopSignal: null,
    healthcheck: null,
    volumes: [],
    expose: [],
  }
  return { id, digest: id, sizeBytes: 100, config, pullMs: random.whole(5, 1_500) }
}

/** Somebody else's container, network, volume and image are there from the beginning. */
function settleForeigners({ world, foreign, random }: Dock): void {
  world.registry.publish('other/app:1', published('other/app', 1, random))
  world.pulled('other/app:1')
  const image = world.images.inspect('other/app:1')!
  foreign.images.add(image.id)
  const network = world.createNetwork({
    ...{ engineName: 'other_net', isExternal: false, driver: null, driverOpts: {}, isInternal: false },
    ...{ isAttachable: false, enableIpv6: false, isConfigOnly: false, ipam: null, labels: {} },
  })
  foreign.networks.add(network.id)
  const volume = world.createVolume({
    engineName: 'other_data',
    isExternal: false,
    driver: null,
    driverOpts: {},
    labels: {},
  })
  foreign.volumes.add(volume.name)
  const settings = { ...plainSettings, restart: { name: 'always', retriesMax: 0 } as const }
  const container = world.create({ name: 'other-app', imageId: image.id, settings, nowBootMs: 0 })
  world.start(container.id, 0)
  foreign.containers.add(container.id)
  // Another agent's container of the service that we may take over.
  if (random.chance(0.5)) {
    const labels = { agent: 'other', service: `c${random.whole(0, 2)}` }
    const taken = world.create({ name: 'other-c', imageId: image.id, settings: { ...settings, labels }, nowBootMs: 0 })
    world.start(taken.id, 0)
  }
  // We were here before: an earlier declaration left an image that is not ours by what is stored.
  if (random.chance(0.3)) world.pulled(imageName(repositories[0]!, 1))
  world.takeNotes()
}

// ---- what containers do -------------------------------------------------------------------------------------------

export function goodContainerScript(random: Random, { settings }: FakeContainer): ContainerScript {
  const [word = 'server', name = ''] = settings.command ?? []
  const isJob = roleOf([word]) === 'job'
  return {
    ...livesOn,
    livesMs: isJob ? random.whole(1, 400) : null,
    stopMs: random.whole(0, 40),
    health: [{ afterMs: random.whole(0, 500), status: 'healthy' }],
    makes: isJob ? [] : [{ afterMs: random.whole(0, 800), file: doneFile(name) }],
  }
}

function drawContainerScript(
  { random, looping, isFaulty }: Dock,
  container: FakeContainer,
  isOn: (kind: EngineFaultKind) => boolean,
): ContainerScript {
  let script = goodContainerScript(random, container)
  if (!isFaulty) return script
  const on = (kind: EngineFaultKind, probability: number) => isOn(kind) && random.chance(probability)
  const exitCode = random.pick([0, 1, 1, 7, 137])
  const name = container.settings.command?.[1] ?? ''
  if (isOn('container-loop') && looping.size < 1 && random.chance(0.3)) looping.add(name)
  if (random.chance(0.15)) script = { ...script, livesMs: random.whole(500, 8_000), exitCode }
  if (on('container-crash', 0.4)) {
    script = { ...script, livesMs: random.whole(0, 1_000), exitCode, isOutOfMemory: random.chance(0.2) }
  }
  if (isOn('container-loop') && looping.has(name)) script = { ...script, livesMs: random.whole(0, 30), exitCode: 1 }
  if (on('container-deaf', 0.4)) script = { ...script, ignores: random.pick([['TERM'], ['TERM', 'INT'], ['INT']]) }
  if (on('container-slow-stop', 0.5)) script = { ...script, stopMs: random.whole(0, 4_000), stopCode: exitCode }
  if (on('unhealthy', 0.5)) script = { ...script, health: drawHealth(random) }
  if (on('hand-over-silent', 0.6)) script = { ...script, makes: [] }
  if (on('start-fails', 0.3)) {
    const why = random.pick([
      { status: 400, message: 'OCI runtime create failed: executable file not found in $PATH', exitCode: 127 },
      { status: 500, message: 'OCI runtime create failed: out of pids', exitCode: 128 },
    ])
    script = { ...script, startFailure: why }
  }
  return script
}

function drawHealth(random: Random): ContainerScript['health'] {
  const afterMs = random.whole(100, 3_000)
  return random.pick<ContainerScript['health']>([
    [],
    [{ afterMs, status: 'unhealthy' }],
    [
      { afterMs, status: 'unhealthy' },
      { afterMs: afterMs + random.whole(100, 3_000), status: 'healthy' },
    ],
    [
      { afterMs: 50, status: 'healthy' },
      { afterMs, status: 'unhealthy' },
    ],
  ])
}
