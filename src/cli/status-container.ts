import { shortId } from '../core/containers/among.ts'
import { byteText } from '../formats/byte-text.ts'
import type { ContainerItem, EngineItem, MountItem, NetworkUse, PullItem, UnitDetail } from '../wire/api.ts'
import { momentText } from './time-text.ts'
import type { LabelledRow as Row } from './wrap.ts'

/** What a unit has of the container engine: its image and container, what it is joined to, and how it is updated. */
export function containerRows({ container, unit, service }: UnitDetail, nowMs: number): readonly Row[] {
  // Older daemons tell nothing of it.
  if (container == null) return []
  const { networks, networkMode, ports, mounts, present } = container
  return [
    ['image', `${container.image}${idText(container.imageId)}`],
    ...(container.pull === null ? [] : [['', pullText(container.pull)] as const]),
    ['container', present === null ? 'none' : presentText(present, nowMs)],
    ...(present === null || present.error === '' ? [] : [['', `the engine says: ${present.error}`] as const]),
    ...(networkMode === 'networks'
      ? networkRows(networks, service)
      : [['network', modeText(networkMode, unit)] as const]),
    ...(ports.length === 0 ? [] : [['ports', ports.join(', ')] as const]),
    ...mounts.map((mount, at): Row => [at === 0 ? 'mounts' : '', mountText(mount), 'cut']),
    ...updateRows(container),
    ['engine', engineText(container.engine)],
  ]
}

function idText(id: string | null): string {
  return id === null ? '' : ` (${shortId(id)})`
}

function presentText(
  { name, id, state, createdAt, restartCount }: NonNullable<ContainerItem['present']>,
  nowMs: number,
): string {
  const facts = [
    `${name}${idText(id)}`,
    ...(state === 'running' ? [] : [state]),
    ...(createdAt === null ? [] : [`created ${momentText(Date.parse(createdAt), nowMs)}`]),
    ...(restartCount === 0
      ? []
      : [`started again ${restartCount === 1 ? 'once' : `${restartCount} times`} by the engine`]),
  ]
  return facts.join(', ')
}

/** `being pulled: 45 %, 13.5 MiB of 30 MiB`. */
export function pullText({ isUnderWay, percent, bytesDone, bytesTotal, why }: PullItem): string {
  if (!isUnderWay) return why
  const of = bytesTotal === null ? '' : ` of ${byteText(bytesTotal)}`
  const done = [
    ...(percent === null ? [] : [`${Math.floor(percent)} %`]),
    ...(bytesDone === 0 ? [] : [`${byteText(bytesDone)}${of}`]),
  ]
  return `being pulled${done.length === 0 ? '' : `: ${done.join(', ')}`}${why === '' ? '' : `; ${why}`}`
}

function networkRows(networks: readonly NetworkUse[], service: string): readonly Row[] {
  if (networks.length === 0) return []
  const texts = networks.map(({ name, aliases }) => {
    const others = aliases.filter((alias) => alias !== service)
    return others.length === 0 ? name : `${name} (as ${others.join(', ')})`
  })
  return [['networks', texts.join(', ')]]
}

function modeText(mode: string, unit: string): string {
  if (mode === 'host') return 'that of the host'
  if (mode === 'none') return 'none'
  return mode.startsWith('service:') ? `that of ${unit.split('/')[0]}/${mode.slice('service:'.length)}` : mode
}

/** `/data: volume shop_data, read-only`. */
function mountText({ kind, source, target, isReadOnly }: MountItem): string {
  const what =
    kind === 'bind' ? (source ?? '') : kind === 'tmpfs' ? 'in memory' : `volume ${source ?? 'without a name'}`
  return `${target}: ${what}${isReadOnly ? ', read-only' : ''}`
}

function updateRows({ update, engineRestart }: ContainerItem): readonly Row[] {
  const { strategy, handOver, lockFiles, lockedBy } = update
  const partner =
    handOver === null
      ? ''
      : `; ${handOver.role === 'takes over' ? 'takes over from' : 'hands over to'} ${handOver.with}`
  const lock = lockFiles.length === 0 ? '' : `; lock ${lockFiles.join(', ')}`
  return [
    ['update', `${strategy}${partner}${lock}`],
    ...(lockedBy === null ? [] : [['held by', `${lockedBy}, which somebody else made; --force overrides it`] as const]),
    ...(engineRestart === 'no' ? [] : [['while away', `the engine restarts it: ${engineRestart}`] as const]),
  ]
}

/** `Docker 20.10.24, API 1.41`, or why there is none. */
export function engineText({ name, apiVersion, why }: EngineItem): string {
  return name === null ? why : `${name}, API ${apiVersion}${why === '' ? '' : `; ${why}`}`
}
