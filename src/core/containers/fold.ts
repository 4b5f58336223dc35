import { hashData } from '../../base/hash.ts'
import { type Draft, putUnit, unitsOf } from '../draft.ts'
import {
  engineAbsentMs,
  engineAbsentMsMax,
  engineRetryMs,
  engineRetryMsMax,
  lockRetryMs,
  lockRetryMsMax,
} from '../limits.ts'
import type { App, Failure, Now } from '../model.ts'
import { imageResource, lockResource, unitResource } from './among.ts'
import { foldHandedOver } from './hand-over.ts'
import type {
  ContainerEngine,
  EngineEvent,
  EngineImage,
  EngineNews,
  EngineStep,
  KeptOfEngine,
  LockState,
} from './model.ts'
import { foldDeath, foldStartFailed, settleRuns } from './runs.ts'

/** Folds in what the container engine told, and what became of the steps it was asked for. */
export function foldEngine(draft: Draft, event: EngineEvent, now: Now): void {
  switch (event.kind) {
    case 'engine-observed':
      foldLook(draft, event, now)
      break
    case 'engine-observe-failed':
      foldNoLook(draft, event, now)
      return
    case 'engine-news':
      putEngine(draft, withNews(engineOf(draft), event.news, event.takenBootMs))
      break
    case 'container-died':
      foldDeath(draft, event, now)
      return
    case 'engine-doubt':
      doubtEngine(draft, event.why)
      return
    case 'engine-done':
      foldDone(draft, event)
      break
    case 'engine-failed':
      foldFailed(draft, event, now)
      break
    case 'pull-progress': {
      const engine = engineOf(draft)
      const work = engine.work.get(event.resource)
      if (work === undefined) return
      putEngine(draft, {
        ...engine,
        work: withEntry(engine.work, event.resource, { ...work, progress: event.progress }),
      })
      return
    }
  }
  settleRuns(draft, now)
}

export function engineOf(draft: Draft): ContainerEngine {
  return draft.state.containerEngine
}

export function putEngine(draft: Draft, containerEngine: ContainerEngine): void {
  if (containerEngine !== draft.state.containerEngine) draft.state = { ...draft.state, containerEngine }
}

/** Everything is to be looked at again, at once; a look that is under way goes on, and does not count. */
export function doubtEngine(draft: Draft, why: string): void {
  const engine = engineOf(draft)
  const failures = engine.observe?.failures ?? 0
  putEngine(draft, { ...engine, observe: { why, inFlight: false, dueBootMs: 0, failures } })
}

// ---- looks ------------------------------------------------------------------------------------------------------

function foldLook(draft: Draft, event: Extract<EngineEvent, { kind: 'engine-observed' }>, now: Now): void {
  const before = engineOf(draft)
  const status = { kind: 'connected', name: event.name, apiVersion: event.apiVersion } as const
  const isSame =
    before.status.kind === 'connected' &&
    before.status.name === event.name &&
    before.status.apiVersion === event.apiVersion
  const engine: ContainerEngine = { ...before, status: isSame ? before.status : status }
  if (event.containers === null) {
    const looked = withNews(engine, { images: event.images }, event.takenBootMs)
    putEngine(draft, { ...looked, work: without(looked.work, imagesLook) })
    return
  }
  // Looks may be told in another order than they were taken.
  const whole = event.takenBootMs < engine.lookedBootMs ? engine : wholeLook(engine, event)
  const observe = engine.observe?.inFlight === true ? null : engine.observe
  putEngine(draft, { ...whole, observe, isKnown: true })
  if (!before.isKnown) laddersAnew(draft, now)
}

/** What an earlier daemon stored of a ladder may never have been sent: as of an adopted process it is climbed anew. */
function laddersAnew(draft: Draft, now: Now): void {
  for (const unit of [...unitsOf(draft).values()]) {
    if (unit.stop === null || unit.run?.identity?.container === undefined) continue
    putUnit(draft, { ...unit, stop: { ...unit.stop, rung: 0, dueBootMs: now.bootMs } })
  }
}

