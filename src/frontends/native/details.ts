import { type Explanation, explain } from '../../core/explain.ts'
import type {
  Check,
  CheckName,
  CheckState,
  Dependency,
  End,
  JobRun,
  Now,
  Run,
  State,
  Unit,
  UnitId,
  UnitSpec,
} from '../../core/model.ts'
import { whoText } from '../../core/text.ts'
import { hindrance, indexServices, type ServiceIndex } from '../../core/unit/wish.ts'
import type { RunFacts, Snapshot, StreamRef } from '../../engine/ports.ts'
import {
  apiVersion,
  type CheckItem,
  type DependencyItem,
  type EndItem,
  type JobRunItem,
  type LogItem,
  type RunItem,
  type ScheduleItem,
  type StatusList,
  type UnitDetail,
  type UsageItem,
} from '../../wire/api.ts'
import { shellWord } from '../../wire/home.ts'
import { exitItem } from './jobs.ts'
import { limitFacts } from './limits.ts'
import { Refusal } from './refusal.ts'
import { selectOrRefuse } from './select.ts'
import { daemonWarnings, nextRunAt, unitItem } from './units.ts'

/** Each unit asked for is looked at in /proc and its cgroup: more at a time would hold the daemon up. */
export const detailsMax = 100

/** Live facts of a unit's run, from the driver. */
export type FactsOf = (run: Run, unit: UnitId) => RunFacts | null

/** What a snapshot does not tell. */
export interface Sight {
  readonly factsOf: FactsOf
  readonly logPathOf: (stream: StreamRef) => string | null
}

/** What `holdfast status NAME` shows: everything that is known of a unit. */
export function statusList(snapshot: Snapshot, names: readonly string[], sight: Sight): StatusList {
  const { state, now, storeTrouble } = snapshot
  if (names.length === 0) throw new Refusal('bad-request', 'a status is of named units', 'all units: /v1/units')
  const chosen = selectOrRefuse(state, names)
  if (chosen.length > detailsMax) {
    const message = `${chosen.length} units are named, and a status tells at most ${detailsMax}`
    throw new Refusal('bad-request', message, 'name fewer, or use: holdfast ps')
  }
  const index = indexServices(state)
  const accounts = new Map(explain(state, now).map((account) => [account.unit, account]))
  const items = chosen.map((id) => {
    return unitDetail({ state, now, index, sight, unit: state.units.get(id)!, account: accounts.get(id)! })
  })
  return { apiVersion, kind: 'StatusList', items, warnings: daemonWarnings(state, storeTrouble) }
}

interface Scene {
  readonly state: State
  readonly now: Now
  readonly index: ServiceIndex
  readonly sight: Sight
  readonly unit: Unit
  readonly account: Explanation
}

function unitDetail({ state, now, index, sight, unit, account }: Scene): UnitDetail {
  const { spec, run, want } = unit
  const { isAtTarget, why, next, command } = account
  const live = run?.identity == null ? null : sight.factsOf(run, unit.id)
  return {
    ...unitItem(state, index, unit),
    explanation: { isAtTarget, why, next, command },
    wanted: { kind: want.kind, by: whoText(want.by) },
    argv: spec.process.command,
    source: unit.isDeclared ? (state.target.apps[unit.app]?.source ?? null) : null,
    run: run === null ? null : runItem(unit, run, now),
    checks: checkItems(unit, now),
    usage: live === null ? null : usageItem(live, spec),
    limits: limitFacts(spec.process.limits),
    restartPolicy: spec.restart.when,
    earlyExits: unit.earlyExits,
    lastEnd: endItem(unit.end),
    dependsOn: spec.dependsOn.map((edge) => dependencyItem(`${unit.app}/${edge.service}`, edge, unit, state, index)),
    neededBy: neededBy(unit, state, index),
    schedule: scheduleItem(unit),
    history: (unit.job?.history ?? []).map(jobRunItem).toReversed(),
    logs: logItems(unit, sight),
    stdin: spec.process.stdin.kind,
  }
}

function runItem(unit: Unit, run: Run, now: Now): RunItem {
  const { n, role, isAdopted, isPaused, isStable, shortfalls } = run
  const pid = run.identity?.pid ?? null
  const startedAt = iso(now.wallMs - (now.bootMs - run.startedBootMs))
  return { n, attempt: unit.attempt, role, pid, startedAt, isAdopted, isPaused, isStable, shortfalls }
}

// ---- checks --------------------------------------------------------------------------------------------------

function checkItems({ spec, health }: Unit, now: Now): readonly CheckItem[] {
  return (['readiness', 'liveness'] as const).flatMap((name) => {
    const check = spec.checks[name]
    return check === null ? [] : [checkItem(name, check, health?.[name] ?? null, now)]
  })
}

