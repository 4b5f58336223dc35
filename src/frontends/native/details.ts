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
} from '../../core/model.ts'
import { neededKey } from '../../core/target/units.ts'
import { whoText } from '../../core/text.ts'
import { indexServices, type ServiceIndex } from '../../core/unit/wish.ts'
import { waitingFor } from '../../core/waiting.ts'
import type { HistoryPort, RunFacts, Snapshot, StreamRef } from '../../engine/ports.ts'
import {
  apiVersion,
  type CheckItem,
  type DependencyItem,
  type EndItem,
  type JobRunItem,
  type LogItem,
  type ProcessItem,
  type RunItem,
  type ScheduleItem,
  type StatusList,
  type UnitDetail,
} from '../../wire/api.ts'
import { shellWord } from '../../wire/home.ts'
import { testText } from './container-words.ts'
import { containerItem, containerLimits, type EngineSight, engineHealthcheck, sightOf } from './containers.ts'
import { exitItem } from './jobs.ts'
import { lastEnds } from './last-ends.ts'
import { limitFacts } from './limits.ts'
import { Refusal } from './refusal.ts'
import { releaseItem } from './releases.ts'
import { selectOrRefuse } from './select.ts'
import { argvOf, daemonWarnings, nextRunAt, sourceOf, unitItem, upcomingItem } from './units.ts'
import { usageItem } from './usage.ts'

/** Each unit asked for is looked at in /proc and its cgroup: more at a time would hold the daemon up. */
export const detailsMax = 100

/** Live facts of a unit's run, from the driver. */
export type FactsOf = (run: Run, unit: UnitId) => RunFacts | null

/** What a snapshot does not tell. */
export interface Sight {
  readonly factsOf: FactsOf
  readonly logPathOf: (stream: StreamRef) => string | null
  /** The processes of a unit with what they are, each after its parent. */
  readonly processTree: (pids: readonly number[]) => readonly ProcessItem[]
  readonly history: Pick<HistoryPort, 'read'>
}

/** What `holdfast status NAME` shows: everything that is known of a unit. */
export function statusList(
  snapshot: Snapshot,
  names: readonly string[],
  sight: Sight,
  labels: readonly string[] = [],
): StatusList {
  const { state, now, storeTrouble } = snapshot
  if (names.length === 0 && labels.length === 0)
    throw new Refusal('bad-request', 'a status is of named units', 'all units: /v1/units')
  const chosen = selectOrRefuse(state, names, labels)
  if (chosen.length > detailsMax) {
    const message = `${chosen.length} units are named, and a status tells at most ${detailsMax}`
    throw new Refusal('bad-request', message, 'name fewer, or use: holdfast ps')
  }
  const index = indexServices(state)
  const accounts = new Map(explain(state, now).map((account) => [account.unit, account]))
  const units = chosen.map((id) => state.units.get(id)!)
  const ends = lastEnds(sight.history, units)
  const engine = sightOf(state, now)
  const items = units.map((unit) => {
    const account = accounts.get(unit.id)!
    return unitDetail({ state, now, index, sight, engine, unit, account, ends: ends.get(unit.id) ?? [] })
  })
  return { apiVersion, kind: 'StatusList', items, warnings: daemonWarnings(state, storeTrouble) }
}

interface Scene {
  readonly state: State
  readonly now: Now
  readonly index: ServiceIndex
  readonly sight: Sight
  readonly engine: EngineSight
  readonly unit: Unit
  readonly account: Explanation
  readonly ends: readonly EndItem[]
}

function unitDetail({ state, now, index, sight, engine, unit, account, ends }: Scene): UnitDetail {
  const { spec, run, want } = unit
  const { isAtTarget, why, next, upcoming, command } = account
  const live = run?.identity == null ? null : sight.factsOf(run, unit.id)
  const release = state.releases.get(unit.app)
  return {
    ...unitItem(state, index, unit),
    explanation: { isAtTarget, why, next, upcoming: upcomingItem(upcoming), command },
    wanted: { kind: want.kind, by: whoText(want.by) },
    argv: argvOf(engine, unit),
    source: sourceOf(state, unit),
    run: run === null ? null : runItem(unit, run, now),
    checks: [...checkItems(unit, now), ...engineCheckItems(engine, unit)],
    usage: live === null ? null : usageItem(live, spec),
    limits: spec.container === undefined ? limitFacts(spec.process.limits) : containerLimits(spec.container.settings),
    restartPolicy: spec.restart.when,
    earlyExits: unit.earlyExits,
    lastEnds: ends,
    processes: live === null ? [] : sight.processTree(live.pids),
    lastEnd: endItem(unit.end),
    dependsOn: spec.dependsOn.map((edge) => dependencyItem(neededKey(unit.app, edge), edge, unit, state, index)),
    neededBy: neededBy(unit, state, index),
    schedule: scheduleItem(unit),
    history: (unit.job?.history ?? []).map(jobRunItem).toReversed(),
    logs: logItems(unit, sight),
    stdin: spec.process.stdin.kind,
    release: release === undefined ? null : releaseItem(state, release, now),
    container: containerItem(engine, unit),
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

/** What the engine probes tells the readiness, unless a check of ours does. */
function engineCheckItems(engine: EngineSight, unit: Unit): readonly CheckItem[] {
  if (unit.spec.container === undefined || unit.spec.checks.readiness !== null) return []
  const check = engineHealthcheck(engine, unit)
  if (check === null) return []
  const known = unit.health?.readiness ?? null
  return [
    {
      name: 'readiness',
      probe: 'engine',
      what: testText(check) ?? '',
      intervalMs: check.intervalMs || engineCheckMs,
      timeoutMs: check.timeoutMs || engineCheckMs,
      retries: check.retries || engineCheckRetries,
      status: known?.status ?? null,
      failures: known?.failures ?? 0,
      nextProbeAt: null,
      results: (known?.results ?? []).toReversed().map(({ atWallMs, output, ...result }) => {
        return { at: iso(atWallMs), ...result, output: output.trim() }
      }),
    },
  ]
}

/** Where nothing is said, Docker probes so: https://docs.docker.com/reference/dockerfile/#healthcheck. */
const engineCheckMs = 30_000
const engineCheckRetries = 3

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
  const waiting = waitingFor(state, index, alone)
  const { condition, required: isRequired } = edge
  return { service, condition, isRequired, isMet: waiting === null, why: waiting?.what ?? '' }
}

/** One for each service that depends on this one, however many units it has. */
function neededBy(unit: Unit, state: State, index: ServiceIndex): readonly DependencyItem[] {
  const found = new Map<string, DependencyItem>()
  const own = `${unit.app}/${unit.service}`
  for (const other of state.units.values()) {
    if (!other.isDeclared) continue
    const edge = other.spec.dependsOn.find((one) => neededKey(other.app, one) === own)
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