/** The look at images alone is a step in flight of its own. */
export const imagesLook = 'engine:images'

/** What is not listed is gone, unless it was told of later than the look was taken. */
function wholeLook(engine: ContainerEngine, event: Extract<EngineEvent, { kind: 'engine-observed' }>): ContainerEngine {
  const { takenBootMs: taken } = event
  const isNewer = (key: string): boolean => (engine.seen.get(key) ?? Number.NEGATIVE_INFINITY) >= taken
  const seen = new Map([...engine.seen].filter(([, at]) => at >= taken))
  const merge = <T>(
    old: ReadonlyMap<string, T>,
    told: readonly T[] | null,
    nameOf: (one: T) => string,
    prefix: string,
  ): ReadonlyMap<string, T> => {
    const merged = new Map<string, T>()
    for (const one of told ?? []) if (!isNewer(prefix + nameOf(one))) merged.set(nameOf(one), one)
    for (const [name, one] of old) if (isNewer(prefix + name)) merged.set(name, one)
    return merged
  }
  const looked = {
    ...engine,
    containers: merge(engine.containers, event.containers, (one) => one.id, 'container:'),
    networks: merge(engine.networks, event.networks, (one) => one.name, 'network:'),
    volumes: merge(engine.volumes, event.volumes, (one) => one.name, 'volume:'),
    images: new Map([...engine.images].filter(([reference]) => isNewer(`image:${reference}`))),
    seen,
    lookedBootMs: taken,
  }
  return withNews(looked, { images: event.images.filter(({ reference }) => !isNewer(`image:${reference}`)) }, taken)
}

function foldNoLook(draft: Draft, event: Failure, now: Now): void {
  const engine = engineOf(draft)
  const failures = (engine.observe?.failures ?? 0) + 1
  const dueBootMs = now.bootMs + Math.min(engineAbsentMs * 2 ** (failures - 1), engineAbsentMsMax)
  const failure: Failure = { code: event.code, message: event.message, retry: event.retry }
  const sinceWallMs = engine.status.kind === 'absent' ? engine.status.sinceWallMs : now.wallMs
  putEngine(draft, {
    ...engine,
    status: { kind: 'absent', failure, sinceWallMs },
    observe: { why: 'the engine did not answer', inFlight: false, dueBootMs, failures },
    work: without(engine.work, imagesLook),
  })
}

// ---- news -------------------------------------------------------------------------------------------------------

/** What is older than what is known already changes nothing. */
function withNews(engine: ContainerEngine, news: EngineNews, takenBootMs: number): ContainerEngine {
  const seen = new Map(engine.seen)
  const isNew = (key: string): boolean => {
    if ((seen.get(key) ?? engine.lookedBootMs) > takenBootMs) return false
    seen.set(key, takenBootMs)
    return true
  }
  let { containers, images, networks, volumes, kept } = engine
  for (const one of news.containers ?? [])
    if (isNew(`container:${one.id}`)) containers = withEntry(containers, one.id, one)
  for (const id of news.containersGone ?? []) if (isNew(`container:${id}`)) containers = without(containers, id)
  for (const one of news.networks ?? []) if (isNew(`network:${one.name}`)) networks = withEntry(networks, one.name, one)
  for (const name of news.networksGone ?? []) if (isNew(`network:${name}`)) networks = without(networks, name)
  for (const one of news.volumes ?? []) if (isNew(`volume:${one.name}`)) volumes = withEntry(volumes, one.name, one)
  for (const name of news.volumesGone ?? []) if (isNew(`volume:${name}`)) volumes = without(volumes, name)
  for (const { reference, image } of news.images ?? []) {
    if (!isNew(`image:${reference}`)) continue
    images = withEntry(images, reference, image)
    const own = kept.ownImages[reference]
    // It is gone, or somebody gave its name to another: it is not ours to remove any more.
    if (own !== undefined && image?.id !== own) kept = { ...kept, ownImages: omit(kept.ownImages, reference) }
    // What became of a pull that nobody answered.
    if (!engine.work.has(imageResource(reference))) kept = afterPull(kept, reference, image)
  }
  return { ...engine, containers, images, networks, volumes, kept, seen }
}