function checkItem(name: CheckName, check: Check, known: CheckState | null, now: Now): CheckItem {
  const { probe, intervalMs, timeoutMs, retries } = check
  const isDue = known !== null && known.inFlight === null
  return {
    name,
    probe: probe.kind,
    what: probeText(check),
    intervalMs,
    timeoutMs,
    retries,
    status: known?.status ?? null,
    failures: known?.failures ?? 0,
    nextProbeAt: isDue ? iso(now.wallMs + Math.max(0, known.dueBootMs - now.bootMs)) : null,
    results: (known?.results ?? []).toReversed().map(({ atWallMs, ...result }) => ({ at: iso(atWallMs), ...result })),
  }
}

/** What a check asks, in short. */
function probeText({ probe }: Check): string {
  switch (probe.kind) {
    case 'exec':
      return probe.command.map(shellWord).join(' ')
    case 'http':
      return probe.url
    case 'tcp':
      return `${probe.host}:${probe.port}`
    case 'log':
      return `/${probe.pattern}/`
  }
}

// ---- usage ---------------------------------------------------------------------------------------------------

function usageItem(live: RunFacts, { process }: UnitSpec): UsageItem {
  const cgroup = process.limits?.cgroup ?? null
  return {
    rssBytes: live.rssBytes,
    rssPeakBytes: live.rssPeakBytes,
    processes: live.processes,
    processesPeak: live.processesPeak,
    processesMax: cgroup?.pidsMax ?? null,
    cpuMs: live.cpuMs,
    cpusMax: cgroup?.cpus ?? null,
    memoryBytes: live.memoryBytes,
    memoryPeakBytes: live.memoryPeakBytes,
    memoryMaxBytes: cgroup?.memoryMaxBytes ?? null,
    oomKills: live.oomKills,
  }
}

function endItem(end: End): EndItem | null {
  if (end.kind === 'never') return null
  const at = end.atWallMs === null ? null : iso(end.atWallMs)
  return { kind: end.kind, run: end.run, exit: exitItem(end.exit), message: end.message, at }
}

// ---- dependencies --------------------------------------------------------------------------------------------

/** An edge of `dependant`, told under the name of whom it leads to, or comes from. */
function dependencyItem(
  service: string,
  edge: Dependency,
  dependant: Unit,
  state: State,
  index: ServiceIndex,
): DependencyItem {
  const alone: Unit = { ...dependant, spec: { ...dependant.spec, dependsOn: [edge] } }
  const held = hindrance(state, index, alone)
  const { condition, required: isRequired } = edge
  return { service, condition, isRequired, isMet: held === null, why: held?.why ?? '' }
}

/** One for each service that depends on this one, however many units it has. */
function neededBy(unit: Unit, state: State, index: ServiceIndex): readonly DependencyItem[] {
  const found = new Map<string, DependencyItem>()
  for (const other of state.units.values()) {
    if (other.app !== unit.app || !other.isDeclared) continue
    const edge = other.spec.dependsOn.find(({ service }) => service === unit.service)
    const name = `${other.app}/${other.service}`
    if (edge !== undefined && !found.has(name)) found.set(name, dependencyItem(name, edge, other, state, index))
  }
  return [...found.values()]
}

// ---- jobs ----------------------------------------------------------------------------------------------------

function scheduleItem({ spec, job }: Unit): ScheduleItem | null {
  if (spec.schedule === null) return null
  return { ...spec.schedule, nextRunAt: nextRunAt(job), isQueued: job?.isQueued ?? false }
}

function jobRunItem(entry: JobRun): JobRunItem {
  const { run, by, dueWallMs, startedWallMs, endedWallMs, outcome, exit, message } = entry
  return {
    run,
    by: whoText(by),
    dueAt: dueWallMs === null ? null : iso(dueWallMs),
    startedAt: iso(startedWallMs),
    endedAt: endedWallMs === null ? null : iso(endedWallMs),
    durationMs: endedWallMs === null ? null : endedWallMs - startedWallMs,
    outcome,
    exit: exitItem(exit),
    message,
  }
}

// ---- logs ----------------------------------------------------------------------------------------------------

function logItems({ id, spec }: Unit, { logPathOf }: Sight): readonly LogItem[] {
  const { stdout, stderr } = spec.process
  const path = logPathOf({ unit: id, stream: 'stdout', spec: stdout })
  const errorPath = stderr === 'stdout' ? path : logPathOf({ unit: id, stream: 'stderr', spec: stderr })
  return [
    { stream: 'stdout', path },
    { stream: 'stderr', path: errorPath },
  ]
}

function iso(wallMs: number): string {
  return new Date(wallMs).toISOString()
}
