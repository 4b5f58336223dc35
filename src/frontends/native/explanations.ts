import { shortId } from '../../core/containers/among.ts'
import { type Explanation, explain } from '../../core/explain.ts'
import type { CheckState, Health, Job, JobRun, LoggerSpec, Now, Run, State, Unit, UnitId } from '../../core/model.ts'
import { durationText, exitText, whoText } from '../../core/text.ts'
import type { RunFacts, Snapshot } from '../../engine/ports.ts'
import { byteText } from '../../formats/byte-text.ts'
import { apiVersion, type ContainerItem, type ExplanationList, type Fact } from '../../wire/api.ts'
import { shellWord } from '../../wire/home.ts'
import { containerItem, type EngineSight, engineText, sightOf } from './containers.ts'
import type { FactsOf } from './details.ts'
import { releaseFact } from './releases.ts'
import { argvOf, daemonWarnings, upcomingItem } from './units.ts'

/** What `holdfast explain` shows: the core's account, and the facts it rests on. */
export function explanationList(
  { state, now, storeTrouble }: Snapshot,
  chosen: readonly UnitId[] | null,
  factsOf: FactsOf,
): ExplanationList {
  const wanted = chosen === null ? null : new Set(chosen)
  const engine = sightOf(state, now)
  const items = explain(state, now)
    .filter(({ unit }) => wanted === null || wanted.has(unit))
    .map((explanation) => ({
      unit: explanation.unit,
      state: explanation.state,
      isAtTarget: explanation.isAtTarget,
      why: explanation.why,
      next: explanation.next,
      upcoming: upcomingItem(explanation.upcoming),
      command: explanation.command,
      since: new Date(state.units.get(explanation.unit)?.sinceWallMs ?? now.wallMs).toISOString(),
      facts:
        wanted === null ? [] : [...factsFor({ state, now, engine, factsOf }, explanation), ...storeFacts(storeTrouble)],
    }))
  return { apiVersion, kind: 'ExplanationList', items, warnings: daemonWarnings(state, storeTrouble) }
}

interface Scene {
  readonly state: State
  readonly now: Now
  readonly engine: EngineSight
  readonly factsOf: FactsOf
}

function factsFor({ state, now, engine, factsOf }: Scene, { unit: id }: Explanation): readonly Fact[] {
  const unit = state.units.get(id)
  if (unit === undefined) return []
  const live = unit.run === null ? null : factsOf(unit.run, unit.id)
  const facts: readonly (Fact | null)[] = [
    { name: 'wanted', value: `${unit.want.kind}, by ${whoText(unit.want.by)}` },
    unit.run === null ? null : { name: 'process', value: processText(unit.run, live) },
    ...hookFacts(unit, now),
    ...healthFacts(unit.health),
    ...limitFacts(unit, live),
    ...jobFacts(unit, now),
    { name: 'last end', value: endText(unit) },
    { name: 'restarts', value: restartsText(unit) },
    ...containerFacts(containerItem(engine, unit)),
    { name: 'command', value: argvOf(engine, unit).map(shellWord).join(' ') },
    loggerFact(unit.spec.process.logger),
    releaseFact(state, unit.app, now),
    { name: 'declared in', value: state.target.apps[unit.app]?.source ?? 'nothing any more' },
  ]
  return facts.filter((fact) => fact !== null)
}

/** Should the daemon die now, it would not know of what is not stored, and recognise it only by its mark. */
function storeFacts(storeTrouble: string | null): readonly Fact[] {
  return storeTrouble === null ? [] : [{ name: 'not stored', value: storeTrouble }]
}

function processText(run: Run, live: RunFacts | null): string {
  const parts = [`run ${run.n}`]
  if (run.identity !== null) parts.unshift(`pid ${run.identity.pid}`)
  if (run.role !== 'main') parts.push(hookName(run))
  if (run.isAdopted) parts.push('adopted: it outlived a death of the daemon')
  if (live !== null) parts.push(`${live.processes} process${live.processes === 1 ? '' : 'es'}`, byteText(live.rssBytes))
  return parts.join(', ')
}

function containerFacts(container: ContainerItem | null): readonly Fact[] {
  if (container === null) return []
  const { image, imageId, pull, present, update, engine } = container
  const id = imageId === null ? '' : ` (${shortId(imageId)})`
  const { lockedBy } = update
  return [
    { name: 'image', value: `${image}${id}${pull === null || pull.why === '' ? '' : `; ${pull.why}`}` },
    {
      name: 'container',
      value: present === null ? 'none' : `${present.name} (${shortId(present.id)}), ${present.state}`,
    },
    ...(lockedBy === null ? [] : [{ name: 'held by', value: `the update lock ${lockedBy}` }]),
    { name: 'engine', value: engineText(engine) },
  ]
}

