import { wallMsOf } from '../../base/rfc3339.ts'
import { type Belongings, belongingsOf, imageResource, unitResource } from '../../core/containers/among.ts'
import { imageById } from '../../core/containers/change.ts'
import { overlayImage } from '../../core/containers/compare-image.ts'
import { handsOverTo, isHandingOver } from '../../core/containers/handing-over.ts'
import { lockedBy } from '../../core/containers/lock-need.ts'
import { lockFilesOf } from '../../core/containers/locks.ts'
import type {
  ContainerHealthcheck,
  ContainerSettings,
  ContainerSpec,
  EngineContainer,
  MountSpec,
} from '../../core/containers/model.ts'
import { engineObstacle, imageText, isImageThere, troubleText } from '../../core/containers/obstacle.ts'
import { isEngineNeeded } from '../../core/containers/plan.ts'
import type { Now, State, Unit } from '../../core/model.ts'
import { byteText } from '../../formats/byte-text.ts'
import type { ContainerItem, EngineItem, Fact, MountItem, PullItem, UpdateItem } from '../../wire/api.ts'
import { coresText, networkModeText, portTexts, restartText } from './container-words.ts'

/** One look at the engine's things, for all units that are told. */
export interface EngineSight {
  readonly state: State
  readonly belongings: Belongings
  readonly now: Now
}

export function sightOf(state: State, now: Now): EngineSight {
  return { state, belongings: belongingsOf(state), now }
}

/** What there is to tell of a unit's container; null: it is a process. */
export function containerItem(sight: EngineSight, unit: Unit): ContainerItem | null {
  const spec = unit.spec.container
  if (spec === undefined) return null
  const { state, belongings, now } = sight
  const present = belongings.byUnit.get(unit.id) ?? null
  const { settings, image } = spec
  const isThere = isImageThere(state, unit.app, spec)
  return {
    image,
    imageId: present?.imageId ?? state.containerEngine.images.get(image)?.id ?? null,
    pull: isThere || !unit.isDeclared ? null : pullItem(state, image, now),
    present: present === null ? null : presentItem(present),
    networkMode: networkModeText(settings.networkMode),
    networks: settings.networks.map(({ engineName, aliases }) => ({ name: engineName, aliases })),
    ports: portTexts(settings.ports),
    mounts: settings.mounts.map(mountItem),
    engineRestart: restartText(settings.restart),
    update: updateItem(sight, unit, spec),
    engine: engineItem(state, now),
  }
}

function presentItem(container: EngineContainer): NonNullable<ContainerItem['present']> {
  const { id, name, state, restartCount, error } = container
  const createdWallMs = wallMsOf(container.createdAt)
  const createdAt = createdWallMs === null ? null : new Date(createdWallMs).toISOString()
  return { id, name, state, createdAt, restartCount, error }
}

function mountItem(mount: MountSpec): MountItem {
  const { target } = mount
  if (mount.kind === 'tmpfs') return { kind: 'tmpfs', source: null, target, isReadOnly: false }
  const source = mount.kind === 'bind' ? mount.source : mount.engineName
  return { kind: mount.kind, source, target, isReadOnly: mount.isReadOnly }
}

function updateItem({ state, belongings, now }: EngineSight, unit: Unit, spec: ContainerSpec): UpdateItem {
  const outgoing = handsOverTo(state, unit.id)
  const heir = isHandingOver(state, unit) ? (unit.container?.handsOverTo ?? null) : null
  return {
    strategy: spec.strategy.kind,
    handOver:
      heir !== null
        ? { with: heir, role: 'hands over' }
        : outgoing === null
          ? null
          : { with: outgoing.id, role: 'takes over' },
    lockFiles: lockFilesOf(state, unit.app),
    lockedBy: lockedBy(state, belongings, unit, now),
  }
}

/** An image that is on its way, or that has to be; `why` is empty while all goes well. */
export function pullItem(state: State, reference: string, now: Now): PullItem {
  const work = state.containerEngine.work.get(imageResource(reference))
  const trouble = troubleText(state, imageResource(reference), now)
  if (work?.step !== 'pull') {
    const why = engineObstacle(state, now) ?? trouble ?? imageText(state, reference, now)
    return { isUnderWay: false, percent: null, bytesDone: 0, bytesTotal: null, why }
  }
  const { percent = null, bytesDone = 0, bytesTotal = null } = work.progress ?? {}
  return { isUnderWay: true, percent, bytesDone, bytesTotal, why: trouble ?? '' }
}

/** null: nothing that is declared or runs needs one. */
export function neededEngine(state: State, now: Now): EngineItem | null {
  return isEngineNeeded(state) ? engineItem(state, now) : null
}

