import type { Event, Identity, Run, Step, UnitId } from '../../core/model.ts'
import type { Clock, Driver, Post, RunHandle } from '../../engine/ports.ts'
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
}

interface Known {
  readonly process: Process
  readonly isAdopted: boolean
  /** Its `spawned` is told at this time; null: it was. */
  tellBootMs: number | null
  hasEnded: boolean
}

/** A driver without an operating system: the same contract over a world of scripted processes. */
export function createFakeDriver(parts: FakeDriverParts): Driver {
  const { world, clock, scriptOf, seesAdoptedExits } = parts
  const known = new Map<string, Known>()
  const failures: { readonly atBootMs: number; readonly event: Event; readonly post: Post }[] = []
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
      case 'forget':
        return
    }
  }

  function spawn(step: Extract<Step, { kind: 'spawn' }>, post: Post): void {
    const nowBootMs = clock.now().bootMs
    const script = scriptOf(step)
    const { unit, run } = step
    if (script.spawnFailure !== null) {
      const event: Event = { kind: 'spawn-failed', unit, run, ...script.spawnFailure }
      if (script.spawnMs === 0) post(event)
      else failures.push({ atBootMs: nowBootMs + script.spawnMs, event, post })
      return
    }
    const process = world.start({ unit, run, script, nowBootMs })
    const tellBootMs = script.spawnMs === 0 ? null : nowBootMs + script.spawnMs
    known.set(keyOf(unit, run), { process, isAdopted: false, tellBootMs, hasEnded: false })
    if (tellBootMs === null) post({ kind: 'spawned', unit, run, identity: process.identity })
  }

  function signalled({ unit, run, signal }: Extract<Step, { kind: 'signal' }>): Event {
    const process = known.get(keyOf(unit, run))?.process
    if (process === undefined) return { kind: 'signalled', unit, run, signal, outcome: 'gone' }
    if (process.isForbidden && process.exit === null) {
      return { kind: 'signal-failed', unit, run, signal, code: 'EPERM', message: 'not permitted', retry: false }
    }
    const isSent = world.signal(process, signal, clock.now().bootMs)
    return { kind: 'signalled', unit, run, signal, outcome: isSent ? 'sent' : 'gone' }
  }

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
      return { kind: 'exited', unit, run: run.n, exit: { kind: 'unknown' } }
    }
    const marked = [...world.processes.values()].filter((process) => process.unit === unit && process.run === run.n)
    if (marked.length === 0) return { kind: 'not-started', unit, run: run.n }
    if (marked.length === 1) return adopt(marked[0]!)
    const pids = marked.map((process) => process.identity.pid).join(', ')
    return { kind: 'unresolved', unit, run: run.n, message: `pids ${pids} all carry the mark of run ${run.n}` }
  }

  function adopt(process: Process): Event {
    const { unit, run, identity } = process
    known.set(keyOf(unit, run), { process, isAdopted: true, tellBootMs: null, hasEnded: false })
    return { kind: 'adopted', unit, run, identity }
  }

  function recover(handles: readonly RunHandle[]): Promise<readonly Event[]> {
    const exits = exitsWhileAway()
    const events = handles.map((handle): Event => {
      const event = resolve(handle)
      if (event.kind !== 'exited' || handle.run.identity === null) return event
      return { ...event, exit: exits.get(handle.run.identity.pid) ?? event.exit }
    })
    doubtful = handles.filter((_, index) => events[index]?.kind === 'unresolved')
    recovered = handles.filter(({ run }) => run.identity !== null)
    const newest = new Map(handles.map(({ unit, run }) => [unit, run.n]))
    for (const process of world.processes.values()) {
      if (process.isImpostor || process.run <= (newest.get(process.unit) ?? 0)) continue
      adopt(process)
      events.push({ kind: 'found', unit: process.unit, run: process.run, identity: process.identity })
    }
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

  /** Whatever is due is told; `exited` only after `spawned`. */
  function tell(): void {
    const nowBootMs = clock.now().bootMs
    for (const failure of failures.splice(0)) {
      if (failure.atBootMs <= nowBootMs) failure.post(failure.event)
      else failures.push(failure)
    }
    const ended = world.elapse(nowBootMs).filter(tellPauses)
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
    const isSeen = !entry.isAdopted || seesAdoptedExits
    hint?.({ kind: 'exited', unit, run, exit: isSeen ? exit : { kind: 'unknown' } })
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
    for (const { atBootMs } of failures) consider(atBootMs)
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

  function facts(run: Run) {
    const process = run.identity === null ? undefined : world.processes.get(run.identity.pid)
    const isThere = process !== undefined && run.identity !== null && isSame(process.identity, run.identity)
    return isThere ? { rssBytes: 1024 * 1024, processes: 1 } : null
  }

  return { perform, recover, events, facts }
}

function keyOf(unit: UnitId, run: number): string {
  return `${unit} ${run}`
}

function isSame(a: Identity, b: Identity): boolean {
  return a.pid === b.pid && a.startTicks === b.startTicks && a.bootId === b.bootId
}