/** Whoever looks for its output finds it there. */
function loggerFact(logger: LoggerSpec | null): Fact | null {
  if (logger === null) return null
  const value = logger.kind === 'unit' ? logger.unit : `the daemon, into ${logger.svlogd.directories.join(', ')}`
  return { name: 'logged by', value }
}

// ---- hooks, health, limits -----------------------------------------------------------------------------------

function hookFacts({ run, spec }: Unit, now: Now): readonly Fact[] {
  if (run === null || run.role === 'main') return []
  const hook = run.role === 'pre' ? spec.hooks.preStart : spec.hooks.postStop
  const command = (hook?.command ?? []).map(shellWord).join(' ')
  const ranMs = now.bootMs - run.startedBootMs
  const most = hook === null || hook.timeoutMs === null ? '' : ` of at most ${durationText(hook.timeoutMs)}`
  return [{ name: hookName(run), value: `for ${durationText(ranMs)}${most}: ${command}` }]
}

function hookName({ role }: Run): string {
  return role === 'pre' ? 'pre_start hook' : 'post_stop hook'
}

function healthFacts(health: Health | null): readonly Fact[] {
  if (health === null) return []
  const checks = [
    ['readiness', health.readiness],
    ['liveness', health.liveness],
  ] as const
  return checks.flatMap(([name, check]) => (check === null ? [] : [{ name, value: checkText(check) }]))
}

function checkText({ status, failures, results }: CheckState): string {
  const last = results.at(-1)
  if (last === undefined) return `${status}, not probed yet`
  if (last.isOk) return status
  const failed = results.findLast(({ isOk }) => !isOk)
  return `${status}, ${failures} failure${failures === 1 ? '' : 's'} in a row: ${failed?.output ?? 'no output'}`
}

function limitFacts({ run, spec }: Unit, live: RunFacts | null): readonly Fact[] {
  const kills = live?.oomKills ?? 0
  const memoryMaxBytes = spec.process.limits?.cgroup?.memoryMaxBytes ?? null
  const within = memoryMaxBytes === null ? '' : `; its limit is ${byteText(memoryMaxBytes)}`
  return [
    ...(run?.shortfalls ?? []).map((value) => ({ name: 'not enforced', value })),
    ...(kills === 0 ? [] : [{ name: 'out of memory', value: `${times(kills)} a process of it was killed${within}` }]),
  ]
}

function times(count: number): string {
  return count === 1 ? 'once' : `${count} times`
}

// ---- jobs ----------------------------------------------------------------------------------------------------

/** Of the runs of a job, so many say whether it usually works. */
const runsTold = 3

function jobFacts({ job, spec }: Unit, now: Now): readonly Fact[] {
  const schedule =
    spec.schedule === null ? [] : [{ name: 'schedule', value: scheduleText(spec.schedule.cron, job, now) }]
  const runs = (job?.history ?? []).slice(-runsTold).toReversed()
  return [...schedule, ...runs.map((entry, at) => ({ name: at === 0 ? 'last runs' : '', value: jobRunText(entry) }))]
}

function scheduleText(cron: string, job: Job | null, now: Now): string {
  const queued = job?.isQueued ? '; one more run follows the present one' : ''
  if (job === null || job.due !== 'known') return `${cron}; the next time is being computed${queued}`
  if (job.dueWallMs === null) return `${cron}; never again${queued}`
  const inMs = job.dueWallMs - now.wallMs
  return `${cron}; next at ${new Date(job.dueWallMs).toISOString()}, in ${durationText(inMs)}${queued}`
}

/** `2026-01-01T03:00:00.000Z: expected (exit code 0) after 1.2 s, by its schedule`. */
function jobRunText({ startedWallMs, endedWallMs, outcome, exit, message, by }: JobRun): string {
  const how = exit === null ? message : exitText(exit)
  const took =
    endedWallMs === null || outcome === 'skipped' || outcome === 'missed'
      ? ''
      : ` after ${durationText(endedWallMs - startedWallMs)}`
  const what = `${outcome.replace('-', ' ')}${how === '' ? '' : ` (${how})`}${took}`
  return `${new Date(startedWallMs).toISOString()}: ${what}, by ${whoText(by)}`
}

// ---- its process and its ends ----------------------------------------------------------------------------------

function endText({ end }: Unit): string {
  if (end.kind === 'never') return 'none since it was declared'
  const how = end.exit === null ? end.message : exitText(end.exit)
  const when = end.atWallMs === null ? '' : `, at ${new Date(end.atWallMs).toISOString()}`
  return `${end.kind.replace('-', ' ')}${how === '' ? '' : ` (${how})`}${when}`
}

function restartsText({ restarts, earlyExits, spec }: Unit): string {
  const early = earlyExits === 0 ? '' : `, ${earlyExits} early exits in a row`
  return `${restarts}${early}; policy ${spec.restart.when}`
}
