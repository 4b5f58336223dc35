import {
  clockBackMsMax,
  clockBelievableWallMs,
  jobRunsKept,
  scheduleAnswerMsMax,
  scheduleGraceMs,
} from '../../src/core/limits.ts'
import type { Command, Job, JobRun, Step, Unit, UnitId, Want } from '../../src/core/model.ts'
import { processText } from './oracle.ts'
import { isOfPresentRun, type Scene, type Watch } from './scene.ts'
import { hold } from './violation.ts'

type SpawnStep = Extract<Step, { kind: 'spawn' }>

interface Success {
  readonly process: string
  readonly bootId: string
}

/** A stretch of wall time without a jump back of hours. */
interface Era {
  newestWallMs: number
  readonly begun: Set<number>
}

/** Jobs: when they run, how often, and what is written down of it. */
export function createJobWatch(): Watch {
  const successes = new Map<UnitId, Success>()
  /** Asked for by hand: satisfied by the success of a later run than this. */
  const asked = new Map<UnitId, number>()
  const newest = new Map<UnitId, { readonly run: number; readonly process: string }>()
  /** The present era is the last one; those before it are further on in time. */
  const eras = new Map<UnitId, Era[]>()
  const answers = new Map<UnitId, Set<number>>()
  /** When the next time was asked for, of this life. */
  const asks = new Map<UnitId, number>()
  /** What was wanted before a run under way was asked for. */
  const lasting = new Map<UnitId, Want>()

  function eraOf(unit: UnitId, wallMs: number): Era {
    let all = eras.get(unit) ?? []
    const isBehind = (era: Era) => era.newestWallMs - wallMs > clockBackMsMax
    const back = all.findIndex((era) => !isBehind(era))
    // Only the time before the first jump is remembered.
    all = back === -1 ? [...all.slice(0, 1), { newestWallMs: wallMs, begun: new Set() }] : all.slice(0, back + 1)
    eras.set(unit, all)
    const era = all.at(-1)!
    era.newestWallMs = Math.max(era.newestWallMs, wallMs)
    return era
  }

  /** Where several things were asked for together, nobody outside knows what was wanted in between. */
  function followOnce({ id, want }: Unit, before: Unit | undefined, { events }: Scene): void {
    const isClear = events.filter(({ kind }) => kind === 'command').length <= 1
    const isAgain = want.kind === 'once' && before?.want.kind === 'once' && isClear
    if (want.kind === 'once' && want.isLast === true) lasting.set(id, { kind: 'down', by: want.by })
    else if (want.kind === 'once' && before !== undefined && before.want.kind !== 'once' && isClear) {
      lasting.set(id, before.want)
    } else if (!isAgain) lasting.delete(id)
  }

  function ends(scene: Scene): void {
    for (const [id, unit] of scene.units) {
      const { run, spec, end, job } = scene.before.get(id) ?? unit
      const isEnd = unit.end !== end && unit.end.kind === 'expected' && unit.end.run === run?.n && run?.role === 'main'
      const isSaidDone = unit.job?.done != null && unit.job.done !== job?.done
      hold(
        isEnd || !isSaidDone,
        'done is what succeeded',
        () => `${id}: ${JSON.stringify(unit.job?.done)}, ${unit.reason}`,
      )
      if (!isEnd || spec.once === null || run === null) continue
      const process = newest.get(id)?.process ?? processText(spec.process)
      successes.set(id, { process, bootId: scene.now.bootId })
      if (run.n > (asked.get(id) ?? 0)) asked.delete(id)
    }
    for (const event of scene.events) if (event.kind === 'command') ask(event.command, scene)
  }

  /** Somebody asks for another run, by hand. */
  function ask(command: Command, { before, events }: Scene): void {
    if (command.kind !== 'start' && command.kind !== 'restart' && command.kind !== 'run') return
    const along = command.kind === 'restart' ? dependantsOf(before, command.units) : []
    for (const id of [...command.units, ...along]) {
      const run = before.get(id)?.run ?? null
      const hasEnded = events.some((event) => event.kind === 'exited' && event.unit === id)
      const living = run === null || run.role === 'post' || hasEnded ? 0 : run.n
      if (command.kind === 'restart' || living === 0) asked.set(id, living)
    }
  }

  function begun(unit: Unit, before: Unit | undefined, scene: Scene): void {
    const { now } = scene
    // Another schedule has times of its own.
    if (before?.job?.scheduleHash !== unit.job?.scheduleHash) eras.delete(unit.id)
    const entries = unit.job === null ? [] : newEntries(before?.job ?? null, unit.job)
    const isFollowed = unit.isDeclared && unit.spec.schedule !== null && scene.modeBefore.kind === 'running'
    const era = isFollowed ? eraOf(unit.id, now.wallMs) : null
    for (const { dueWallMs, outcome, by } of entries) {
      if (dueWallMs === null) continue
      const due = `${unit.id} at ${dueWallMs}`
      const isAnswered = by.kind === 'schedule' && answers.get(unit.id)?.has(dueWallMs) === true
      hold(isAnswered && dueWallMs <= now.wallMs, timesName, () => `${due}: it is ${now.wallMs}, nobody said so`)
      if (era === null || outcome === 'missed' || outcome === 'skipped') continue
      hold(!era.begun.has(dueWallMs), timesName, () => `${due}: a second run`)
      era.begun.add(dueWallMs)
    }
  }

  function onceIsOnce(step: SpawnStep, scene: Scene): void {
    const { once, process } = step.spec
    const done = successes.get(step.unit)
    if (step.role === 'post' || asked.has(step.unit) || once === null || done === undefined) return
    const isDone = done.process === processText(process) && (once === 'ever' || done.bootId === scene.now.bootId)
    hold(!isDone, 'what runs once does not run again', () => `${step.unit}: run ${step.run} (${once})`)
  }

  return {
    news(scene) {
      for (const event of scene.events) {
        if (event.kind !== 'next-due' || event.dueWallMs === null) continue
        const known = answers.get(event.unit) ?? new Set()
        known.add(event.dueWallMs)
        answers.set(event.unit, known)
      }
      ends(scene)
      for (const unit of scene.units.values()) {
        const before = scene.before.get(unit.id)
        wishOutlastsOneRun(unit, before, lasting.get(unit.id), scene)
        if (before === undefined || unit.want !== before.want) followOnce(unit, before, scene)
        begun(unit, before, scene)
        if (unit.job === null) continue
        if (before?.job != null && before.job !== unit.job) {
          whatWasWrittenStays(unit, before.job, unit.job)
          whatWasDueIsDealtWith(unit, before, scene)
        }
        historyFitsTheUnit(unit, unit.job)
      }
    },
    step(step, scene) {
      if (step.kind === 'forget') {
        successes.delete(step.unit)
        eras.delete(step.unit)
        lasting.delete(step.unit)
      }
      if (step.kind === 'schedule') asks.set(step.unit, scene.now.bootMs)
      if (step.kind !== 'spawn') return
      onceIsOnce(step, scene)
      everyRunIsWrittenDown(step, scene)
      newest.set(step.unit, { run: step.run, process: processText(step.spec.process) })
    },
    after(scene) {
      if (!scene.isCut) for (const unit of scene.units.values()) isAnsweredOrAsked(unit, asks.get(unit.id), scene)
    },
    lifeBegins({ isStateLost }) {
      asks.clear()
      if (!isStateLost) return
      lasting.clear()
      successes.clear()
      eras.clear()
      // What was asked for may be done once more.
      for (const [unit, { run }] of newest) asked.set(unit, run)
    },
  }
}

