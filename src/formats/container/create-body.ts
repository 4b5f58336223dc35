import { askedLabel } from '../../core/containers/marks.ts'
import type { BlkioRate, ContainerSettings, ContainerSpec, PortSpec } from '../../core/containers/model.ts'
import { askedText } from './asked.ts'
import { limitsBody, restartBody } from './limits-body.ts'
import { mountBody } from './mount-body.ts'
import { type NetworkBody, namespaceText, networkBody } from './network-body.ts'
import { said, stated } from './said.ts'

export interface CreateBody {
  /** POST /containers/create; the name and the platform are parameters of the request. */
  readonly body: object
  /** POST /networks/NETWORK/connect, one after the other, before the container is started. */
  readonly connects: readonly { readonly network: string; readonly endpoint: object }[]
}

/**
 * What is asked of the engine (Engine API 1.41, and what later ones changed) so that a container becomes as declared.
 * It says nothing of what is not declared. What an older engine does not know is left out, where a container without it
 * is still the one that was meant. Throws an Error that says what is missing, or what the engine cannot do at all.
 */
export function containerCreateBody(
  { settings }: ContainerSpec,
  {
    imageId,
    marks,
    containers,
    apiVersion,
  }: {
    readonly imageId: string
    /** Labels of our own. */
    readonly marks: Readonly<Record<string, string>>
    /** The container of each service that a namespace is shared with, by service. */
    readonly containers: Readonly<Record<string, string>>
    /** `1.41` */
    readonly apiVersion: string
  },
): CreateBody {
  const api = { minor: minorOf(apiVersion) }
  const network = networkBody(settings, { containers, api })
  const mounts = mountBody(settings.mounts, api)
  const asked = askedText(settings)
  const labels = { ...settings.labels, ...(asked === null ? {} : { [askedLabel]: asked }), ...marks }
  const body = stated({
    Image: imageId,
    ...configBody(settings, api),
    Labels: said(labels),
    Volumes: mounts.volumes,
    MacAddress: network.macAddress,
    HostConfig: stated({
      NetworkMode: network.mode,
      Binds: mounts.binds,
      Mounts: mounts.mounts,
      Tmpfs: mounts.tmpfs,
      ...hostBody(settings, { containers, api }),
      ...limitsBody(settings),
    }),
    NetworkingConfig: networkingBody(network),
  })
  return { body, connects: network.connects }
}

/** Of `1.41` the 41. */
function minorOf(apiVersion: string): number {
  const [major, minor] = apiVersion.split('.').map(Number)
  return major === 1 ? (minor ?? 0) : Number.POSITIVE_INFINITY
}

function networkingBody({ endpoints }: NetworkBody): object | undefined {
  return endpoints === undefined ? undefined : { EndpointsConfig: endpoints }
}

function configBody(settings: ContainerSettings, api: { readonly minor: number }): object {
  return {
    Hostname: settings.hostname ?? undefined,
    Domainname: settings.domainname ?? undefined,
    User: settings.user ?? undefined,
    WorkingDir: settings.workingDir ?? undefined,
    Cmd: settings.command ?? undefined,
    Entrypoint: settings.entrypoint ?? undefined,
    Env: said(Object.entries(settings.environment).map(([name, value]) => `${name}=${value}`)),
    Tty: settings.isTty || undefined,
    OpenStdin: settings.isStdinOpen || undefined,
    StopSignal: settings.stopSignal ?? undefined,
    StopTimeout: settings.stopGraceMs === null ? undefined : Math.ceil(settings.stopGraceMs / 1_000),
    Healthcheck: healthcheckBody(settings.healthcheck, api),
    ExposedPorts: exposedBody(settings),
  }
}

/** What is not said of it is the image's, also where it is `none`. */
function healthcheckBody(healthcheck: ContainerSettings['healthcheck'], api: { readonly minor: number }) {
  if (healthcheck === null) return undefined
  if (healthcheck === 'none') return { Test: ['NONE'] }
  const { test, intervalMs, timeoutMs, startPeriodMs, startIntervalMs, retries } = healthcheck
  return said(
    stated({
      Test: test ?? undefined,
      Interval: nanoseconds(intervalMs),
      Timeout: nanoseconds(timeoutMs),
      StartPeriod: nanoseconds(startPeriodMs),
      StartInterval: api.minor >= 44 ? nanoseconds(startIntervalMs) : undefined,
      Retries: retries ?? undefined,
    }),
  )
}

