import { belongingsOf, volumeResource } from '../../core/containers/among.ts'
import { lockedBy } from '../../core/containers/lock-need.ts'
import { engineObstacle, troubleText } from '../../core/containers/obstacle.ts'
import type { State, Unit, UnitId, Who } from '../../core/model.ts'
import { isWantedUp } from '../../core/unit/wish.ts'
import type { EnginePort, Snapshot } from '../../engine/ports.ts'
import { suggest } from '../../formats/suggest.ts'
import { apiVersion, type PurgeItem, type PurgeReport } from '../../wire/api.ts'
import type { PurgeRequest } from '../../wire/requests.ts'
import { Refusal } from './refusal.ts'
import { type Goal, settle, usualWaitMs } from './settling.ts'
import { type OwnVolume, ownVolumes, usesVolume } from './volumes.ts'
import { appsWithContainers, commandWith, outcomesOf, refuseWhileStopping } from './wishes.ts'

/** Removes what volumes hold, and waits until that is done and those that use them run again. */
export async function purge(engine: EnginePort, request: PurgeRequest, by: Who): Promise<PurgeReport> {
  const before = engine.snapshot()
  const volumes = chosenVolumes(before.state, request.names)
  const users = usersOf(before.state, volumes)
  const stops = users.filter(({ run }) => run !== null).map(({ id }) => id)
  if (request.dryRun) return planned(volumes, stops)
  refuseWhileStopping(before.state)
  const command = { kind: 'purge', volumes: volumes.map(({ volume }) => volume), by } as const
  const commanded = await commandWith(engine, command, request.force ? appsWithContainers(users) : [])
  if (!request.wait) return report(commanded, volumes, stops)
  const goals = new Map<UnitId, Goal>()
  for (const unit of users) if (isWantedUp(before.state, unit)) goals.set(unit.id, 'running')
  const deadlineMs = Date.now() + (request.timeoutMs ?? usualWaitMs(before.state, goals))
  const isDecided = (snapshot: Snapshot) => volumes.every((volume) => resultOf(snapshot, volume).result !== 'asked')
  await engine.until(isDecided, Math.max(0, deadlineMs - Date.now()))
  const isOver = volumes.every((volume) => resultOf(engine.snapshot(), volume).result === 'purged')
  const after = isOver ? await settle(engine, goals, deadlineMs) : engine.snapshot()
  const { items } = outcomesOf(before, after, goals)
  return { ...report(after, volumes, stops), outcomes: isOver ? items : [] }
}

function planned(volumes: readonly OwnVolume[], stops: readonly UnitId[]): PurgeReport {
  const items = volumes.map(({ volume, name, isDeclared }): PurgeItem => {
    return { volume, name, isDeclared, result: 'asked', why: 'it was only asked what would be done' }
  })
  return { apiVersion, kind: 'PurgeReport', isApplied: false, items, stops, outcomes: [] }
}

function report(snapshot: Snapshot, volumes: readonly OwnVolume[], stops: readonly UnitId[]): PurgeReport {
  const items = volumes.map((volume) => resultOf(snapshot, volume))
  return { apiVersion, kind: 'PurgeReport', isApplied: true, items, stops, outcomes: [] }
}

function resultOf({ state, now }: Snapshot, own: OwnVolume): PurgeItem {
  const { volume, name, isDeclared } = own
  const item = (result: PurgeItem['result'], why: string): PurgeItem => ({ volume, name, isDeclared, result, why })
  const { kept, volumes } = state.containerEngine
  if (kept.purges[volume] === undefined) {
    const isAnew = isDeclared && volumes.has(volume)
    return item('purged', `what it held is removed${isAnew ? '; it is made anew, empty' : ''}`)
  }
  const file = lockOf({ state, now }, own)
  if (file !== null) return item('locked', `the update lock ${file} is held; release it, or override it with --force`)
  const trouble = troubleText(state, volumeResource(volume), now)
  if (trouble !== null) return item('failed', trouble)
  return item('asked', engineObstacle(state, now) ?? 'those that use it have to end first')
}

function lockOf({ state, now }: Pick<Snapshot, 'state' | 'now'>, own: OwnVolume): string | null {
  const belongings = belongingsOf(state)
  for (const unit of usersOf(state, [own])) {
    const file = lockedBy(state, belongings, unit, now)
    if (file !== null) return file
  }
  return null
}

function usersOf({ units }: State, volumes: readonly OwnVolume[]): readonly Unit[] {
  return [...units.values()].filter((unit) => volumes.some(({ volume }) => usesVolume(unit, volume)))
}

// ---- which -----------------------------------------------------------------------------------------------------

function chosenVolumes(state: State, names: readonly string[]): readonly OwnVolume[] {
  const own = ownVolumes(state)
  const chosen = names.flatMap((name) => {
    const app = name.endsWith('/') ? name.slice(0, -1) : name
    const found = own.filter((one) => one.name === name || one.volume === name || one.app === app)
    if (found.length === 0) throw noSuchVolume(state, own, name)
    return found
  })
  return [...new Set(chosen)]
}

function noSuchVolume({ target }: State, own: readonly OwnVolume[], name: string): Refusal {
  const [app = '', key] = name.split('/')
  const spec = key === undefined ? undefined : target.apps[app]?.resources?.volumes[key]
  if (spec?.isExternal === true) {
    const what = `${name} is declared to be somebody else's, and is never removed from here`
    return new Refusal('no-such-volume', what, `its name in the engine is ${spec.engineName}`)
  }
  if (target.apps[app] !== undefined && (key === undefined || key === '')) {
    return new Refusal('no-such-volume', `${app} has no volumes of its own`, 'see: holdfast resources volumes')
  }
  const similar = suggest(
    name,
    own.map((one) => one.name),
  )
  const hint = similar === null ? 'see: holdfast resources volumes' : `did you mean ${similar}?`
  return new Refusal('no-such-volume', `no volume is called '${name}'`, hint)
}