const timesName = 'for each time of a schedule at most one run'

/** Closed entries are kept as they are; so those that are not in the history before are new. */
function newEntries(before: Job | null, job: Job): readonly JobRun[] {
  if (before === job) return []
  const old = new Set(before?.history ?? [])
  const open = before?.history.find(isOpen)
  return job.history.filter((entry) => {
    const isContinued = open !== undefined && open.startedWallMs === entry.startedWallMs && open.by === entry.by
    return !old.has(entry) && !isContinued
  })
}

function isOpen({ outcome }: JobRun): boolean {
  return outcome === 'running'
}

function whatWasWrittenStays(unit: Unit, before: Job, { history }: Job): void {
  const name = 'each run of a job has one end in its history'
  hold(history.length <= jobRunsKept, 'every queue within its limit', () => `${unit.id}: ${history.length} runs kept`)
  const room = jobRunsKept - (history.length - before.history.length) - 2
  for (const entry of before.history.slice(-Math.max(0, room)))
    hold(isOpen(entry) || history.includes(entry), name, () => `${unit.id}: ${JSON.stringify(entry)} is gone`)
  const open = before.history.find(isOpen)
  if (open === undefined) return
  const isKept = history.some(
    (entry) => entry.startedWallMs === open.startedWallMs && entry.dueWallMs === open.dueWallMs,
  )
  hold(isKept, name, () => `${unit.id}: ${JSON.stringify(open)} is gone without an end`)
}

