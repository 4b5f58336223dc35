import type { AppResources, ContainerSpec, NetworkSpec, VolumeSpec } from '../../core/containers/model.ts'

/** A setting by the name that Compose files have for it, and its value as text. */
type Value = readonly [field: string, text: string]

/** What is said of the networks and volumes that a container uses: whatever changes of them may concern it. */
export function* resourceValues({ settings }: ContainerSpec, resources: AppResources | undefined): Iterable<Value> {
  if (resources === undefined) return
  for (const { network } of settings.networks) {
    const spec = resources.networks[network]
    if (spec !== undefined) yield* networkValues(`networks.${network}`, spec)
  }
  for (const mount of settings.mounts) {
    const spec = mount.kind === 'volume' && mount.volume !== null ? resources.volumes[mount.volume] : undefined
    if (mount.kind === 'volume' && spec !== undefined) yield* volumeValues(`volumes.${mount.volume}`, spec)
  }
}

/** Of a volume, what only another one would have: this one stays as it is, with what it holds. */
export function isLeftAsItIs(field: string): boolean {
  return /^volumes\.[^.]+\.(?:driver$|labels\.)/.test(field)
}

function* networkValues(field: string, spec: NetworkSpec): Iterable<Value> {
  yield* commonValues(field, spec)
  if (spec.isInternal) yield [`${field}.internal`, 'true']
  if (spec.isAttachable) yield [`${field}.attachable`, 'true']
  if (spec.enableIpv6) yield [`${field}.enable_ipv6`, 'true']
  const { ipam } = spec
  if (ipam === null) return
  if (ipam.driver !== null) yield [`${field}.ipam.driver`, ipam.driver]
  const subnets = ipam.config.map(({ subnet, gateway, ipRange }) =>
    [
      subnet ?? 'any',
      ...(gateway === null ? [] : [`gateway ${gateway}`]),
      ...(ipRange === null ? [] : [`from ${ipRange}`]),
    ].join(' '),
  )
  if (subnets.length > 0) yield [`${field}.ipam.config`, subnets.join(', ')]
}

function* volumeValues(field: string, spec: VolumeSpec): Iterable<Value> {
  yield* commonValues(field, spec)
}

function* commonValues(field: string, spec: NetworkSpec | VolumeSpec): Iterable<Value> {
  yield [`${field}.name`, spec.engineName]
  if (spec.isExternal) yield [`${field}.external`, 'true']
  if (spec.driver !== null) yield [`${field}.driver`, spec.driver]
  for (const [name, text] of Object.entries(spec.driverOpts)) yield [`${field}.driver_opts.${name}`, text]
  for (const [name, text] of Object.entries(spec.labels)) yield [`${field}.labels.${name}`, text]
}