function nanoseconds(ms: number | null): number | undefined {
  return ms === null ? undefined : Math.round(ms * 1_000_000)
}

function exposedBody({ expose, ports }: ContainerSettings): object | undefined {
  const published = ports.map(portKey)
  return said(Object.fromEntries([...expose, ...published].map((port) => [port, {}])))
}

function portKey({ containerPort, protocol }: PortSpec): string {
  return `${containerPort}/${protocol}`
}

function portsBody(ports: readonly PortSpec[]): object | undefined {
  const bindings: Record<string, object[]> = {}
  for (const port of ports) {
    const binding = { HostIp: port.hostAddress, HostPort: port.hostPort === null ? '' : String(port.hostPort) }
    const key = portKey(port)
    bindings[key] = [...(bindings[key] ?? []), binding]
  }
  return said(bindings)
}

function hostBody(
  settings: ContainerSettings,
  {
    containers,
    api,
  }: { readonly containers: Readonly<Record<string, string>>; readonly api: { readonly minor: number } },
): object {
  const { restart, logging } = settings
  const namespace = (mode: string | null) => (mode === null ? undefined : namespaceText(mode, containers))
  return {
    PortBindings: portsBody(settings.ports),
    RestartPolicy: restartBody(restart),
    LogConfig: logging === null ? undefined : { Type: logging.driver, Config: logging.options },
    Dns: said(settings.dns),
    DnsOptions: said(settings.dnsOptions),
    DnsSearch: said(settings.dnsSearch),
    ExtraHosts: said(settings.extraHosts),
    CapAdd: said(settings.capAdd),
    CapDrop: said(settings.capDrop),
    Devices: said(settings.devices.map(deviceBody)),
    DeviceCgroupRules: said(settings.deviceCgroupRules),
    DeviceRequests: said(settings.deviceRequests.map(deviceRequestBody)),
    GroupAdd: said(settings.groupAdd),
    SecurityOpt: said(settings.securityOptions),
    Sysctls: said(settings.sysctls),
    Ulimits: said(Object.entries(settings.ulimits).map(([Name, { soft, hard }]) => ({ Name, Soft: soft, Hard: hard }))),
    StorageOpt: said(settings.storageOptions),
    Annotations: api.minor >= 43 ? said(settings.annotations) : undefined,
    Privileged: settings.isPrivileged || undefined,
    ReadonlyRootfs: settings.isReadOnly || undefined,
    Init: settings.init ?? undefined,
    IpcMode: namespace(settings.ipc),
    PidMode: namespace(settings.pid),
    UTSMode: settings.uts ?? undefined,
    UsernsMode: settings.usernsMode ?? undefined,
    CgroupnsMode: settings.cgroupNamespace ?? undefined,
    CgroupParent: settings.cgroupParent ?? undefined,
    Runtime: settings.runtime ?? undefined,
    ShmSize: settings.shmBytes ?? undefined,
    MemorySwappiness: settings.memorySwappiness ?? undefined,
    OomKillDisable: settings.isOomKillDisabled || undefined,
    OomScoreAdj: settings.oomScoreAdj ?? undefined,
    CpuRealtimePeriod: settings.cpuRealtimePeriodUs ?? undefined,
    CpuRealtimeRuntime: settings.cpuRealtimeRuntimeUs ?? undefined,
    BlkioWeightDevice: said(settings.blkioWeightDevices.map(({ path, weight }) => ({ Path: path, Weight: weight }))),
    BlkioDeviceReadBps: said(settings.blkioDeviceReadBps.map(rateBody)),
    BlkioDeviceWriteBps: said(settings.blkioDeviceWriteBps.map(rateBody)),
    BlkioDeviceReadIOps: said(settings.blkioDeviceReadIops.map(rateBody)),
    BlkioDeviceWriteIOps: said(settings.blkioDeviceWriteIops.map(rateBody)),
  }
}

function deviceBody({ source, target, permissions }: ContainerSettings['devices'][number]): object {
  return { PathOnHost: source, PathInContainer: target, CgroupPermissions: permissions }
}

function deviceRequestBody({
  driver,
  count,
  deviceIds,
  capabilities,
  options,
}: ContainerSettings['deviceRequests'][number]) {
  return { Driver: driver, Count: count, DeviceIDs: deviceIds, Capabilities: capabilities, Options: options }
}

function rateBody({ path, rate }: BlkioRate): object {
  return { Path: path, Rate: rate }
}
