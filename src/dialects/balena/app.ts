import type { App, Service } from '../../core/model.ts'
import { plainPriority } from '../../core/target/plain.ts'
import { type Contract, readContract, unmetOf } from './contracts.ts'
import type { DeviceFacts } from './device-facts.ts'
import { whyNotOurs } from './host-apps.ts'
import { renamedLabels } from './injected.ts'
import { isTruthy, type Reading, readPairs, textsOf, warn } from './reading.ts'
import { readResources } from './resources.ts'
import { decodeService } from './service.ts'
import type { StateApp, StateRelease, StateService } from './state.ts'

export type DecodedApp =
  | { readonly kind: 'app'; readonly app: App }
  /** It is left as it is, whatever that is. */
  | { readonly kind: 'held-back'; readonly why: string }
  /** Nothing of it is to run here. */
  | { readonly kind: 'nothing' }

export function decodeApp(options: {
  readonly reading: Reading
  readonly facts: DeviceFacts
  readonly isDeviceKnown: boolean
  readonly ignoresLocks: boolean
  readonly app: StateApp
  readonly name: string
}): DecodedApp {
  const { reading, facts, isDeviceKnown, ignoresLocks, app, name } = options
  if (app.release === null) return { kind: 'nothing' }
  const chosen = chooseServices({ reading, facts, isDeviceKnown, app, release: app.release })
  if (chosen.why !== null) {
    const message = `the release ${app.release.commit} of ${app.name} is not taken: ${chosen.why}`
    warn(reading, app.setting, message, 'what there is of this app stays as it is')
    return { kind: 'held-back', why: message }
  }
  const release: StateRelease = { ...app.release, services: chosen.services }
  if (app.isHost && release.services.length === 0) return { kind: 'nothing' }
  const scene = { reading, facts, app, release, leftOut: chosen.leftOut, isDeviceKnown }
  const services = release.services.map((service) => decodeService({ ...scene, service }, { ignoresLocks }))
  const containers = services.flatMap(({ container }) => container?.settings ?? [])
  return {
    kind: 'app',
    app: {
      name,
      source: reading.file,
      dialect: 'balena',
      priority: plainPriority,
      services: byName(services),
      resources: readResources(reading, app, release, containers),
      release: { id: release.commit, minHealthyMs: 10_000, deadlineMs: 300_000, isReverted: true },
    },
  }
}

function byName(services: readonly Service[]): App['services'] {
  return Object.fromEntries(services.map((service) => [service.name, service]))
}

interface Chosen {
  readonly services: readonly StateService[]
  readonly leftOut: ReadonlySet<string>
  /** Why none of the release is taken; null: it is. */
  readonly why: string | null
}

/** Leaves out what is no service of ours, and what the device does not meet and may be missing. */
function chooseServices(options: {
  readonly reading: Reading
  readonly facts: DeviceFacts
  readonly isDeviceKnown: boolean
  readonly app: StateApp
  readonly release: StateRelease
}): Chosen {
  const { reading, facts, isDeviceKnown, app, release } = options
  const services: StateService[] = []
  const leftOut = new Set<string>()
  const whys: string[] = []
  for (const service of release.services) {
    const labels = labelsOf(service)
    const contract: Contract = service.contract === null ? [] : readContract(reading, service.contract)
    const unmet = isDeviceKnown ? unmetOf(contract, facts) : []
    const notOurs = whyNotOurs(app, service, labels)
    const isOptional = isTruthy(labels['io.balena.features.optional'])
    if (notOurs !== null) leftOut.add(service.name)
    else if (unmet.length === 0) services.push(service)
    else if (isOptional) {
      leftOut.add(service.name)
      warn(reading, service.setting, `the service ${service.name} is left out, as it may be: ${unmet.join('; ')}`)
    } else whys.push(`${service.name}: ${unmet.join('; ')}`)
  }
  return { services, leftOut, why: whys.length === 0 ? null : whys.join('. ') }
}

/** What is wrong with them is told when the service is decoded. */
function labelsOf({ composition, labels }: StateService): Readonly<Record<string, string>> {
  const setting = composition.get('labels')
  const written = setting === null ? [] : readPairs({ file: '', problems: [] }, setting, '')
  return { ...renamedLabels(textsOf(written)), ...renamedLabels(labels) }
}
