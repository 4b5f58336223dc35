import { explainContainer } from './containers/explain.ts'
import type { Check, CheckName, CheckState, Now, State, Unit, UnitId } from './model.ts'
import { type ShownState, shownState } from './shown.ts'
import { durationText, exitText, isSomebody, ordinal, whoText } from './text.ts'
import { rungAt, rungName } from './unit/ladder.ts'
import { indexServices, isWantedUp, mustEnd, type ServiceIndex, stopBlockers } from './unit/wish.ts'
import { waitingFor } from './waiting.ts'

export interface Explanation {
  readonly unit: UnitId
  readonly state: ShownState
  /** As declared and wished, nothing left to do. */
  readonly isAtTarget: boolean
  /** Why it is as it is, one sentence. */
  readonly why: string
  /** What happens next, and when. */
  readonly next: string
  /** What `next` says, where it is of a known time. */
  readonly upcoming: Upcoming | null
  /** The command that would change it, where a person has to decide; else null. */
  readonly command: string | null
}

/** `{what} at 14:03:12 (in 4 s){more}`. */
export interface Upcoming {
  readonly what: string
  readonly atWallMs: number
  /** The rest of the sentence; or empty. */
  readonly more: string
}

/** For each unit: whether it is as it should be; if not, why, and what happens next. */
export function explain(state: State, now: Now): readonly Explanation[] {
  const index = indexServices(state)
  const blockers = stopBlockers(state)
  return [...state.units.values()].map((unit) => {
    const scene: Scene = { state, now, index, unit, blocker: mustEnd(state, unit) ? blockers.blocks(unit) : null }
    const { isAtTarget, next, command, why = unit.reason } = accountOf(scene)
    const shown = shownState(state, index, unit)
    return { unit: unit.id, state: shown, isAtTarget, why, ...told(next, now), command }
  })
}

interface Scene {
  readonly state: State
  readonly now: Now
  readonly index: ServiceIndex
  readonly unit: Unit
  /** Who has to end before this unit may. */
  readonly blocker: Unit | null
}

interface Account {
  readonly isAtTarget: boolean
  readonly next: Next
  readonly command: string | null
  readonly why?: string
}

/** A whole sentence, or one around a time: `{what} in 4 s{more}`. */
type Next = string | { readonly what: string; readonly inMs: number; readonly more: string }

function told(next: Next, now: Now): Pick<Explanation, 'next' | 'upcoming'> {
  if (typeof next === 'string') return { next, upcoming: null }
  const { what, inMs, more } = next
  return { next: `${what} in ${durationText(inMs)}${more}`, upcoming: { what, atWallMs: now.wallMs + inMs, more } }
}

/** What holds its container back comes before what its phase alone tells; dependencies come before that. */
function accountOf(scene: Scene): Account {
  const { state, index, unit, now } = scene
  const isHeldBack = unit.phase === 'idle' && isWantedUp(state, unit) && waitingFor(state, index, unit) !== null
  const container = isHeldBack ? null : explainContainer(state, unit, now)
  return container === null ? byPhase(scene) : { isAtTarget: false, command: null, ...container }
}

function byPhase(scene: Scene): Account {
  const { state, unit, now } = scene
  switch (unit.phase) {
    case 'idle':
      return isWantedUp(state, unit) ? startingSoon(scene) : resting(scene)
    case 'preparing':
      return preparing(scene)
    case 'finishing':
      return coming(hookNext(scene, afterText(unit)))
    case 'starting':
      return coming('its process is being started; the outcome follows within moments')
    case 'up':
      return mustEnd(state, unit) ? endingSoon(scene) : running(scene)
    case 'stopping':
      return coming(stoppingNext(scene))
    case 'backoff':
      return backingOff(scene)
    case 'ended':
      return ended(unit, now)
    case 'failed':
      return failed(unit, now)
    case 'unresolved':
      return decided('nothing is started or signalled; it is looked at again when somebody starts or stops it', unit)
  }
}

function coming(next: Next): Account {
  return { isAtTarget: false, next, command: null }
}

function decided(next: string, unit: Unit): Account {
  return { isAtTarget: false, next, command: `holdfast start ${unit.id}` }
}

// ---- on its way up -------------------------------------------------------------------------------------------

function startingSoon({ state, index, unit, now }: Scene): Account {
  const waiting = waitingFor(state, index, unit)
  if (waiting === null) return coming('started with the next turn')
  const { what, root, service } = waiting
  const isStuck = root !== null && needsDecision(state, root)
  return {
    isAtTarget: false,
    why: `waits for ${what}`,
    next: rootNext(state, root, now),
    command: isStuck ? `holdfast start ${service}` : null,
  }
}