// ---- outcomes of steps --------------------------------------------------------------------------------------------

type Done = Extract<EngineEvent, { kind: 'engine-done' }>
type Failed = Extract<EngineEvent, { kind: 'engine-failed' }>

function foldDone(draft: Draft, event: Done): void {
  const before = engineOf(draft)
  const asked = before.work.get(event.resource)
  const engine = withNews(before, event.news, event.takenBootMs)
  const troubles = without(engine.troubles, event.resource)
  putEngine(draft, { ...engine, work: without(engine.work, event.resource), troubles })
  switch (event.step) {
    case 'pull':
      if (asked !== undefined) foldPulled(draft, event)
      return
    case 'remove-volume':
      forgetPurge(draft, event.resource)
      return
    case 'take-lock':
      putLock(draft, event.resource, { kind: 'held' })
      return
    case 'release-lock':
      forgetLock(draft, event.resource)
      return
    case 'await-file':
      foldHandedOver(draft, event.resource)
      return
    case 'remove-image':
      forgetImage(draft, event.resource)
      return
    case 'update-container':
    case 'rename-container':
      noteChange(draft, event.resource, asked?.changed)
      return
    default:
      return
  }
}

function foldFailed(draft: Draft, event: Failed, now: Now): void {
  const before = engineOf(draft)
  const { code, message, retry } = event
  const known = withNews(before, event.news, event.takenBootMs)
  const engine = { ...known, work: without(known.work, event.resource) }
  const failures = (before.troubles.get(event.resource)?.failures ?? 0) + 1
  const retryBootMs = now.bootMs + Math.min(engineRetryMs * 2 ** (failures - 1), engineRetryMsMax)
  const trouble = { step: event.step, failure: { code, message, retry }, failures, retryBootMs }
  // A start that failed is answered by the unit's own restart policy, and a lock that is refused has its own time.
  const isOwn = event.step === 'start-container' || event.step === 'take-lock'
  const troubles = isOwn ? engine.troubles : withEntry(engine.troubles, event.resource, trouble)
  putEngine(draft, { ...engine, troubles })
  const isAnswered = Object.keys(event.news).length > 0
  if (event.step === 'start-container' && isAnswered) foldStartFailed(draft, event.resource, trouble.failure, now)
  if (event.step === 'take-lock') foldRefused(draft, event, now)
  else if (event.step === 'release-lock') putLock(draft, event.resource, { kind: 'held' })
  else if (event.step === 'await-file') foldHandedOver(draft, event.resource)
  // What an answer would have told is not known: it may have been done.
  if (!isAnswered && isOfEngine(event.step)) doubtEngine(draft, `${event.step} was not answered: ${message}`)
}

function isOfEngine(step: EngineStep['kind']): boolean {
  return step !== 'take-lock' && step !== 'release-lock' && step !== 'await-file'
}

function foldPulled(draft: Draft, { news }: Done): void {
  const engine = engineOf(draft)
  let { kept } = engine
  for (const { reference, image } of news.images ?? []) {
    kept = afterPull(kept, reference, image)
    if (image === null) continue
    let { pulledFor } = kept
    for (const app of Object.values(draft.state.target.apps)) {
      pulledFor = pulledAgain(pulledFor, app.name, reference, draft)
    }
    kept = { ...kept, pulledFor }
  }
  putEngine(draft, { ...engine, kept })
}

/** The pull of it is over. What was not there before it is ours to remove. */
function afterPull(kept: KeptOfEngine, reference: string, image: EngineImage | null): KeptOfEngine {
  const before = kept.pulling[reference]
  if (before === undefined) return kept
  const over = { ...kept, pulling: omit(kept.pulling, reference) }
  if (image === null) return over
  // Its name went to the new one; the old one is known by its id only.
  const old = before === '' || before === image.id ? {} : { [before]: before }
  return { ...over, ownImages: { ...over.ownImages, ...old, [reference]: image.id } }
}

