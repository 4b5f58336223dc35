import { createRandom, type Random } from '../../src/base/prng.ts'
import type { App, Now, Release, State, Target, Unit } from '../../src/core/model.ts'
import { isSameDeclaration, releaseHash } from '../../src/core/release/identity.ts'
import type { ReleasePolicy } from '../../src/core/release/model.ts'
import { hasToEnd } from './invariants.ts'
import type { Scene, Watch } from './scene.ts'
import { hold } from './violation.ts'

/** What is looked at of a turn. */
export type ReleaseScene = Pick<Scene, 'events' | 'state' | 'now' | 'modeBefore'>

/** Some of the apps have to prove their changes. */
export function withPolicies({ apps }: Target, seed: number): Target {
  const random = createRandom(seed ^ 0x2b3a_11c7)
  const gated = Object.values(apps).map((app) => (random.chance(0.5) ? { ...app, release: drawPolicy(random) } : app))
  return { apps: Object.fromEntries(gated.map((app) => [app.name, app])) }
}

export function drawPolicy(random: Random): ReleasePolicy {
  return {
    id: random.chance(0.2) ? `v${random.whole(1, 3)}` : null,
    minHealthyMs: random.pick([0, 200, 1_000, 3_000]),
    deadlineMs: random.pick([1_000, 5_000, 20_000]),
    isReverted: random.chance(0.8),
  }
}

/** Follows each release from turn to turn, and judges where it goes. */
export function createReleaseWatch(): Watch & { after(scene: ReleaseScene): void } {
  let known: State['releases'] | null = null
  return {
    news() {},
    step() {},
    after(scene) {
      for (const app of Object.values(scene.state.target.apps)) fitsItsApp(app, scene)
      for (const release of scene.state.releases.values()) {
        factsFitTheStatus(release, scene)
        const before = known?.get(release.app)
        if (before !== undefined) wentRightly(before, release, scene)
      }
      known = scene.state.releases
    },
    lifeBegins({ isStateLost, isReboot }) {
      // What was not stored is decided anew.
      if (isStateLost || isReboot) known = null
    },
  }
}

/** What runs is what its release says; without a policy nothing is said. */
function fitsItsApp(app: App, { state }: ReleaseScene): void {
  const release = state.releases.get(app.name)
  const name = 'what is aimed at is what its release says'
  if (release !== undefined) {
    const hash = releaseHash(app)
    hold(
      release.hash === hash,
      name,
      () => `${app.name}: ${hash} is aimed at, ${release.hash} is told (${release.status})`,
    )
  } else hold(app.release === undefined, name, () => `${app.name} has a policy and no release`)
}

function factsFitTheStatus(release: Release, { state, now }: ReleaseScene): void {
  const { app, status, trial, previous, rejected, hash } = release
  const name = 'the facts of a release fit its status'
  const told = () => `${app}: ${JSON.stringify({ ...release, previous: previous?.id, rejected: rejected?.id })}`
  hold((status === 'trial' || status === 'failed') === (trial !== null), name, told)
  hold(status === 'trial' || status === 'failed' || previous === null, name, told)
  hold((status === 'reverted' || status === 'failed') === (rejected !== null), name, told)
  hold(status !== 'reverted' || rejected?.hash !== hash, name, told)
  hold(previous?.hash !== hash, name, told)
  const isLate = trial?.deadlineBootMs != null && trial.deadlineBootMs <= now.bootMs
  hold(!isLate || state.mode.kind === 'stopping', 'no trial outlives its deadline', told)
}

function wentRightly(before: Release, after: Release, scene: ReleaseScene): void {
  const { events, modeBefore, state } = scene
  const isDeclared = events.some((event) => event.kind === 'command' && event.command.kind === 'set-target')
  const isSame = before.hash === after.hash
  const told = () => `${after.app}: from ${before.status} ${before.id} to ${after.status} ${after.id} (${after.why})`
  if (!isDeclared) {
    hold(isSame || after.status === 'reverted', 'a release changes by a declaration, or is taken back', told)
    if (before.status === 'committed' || before.status === 'reverted')
      hold(isAlike(before, after), 'what is decided stays so until something is declared', told)
    const isProved = before.status !== 'committed' && after.status === 'committed'
    if (isProved) for (const unit of state.units.values()) provedItself(unit, before, after, scene)
    const isJudged = before.status !== after.status
    hold(!isJudged || modeBefore.kind === 'running', 'nothing is decided while held or stopping', told)
  }
  const isTakenBack = before.status === 'trial' && after.status === 'reverted'
  if (isTakenBack && !isDeclared) {
    hold(after.hash === before.previous?.hash, 'what comes back is what was before', told)
    hold(after.rejected?.hash === before.hash, 'what is rejected is what was on trial', told)
  }
  if (after.status === 'trial' && !isSame && events.length === 1) {
    const isDecided = before.status === 'committed' || before.status === 'reverted'
    const expected = isDecided ? before.hash : before.previous?.hash
    hold(after.previous?.hash === expected, 'what to go back to is what counted last', told)
  }
  if (before.status === 'reverted' && isDeclared) rejectedStaysAway(before, after, scene)
}

/** Over lives of the daemon as well. */
function isAlike(a: Release, b: Release): boolean {
  return a.status === b.status && a.hash === b.hash && a.rejected?.hash === b.rejected?.hash
}

/** Declared by its own name, or without one, it is not tried again. */
function rejectedStaysAway(before: Release, after: Release, { events }: ReleaseScene): void {
  const { rejected } = before
  const [event] = events
  if (rejected === null || events.length !== 1 || event?.kind !== 'command' || event.command.kind !== 'set-target')
    return
  const declared = event.command.target.apps[before.app]
  if (declared?.release === undefined || !isSameDeclaration(declared, rejected.app)) return
  if (declared.release.id !== null && declared.release.id !== rejected.id) return
  hold(
    isAlike(before, after),
    'what was rejected is not tried again',
    () => `${before.app}: ${after.status} ${after.id}`,
  )
}

/** Whoever is wanted up for good has been up, as declared, for as long as its policy asks. */
function provedItself(unit: Unit, before: Release, after: Release, { state, now }: ReleaseScene): void {
  if (unit.app !== after.app || !unit.isDeclared || unit.want.kind !== 'up' || unit.spec.schedule !== null) return
  if (before.trial?.exempt.includes(unit.id)) return
  if (unit.phase === 'ended' && unit.end.kind === 'expected') return
  const minHealthyMs = state.target.apps[after.app]?.release?.minHealthyMs ?? 0
  const livedMs = now.bootMs - (unit.run?.startedBootMs ?? now.bootMs)
  const isReady = unit.health?.readiness == null || unit.health.readiness.status === 'healthy'
  const isUp = unit.phase === 'up' && !hasToEnd(state, unit) && isReady && unit.run?.runHash === unit.spec.runHash
  hold(
    isUp && livedMs >= minHealthyMs,
    'only what has been well for long enough counts',
    () => `${unit.id} is ${unit.phase} for ${livedMs} ms: ${unit.reason}`,
  )
}

/** Of a state at rest: nothing is left to be decided. */
export function releasesAreDecided({ releases, mode }: State, now: Now): void {
  if (mode.kind !== 'running') return
  for (const { app, status } of releases.values()) {
    hold(status !== 'trial', 'every trial comes to an end', () => `${app} is still on trial at ${now.bootMs}`)
  }
}