function historyFitsTheUnit(unit: Unit, { history, isQueued }: Job): void {
  const name = 'each run of a job has one end in its history'
  const open = history.filter(isOpen)
  hold(open.length <= 1, name, () => `${unit.id}: two are open: ${JSON.stringify(open)}`)
  const isOver = ({ endedWallMs }: JobRun) => endedWallMs !== null
  hold(
    history.every((entry) => isOpen(entry) !== isOver(entry)),
    name,
    () => `${unit.id}: ${JSON.stringify(history)}`,
  )
  const rests = unit.after?.phase ?? unit.phase
  const isBusy = (unit.run !== null && unit.run.role !== 'post') || unit.phase === 'unresolved'
  const mayRun = isBusy || (unit.want.kind !== 'down' && rests !== 'ended' && rests !== 'failed') || !unit.isDeclared
  const [first] = open
  if (first === undefined) {
    hold(!isQueued || mayRun || unit.run !== null, name, () => `${unit.id}: one more is queued behind nothing`)
    return
  }
  hold(first === history.at(-1), name, () => `${unit.id}: ${JSON.stringify(first)} is open, and not the last one`)
  hold(mayRun, name, () => `${unit.id} is ${unit.phase}, want ${unit.want.kind}: ${JSON.stringify(first)} never ends`)
}

/** Whoever does not get an answer asks again. */
function isAnsweredOrAsked({ id, job, spec, isDeclared }: Unit, askedBootMs: number | undefined, scene: Scene): void {
  if (spec.schedule === null || !isDeclared || job?.due === 'known' || scene.isEnding) return
  const waitedMs = scene.now.bootMs - (askedBootMs ?? Number.NEGATIVE_INFINITY)
  hold(
    waitedMs < scheduleAnswerMsMax,
    'a next time is not waited for without end',
    () => `${id}: asked for at ${askedBootMs}, now ${scene.now.bootMs}`,
  )
}

/** After one run that was asked for, what was wanted before is wanted again. */
function wishOutlastsOneRun(unit: Unit, before: Unit | undefined, lasting: Want | undefined, scene: Scene): void {
  const isOver = before?.want.kind === 'once' && unit.want.kind !== 'once'
  if (!isOver || lasting === undefined || scene.events.some(({ kind }) => kind === 'command')) return
  const { autostart, schedule } = unit.spec
  const isDeclared = lasting.by.kind === 'declared' || schedule !== null
  const isUp = isDeclared ? autostart && schedule === null : lasting.kind === 'up'
  const isKept = (unit.want.by.kind === 'declared') === isDeclared && (unit.want.kind === 'up') === isUp
  const told = () => `${unit.id}: ${JSON.stringify(unit.want)} after one run, before it ${JSON.stringify(lasting)}`
  hold(isKept, 'the wish outlasts one run', told)
}