export function engineItem(state: State, now: Now): EngineItem {
  const { status } = state.containerEngine
  const why = engineObstacle(state, now) ?? ''
  if (status.kind !== 'connected') return { status: status.kind, name: null, apiVersion: null, why }
  return { status: 'connected', name: status.name, apiVersion: status.apiVersion, why }
}

/** `Docker 20.10.24, API 1.41`, or why there is none. */
export function engineText({ name, apiVersion, why }: EngineItem): string {
  return name === null ? why : `${name}, API ${apiVersion}${why === '' ? '' : `; ${why}`}`
}

/** Why a container that is wanted is not started yet, without times: those differ at each look. null: nothing is known to keep it. */
export function notYetReason({ containerEngine }: State, { id, phase, spec: { container } }: Unit): string | null {
  if (container === undefined || phase !== 'idle') return null
  const { status, work, troubles } = containerEngine
  if (status.kind === 'absent') {
    return `the container engine does not answer (${status.failure.code}): ${status.failure.message}`
  }
  const { image } = container
  const pull = work.get(imageResource(image))
  const percent = pull?.progress?.percent ?? null
  if (pull?.step === 'pull')
    return `image ${image} is being pulled${percent === null ? '' : `: ${Math.floor(percent)} %`}`
  const ofImage = troubles.get(imageResource(image))
  if (ofImage !== undefined) return `image ${image}: ${ofImage.failure.code}: ${ofImage.failure.message}`
  const own = troubles.get(unitResource(id))
  return own === undefined ? null : `${own.failure.code}: ${own.failure.message}`
}

// ---- what it runs ----------------------------------------------------------------------------------------------

/** What its entrypoint and command come to, with what its image says as far as that is known. */
export function containerArgv(sight: EngineSight, unit: Unit): readonly string[] {
  const { entrypoint, command } = effectiveSettings(sight, unit) ?? { entrypoint: null, command: null }
  return [...(entrypoint ?? []), ...(command ?? [])]
}

/** The check that the engine does for it; null: none. */
export function engineHealthcheck(sight: EngineSight, unit: Unit): ContainerHealthcheck | null {
  const check = effectiveSettings(sight, unit)?.healthcheck ?? null
  return check === 'none' || check === null || check.test === null || check.test[0] === 'NONE' ? null : check
}

function effectiveSettings(
  { state, belongings }: EngineSight,
  unit: Unit,
): Pick<ContainerSettings, 'entrypoint' | 'command' | 'healthcheck'> | null {
  const spec = unit.spec.container
  const present = belongings.byUnit.get(unit.id)
  if (present !== undefined) return present.settings
  if (spec === undefined) return null
  const image = imageById(state, spec.image)
  return image === null ? spec.settings : overlayImage(spec.settings, image.config)
}

// ---- what it is limited to -------------------------------------------------------------------------------------

/** As of the limits of a process, in the same words. */
export function containerLimits(settings: ContainerSettings): readonly Fact[] {
  const facts: readonly (Fact | null)[] = [
    fact('memory', settings.memoryBytes, byteText),
    fact('memory low', settings.memoryReservationBytes, byteText),
    fact('memory and swap', settings.memorySwapBytes, (bytes) => (bytes === -1 ? 'unlimited' : byteText(bytes))),
    fact('cpus', coresMax(settings), String),
    fact('cpu shares', settings.cpuShares, String),
    fact('processes', processesMax(settings), String),
    fact('cpu affinity', settings.cpuset, String),
    fact('oom score', settings.oomScoreAdj, String),
    fact('shared memory', settings.shmBytes, byteText),
    ...Object.entries(settings.ulimits).map(([name, { soft, hard }]) => ({
      name,
      value: soft === hard ? String(soft) : `${soft}, hard ${hard}`,
    })),
  ]
  return facts.filter((each) => each !== null)
}

export function coresMax({ nanoCpus, cpuQuotaUs, cpuPeriodUs }: ContainerSettings): number | null {
  if (nanoCpus !== null) return Number(coresText(nanoCpus))
  return cpuQuotaUs === null || cpuQuotaUs <= 0 ? null : cpuQuotaUs / (cpuPeriodUs ?? usualPeriodUs)
}

/** cpu.cfs_period_us of the kernel, where nobody says another. */
const usualPeriodUs = 100_000

export function processesMax({ pidsMax }: ContainerSettings): number | null {
  return pidsMax === -1 ? null : pidsMax
}

function fact<T>(name: string, value: T | null, text: (value: T) => string): Fact | null {
  return value === null ? null : { name, value: text(value) }
}
