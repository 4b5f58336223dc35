import type { Now, State, Unit, UnitId } from './model.ts'
import { rungAt } from './plan.ts'
import { type ShownState, shownState } from './shown.ts'
import { durationText, exitText, whoText } from './text.ts'
import { hindrance, indexServices, isWantedUp, mustEnd, type ServiceIndex, stopBlockers } from './unit/wish.ts'

export interface Explanation {
  readonly unit: UnitId
  readonly state: ShownState
  /** As declared and wished, nothing left to do. */
  readonly isAtTarget: boolean
  /** Why it is as it is, one sentence. */
  readonly why: string
  /** What happens next, and when. */
  readonly next: string
  /** The command that would change it, where a person has to decide; else null. */
  readonly command: string | null
}

/** For each unit: whether it is as it should be; if not, why, and what happens next. */
export function explain(state: State, now: Now): readonly Explanation[] {
  const index = indexServices(state)
  const blockers = stopBlockers(state)
  return [...state.units.values()].map((unit) => {
    const scene: Scene = { state, now, index, unit, blocker: mustEnd(state, unit) ? blockers.blocks(unit) : null }
    return { unit: unit.id, state: shownState(state, index, unit), why: unit.reason, ...byPhase(scene) }
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

type Account = Pick<Explanation, 'isAtTarget' | 'next' | 'command'> & { readonly why?: string }

function byPhase(scene: Scene): Account {
  const { state, unit, now } = scene
  switch (unit.phase) {
    case 'idle':
      return isWantedUp(state, unit) ? startingSoon(scene) : resting(scene)
    case 'preparing':
      return coming(hookNext(scene, 'its process is started when the pre_start hook has ended'))
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
      return decided(`nothing: it stays failed until somebody starts it or its configuration changes`, unit)
    case 'unresolved':
      return decided(`nothing is started or signalled; it is looked at again when somebody starts or stops it`, unit)
  }
  function running({ unit }: Scene): Account {
    if (unit.run?.isPaused) {
      const command = `holdfast signal CONT ${unit.id}`
      return { isAtTarget: true, next: 'it does nothing until it gets SIGCONT', command }
    }
    const status = unit.health?.readiness?.status ?? unit.health?.liveness?.status ?? 'healthy'
    if (status !== 'healthy') return { isAtTarget: false, next: probeNext(unit, now), command: null }
    const next = unit.want.kind === 'once' ? 'nothing: it was to run once' : 'restarted by its policy when it ends'
    return { isAtTarget: true, next, command: null }
  }
  function backingOff(scene: Scene): Account {
    if (!isWantedUp(state, unit)) return { isAtTarget: true, next: 'nothing: it is not wanted', command: null }
    const leftMs = (unit.retryBootMs ?? now.bootMs) - now.bootMs
    if (leftMs <= 0) return startingSoon(scene)
    return { isAtTarget: false, next: `started again in ${durationText(leftMs)}`, command: `holdfast start ${unit.id}` }
  }
}

function hookNext({ unit, now }: Scene, then: string): string {
  const hook = unit.run?.role === 'post' ? unit.spec.hooks.postStop : unit.spec.hooks.preStart
  if (unit.run === null || hook === null) return then
  return `${then}; stopped in ${durationText(unit.run.startedBootMs + hook.timeoutMs - now.bootMs)} if it still runs`
}

function afterText({ after, want }: Unit): string {
  const what =
    after?.phase === 'backoff' || (after?.phase === 'idle' && want.kind !== 'down') ? 'started again' : 'rests'
  return `${what} when the post_stop hook has ended`
}

function probeNext({ health, spec }: Unit, now: Now): string {
  const known = health?.readiness?.status === 'healthy' ? health.liveness : (health?.readiness ?? health?.liveness)
  if (known == null) return 'probed with the next turn'
  const when =
    known.inFlight === null ? `probed in ${durationText(known.dueBootMs - now.bootMs)}` : 'a probe is under way'
  return spec.checks.liveness === null ? when : `${when}; a failing liveness check ends the run`
}

function coming(next: string): Account {
  return { isAtTarget: false, next, command: null }
}

function decided(next: string, unit: Unit): Account {
  return { isAtTarget: false, next, command: `holdfast start ${unit.id}` }
}

function startingSoon({ state, index, unit }: Scene): Account {
  const held = hindrance(state, index, unit)
  if (held === null) return coming('started with the next turn')
  const other = (index.get(`${unit.app}/${held.dependency.service}`) ?? [])[0]
  const isStuck =
    other !== undefined && (!isWantedUp(state, other) || other.phase === 'failed' || other.phase === 'ended')
  const command = isStuck ? `holdfast start ${unit.app}/${held.dependency.service}` : null
  return { isAtTarget: false, why: `waits for ${held.why}`, next: 'started as soon as that holds', command }
}

function resting({ state, unit, now }: Scene): Account {
  if (state.mode.kind === 'stopping') return { isAtTarget: true, next: 'nothing: the daemon ends', command: null }
  if (!unit.isDeclared) return coming('forgotten with the next turn')
  if (unit.spec.schedule !== null) return scheduled(unit, now)
  const until =
    unit.want.by.kind === 'declared' ? 'not started by itself' : `down by the wish of ${whoText(unit.want.by)}`
  return { isAtTarget: true, next: `nothing: ${until}`, command: `holdfast start ${unit.id}` }
}

function scheduled(unit: Unit, now: Now): Account {
  const dueWallMs = unit.job?.dueWallMs ?? null
  const when =
    dueWallMs === null ? 'its next time is being looked up' : `run in ${durationText(dueWallMs - now.wallMs)}`
  const next = unit.job?.due === 'known' && dueWallMs === null ? 'nothing: its schedule has no further time' : when
  return { isAtTarget: true, next, command: `holdfast run ${unit.id}` }
}

function endingSoon({ unit, blocker }: Scene): Account {
  if (blocker === null) return coming('told to stop with the next turn')
  return {
    isAtTarget: false,
    why: `${unit.reason}; has to end`,
    next: `stopped when ${blocker.id} has ended`,
    command: null,
  }
}

function stoppingNext({ unit, now }: Scene): string {
  const dueBootMs = unit.stop?.dueBootMs ?? null
  if (dueBootMs === null) return 'ends when it ends: its stop ladder has no further rung'
  const { signal } = rungAt(unit, unit.stop?.rung ?? 0)
  return `SIG${signal} in ${durationText(dueBootMs - now.bootMs)} if it is still there`
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
  return decided(`nothing: ${how}, and its restart policy is ${unit.spec.restart.when}`, unit)
}
