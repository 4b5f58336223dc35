import { type Explanation, explain } from '../../core/explain.ts'
import type { State, Unit, UnitId, Who } from '../../core/model.ts'
import { mustEnd } from '../../core/unit/wish.ts'
import { type EnginePort, type Snapshot, StoreError } from '../../engine/ports.ts'
import { apiVersion, type Outcome, type OutcomeList } from '../../wire/api.ts'
import type { NamesRequest, SignalRequest } from '../../wire/requests.ts'
import { Refusal } from './refusal.ts'
import { selectOrRefuse } from './select.ts'

export type Wish = 'start' | 'stop' | 'restart'

/** Commands what somebody wishes and waits until each unit has come to it, or cannot without a decision. */
export async function bringAbout(
  engine: EnginePort,
  wish: Wish,
  { names, wait, timeoutMs }: NamesRequest,
  by: Who,
): Promise<OutcomeList> {
  const before = engine.snapshot()
  const units = selectOrRefuse(before.state, names)
  refuseWhileStopping(before.state)
  const commanded = await commandOrRefuse(engine, { kind: wish, units, by })
  if (!wait) return outcomeList(commanded, units, () => 'done')
  const deadlineMs = Date.now() + (timeoutMs ?? usualWaitMs(before.state, units))
  const after = await settle(engine, wish, units, deadlineMs)
  return outcomeList(after, units, (id) => resultOf({ wish, before: before.state, after, id }))
}

/** Sends a signal to those that run; waits for nothing. */
export async function sendSignal(engine: EnginePort, { names, signal }: SignalRequest, by: Who): Promise<OutcomeList> {
  const { state } = engine.snapshot()
  const units = selectOrRefuse(state, names)
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

// ---- waiting -------------------------------------------------------------------------------------------------

/** met: as wished. stuck: does not get there without a decision, or only by trying again. pending: on its way. */
type Progress = 'met' | 'stuck' | 'pending'

/** A program that cannot run mostly says so at once: up for this long counts as started. */
const settleMs = 500

async function settle(engine: EnginePort, wish: Wish, units: readonly UnitId[], deadlineMs: number): Promise<Snapshot> {
  for (;;) {
    const leftMs = Math.max(0, deadlineMs - Date.now())
    const decided = await engine.until(
      (snapshot) => units.every((id) => progressOf(wish, snapshot, id) !== 'pending'),
      leftMs,
    )
    if (decided === null || wish === 'stop') return engine.snapshot()
    const youngMs = youngestMs(decided, units)
    if (youngMs >= settleMs) return decided
    const fallen = await engine.until(
      ({ state }) => units.some((id) => isUp(decided.state, id) && !isUp(state, id)),
      Math.min(settleMs - youngMs, Math.max(0, deadlineMs - Date.now())),
    )
    if (fallen === null) return engine.snapshot()
  }
}

function isUp(state: State, id: UnitId): boolean {
  return state.units.get(id)?.phase === 'up'
}

/** How long the youngest of those that are up has been so, as of now. */
function youngestMs({ state, now }: Snapshot, units: readonly UnitId[]): number {
  const ages = units.filter((id) => isUp(state, id)).map((id) => now.bootMs - state.units.get(id)!.sinceBootMs)
  return Math.min(settleMs, ...ages)
}

function progressOf(wish: Wish, snapshot: Snapshot, id: UnitId): Progress {
  const unit = snapshot.state.units.get(id)
  if (unit === undefined) return wish === 'stop' ? 'met' : 'stuck'
  return wish === 'stop' ? progressDown(unit) : progressUp(snapshot, unit)
}

function progressDown(unit: Unit): Progress {
  switch (unit.phase) {
    case 'unresolved':
      return 'stuck'
    case 'idle':
    case 'backoff':
    case 'ended':
    case 'failed':
      return 'met'
    case 'preparing':
    case 'starting':
    case 'up':
    case 'stopping':
    case 'finishing':
      return 'pending'
  }
}

function progressUp(snapshot: Snapshot, unit: Unit): Progress {
  switch (unit.phase) {
    case 'up':
      return mustEnd(snapshot.state, unit) ? 'pending' : 'met'
    case 'ended':
      return unit.end.kind === 'expected' ? 'met' : 'stuck'
    case 'backoff':
    case 'failed':
    case 'unresolved':
      return 'stuck'
    case 'idle':
      return needsDecision(snapshot, unit.id) ? 'stuck' : 'pending'
    case 'preparing':
    case 'starting':
    case 'stopping':
    case 'finishing':
      return 'pending'
  }
}

/** It waits for something that somebody has to start first. */
function needsDecision({ state, now }: Snapshot, id: UnitId): boolean {
  const account = explain(state, now).find(({ unit }) => unit === id)
  return account !== undefined && account.command !== null
}

/** As long as the slowest stop ladder and the hooks of one unit may take, and 10 s for what is started or written. */
function usualWaitMs(state: State, units: readonly UnitId[]): number {
  const waits = units.map((id) => {
    const spec = state.units.get(id)?.spec
    if (spec === undefined) return 0
    const ladderMs = spec.stop.reduce((sum, rung) => sum + rung.waitMs, 0)
    return ladderMs + (spec.hooks.postStop?.timeoutMs ?? 0) + (spec.hooks.preStart?.timeoutMs ?? 0)
  })
  return Math.max(0, ...waits) + 10_000
}

// ---- outcomes ------------------------------------------------------------------------------------------------

function resultOf(options: {
  readonly wish: Wish
  readonly before: State
  readonly after: Snapshot
  readonly id: UnitId
}): Outcome['result'] {
  const { wish, before, after, id } = options
  switch (progressOf(wish, after, id)) {
    case 'pending':
      return 'timed-out'
    case 'stuck':
      return 'failed'
    case 'met':
      return isSameRun(before, after.state, id) ? 'unchanged' : 'done'
  }
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
