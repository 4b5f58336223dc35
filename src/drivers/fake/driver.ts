import type { Event, Exit, Identity, Run, Step, UnitId } from '../../core/model.ts'
import type { Clock, Driver, Post, RunFacts, RunHandle } from '../../engine/ports.ts'
import { nextDue } from './cron.ts'
import type { News, Process, Script, World } from './world.ts'

export interface FakeDriverParts {
  /** Processes live in it beyond this driver, as they do beyond a daemon. */
  readonly world: World
  /** The driver's own: it arms it for what happens next in the world. */
  readonly clock: Pick<Clock, 'now' | 'arm'>
  /** What the process of this step is to do. */
  readonly scriptOf: (step: Extract<Step, { kind: 'spawn' }>) => Script
  /** Whether it can be seen how a process ended that an earlier daemon started (kernels from 6.15 on). */
  readonly seesAdoptedExits: boolean
  /** Which process of the host we are. An upgrade in place stays the same one: what it started are its children. */
  readonly daemon: number
}

interface Known {
  readonly process: Process
  readonly isExitSeen: boolean
  /** Its `spawned` is told at this time; null: it was. */
  tellBootMs: number | null
  hasEnded: boolean
}

/** What is told at its time. */
interface Later {
  readonly atBootMs: number
  readonly tell: () => void
}

type ProbeStep = Extract<Step, { kind: 'probe' }>

