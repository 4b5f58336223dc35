import type { App, Declared, Now, Rejected, Release, State, Target } from '../model.ts'
import { declaredOf, isSameDeclaration, releaseId } from './identity.ts'
import { sickUnits } from './well.ts'

/** What is really aimed at, of what is declared. */
export interface Held {
  readonly target: Target
  readonly releases: State['releases']
}

/**
 * Of each app that has a policy, what counts now that `declared` is declared: what was rejected is not tried again, what is
 * new is on trial, what is as before changes nothing. `isUnread`: no file was read for it, see the command set-target.
 */
export function heldTo(state: State, declared: Target, now: Now, isUnread = false): Held {
  const releases = new Map<string, Release>()
  const apps = Object.values(declared.apps).map((app): App => {
    if (app.release === undefined) return app
    const { app: held, release } = heldApp(state, app, now, isUnread)
    releases.set(app.name, release)
    return held
  })
  const isAsDeclared = apps.every((app) => declared.apps[app.name] === app)
  return {
    target: isAsDeclared ? declared : { apps: Object.fromEntries(apps.map((app) => [app.name, app])) },
    releases: isEqual(releases, state.releases) ? state.releases : releases,
  }
}

/** What would be aimed at if this was declared. */
export function aimedAt(state: State, declared: Target): Target {
  const held = new Set(rejectedAmong(state, declared).map(({ app }) => app))
  if (held.size === 0) return declared
  const apps = Object.values(declared.apps).map((app) =>
    held.has(app.name) ? (state.target.apps[app.name] ?? app) : app,
  )
  return { apps: Object.fromEntries(apps.map((app) => [app.name, app])) }
}

/** Those whose declaration was rejected before, and which therefore go on as they are. */
export function rejectedAmong(state: State, declared: Target): readonly Release[] {
  return Object.values(declared.apps).flatMap((app) => {
    const known = state.releases.get(app.name)
    return known !== undefined && app.release !== undefined && isRejected(known, app) ? [known] : []
  })
}

interface HeldApp {
  readonly app: App
  readonly release: Release
}

function heldApp(state: State, app: App, now: Now, isUnread: boolean): HeldApp {
  const running = state.target.apps[app.name]
  if (running === undefined)
    return onTrial(app, { previous: null, exempt: [], why: 'declared for the first time' }, now)
  const known = state.releases.get(app.name)
  if (known === undefined) {
    if (isSameDeclaration(running, app)) return committed(app, 'it ran already', now)
    return onTrialAfter(state, app, declaredOf(running), now)
  }
  if (isSameDeclaration(running, app)) return again(known, app, now, isUnread)
  if (isRejected(known, app)) {
    return { app: running.source === app.source ? running : { ...running, source: app.source }, release: known }
  }
  const { previous, trial } = known
  if (previous !== null && isSameDeclaration(previous.app, app)) return committed(app, 'declared again as before', now)
  if (trial === null) return onTrialAfter(state, app, { app: running, id: known.id, hash: known.hash }, now)
  // What was not well before the first of several trials is excused in all of them; what they broke is not.
  return onTrial(app, { previous, exempt: trial.exempt, why: whyTrial(previous, known.id) }, now)
}

/** What runs is declared once more. */
function again(known: Release, app: App, now: Now, isUnread: boolean): HeldApp {
  if (known.status === 'reverted' && !isUnread) return committed(app, 'declared again as before', now)
  const id = releaseId(app, known.hash)
  return { app, release: id === known.id || known.status === 'reverted' ? known : { ...known, id } }
}

/** Another name of it says that it is to be tried once more. */
function isRejected({ status, rejected }: Release, app: App): boolean {
  if (status !== 'reverted' || rejected === null) return false
  return isSameDeclaration(rejected.app, app) && isSameName(rejected, app)
}

function isSameName({ id }: Rejected, app: App): boolean {
  return app.release?.id == null || app.release.id === id
}

function onTrialAfter(state: State, app: App, previous: Declared, now: Now): HeldApp {
  const exempt = sickUnits(state, app.name)
  return onTrial(app, { previous, exempt, why: whyTrial(previous, previous.id) }, now)
}

function whyTrial(previous: Declared | null, before: string): string {
  const insteadOf = `declared instead of ${before}`
  return previous === null || previous.id === before ? insteadOf : `${insteadOf}, which had not proved itself`
}

function onTrial(
  app: App,
  facts: { readonly exempt: readonly string[] } & Pick<Release, 'previous' | 'why'>,
  now: Now,
): HeldApp {
  const { exempt, ...rest } = facts
  const trial = { deadlineBootMs: null, exempt }
  return { app, release: { ...releaseOf(app, now), ...rest, status: 'trial', trial } }
}

function committed(app: App, why: string, now: Now): HeldApp {
  return { app, release: { ...releaseOf(app, now), why } }
}

function releaseOf(app: App, now: Now): Release {
  const { id, hash } = declaredOf(app)
  return {
    app: app.name,
    hash,
    id,
    status: 'committed',
    sinceWallMs: now.wallMs,
    why: '',
    trial: null,
    previous: null,
    rejected: null,
    wellSinceBootMs: null,
  }
}

function isEqual(a: State['releases'], b: State['releases']): boolean {
  return a.size === b.size && [...a].every(([name, release]) => b.get(name) === release)
}
