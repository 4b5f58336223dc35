import type { Exit, JobRun, State, Unit, UnitId, Who } from '../../core/model.ts'
import { durationText, exitText } from '../../core/text.ts'
import type { EnginePort, Snapshot } from '../../engine/ports.ts'
import type { ExitItem, Outcome, OutcomeList } from '../../wire/api.ts'
import type { NamesRequest } from '../../wire/requests.ts'
import { Refusal } from './refusal.ts'
import { selectOrRefuse } from './select.ts'
import { commandOrRefuse, outcomeList, refuseWhileStopping } from './wishes.ts'

/** A job may take as long as it takes; this is the longest a timer can be, some 24 days. */
const waitMsMax = 2 ** 31 - 1

/**
 * One run of each unit now, as a job, and the end of each; all or nothing where one of them runs already. `signal`
 * aborts when the client is gone: the jobs go on.
 */
export async function runNow(
  engine: EnginePort,
  { names, labels, wait, timeoutMs }: NamesRequest,
  { by, signal }: { readonly by: Who; readonly signal: AbortSignal },
): Promise<OutcomeList> {
  const before = engine.snapshot().state
  const units = selectOrRefuse(before, names, labels)
  refuseWhileStopping(before)
  for (const id of units) refuseBusy(before.units.get(id)!)
  const commanded = await commandOrRefuse(engine, { kind: 'run', units, by })
  if (!wait) return outcomeList(commanded, units, () => 'done')
  const asked = new Map(units.map((id) => [id, openedFor(id, before, commanded.state)]))
  const entryAt = (state: State, id: UnitId): JobRun | null => entryOf(state.units.get(id), asked.get(id) ?? null)
  const isDecided = ({ state }: Snapshot): boolean =>
    signal.aborted || units.every((id) => !isUnderWay(state.units.get(id), entryAt(state, id)))
  const after = (await engine.until(isDecided, timeoutMs ?? waitMsMax)) ?? engine.snapshot()
  const { state } = after
  const list = outcomeList(after, units, (id) => resultOf(state.units.get(id), entryAt(state, id)))
  return { ...list, items: list.items.map((item) => withEnd(item, entryAt(state, item.unit))) }
}

export function exitItem(exit: Exit | null): ExitItem | null {
  switch (exit?.kind) {
    case undefined:
      return null
    case 'code':
      return { code: exit.code, signal: null }
    case 'signal':
      return { code: null, signal: exit.signal }
    case 'unknown':
      return { code: null, signal: null }
  }
}

/** Somebody else's run is not taken for the one that was asked for. */
function refuseBusy(unit: Unit): void {
  const { id, run, want, spec } = unit
  // After a post_stop hook it rests, or not: that is decided already.
  const rests = unit.after?.phase ?? unit.phase
  if (run !== null && run.role !== 'post') {
    const isKeptUp = want.kind === 'up' && spec.schedule === null
    const remedy = isKeptUp ? `a new run of it: holdfast restart ${id}` : `wait until it ends, or: holdfast stop ${id}`
    const which = run.identity === null ? unit.phase : `pid ${run.identity.pid}`
    throw new Refusal('already-running', `${id} runs already (${which}), so nothing was run`, remedy)
  }
  const isNext = want.kind !== 'down' && (rests === 'idle' || rests === 'backoff')
  if (isNext || rests === 'preparing' || rests === 'finishing') {
    const message = `${id} is about to be started (${unit.reason}), so nothing was run`
    throw new Refusal('already-running', message, `see: holdfast explain ${id}`)
  }
}

/** The entry of the run that our command began; null: somebody was faster, and it was left alone. */
function openedFor(id: UnitId, before: State, commanded: State): JobRun | null {
  const last = commanded.units.get(id)?.job?.history.at(-1) ?? null
  return last === null || entryOf(before.units.get(id), last) !== null ? null : last
}

/** That entry as it is now: it gets its run's number and its end, and keeps when it was asked for. */
function entryOf(unit: Unit | undefined, asked: JobRun | null): JobRun | null {
  if (asked === null) return null
  const { startedWallMs, dueWallMs } = asked
  const history = unit?.job?.history ?? []
  return history.findLast((entry) => entry.startedWallMs === startedWallMs && entry.dueWallMs === dueWallMs) ?? null
}

/** Not over; and where somebody wishes otherwise since, as long as anything of it lives. */
function isUnderWay(unit: Unit | undefined, entry: JobRun | null): boolean {
  return entry?.outcome === 'running' && unit !== undefined && (unit.want.kind === 'once' || unit.run !== null)
}

function resultOf(unit: Unit | undefined, entry: JobRun | null): Outcome['result'] {
  if (isUnderWay(unit, entry)) return 'timed-out'
  return entry?.outcome === 'expected' ? 'done' : 'failed'
}

function withEnd(item: Outcome, entry: JobRun | null): Outcome {
  if (entry === null || entry.endedWallMs === null) return item
  const took = `after ${durationText(entry.endedWallMs - entry.startedWallMs)}`
  const why = entry.exit === null ? entry.message : `${exitText(entry.exit)} ${took}`
  return { ...item, why: why === '' ? item.why : why, exit: exitItem(entry.exit) }
}
