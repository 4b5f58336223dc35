import type { Random } from '../../../src/base/prng.ts'
import type {
  AppResources,
  ContainerHealthcheck,
  ContainerNetwork,
  ContainerSettings,
  ContainerSpec,
  MountSpec,
  NetworkSpec,
  UpdateStrategy,
  VolumeSpec,
} from '../../../src/core/containers/model.ts'
import type { App, Dependency, Service } from '../../../src/core/model.ts'
import { noChecks, noHooks, noLabels, plainEnd, plainProcess } from '../../../src/core/target/plain.ts'
import { plainSettings } from '../../../src/core/target/plain-container.ts'
import { drawPolicy, drawService, type Role, roleOf } from '../services.ts'

/** An app of containers and processes, with what they need of the engine; it comes and changes as people change theirs. */

export const boxName = 'box'

/** Two seeds in seven have it, of a stream of its own: what the others draw stays as it is. */
export function hasContainers(seed: number): boolean {
  return seed % 7 >= 5
}

export const repositories = ['reg/a', 'reg/b', 'reg/c']
export const versionsMax = 4

export function imageName(repository: string, version: number): string {
  return `${repository}:${version}`
}

/** Of what a reference means as long as its tag is not moved. */
export function imageId(reference: string): string {
  return idOfContent(reference.replace(':', '/'))
}

export function idOfContent(content: string): string {
  return `sha256:${Buffer.from(content).toString('hex').padEnd(64, '0').slice(0, 64)}`
}

export function drawBox(random: Random): App {
  const isLocked = random.chance(0.45)
  const services: Service[] = []
  for (let index = 0, count = random.whole(2, 4); index < count; index++) {
    services.push(drawOne(random, `c${index}`, services, isLocked))
  }
  return boxOf(services, drawResources(random), 999)
}

function drawOne(random: Random, name: string, earlier: readonly Service[], isLocked: boolean): Service {
  if (random.chance(0.2)) {
    const drawn = drawService(random, name, [])
    return { ...drawn, dependsOn: drawEdges(random, earlier) }
  }
  return drawContainerService(random, name, earlier, isLocked)
}

function drawContainerService(random: Random, name: string, earlier: readonly Service[], isLocked: boolean): Service {
  const role: Role = random.chance(0.2) ? 'job' : 'server'
  const policy = drawPolicy(random, role)
  const stopSignal = random.pick([null, 'SIGTERM', 'SIGINT'])
  const settings: ContainerSettings = {
    ...plainSettings,
    command: [role, name],
    environment: { LEVEL: String(random.whole(1, 3)) },
    labels: random.chance(0.3) ? { tier: 'front' } : {},
    stopSignal,
    healthcheck: role === 'server' && random.chance(0.4) ? drawHealthcheck(random) : null,
    restart: { name: random.chance(0.8) ? policy.when : 'no', retriesMax: 0 },
    ...drawNetworking(random, name, earlier),
    mounts: random.chance(0.4) ? [drawMount(random)] : [],
    memoryBytes: random.chance(0.2) ? random.whole(1, 4) * 1024 * 1024 : null,
  }
  const container: ContainerSpec = {
    containerName: `${boxName}-${name}`,
    image: imageName(random.pick(repositories), random.whole(1, versionsMax)),
    platform: null,
    pull: random.chance(0.15) ? 'always' : 'missing',
    strategy: drawStrategy(random, name),
    adopts: random.chance(0.3) ? { agent: 'other', service: name } : null,
    lockFiles: isLocked ? [`/run/${boxName}/${name}/updates.lock`] : [],
    settings,
  }
  const graceMs = random.whole(50, 3_000)
  return {
    name,
    kind: 'container',
    ...plainEnd,
    process: plainProcess,
    container,
    instances: drawInstances(random, name, container),
    autostart: !random.chance(0.1),
    restart: policy,
    stop: [
      { signal: (stopSignal ?? 'SIGTERM').slice(3), scope: 'main', waitMs: graceMs },
      { signal: 'KILL', scope: 'tree', waitMs: random.whole(50, 3_000) },
    ],
    dependsOn: drawEdges(random, earlier),
    priority: 999,
    manualStop: random.chance(0.5) ? 'until-started' : 'until-daemon-restart',
    checks: noChecks,
    hooks: noHooks,
    schedule: null,
    once: null,
    labels: noLabels,
  }
}