/** A driver without an operating system: the same contract over a world of scripted processes. */
export function createFakeDriver(parts: FakeDriverParts): Driver {
  const { world, clock, scriptOf, seesAdoptedExits, daemon } = parts
  const known = new Map<string, Known>()
  let later: Later[] = []
  let doubtful: RunHandle[] = []
  let hint: Post | null = null
  /** Adopted runs whose pauses while no daemon watched are still to be told. */
  let recovered: readonly RunHandle[] = []

  function perform(steps: readonly Step[], post: Post): void {
    for (const step of steps) performStep(step, post)
    rearm()
  }

  function performStep(step: Step, post: Post): void {
    switch (step.kind) {
      case 'spawn':
        spawn(step, post)
        return
      case 'signal':
        post(signalled(step))
        return
      case 'observe':
        for (const event of resolveDoubtful()) post(event)
        post({ kind: 'observed', takenBootMs: clock.now().bootMs, alive: aliveRuns() })
        return
      case 'probe':
        probe(step, post)
        return
      case 'schedule':
        post(dueNext(step))
        return
      case 'forget':
        world.clearTrace(step.unit)
        return
    }
  }

  function spawn(step: Extract<Step, { kind: 'spawn' }>, post: Post): void {
    const nowBootMs = clock.now().bootMs
    const script = scriptOf(step)
    const { unit, run, role, attempt, isRecorded } = step
    world.clearTrace(unit)
    if (script.spawnFailure !== null) {
      const event: Event = { kind: 'spawn-failed', unit, run, ...script.spawnFailure }
      if (script.spawnMs === 0) post(event)
      else later.push({ atBootMs: nowBootMs + script.spawnMs, tell: () => post(event) })
      return
    }
    const process = world.start({ unit, run, role, attempt, isRecorded, parent: daemon, script, nowBootMs })
    const tellBootMs = script.spawnMs === 0 ? null : nowBootMs + script.spawnMs
    known.set(keyOf(unit, run), { process, isExitSeen: true, tellBootMs, hasEnded: false })
    if (tellBootMs === null) post({ kind: 'spawned', unit, run, identity: process.identity })
  }

  function signalled({ unit, run, signal, script }: Extract<Step, { kind: 'signal' }>): Event {
    const process = known.get(keyOf(unit, run))?.process
    if (process === undefined) return { kind: 'signalled', unit, run, signal, outcome: 'gone' }
    const isHandled = script !== undefined && process.script.handles?.includes(signal) === true
    if (isHandled && process.exit === null) return { kind: 'signalled', unit, run, signal, outcome: 'handled' }
    if (process.isForbidden && process.exit === null && !isNone(signal)) {
      return { kind: 'signal-failed', unit, run, signal, code: 'EPERM', message: 'not permitted', retry: false }
    }
    const isSent = world.signal(process, signal, clock.now().bootMs)
    return { kind: 'signalled', unit, run, signal, outcome: isSent ? 'sent' : 'gone' }
  }

  // ---- checks and schedules --------------------------------------------------------------------------------------

  function probe(step: ProbeStep, post: Post): void {
    const beganBootMs = clock.now().bootMs
    const process = known.get(keyOf(step.unit, step.run.n))?.process ?? null
    const answerMs = process === null ? 0 : process.isPaused ? step.timeoutMs : process.checked.answerMs
    const atBootMs = beganBootMs + Math.min(answerMs, step.timeoutMs)
    later.push({
      atBootMs,
      tell: () => post(probed(step, process, { beganBootMs, isLate: answerMs > step.timeoutMs })),
    })
  }

  function probed(
    { unit, run, check, seq }: ProbeStep,
    process: Process | null,
    asked: { readonly beganBootMs: number; readonly isLate: boolean },
  ): Event {
    const nowBootMs = clock.now().bootMs
    const output = process === null || process.exit !== null ? 'it has ended' : said(process, asked.isLate, nowBootMs)
    const durationMs = nowBootMs - asked.beganBootMs
    return { kind: 'probed', unit, run: run.n, check, seq, isOk: output === 'passed', output, durationMs }
  }

  function dueNext({ unit, schedule, scheduleHash, afterWallMs }: Extract<Step, { kind: 'schedule' }>): Event {
    const dueWallMs = nextDue(schedule.cron, afterWallMs)
    const message = dueWallMs === null ? `the fake driver does not know the schedule '${schedule.cron}'` : ''
    return { kind: 'next-due', unit, scheduleHash, afterWallMs, dueWallMs, message }
  }

  // ---- what lives ------------------------------------------------------------------------------------------------

  /** What has ended and was not told yet counts as alive, so that its exit is told before it is missed. */
  function aliveRuns(): readonly { readonly unit: UnitId; readonly run: number }[] {
    const alive = [...known.values()].map(({ process }) => ({ unit: process.unit, run: process.run }))
    return [...alive, ...doubtful.map(({ unit, run }) => ({ unit, run: run.n }))]
  }

  function resolveDoubtful(): readonly Event[] {
    const events = doubtful.map(resolve)
    doubtful = doubtful.filter((_, index) => events[index]?.kind === 'unresolved')
    return events.filter((event) => event.kind !== 'unresolved')
  }

  function resolve(handle: RunHandle): Event {
    const { unit, run } = handle
    const { identity } = run
    if (identity !== null) {
      const process = world.processes.get(identity.pid)
      if (process !== undefined && isSame(process.identity, identity)) return adopt(process)
      const left = world.trace(unit)?.process ?? null
      const isIt = left !== null && isSame(left.identity, identity)
      return { kind: 'exited', unit, run: run.n, exit: isIt ? exitOf(left) : { kind: 'unknown' } }
    }
    const marked = [...world.processes.values()].filter((process) => process.unit === unit && process.run === run.n)
    if (marked.length === 1) return adopt(marked[0]!)
    if (marked.length > 1) {
      const pids = marked.map((process) => process.identity.pid).join(', ')
      return { kind: 'unresolved', unit, run: run.n, message: `pids ${pids} all carry the mark of run ${run.n}` }
    }
    // Where a later one began, this one is over.
    const trace = world.trace(unit)
    if (trace === null || trace.run < run.n) return { kind: 'not-started', unit, run: run.n }
    const isIt = trace.run === run.n && trace.process !== null
    return { kind: 'exited', unit, run: run.n, exit: isIt ? exitOf(trace.process) : { kind: 'unknown' } }
  }

  function exitOf(process: Process): Exit {
    return (isExitKnown(process) ? process.exit : null) ?? { kind: 'unknown' }
  }

  /** Of a process that ended while no daemon looked, without a look at it that this kernel may allow. */
  function isExitKnown(process: Process): boolean {
    return process.isRecorded || process.parent === daemon
  }

  function adopt(process: Process): Event {
    const { unit, run, identity } = process
    const isChild = process.parent === daemon
    const isExitSeen = seesAdoptedExits || isExitKnown(process)
    known.set(keyOf(unit, run), { process, isExitSeen, tellBootMs: null, hasEnded: false })
    return { kind: 'adopted', unit, run, identity, isChild }
  }

  function recover(handles: readonly RunHandle[]): Promise<readonly Event[]> {
    const exits = exitsWhileAway()
    const events = handles.map((handle): Event => {
      const event = resolve(handle)
      if (event.kind !== 'exited' || handle.run.identity === null || event.exit.kind !== 'unknown') return event
      return { ...event, exit: exits.get(handle.run.identity.pid) ?? event.exit }
    })
    doubtful = handles.filter((_, index) => events[index]?.kind === 'unresolved')
    recovered = handles.filter(({ run }) => run.identity !== null)
    const newest = new Map(handles.map(({ unit, run }) => [unit, run.n]))
    for (const process of world.processes.values()) {
      if (process.isImpostor || process.run <= (newest.get(process.unit) ?? 0)) continue
      adopt(process)
      const { unit, run, role, attempt, identity } = process
      events.push({ kind: 'found', unit, run, role, attempt, identity, isChild: process.parent === daemon })
    }
    const found = events.filter((event) => event.kind === 'found')
    world.keepTraces([...handles.map(({ unit, run }) => ({ unit, run: run.n })), ...found])
    tellPausesWhileAway()
    return Promise.resolve(events)
  }

  function exitsWhileAway(): ReadonlyMap<number, Process['endsWith']> {
    const exits = new Map<number, Process['endsWith']>()
    for (const news of world.elapse(clock.now().bootMs)) {
      if (news.kind === 'ended' && seesAdoptedExits) exits.set(news.process.identity.pid, news.process.exit!)
    }
    return exits
  }

  // ---- telling ---------------------------------------------------------------------------------------------------

  /** Whatever is due is told; `exited` only after `spawned`. */
  function tell(): void {
    const nowBootMs = clock.now().bootMs
    const ended = world.elapse(nowBootMs).filter(tellPauses)
    const due = later.filter(({ atBootMs }) => atBootMs <= nowBootMs)
    later = later.filter(({ atBootMs }) => atBootMs > nowBootMs)
    for (const one of due) one.tell()
    for (const { process } of ended) {
      const entry = known.get(keyOf(process.unit, process.run))
      if (entry?.process === process) entry.hasEnded = true
    }
    for (const entry of known.values()) tellRun(entry, nowBootMs)
    rearm()
  }

  function tellRun(entry: Known, nowBootMs: number): void {
    const { unit, run, identity, exit } = entry.process
    if (entry.tellBootMs !== null) {
      if (entry.tellBootMs > nowBootMs) return
      entry.tellBootMs = null
      hint?.({ kind: 'spawned', unit, run, identity })
    }
    if (!entry.hasEnded || exit === null) return
    known.delete(keyOf(unit, run))
    hint?.({ kind: 'exited', unit, run, exit: entry.isExitSeen ? exit : { kind: 'unknown' } })
  }

  /** False for what was told here: pauses. */
  function tellPauses(news: News): boolean {
    if (news.kind === 'ended') return true
    const { unit, run } = news.process
    if (known.get(keyOf(unit, run))?.process === news.process) hint?.({ kind: news.kind, unit, run })
    return false
  }

  function rearm(): void {
    if (hint === null) return
    let nextBootMs = world.nextBootMs()
    const consider = (atBootMs: number) => {
      if (nextBootMs === null || atBootMs < nextBootMs) nextBootMs = atBootMs
    }
    for (const { atBootMs } of later) consider(atBootMs)
    for (const { tellBootMs } of known.values()) if (tellBootMs !== null) consider(tellBootMs)
    clock.arm(nextBootMs, tell)
  }

  function events(post: Post, signal: AbortSignal): void {
    hint = post
    tellPausesWhileAway()
    rearm()
    signal.addEventListener('abort', () => {
      hint = null
      clock.arm(null, tell)
    })
  }

  function tellPausesWhileAway(): void {
    if (hint === null) return
    for (const { unit, run } of recovered) {
      const process = known.get(keyOf(unit, run.n))?.process
      if (process === undefined || process.isPaused === run.isPaused) continue
      hint({ kind: process.isPaused ? 'paused' : 'continued', unit, run: run.n })
    }
    recovered = []
  }

  function facts(run: Run): RunFacts | null {
    const process = run.identity === null ? undefined : world.processes.get(run.identity.pid)
    const isThere = process !== undefined && run.identity !== null && isSame(process.identity, run.identity)
    return isThere ? fakeFacts : null
  }

  function factsOfAll(runs: Parameters<Driver['factsOfAll']>[0]): ReadonlyMap<UnitId, RunFacts> {
    return new Map(
      runs.flatMap(({ unit, run }) => {
        const found = facts(run)
        return found === null ? [] : [[unit, found] as const]
      }),
    )
  }

  return { perform, recover, events, facts, factsOfAll }
}

const fakeFacts: RunFacts = {
  pids: [],
  rssBytes: 1024 * 1024,
  rssPeakBytes: null,
  processes: 1,
  cpuMs: null,
  memoryBytes: null,
  memoryPeakBytes: null,
  processesPeak: null,
  oomKills: null,
}

/** By which nobody is signalled. */
function isNone(signal: string): boolean {
  return signal === 'EOF' || signal === '0'
}

/** What a check of a living process finds. */
function said({ checked, startedBootMs, isPaused }: Process, isLate: boolean, nowBootMs: number): string {
  const { passesMs, flapsMs } = checked
  if (isLate || isPaused) return 'no answer in time'
  const beyondMs = passesMs === null ? -1 : nowBootMs - startedBootMs - passesMs
  if (beyondMs < 0) return 'not ready'
  return flapsMs !== null && Math.floor(beyondMs / flapsMs) % 2 === 1 ? 'out of order' : 'passed'
}

function keyOf(unit: UnitId, run: number): string {
  return `${unit} ${run}`
}

function isSame(a: Identity, b: Identity): boolean {
  return a.pid === b.pid && a.startTicks === b.startTicks && a.bootId === b.bootId
}
