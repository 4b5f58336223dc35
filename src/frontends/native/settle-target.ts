import type { Release, State, UnitId } from '../../core/model.ts'
import { isWantedUp } from '../../core/unit/wish.ts'
import type { EnginePort, Snapshot } from '../../engine/ports.ts'
import type { Outcome, RejectionItem } from '../../wire/api.ts'
import type { WaitedFor, WaitedForOfUp } from '../../wire/requests.ts'
import { rejectionItem } from './releases.ts'
import { type Goal, settle, usualWaitMs } from './settling.ts'
import { outcomesOf } from './wishes.ts'

interface Waiting {
  readonly waitFor: WaitedForOfUp
  readonly timeoutMs: number | null
}

interface Settled {
  readonly items: readonly Outcome[]
  /** Of those that were declared: what runs again instead, or, where commits were waited for, has failed. */
  readonly rejections: readonly RejectionItem[]
}

/**
 * What became of everything that is wanted up, and of what is no longer declared, since `before`. Where a release is taken back
 * meanwhile, it is what runs then that is waited for.
 */
export async function settleTarget(
  engine: EnginePort,
  before: Snapshot,
  { waitFor, timeoutMs }: Waiting,
): Promise<Settled> {
  const declared = engine.snapshot()
  const usualMs = Math.max(
    usualWaitMs(declared.state, goalsOf(declared.state, goalOf(waitFor))),
    waitFor === 'committed' ? trialWaitMs(declared) : 0,
  )
  const deadlineMs = Date.now() + (timeoutMs ?? usualMs)
  const isDone = ({ state }: Snapshot) => releasesAs(state, 'trial').length === 0
  if (waitFor === 'committed') await engine.until(isDone, Math.max(0, deadlineMs - Date.now()))
  for (;;) {
    const { state } = engine.snapshot()
    const goals = goalsOf(state, goalOf(waitFor))
    const known = rejectedOf(state)
    const isOther = (snapshot: Snapshot) => rejectedOf(snapshot.state).some((one) => !known.includes(one))
    const after = await settle(engine, goals, deadlineMs, isOther)
    if (isOther(after)) continue
    const rejections = releasesAs(after.state, 'reverted', ...(waitFor === 'committed' ? ['failed' as const] : []))
    const { items } = outcomesOf(before, after, goals)
    return {
      items: waitFor === 'committed' ? items.map((item) => onTrialStill(after.state, item)) : items,
      rejections: rejections.flatMap((release) => rejectionItem(release) ?? []),
    }
  }
}

function goalOf(waitFor: WaitedForOfUp): WaitedFor {
  return waitFor === 'committed' ? 'healthy' : waitFor
}

function goalsOf(state: State, goal: WaitedFor): ReadonlyMap<UnitId, Goal> {
  const goals = new Map<UnitId, Goal>()
  for (const unit of state.units.values()) {
    if (isWantedUp(state, unit)) goals.set(unit.id, goal)
    else if (!unit.isDeclared) goals.set(unit.id, 'down')
  }
  return goals
}

/** As long as the trials may take, and a little more; how long images take to come nobody knows. */
function trialWaitMs({ state, now }: Snapshot): number {
  const waits = releasesAs(state, 'trial').map(({ trial }) => {
    return trial?.deadlineBootMs == null ? unknownWaitMs : trial.deadlineBootMs - now.bootMs
  })
  return Math.max(0, ...waits) + 10_000
}

const unknownWaitMs = 3_600_000

function releasesAs(state: State, ...statuses: readonly Release['status'][]): readonly Release[] {
  return [...state.releases.values()].filter(({ status }) => statuses.includes(status))
}

function rejectedOf(state: State): readonly Release['rejected'][] {
  return releasesAs(state, 'reverted').map(({ rejected }) => rejected)
}

/** It works, and that has not been proved yet. */
function onTrialStill({ releases, units }: State, item: Outcome): Outcome {
  const status = releases.get(units.get(item.unit)?.app ?? '')?.status
  const isMet = item.result === 'done' || item.result === 'unchanged'
  return status === 'trial' && isMet ? { ...item, result: 'timed-out' } : item
}
