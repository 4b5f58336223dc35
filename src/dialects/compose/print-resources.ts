import type { AppResources, IpamSpec, NetworkSpec, VolumeSpec } from '../../core/containers/model.ts'
import type { ReleasePolicy } from '../../core/release/model.ts'
import { printDuration } from '../../formats/duration.ts'
import type { YamlRecord, YamlValue } from '../../formats/yaml-text.ts'
import { networkLabels, networkSpec, volumeLabels, volumeSpec } from './container/resources.ts'
import { printNamed, type Style, unlessEmpty, unlessUsual } from './print-value.ts'
import { releaseDefault } from './release.ts'

/** The networks and volumes of an app, at the top of its file. */
export function printResources(app: string, resources: AppResources | undefined, style: Style): YamlRecord {
  if (resources === undefined) return {}
  const networks = Object.entries(resources.networks).map(
    ([key, spec]) => [key, printNetwork(app, key, spec, style)] as const,
  )
  const volumes = Object.entries(resources.volumes).map(
    ([key, spec]) => [key, printVolume(app, key, spec, style)] as const,
  )
  return {
    // A network that need not be declared is there by itself.
    networks: unlessEmpty(
      Object.fromEntries(networks.filter(([key, said]) => key !== 'default' || Object.keys(said).length > 0)),
    ),
    volumes: unlessEmpty(Object.fromEntries(volumes)),
  }
}

function printNetwork(app: string, key: string, spec: NetworkSpec, style: Style): YamlRecord {
  if (spec.isExternal) return printExternal(key, spec.engineName, style)
  return withoutNothing({
    name: unlessUsual(style, spec.engineName, networkSpec(app, key).engineName),
    driver: spec.driver ?? undefined,
    driver_opts: printNamed(spec.driverOpts),
    internal: unlessUsual(style, spec.isInternal, false),
    attachable: unlessUsual(style, spec.isAttachable, false),
    enable_ipv6: unlessUsual(style, spec.enableIpv6, false),
    ipam: spec.ipam === null ? undefined : printIpam(spec.ipam),
    labels: printNamed(beyond(spec.labels, networkLabels(app, key))),
  })
}

function printIpam({ driver, config, options }: IpamSpec): YamlRecord {
  return withoutNothing({
    driver: driver ?? undefined,
    config: config.length === 0 ? undefined : config.map(printSubnet),
    options: printNamed(options),
  })
}

function printSubnet({ subnet, gateway, ipRange, auxAddresses }: IpamSpec['config'][number]): YamlRecord {
  return withoutNothing({
    subnet: subnet ?? undefined,
    gateway: gateway ?? undefined,
    ip_range: ipRange ?? undefined,
    aux_addresses: printNamed(auxAddresses),
  })
}

function printVolume(app: string, key: string, spec: VolumeSpec, style: Style): YamlRecord {
  if (spec.isExternal) return printExternal(key, spec.engineName, style)
  return withoutNothing({
    name: unlessUsual(style, spec.engineName, volumeSpec(app, key).engineName),
    driver: spec.driver ?? undefined,
    driver_opts: printNamed(spec.driverOpts),
    labels: printNamed(beyond(spec.labels, volumeLabels(app, key))),
  })
}

function printExternal(key: string, engineName: string, style: Style): YamlRecord {
  return withoutNothing({ external: true, name: unlessUsual(style, engineName, key) })
}

function beyond(
  labels: Readonly<Record<string, string>>,
  usual: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(labels).filter(([name]) => !Object.hasOwn(usual, name)))
}

function withoutNothing(record: YamlRecord): YamlRecord {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined))
}

/** `x-holdfast.release`; `hasContainers`: nothing need be said where it is as usual. */
export function printRelease(
  policy: ReleasePolicy | undefined,
  hasContainers: boolean,
  style: Style,
): YamlValue | undefined {
  if (policy === undefined) return hasContainers || style === 'complete' ? false : undefined
  const said: YamlRecord = {
    id: policy.id ?? undefined,
    healthy_for: unlessUsual(style, printDuration(policy.minHealthyMs), printDuration(releaseDefault.minHealthyMs)),
    deadline: unlessUsual(style, printDuration(policy.deadlineMs), printDuration(releaseDefault.deadlineMs)),
    revert: unlessUsual(style, policy.isReverted, releaseDefault.isReverted),
  }
  return unlessEmpty(said) === undefined && hasContainers ? undefined : withoutNothing(said)
}