/** Nothing more happens to it by itself. */
function needsDecision(state: State, unit: Unit): boolean {
  return !isWantedUp(state, unit) || unit.phase === 'failed' || unit.phase === 'ended'
}

/** When something happens to who is waited for. */
function rootNext(state: State, root: Unit | null, now: Now): Next {
  const what = 'started as soon as that holds'
  if (root === null || needsDecision(state, root)) return `${what}, which nothing brings about by itself`
  if (root.phase === 'backoff') return afterwards(what, `${root.id} is `, triedAgain(root, now))
  if (root.phase === 'up' && !mustEnd(state, root)) return afterwards(what, `${root.id} is `, probeNext(root, now))
  return what
}

function afterwards(what: string, subject: string, next: Next): Next {
  if (typeof next === 'string') return `${what}; ${subject}${next}`
  return { ...next, what: `${what}; ${subject}${next.what}` }
}

function backingOff(scene: Scene): Account {
  const { state, unit, now } = scene
  if (!isWantedUp(state, unit)) return { isAtTarget: true, next: 'nothing: it is not wanted', command: null }
  if ((unit.retryBootMs ?? now.bootMs) <= now.bootMs) return startingSoon(scene)
  return { isAtTarget: false, next: triedAgain(unit, now), command: `holdfast start ${unit.id}` }
}

function triedAgain(unit: Unit, now: Now): Next {
  const inMs = (unit.retryBootMs ?? now.bootMs) - now.bootMs
  return inMs <= 0 ? 'tried again with the next turn' : { what: 'tried again', inMs, more: tryText(unit, now) }
}

/** `, the 3rd of 10 tries`: how many more there are until it is given up. */
function tryText({ spec, earlyExits, restartTimesBootMs }: Unit, now: Now): string {
  const { budget } = spec.restart
  if (budget === null) return earlyExits < 2 ? '' : `, the ${ordinal(earlyExits)} time in a row`
  if (budget.windowMs === null)
    return earlyExits === 0 ? '' : `, the ${ordinal(earlyExits)} of ${budget.restartsMax} tries`
  const { windowMs } = budget
  const recent = restartTimesBootMs.filter((at) => now.bootMs - at < windowMs).length
  return `, the ${ordinal(recent + 1)} of ${budget.restartsMax} restarts within ${durationText(windowMs)}`
}

function preparing(scene: Scene): Account {
  const { run } = scene.unit
  if (run === null) return coming('its process is started with the next turn')
  const next = hookNext(scene, 'its process is started when the hook has ended')
  const why = `its pre_start hook has run for ${durationText(scene.now.bootMs - run.startedBootMs)}`
  return { ...coming(next), why }
}

function hookNext({ unit, now }: Scene, then: string): Next {
  const hook = unit.run?.role === 'post' ? unit.spec.hooks.postStop : unit.spec.hooks.preStart
  if (unit.run === null || hook === null) return then
  if (hook.timeoutMs === null) return then
  const inMs = unit.run.startedBootMs + hook.timeoutMs - now.bootMs
  return { what: `${then}; the hook is stopped`, inMs, more: ' if it still runs' }
}

// ---- up ------------------------------------------------------------------------------------------------------

function running({ unit, now }: Scene): Account {
  if (unit.run?.isPaused) {
    const command = `holdfast signal CONT ${unit.id}`
    return { isAtTarget: true, next: 'it does nothing until it gets SIGCONT', command }
  }
  const status = unit.health?.readiness?.status ?? unit.health?.liveness?.status ?? 'healthy'
  if (status !== 'healthy') return { isAtTarget: false, next: probeNext(unit, now), command: null }
  return { isAtTarget: true, next: whenItEnds(unit), command: null }
}

function whenItEnds({ want, spec }: Unit): string {
  if (want.kind === 'once') return 'nothing: it was to run once'
  switch (spec.restart.when) {
    case 'always':
    case 'unless-stopped':
      return 'started again when it ends'
    case 'on-failure':
      return 'started again when it fails'
    case 'no':
      return 'nothing: it is not started again when it ends'
  }
}

function probeNext(unit: Unit, now: Now): Next {
  const isReady = unit.health?.readiness?.status === 'healthy'
  const name: CheckName = unit.health?.readiness == null || isReady ? 'liveness' : 'readiness'
  const known = unit.health?.[name]
  const check = unit.spec.checks[name]
  if (known != null && check === null && unit.spec.container !== undefined) return 'probed by its engine'
  if (known == null || check === null) return 'probed with the next turn'
  const more = `; ${checkText(name, known, check)}`
  if (known.inFlight !== null) return `being probed${more}`
  const what = known.results.length === 0 ? 'probed' : 'probed again'
  return { what, inMs: Math.max(0, known.dueBootMs - now.bootMs), more }
}

