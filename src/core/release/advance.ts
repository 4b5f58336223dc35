import { declare } from '../command.ts'
import { type Draft, peek } from '../draft.ts'
import type { App, Now, Release, State, Unit } from '../model.ts'
import { durationText } from '../text.ts'
import { indexServices } from '../unit/wish.ts'
import type { ReleasePolicy } from './model.ts'
import { hasGivenUp, isJudged, isWell, lackText, youngText } from './well.ts'

/**
 * Judges what is on trial: who was well for long enough counts, who gave up or is late is taken back. To be called after
 * what happened was folded in, and before what follows is planned.
 */
export function advanceReleases(draft: Draft, now: Now): void {
  const { releases, mode } = draft.state
  if (mode.kind === 'stopping' || ![...releases.values()].some(({ trial }) => trial !== null)) return
  if (mode.kind === 'held') {
    for (const release of releases.values()) suspend(draft, release)
    return
  }
  const judgements = judge(peek(draft), now)
  for (const release of releases.values()) {
    const judgement = judgements.get(release.app)
    if (judgement !== undefined) follow(draft, release, judgement, now)
  }
}

/** When something follows by itself for a release, in boot ms. Called after a turn: what is due by now has happened. */
export function nextReleaseBootMs({ releases, mode, target }: State): number {
  let next = Number.POSITIVE_INFINITY
  if (mode.kind !== 'running') return next
  for (const { app, trial, wellSinceBootMs } of releases.values()) {
    if (trial === null) continue
    next = Math.min(next, trial.deadlineBootMs ?? next)
    if (wellSinceBootMs !== null) next = Math.min(next, wellSinceBootMs + policyOf(target.apps[app]).minHealthyMs)
  }
  return next
}

/** Nothing is decided while held: whatever time was left begins anew after it. */
function suspend(draft: Draft, release: Release): void {
  const { trial } = release
  if (trial === null || (trial.deadlineBootMs === null && release.wellSinceBootMs === null)) return
  put(draft, { ...release, trial: { ...trial, deadlineBootMs: null }, wellSinceBootMs: null })
}

// ---- how it is -------------------------------------------------------------------------------------------------

/** The units of one release, as far as they count. */
interface Judgement {
  readonly release: Release
  /** The first that is not well; null: all are. */
  lacking: Unit | null
  /** The one that was started last. */
  youngest: Unit | null
  /** The first that will not come up by itself. */
  lost: Unit | null
}

/** One look at all units, however many releases there are. */
function judge(state: State, now: Now): ReadonlyMap<string, Judgement> {
  const judgements = new Map<string, Judgement>()
  for (const release of state.releases.values()) {
    if (release.trial === null) continue
    judgements.set(release.app, { release, lacking: null, youngest: null, lost: null })
  }
  for (const unit of state.units.values()) {
    const judgement = judgements.get(unit.app)
    if (judgement === undefined || !isJudged(unit)) continue
    if (judgement.release.trial?.exempt.includes(unit.id)) continue
    if (judgement.lacking === null && !isWell(state, unit)) judgement.lacking = unit
    if (hasGivenUp(unit)) judgement.lost ??= unit
    if (startedBootMs(unit, now) >= startedBootMs(judgement.youngest, now)) judgement.youngest = unit
  }
  return judgements
}

function startedBootMs(unit: Unit | null, now: Now): number {
  return Math.min(unit?.run?.startedBootMs ?? Number.NEGATIVE_INFINITY, now.bootMs)
}

/** What keeps a release on trial from being well, one sentence; null: nothing does, all are well. */
export function lackOf(state: State, app: string, now: Now): string | null {
  const lacking = judge(state, now).get(app)?.lacking ?? null
  return lacking === null ? null : lackText(state, indexServices(state), lacking)
}

/** Declared images that the engine does not have, as far as is known: nothing of the app is changed before they are there. */
export function missingImages(state: State, app: App): readonly string[] {
  const missing = new Set<string>()
  for (const { container, instances } of Object.values(app.services)) {
    if (container === undefined) continue
    for (const instance of instances) {
      const image = instance.container?.image ?? container.image
      if (state.containerEngine.images.get(image) == null) missing.add(image)
    }
  }
  return [...missing]
}

