import { homeLabel, unitLabel } from '../../../core/containers/marks.ts'
import type { EngineContainer, EngineNetwork, EngineVolume } from '../../../core/containers/model.ts'
import type { FakeContainer, FakeNetwork, FakeVolume } from './engine-world.ts'

/** What the engine describes, in the words of the core. `home`: whose marks count as ours. */

export function tellContainer(container: FakeContainer, home: string): EngineContainer {
  const { id, name, imageId, state, pid, createdAt, startedAt, finishedAt, exitCode } = container
  const { isOutOfMemory, error, restartCount, health, settings } = container
  const unit = settings.labels[homeLabel] === home ? (settings.labels[unitLabel] ?? null) : null
  return {
    ...{ id, name, unit, imageId, state, pid, createdAt, startedAt, finishedAt, exitCode },
    ...{ isOutOfMemory, error, restartCount, health, settings },
  }
}

export function tellNetwork({ id, name, spec }: FakeNetwork, home: string): EngineNetwork {
  const { driverOpts, isInternal, isAttachable, enableIpv6, isConfigOnly, labels } = spec
  return {
    ...{ id, name, driverOpts, isInternal, isAttachable, enableIpv6, isConfigOnly, labels },
    isOurs: labels[homeLabel] === home,
    driver: spec.driver ?? 'bridge',
    ipam: spec.ipam ?? { driver: 'default', config: [chosenSubnet(id)], options: {} },
  }
}

/** Where none is asked for the engine takes the next one of its own. */
function chosenSubnet(id: string) {
  const subnet = `172.${16 + (Number.parseInt(id.slice(0, 12), 16) % 16)}.0.0/16`
  return { subnet, gateway: subnet.replace('0.0/16', '0.1'), ipRange: null, auxAddresses: {} }
}

export function tellVolume({ name, spec }: FakeVolume, home: string): EngineVolume {
  const { driverOpts, labels } = spec
  return { name, driverOpts, labels, isOurs: labels[homeLabel] === home, driver: spec.driver ?? 'local' }
}

export function hasLabels({ settings }: FakeContainer, wanted: Readonly<Record<string, string>>): boolean {
  return Object.entries(wanted).every(([name, value]) => settings.labels[name] === value)
}