/** What comes of the next probes. */
function checkText(name: CheckName, { status, failures }: CheckState, { retries }: Check): string {
  if (name === 'readiness') {
    return status === 'starting'
      ? 'one success makes it healthy'
      : 'one success makes it healthy, failures restart nothing'
  }
  const left = Math.max(1, retries - failures)
  return `${left} ${failures === 0 ? '' : 'more '}failure${left === 1 ? '' : 's'} in a row end${left === 1 ? 's' : ''} it`
}

// ---- on its way down -----------------------------------------------------------------------------------------

function endingSoon({ unit, blocker }: Scene): Account {
  if (blocker === null) return coming('told to stop with the next turn')
  return {
    isAtTarget: false,
    why: `${unit.reason}; has to end`,
    next: `stopped when ${blocker.id} has ended`,
    command: null,
  }
}

function stoppingNext({ state, unit, now }: Scene): Next {
  const dueBootMs = unit.stop?.dueBootMs ?? null
  const after = unit.condemned === null ? 'it is started again' : 'its restart policy decides'
  const then = isWantedUp(state, unit) ? `; then ${after}` : ''
  if (dueBootMs === null) return `ends when it ends: its stop ladder has no further rung${then}`
  const what = rungName(rungAt(unit, unit.stop ?? { rung: 0, isForGood: false }))
  return { what, inMs: dueBootMs - now.bootMs, more: ` if it is still there${then}` }
}

function afterText({ after, want }: Unit): string {
  const what =
    after?.phase === 'backoff' || (after?.phase === 'idle' && want.kind !== 'down') ? 'started again' : 'rests'
  return `${what} when the post_stop hook has ended`
}

// ---- at rest -------------------------------------------------------------------------------------------------

function resting({ state, unit, now }: Scene): Account {
  if (state.mode.kind === 'stopping') return { isAtTarget: true, next: 'nothing: the daemon ends', command: null }
  if (!unit.isDeclared) return coming('forgotten with the next turn')
  if (unit.spec.schedule !== null) return scheduled(unit, now)
  const until = unit.spec.manualStop === 'until-started' ? '' : ', or the daemon is restarted'
  const next = !isSomebody(unit.want.by)
    ? 'nothing: it is not started by itself'
    : `nothing: it stays down by the wish of ${whoText(unit.want.by)}, until somebody starts it${until}`
  return { isAtTarget: true, next, command: `holdfast start ${unit.id}` }
}

function scheduled(unit: Unit, now: Now): Account {
  return { isAtTarget: true, next: scheduleNext(unit, now), command: `holdfast run ${unit.id}` }
}

function scheduleNext({ job }: Unit, now: Now): Next {
  const dueWallMs = job?.dueWallMs ?? null
  if (dueWallMs !== null) return { what: 'run by its schedule', inMs: dueWallMs - now.wallMs, more: '' }
  if (job?.due === 'known') return 'nothing: its schedule has no further time'
  const asked = job?.asked ?? null
  if (asked === null || asked.times === 1) return 'its next time is being looked up'
  const what = `its next time was asked for ${asked.times} times and not told; asked again`
  return { what, inMs: asked.untilBootMs - now.bootMs, more: '' }
}

function ended(unit: Unit, now: Now): Account {
  const { end, want } = unit
  if (unit.spec.schedule !== null) return scheduled(unit, now)
  if (end.kind === 'expected' || want.kind === 'down') {
    return {
      isAtTarget: true,
      next: end.kind === 'expected' ? 'nothing: it ended as it should' : 'nothing: it is not wanted',
      command: `holdfast start ${unit.id}`,
    }
  }
  const how = end.message === '' && end.exit !== null ? exitText(end.exit) : end.message
  const last = unit.job?.history.at(-1)
  const wasOnce = unit.spec.once === null && last !== undefined && last.run === end.run
  const why = wasOnce ? `it was run once by ${whoText(last.by)}` : `its restart policy is ${unit.spec.restart.when}`
  return decided(`nothing: ${how}, and ${why}`, unit)
}

function failed(unit: Unit, now: Now): Account {
  if (unit.spec.schedule !== null) return { ...scheduled(unit, now), isAtTarget: false }
  return decided('nothing: it stays failed until somebody starts it or its configuration changes', unit)
}