/** What this app has declared to be pulled always counts as pulled for that declaration. */
export function pulledAgain(
  pulledFor: Readonly<Record<string, string>>,
  app: string,
  reference: string,
  draft: Draft,
): Readonly<Record<string, string>> {
  const declared = draft.state.target.apps[app]
  const isAsked = Object.values(declared?.services ?? {}).some(
    ({ container }) => container?.image === reference && container.pull === 'always',
  )
  return isAsked ? { ...pulledFor, [`${app} ${reference}`]: pullHash(declared, reference) } : pulledFor
}

/** What was just changed in place: should it be as before, it is not tried again. */
function noteChange(draft: Draft, resource: string, changed: string | undefined): void {
  const unit = unitsOf(draft).get(resource.slice(unitResource('').length))
  if (unit?.container === undefined || changed === undefined) return
  putUnit(draft, { ...unit, container: { ...unit.container, changed } })
}

function forgetImage(draft: Draft, resource: string): void {
  const engine = engineOf(draft)
  const reference = resource.slice('image:'.length)
  const ownImages = omit(engine.kept.ownImages, reference)
  putEngine(draft, { ...engine, images: without(engine.images, reference), kept: { ...engine.kept, ownImages } })
}

function forgetPurge(draft: Draft, resource: string): void {
  const engine = engineOf(draft)
  const purges = omit(engine.kept.purges, resource.slice('volume:'.length))
  putEngine(draft, { ...engine, kept: { ...engine.kept, purges } })
}

function foldRefused(draft: Draft, event: Failed, now: Now): void {
  const app = event.resource.slice(lockResource('').length)
  const known = engineOf(draft).locks.get(app)
  const failures = known?.kind === 'taking' ? known.failures + 1 : 1
  // It was asked for before somebody overrode it: the next try does.
  const isOverridden = engineOf(draft).overridden.has(app)
  const waitMs = isOverridden ? lockRetryMs : Math.min(lockRetryMs * 2 ** Math.min(failures - 1, 20), lockRetryMsMax)
  const retryBootMs = now.bootMs + waitMs
  putLock(draft, event.resource, { kind: 'refused', file: event.message, failures, retryBootMs })
}

function forgetLock(draft: Draft, resource: string): void {
  putLock(draft, resource, { kind: 'free' })
  const engine = engineOf(draft)
  const takenLocks = omit(engine.kept.takenLocks, resource.slice(lockResource('').length))
  putEngine(draft, { ...engine, kept: { ...engine.kept, takenLocks } })
}

function putLock(draft: Draft, resource: string, lock: LockState): void {
  const engine = engineOf(draft)
  const app = resource.slice(lockResource('').length)
  putEngine(draft, { ...engine, locks: withEntry(engine.locks, app, lock) })
}

/** Changes when one of those that are to have an image pulled for each declaration is declared otherwise. */
export function pullHash(app: App | undefined, reference: string): string {
  const users = Object.values(app?.services ?? {}).flatMap(({ container }) =>
    container?.image === reference && container.pull === 'always' ? [container.settings] : [],
  )
  return hashData({ image: reference, users })
}

// ---- maps ---------------------------------------------------------------------------------------------------------

export function withEntry<K, V>(map: ReadonlyMap<K, V>, key: K, value: V): ReadonlyMap<K, V> {
  return new Map(map).set(key, value)
}

export function without<K, V>(map: ReadonlyMap<K, V>, key: K): ReadonlyMap<K, V> {
  if (!map.has(key)) return map
  const rest = new Map(map)
  rest.delete(key)
  return rest
}

function omit<T>(record: Readonly<Record<string, T>>, key: string): Readonly<Record<string, T>> {
  if (record[key] === undefined) return record
  const { [key]: _gone, ...rest } = record
  return rest
}