// ---- what follows ----------------------------------------------------------------------------------------------

function follow(draft: Draft, release: Release, judgement: Judgement, now: Now): void {
  const app = draft.state.target.apps[release.app]
  const { trial } = release
  if (app === undefined || trial === null) return
  const { minHealthyMs } = policyOf(app)
  const wellSinceBootMs = wellSince(release, judgement, now)
  if (wellSinceBootMs !== null && wellSinceBootMs + minHealthyMs <= now.bootMs) {
    commit(draft, release, `all were well for ${durationText(now.bootMs - wellSinceBootMs)}`, now)
    return
  }
  const deadlineBootMs = release.status === 'trial' ? deadlineOf(draft.state, app, trial.deadlineBootMs, now) : null
  const why = release.status === 'trial' ? whyRejected(draft, app, judgement, { deadlineBootMs, now }) : null
  if (why !== null) {
    reject(draft, app, release, why, now)
  } else if (wellSinceBootMs !== release.wellSinceBootMs || deadlineBootMs !== trial.deadlineBootMs) {
    const isSame = deadlineBootMs === trial.deadlineBootMs
    put(draft, { ...release, trial: isSame ? trial : { ...trial, deadlineBootMs }, wellSinceBootMs })
  }
}

/** Whoever was started in between was not well throughout. */
function wellSince({ wellSinceBootMs }: Release, { lacking, youngest }: Judgement, now: Now): number | null {
  return lacking === null ? Math.max(wellSinceBootMs ?? now.bootMs, startedBootMs(youngest, now)) : null
}

function deadlineOf(state: State, app: App, known: number | null, now: Now): number | null {
  if (known !== null) return known
  return missingImages(state, app).length > 0 ? null : now.bootMs + policyOf(app).deadlineMs
}

function whyRejected(
  draft: Draft,
  app: App,
  { lost, lacking, youngest }: Judgement,
  { deadlineBootMs, now }: { readonly deadlineBootMs: number | null; readonly now: Now },
): string | null {
  const state = peek(draft)
  if (lost !== null) return lackText(state, indexServices(state), lost)
  if (deadlineBootMs === null || deadlineBootMs > now.bootMs) return null
  const { deadlineMs, minHealthyMs } = policyOf(app)
  const within = `within ${durationText(deadlineMs)}`
  if (lacking !== null) return `not well ${within}: ${lackText(state, indexServices(state), lacking)}`
  const young = youngest === null ? '' : `: ${youngText(youngest, now.bootMs)}`
  return `not well for ${durationText(minHealthyMs)} ${within}${young}`
}

function commit(draft: Draft, release: Release, why: string, now: Now): void {
  const done = { status: 'committed', trial: null, previous: null, rejected: null, wellSinceBootMs: null } as const
  put(draft, { ...release, ...done, sinceWallMs: now.wallMs, why })
}

function reject(draft: Draft, app: App, release: Release, why: string, now: Now): void {
  const { previous, id, hash, trial } = release
  const facts = { sinceWallMs: now.wallMs, rejected: { app, id, hash, why, atWallMs: now.wallMs } } as const
  if (previous === null || !policyOf(app).isReverted || trial === null) {
    const failed = trial === null ? null : { ...trial, deadlineBootMs: null }
    put(draft, { ...release, ...facts, status: 'failed', why, trial: failed, wellSinceBootMs: null })
    return
  }
  const { apps } = draft.state.target
  const back: App = { ...previous.app, source: app.source }
  declare(draft, { apps: { ...apps, [app.name]: back } }, now, `release ${id} was rejected`)
  const before = { hash: previous.hash, id: previous.id, previous: null, trial: null, wellSinceBootMs: null }
  put(draft, { ...release, ...before, ...facts, status: 'reverted', why: `${id} was rejected: ${why}` })
}

function put(draft: Draft, release: Release): void {
  const releases = new Map(draft.state.releases)
  releases.set(release.app, release)
  draft.state = { ...draft.state, releases }
}

function policyOf(app: App | undefined): ReleasePolicy {
  return app?.release ?? ungated
}

/** Of what has no policy any more: it counts at once. */
const ungated: ReleasePolicy = { id: null, minHealthyMs: 0, deadlineMs: 0, isReverted: false }