function everyRunIsWrittenDown({ unit: id, role, run, isRecorded }: SpawnStep, { units }: Scene): void {
  const unit = units.get(id)
  if (role === 'post' || unit === undefined) return
  const { want, spec, job } = unit
  const isOneJob = want.kind === 'once' && want.isLast !== true
  if (!isOneJob && spec.once === null && spec.schedule === null) return
  const entry = job?.history.at(-1)
  const name = 'each run of a job is written down'
  hold(entry?.outcome === 'running' && entry.run === run, name, () => `${id} run ${run}: ${JSON.stringify(entry)}`)
  hold(isRecorded || role !== 'main', name, () => `${id} run ${run}: its exit would not be known`)
}

/** By the policies of its schedule, where nothing else happened in the same turn. */
function whatWasDueIsDealtWith(unit: Unit, before: Unit, scene: Scene): void {
  const { job, spec } = unit
  const { schedule } = spec
  const old = before.job
  const dueWallMs = old?.dueWallMs ?? null
  const isOther = old?.scheduleHash !== job?.scheduleHash || scene.modeBefore.kind !== 'running' || scene.isEnding
  if (job === null || old === null || schedule === null || dueWallMs === null || isOther) return
  if (dueWallMs > scene.now.wallMs || job.dueWallMs === dueWallMs || !unit.isDeclared || !before.isDeclared) return
  const isBack = old.doneWallMs - scene.now.wallMs > clockBackMsMax || old.trustedWallMs > dueWallMs
  const isTouched = scene.events.some((event) => event.kind === 'command' || isNewsOf(event, before, scene))
  if (isBack || isTouched) return
  const entry = newEntries(old, job).find((one) => one.dueWallMs === dueWallMs)
  const fate = entry?.outcome ?? (job.isQueued && !old.isQueued ? 'queued' : 'none')
  const lateMs = scene.now.wallMs - dueWallMs
  // Of a time before the clock was set for the first time nothing can be said.
  if (dueWallMs < clockBelievableWallMs && lateMs > scheduleGraceMs) return
  const fitting = fatesOf(before, lateMs)
  hold(
    fitting.includes(fate),
    'overlapping and missed times follow their policies',
    () => `${unit.id}: due at ${dueWallMs}, ${fate} instead of ${fitting} (${JSON.stringify(schedule)})`,
  )
  if (fate !== 'queued' || schedule.overlap !== 'replace' || before.run === null || before.run.role === 'post') return
  hold(
    unit.endRunsUpTo >= before.run.n,
    'overlapping and missed times follow their policies',
    () => `${unit.id}: run ${before.run?.n} is not replaced`,
  )
}

function isNewsOf(event: Scene['events'][number], before: Unit, scene: Scene): boolean {
  return event.kind === 'found' || (isOfPresentRun(event, scene.before) && 'unit' in event && event.unit === before.id)
}

type Fate = JobRun['outcome'] | 'queued' | 'none'

function fatesOf({ spec, want, run, phase, job }: Unit, lateMs: number): readonly Fate[] {
  if (lateMs > scheduleGraceMs && spec.schedule?.missed === 'skip') return ['missed']
  const isOver = phase === 'ended' || phase === 'failed'
  const isBusy = (want.kind !== 'down' && !isOver) || run !== null || phase === 'finishing'
  if (!isBusy) return ['running']
  if (spec.schedule?.overlap === 'skip') return ['skipped']
  const isLiving = run !== null && run.role !== 'post'
  if (job?.isQueued === true) return spec.schedule?.overlap === 'replace' && isLiving ? ['none'] : ['skipped']
  return ['queued']
}

function dependantsOf(units: Scene['before'], ids: readonly UnitId[]): readonly UnitId[] {
  const services = new Set(ids.map((id) => id.slice(0, id.lastIndexOf('/'))))
  return [...units.values()]
    .filter(({ app, spec }) => spec.dependsOn.some((edge) => edge.restart && services.has(`${app}/${edge.service}`)))
    .map(({ id }) => id)
}