/** Each has a name of its own; who publishes a port is there once. */
function drawInstances(random: Random, name: string, { settings }: ContainerSpec): Service['instances'] {
  const count = settings.ports.length === 0 && random.chance(0.2) ? 2 : 1
  if (count === 1) return [{ n: 1 }]
  return Array.from({ length: count }, (_, index) => ({
    n: index + 1,
    container: { containerName: `${boxName}-${name}-${index + 1}` },
  }))
}

function drawHealthcheck(random: Random): ContainerHealthcheck {
  const retries = random.whole(1, 3)
  return {
    test: ['CMD', 'check'],
    intervalMs: 500,
    timeoutMs: null,
    startPeriodMs: null,
    startIntervalMs: null,
    retries,
  }
}

function drawNetworking(
  random: Random,
  name: string,
  earlier: readonly Service[],
): Pick<ContainerSettings, 'networkMode' | 'networks' | 'ports'> {
  const lent = earlier.find(
    ({ kind, container }) => kind === 'container' && container?.settings.command?.[0] === 'server',
  )
  if (lent !== undefined && random.chance(0.12)) {
    return { networkMode: { kind: 'service', service: lent.name }, networks: [], ports: [] }
  }
  const port = {
    hostAddress: '',
    hostPort: 8_000 + Number(name.slice(-1)),
    containerPort: 80,
    protocol: 'tcp',
  } as const
  const networks = random.chance(0.8) ? [joined('default', name)] : []
  if (random.chance(0.2)) networks.push(joined('back', name))
  return { networkMode: { kind: 'networks' }, networks, ports: random.chance(0.2) ? [port] : [] }
}

function joined(network: string, alias: string): ContainerNetwork {
  const plain = { ipv4: null, ipv6: null, linkLocalIps: [], macAddress: null, driverOpts: {} }
  return { network, engineName: `${boxName}_${network}`, aliases: [alias], ...plain }
}

function drawMount(random: Random): MountSpec {
  const volume = random.pick(['data', 'cache'])
  return {
    ...{ kind: 'volume', volume, engineName: `${boxName}_${volume}`, target: `/${volume}` },
    ...{ isReadOnly: false, isCopied: true, subpath: null },
  }
}

export function doneFile(service: string): string {
  return `/run/${boxName}/${service}/handover-complete`
}

function drawStrategy(random: Random, name: string): UpdateStrategy {
  const drawn = random.whole(0, 9)
  if (drawn < 5) return { kind: 'download-then-kill' }
  if (drawn < 6) return { kind: 'kill-then-download' }
  if (drawn < 7) return { kind: 'delete-then-download' }
  const doneFiles = random.chance(0.7) ? [doneFile(name)] : []
  return { kind: 'hand-over', timeoutMs: random.whole(500, 5_000), doneFiles }
}

function drawEdges(random: Random, earlier: readonly Service[]): readonly Dependency[] {
  if (earlier.length === 0 || random.chance(0.4)) return []
  const chosen = random.shuffled(earlier).slice(0, random.whole(1, 2))
  return chosen.map((service) => ({
    service: service.name,
    condition: drawCondition(random, service),
    required: random.chance(0.8),
    restart: random.chance(0.3),
  }))
}

function drawCondition(random: Random, service: Service): Dependency['condition'] {
  if (isChecked(service) && random.chance(0.6)) return 'healthy'
  const command = service.container?.settings.command ?? service.process.command
  return roleOf(command) === 'job' && random.chance(0.8) ? 'completed' : 'started'
}

/** Somebody can tell whether it is healthy. */
export function isChecked({ checks, container }: Pick<Service, 'checks' | 'container'>): boolean {
  if (container === undefined) return checks.readiness !== null
  return container.settings.healthcheck !== null && container.settings.healthcheck !== 'none'
}

function drawResources(random: Random): AppResources {
  return {
    networks: { default: network('default'), back: { ...network('back'), isInternal: random.chance(0.5) } },
    volumes: { data: volume('data'), cache: volume('cache') },
  }
}

