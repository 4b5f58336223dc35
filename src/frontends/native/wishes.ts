import { type Explanation, explain } from '../../core/explain.ts'
import type { State, Unit, UnitId, Who } from '../../core/model.ts'
import { type EnginePort, type Snapshot, StoreError } from '../../engine/ports.ts'
import { apiVersion, type Outcome, type OutcomeList } from '../../wire/api.ts'
import type { NamesRequest, SignalRequest } from '../../wire/requests.ts'
import { Refusal } from './refusal.ts'
import { selectOrRefuse } from './select.ts'
import { type Goal, progressAt, settle, usualWaitMs } from './settling.ts'

export type Wish = 'start' | 'stop' | 'restart'

/** Commands what somebody wishes and waits until each unit has come to it, or cannot without a decision. */
export async function bringAbout(
  engine: EnginePort,
  wish: Wish,
  { names, labels, wait, waitFor, timeoutMs, force }: NamesRequest,
  by: Who,
): Promise<OutcomeList> {
  const before = engine.snapshot()
  const units = selectOrRefuse(before.state, names, labels)
  refuseWhileStopping(before.state)
  const apps = force ? appsWithContainers(unitsOf(before.state, units)) : []
  const commanded = await commandWith(engine, { kind: wish, units, by }, apps)
  if (!wait) return outcomeList(commanded, units, () => 'done')
  const goal: Goal = wish === 'stop' ? 'down' : waitFor
  const goals = new Map(units.map((id) => [id, goal]))
  const deadlineMs = Date.now() + (timeoutMs ?? usualWaitMs(before.state, goals))
  return outcomesOf(before, await settle(engine, goals, deadlineMs), goals)
}

/**
 * A command, and with it, in the same turn, that the update locks of these apps hold back nothing of what it leads to: before it
 * there would be nothing to override, and after it they would be looked at already.
 */
export async function commandWith(
  engine: EnginePort,
  command: Parameters<EnginePort['command']>[0],
  overridden: readonly string[],
): Promise<Snapshot> {
  if (overridden.length === 0) return commandOrRefuse(engine, command)
  const commanded = commandOrRefuse(engine, command)
  const unlocked = commandOrRefuse(engine, { kind: 'override-locks', apps: overridden, by: command.by })
  const [, snapshot] = await Promise.all([commanded, unlocked])
  return snapshot
}

export function appsWithContainers(units: Iterable<Pick<Unit, 'app' | 'spec'>>): readonly string[] {
  return [...new Set([...units].flatMap(({ app, spec }) => (spec.container === undefined ? [] : [app])))]
}

function unitsOf({ units }: State, ids: readonly UnitId[]): readonly Unit[] {
  return ids.flatMap((id) => units.get(id) ?? [])
}

/** Sends a signal to those that run; waits for nothing. */
export async function sendSignal(
  engine: EnginePort,
  { names, labels, signal }: SignalRequest,
  by: Who,
): Promise<OutcomeList> {
  const { state } = engine.snapshot()
  const units = selectOrRefuse(state, names, labels)
  const running = units.filter((id) => state.units.get(id)?.run?.identity != null)
  const snapshot =
    running.length === 0
      ? engine.snapshot()
      : await commandOrRefuse(engine, { kind: 'signal', units: running, signal, by })
  const list = outcomeList(snapshot, units, (id) => (running.includes(id) ? 'done' : 'not-running'))
  return {
    ...list,
    items: list.items.map((item) => (item.result === 'done' ? { ...item, why: `SIG${signal} sent` } : item)),
  }
}

export async function commandOrRefuse(
  engine: EnginePort,
  command: Parameters<EnginePort['command']>[0],
): Promise<Snapshot> {
  try {
    return await engine.command(command)
  } catch (error) {
    if (error instanceof StoreError) {
      throw new Refusal(
        'not-stored',
        `the command cannot be stored (${error.message}), so it was not done`,
        'free disk space, then try again',
      )
    }
    if (error instanceof Error) throw new Refusal('failed', error.message)
    throw error
  }
}

export function refuseWhileStopping(state: State): void {
  if (state.mode.kind === 'stopping')
    throw new Refusal('stopping', 'the daemon is stopping everything', 'start it again when it has ended')
}

// ---- outcomes ------------------------------------------------------------------------------------------------

export function outcomesOf(before: Snapshot, after: Snapshot, goals: ReadonlyMap<UnitId, Goal>): OutcomeList {
  const progressOf = progressAt(after)
  return outcomeList(after, [...goals.keys()], (id) => {
    switch (progressOf(id, goals.get(id)!)) {
      case 'pending':
        return 'timed-out'
      case 'stuck':
        return 'failed'
      case 'locked':
        return 'locked'
      case 'met':
        return isSameRun(before.state, after.state, id) ? 'unchanged' : 'done'
    }
  })
}

function isSameRun(before: State, after: State, id: UnitId): boolean {
  const old = before.units.get(id)
  const unit = after.units.get(id)
  return (
    old?.phase === unit?.phase && (old?.run?.n ?? null) === (unit?.run?.n ?? null) && old?.want.kind === unit?.want.kind
  )
}

export function outcomeList(
  { state, now }: Snapshot,
  units: readonly UnitId[],
  result: (id: UnitId) => Outcome['result'],
): OutcomeList {
  const accounts = new Map(explain(state, now).map((account) => [account.unit, account]))
  const items = units.map((id) => outcome(id, accounts.get(id), result(id)))
  return { apiVersion, kind: 'OutcomeList', items }
}

function outcome(unit: UnitId, account: Explanation | undefined, result: Outcome['result']): Outcome {
  if (account === undefined) {
    return {
      unit,
      result,
      state: 'stopped',
      why: 'it is no longer declared',
      next: 'nothing',
      command: null,
      exit: null,
    }
  }
  const { state, why, next, command } = account
  return { unit, result, state, why, next, command, exit: null }
}
