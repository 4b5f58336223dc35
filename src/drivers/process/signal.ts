import type { Event, SignalScope, Step, UnitId } from '../../core/model.ts'
import { boundary } from '../../sys/boundary.ts'
import type { Errno } from '../../sys/errno.ts'
import { kill } from '../../sys/kill.ts'
import { signalPidfd } from '../../sys/pidfd.ts'
import { readEnvironment, readStat } from '../../sys/proc.ts'
import { signalNumber } from '../../sys/signals.ts'
import type { Cgroups } from './cgroups.ts'
import type { Commands } from './commands.ts'
import { failure } from './failure.ts'
import { unitMarker } from './markers.ts'
import type { LiveRun, Runs } from './runs.ts'
import { type Survey, takeSurvey } from './survey.ts'

export interface SignalContext {
  readonly homeId: string
  readonly runs: Runs
  readonly cgroups: Cgroups
  readonly commands: Commands
  readonly keeperPids: ReadonlySet<number>
  readonly survey: Survey
  /** Children of ours that are neither a run nor a keeper, with their environment. */
  readonly orphans: () => ReadonlyMap<number, readonly string[]>
}

/** What signals of one turn share: one look at the processes, taken when first needed. */
export function signalContext(parts: Omit<SignalContext, 'orphans' | 'survey'>): SignalContext {
  const survey = takeSurvey()
  let orphans: ReadonlyMap<number, readonly string[]> | null = null
  const context: SignalContext = {
    ...parts,
    survey,
    orphans() {
      orphans ??= new Map(
        survey.ownChildren().flatMap((pid) => {
          const environment = isOurs(pid, context) ? 'ESRCH' : readEnvironment(pid)
          return typeof environment === 'string' ? [] : [[pid, environment] as const]
        }),
      )
      return orphans
    },
  }
  return context
}

type SignalStep = Omit<Extract<Step, { kind: 'signal' }>, 'kind' | 'why'>

/** Sends a signal to a run, as far as its scope reaches, and says what came of it. `run` null: it is not alive. */
export function signalRun(step: SignalStep, run: LiveRun | null, context: SignalContext): Event {
  const { unit, run: n, signal } = step
  const number = signalNumber(signal)
  if (number === null && !isNone(signal)) {
    const trouble = failure('EINVAL', `there is no signal ${signal}; correct \`stop_signal\``)
    return { kind: 'signal-failed', unit, run: n, signal, ...trouble }
  }
  if (run === null || !isSame(run)) return { kind: 'signalled', unit, run: n, signal, outcome: 'gone' }
  if (number === null) return { kind: 'signalled', unit, run: n, signal, outcome: 'sent' }
  const errno = send({ run, number, scope: step.scope, isLadder: step.purpose === 'ladder' }, context)
  if (errno === 'ESRCH') return { kind: 'signalled', unit, run: n, signal, outcome: 'gone' }
  if (errno === null) return { kind: 'signalled', unit, run: n, signal, outcome: 'sent' }
  const trouble = failure(errno, `SIG${signal} to process ${run.identity.pid} was refused (${errno})`)
  return { kind: 'signal-failed', unit, run: n, signal, ...trouble }
}

/** The end of its input, and nothing: steps of a ladder by which no process is signalled. */
function isNone(signal: string): boolean {
  return signal === 'EOF' || signal === '0'
}

/** After its end: kills what a run left behind, where its stop ladder reaches that. Others that were told to stop may go on doing so. */
export function killLeftovers(run: LiveRun, context: SignalContext): void {
  if (run.endScope !== 'tree') return
  // Its pid stays taken as a group's number while the group has members, so this can hit nobody else.
  kill(-run.identity.pid, killNumber)
  boundary('leftovers: group killed')
  killStrays(run.unit, context, run.pidfd !== null)
}

/** Kills what left the group of an ended run: by cgroup, and by its marker among what was orphaned to us. */
export function killStrays(unit: UnitId, context: SignalContext, isAdopted = false): void {
  context.cgroups.killAll(unit)
  const strays = straysOf(unit, context, isAdopted)
  for (const pid of [...context.survey.descendants(strays), ...strays]) kill(pid, killNumber)
  boundary('leftovers: strays killed')
}

const killNumber = 9
const continueNumber = 18

/** Our news of its end may still be on the way: never signal a process that only inherited the pid. */
function isSame(run: LiveRun): boolean {
  return run.isChild || readStat(run.identity.pid)?.startTicks === run.identity.startTicks
}

function send(
  request: { readonly run: LiveRun; readonly number: number; readonly scope: SignalScope; readonly isLadder: boolean },
  context: SignalContext,
): Errno | null {
  const { run, number, scope, isLadder } = request
  const { pid } = run.identity
  // Looked up first: once the parents are gone the tree can no longer be followed.
  const others = scope === 'tree' ? othersOf(run, context) : []
  const errno = scope === 'main' ? signalMain(run, number, context) : kill(-pid, number)
  boundary('signal: sent')
  if (scope === 'tree' && number === killNumber) context.cgroups.killAll(run.unit)
  for (const other of others) kill(other, number)
  // Nobody tells of the pause of a process that is not our child, and paused it could not act on the signal.
  if (isLadder && run.pidfd !== null && readStat(pid)?.state === 'T') {
    if (scope === 'main') signalMain(run, continueNumber, context)
    else kill(-pid, continueNumber)
  }
  return errno
}

function signalMain(run: LiveRun, number: number, context: SignalContext): Errno | null {
  if (run.isRecorded) return context.commands.signal(run.identity.pid, number)
  return run.pidfd ? signalPidfd(run.pidfd.fd, number) : kill(run.identity.pid, number)
}

/** What belongs to a run and is outside its process group. */
function othersOf(run: LiveRun, context: SignalContext): readonly number[] {
  const { pid } = run.identity
  const strays = straysOf(run.unit, context, run.pidfd !== null)
  const all = new Set([
    ...context.survey.descendants([pid, ...strays]),
    ...strays,
    ...context.cgroups.members(run.unit),
  ])
  return [...all].filter((other) => other !== pid && readStat(other)?.pgid !== pid)
}

/** Orphans come to us; those of adopted runs went to whoever was above them when we were away. */
function straysOf(unit: UnitId, context: SignalContext, isAdopted: boolean): readonly number[] {
  const marker = unitMarker(context.homeId, unit)
  const candidates = isAdopted
    ? context.survey.withMarkers([marker]).map((stat) => stat.pid)
    : [...context.orphans()].filter(([, environment]) => environment.includes(marker)).map(([pid]) => pid)
  return candidates.filter((pid) => !isOurs(pid, context))
}

function isOurs(pid: number, context: SignalContext): boolean {
  return pid === process.pid || context.runs.byPid(pid) !== null || context.keeperPids.has(pid)
}