function network(name: string): NetworkSpec {
  return {
    ...{ engineName: `${boxName}_${name}`, isExternal: false, driver: null, driverOpts: {}, isInternal: false },
    ...{ isAttachable: false, enableIpv6: false, isConfigOnly: false, ipam: null, labels: {} },
  }
}

function volume(name: string): VolumeSpec {
  return { engineName: `${boxName}_${name}`, isExternal: false, driver: null, driverOpts: {}, labels: {} }
}

function boxOf(services: readonly Service[], resources: AppResources, priority: number): App {
  const keyed = Object.fromEntries(services.map((service) => [service.name, fitting(service, services)]))
  return { name: boxName, source: '/etc/box.yaml', dialect: 'balena', priority, services: keyed, resources }
}

/** Nobody waits for the health of what nobody checks, and nobody lives in the network of what is not there. */
function fitting(service: Service, services: readonly Service[]): Service {
  const find = (name: string) => services.find((one) => one.name === name)
  const dependsOn = service.dependsOn.flatMap((edge) => {
    const other = find(edge.service)
    if (other === undefined) return []
    return edge.condition === 'healthy' && !isChecked(other) ? [{ ...edge, condition: 'started' as const }] : [edge]
  })
  const { container } = service
  const mode = container?.settings.networkMode
  const isLost = mode?.kind === 'service' && find(mode.service)?.kind !== 'container'
  if (!isLost || container === undefined) return { ...service, dependsOn }
  const settings: ContainerSettings = { ...container.settings, networkMode: { kind: 'networks' } }
  return { ...service, dependsOn, container: { ...container, settings } }
}

/** One thing changes as somebody who edits the declaration may change it. */
export function changeBox(random: Random, app: App): App {
  const services = Object.values(app.services)
  const resources = app.resources ?? { networks: {}, volumes: {} }
  const service = random.pick(services)
  const { container } = service
  const put = (changed: Service) =>
    boxOf(
      services.map((one) => (one === service ? changed : one)),
      resources,
      app.priority,
    )
  const rest = services.filter((one) => one !== service)
  const isLocked = services.some((one) => (one.container?.lockFiles.length ?? 0) > 0)
  if (random.chance(0.15)) return services.length <= 2 ? app : boxOf(rest, resources, app.priority)
  if (random.chance(0.15)) {
    const name = `c${random.whole(4, 6)}`
    const others = services.filter((one) => one.name !== name)
    // Nobody depends on what depends on him.
    const earlier = others.length < services.length ? [] : others
    return boxOf([...others, drawOne(random, name, earlier, isLocked)], resources, app.priority)
  }
  if (random.chance(0.1)) {
    const back = resources.networks.back
    const changed = back === undefined ? network('back') : { ...back, isInternal: !back.isInternal }
    return boxOf(services, { ...resources, networks: { ...resources.networks, back: changed } }, app.priority)
  }
  if (container === undefined) return put({ ...service, restart: drawPolicy(random, roleOf(service.process.command)) })
  return put(changeContainer(random, service, container))
}

function changeContainer(random: Random, service: Service, container: ContainerSpec): Service {
  const { settings } = container
  const withSettings = (changed: Partial<ContainerSettings>): Service => ({
    ...service,
    container: { ...container, settings: { ...settings, ...changed } },
  })
  switch (random.whole(0, 9)) {
    case 0:
    case 1:
    case 2: {
      const image = imageName(random.pick(repositories), random.whole(1, versionsMax))
      return { ...service, container: { ...container, image } }
    }
    case 3:
    case 4:
      return withSettings({ environment: { LEVEL: String(random.whole(1, 5)) } })
    case 5: {
      const containerName = `${boxName}-${service.name}-r${random.whole(1, 3)}`
      return service.instances.length > 1 ? service : { ...service, container: { ...container, containerName } }
    }
    case 6:
      return { ...service, container: { ...container, strategy: drawStrategy(random, service.name) } }
    case 7:
      return withSettings({ memoryBytes: random.whole(1, 4) * 1024 * 1024 })
    case 8:
      return { ...service, autostart: !service.autostart }
    default:
      return withSettings({ mounts: random.chance(0.5) ? [drawMount(random)] : [] })
  }
}
