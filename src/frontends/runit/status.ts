import type { Mode, Now, Unit } from '../../core/model.ts'
import type { LoggerState } from '../../engine/ports.ts'
import type { SuperviseStatus } from '../../formats/supervise-status.ts'

/** What `sv` is told of a unit (docs/lifecycle.md "Projections"). Times that were told stay: `previous` is what was told last. */
export function unitStatus({
  unit,
  mode,
  now,
  previous,
}: {
  readonly unit: Unit
  readonly mode: Mode['kind']
  readonly now: Now
  /** null: nothing, or nothing to be believed. */
  readonly previous: SuperviseStatus | null
}): SuperviseStatus {
  const { run } = unit
  const state = stateOf(unit)
  const pid = state === 'down' ? 0 : (run?.identity?.pid ?? 0)
  return {
    state,
    ...since(sinceMs({ state, pid, unit, now, previous })),
    pid,
    isPaused: state !== 'down' && run !== null && run.isPaused,
    want: !unit.isDeclared || mode === 'stopping' ? 'exit' : unit.want.kind === 'up' ? 'up' : 'down',
    gotTerm: state === 'run' && run !== null && run.gotTerm,
  }
}

/** Of a unit that the engine does not know yet, or does not know any more. */
export function absentStatus({
  now,
  previous,
  isOver,
}: {
  readonly now: Now
  readonly previous: SuperviseStatus | null
  readonly isOver: boolean
}): SuperviseStatus {
  return {
    ...downSince(previous, now),
    want: isOver ? 'exit' : 'down',
  }
}

/**
 * Of a logger that is the daemon itself: it runs, as the daemon's own process, unless somebody wanted it down. While nothing
 * is open yet it runs as well, as svlogd does before the first line.
 */
export function loggerStatus({
  logger,
  isEnding,
  pid,
  now,
  previous,
}: {
  readonly logger: LoggerState | null
  readonly isEnding: boolean
  /** The daemon's own. */
  readonly pid: number
  readonly now: Now
  readonly previous: SuperviseStatus | null
}): SuperviseStatus {
  const isWantedDown = previous?.want === 'down'
  const isPaused = logger?.isPaused ?? false
  const want = isEnding ? 'exit' : isWantedDown ? 'down' : 'up'
  if (isWantedDown && (isPaused || logger === null)) return { ...downSince(previous, now), want }
  const isSame = previous?.state === 'run' && previous.pid === pid
  const time = isSame ? timeOf(previous) : since(logger?.sinceWallMs ?? now.wallMs)
  return { state: 'run', ...time, pid, isPaused, want, gotTerm: false }
}

/** The same, begun at this moment. */
export function begunNow(status: SuperviseStatus, now: Now): SuperviseStatus {
  return { ...status, ...since(now.wallMs) }
}

export function isSameStatus(a: SuperviseStatus, b: SuperviseStatus): boolean {
  return (
    a.state === b.state &&
    a.sinceSeconds === b.sinceSeconds &&
    a.sinceNanoseconds === b.sinceNanoseconds &&
    a.pid === b.pid &&
    a.isPaused === b.isPaused &&
    a.want === b.want &&
    a.gotTerm === b.gotTerm
  )
}

/** Whether what a file tells may be of this very process: its pid may have been another's, before the host was started. */
export function isBelievable(
  status: SuperviseStatus,
  { pid, now }: { readonly pid: number; readonly now: Now },
): boolean {
  const atMs = status.sinceSeconds * 1000
  return status.state !== 'down' && status.pid === pid && atMs > now.wallMs - now.bootMs && atMs <= now.wallMs
}

/** A start under way has no process to be told of, and one that is prepared only that of its hook. */
function stateOf({ after, run, phase }: Unit): SuperviseStatus['state'] {
  if (after !== null) return 'finish'
  if (run === null || run.role !== 'main') return 'down'
  return run.identity !== null || phase === 'unresolved' ? 'run' : 'down'
}

function sinceMs({
  state,
  pid,
  unit,
  now,
  previous,
}: {
  readonly state: SuperviseStatus['state']
  readonly pid: number
  readonly unit: Unit
  readonly now: Now
  readonly previous: SuperviseStatus | null
}): number {
  switch (state) {
    case 'run':
      if (previous?.state === 'run' && previous.pid === pid) return msOf(previous)
      return now.wallMs - (now.bootMs - (unit.run?.startedBootMs ?? now.bootMs))
    // As long as it lasts, the time of the run before it stands.
    case 'finish':
      return previous === null || previous.state === 'down' ? unit.sinceWallMs : msOf(previous)
    // A start that failed meanwhile was never told to be up, and went down all the same.
    case 'down':
      return previous?.state === 'down' ? Math.max(msOf(previous), unit.end.atWallMs ?? 0) : unit.sinceWallMs
  }
}

type Time = Pick<SuperviseStatus, 'sinceSeconds' | 'sinceNanoseconds'>

function downSince(previous: SuperviseStatus | null, now: Now): Omit<SuperviseStatus, 'want'> {
  const time = previous?.state === 'down' ? timeOf(previous) : since(now.wallMs)
  return { state: 'down', ...time, pid: 0, isPaused: false, gotTerm: false }
}

function timeOf({ sinceSeconds, sinceNanoseconds }: SuperviseStatus): Time {
  return { sinceSeconds, sinceNanoseconds }
}

function msOf({ sinceSeconds, sinceNanoseconds }: Time): number {
  return sinceSeconds * 1000 + Math.floor(sinceNanoseconds / 1_000) / 1_000
}

function since(wallMs: number): Time {
  const sinceSeconds = Math.floor(wallMs / 1000)
  // Whole microseconds and a half, as runit writes them.
  return { sinceSeconds, sinceNanoseconds: Math.round((wallMs - sinceSeconds * 1000) * 1_000) * 1_000 + 500 }
}
