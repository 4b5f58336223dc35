import type { Exit, Failure, Identity, Role, RunRef, UnitId } from '../../core/model.ts'

/** What one process of the fake world does from its start on. */
export interface Script {
  /** null: the spawn works. */
  readonly spawnFailure: Failure | null
  /** The outcome of the spawn is told this much later; the process runs from the start. */
  readonly spawnMs: number
  /** Until it ends by itself; null: never. */
  readonly livesMs: number | null
  readonly exit: Exit
  /** Signals it does not react to, without SIG; `EOF`: the end of its input. */
  readonly ignores: readonly string[]
  /** Signals that the script asked before them deals with; absent: none. */
  readonly handles?: readonly string[]
  /** From a signal it obeys to its end. */
  readonly stopMs: number
  /** How it ends after a signal it obeys; null: by that signal. */
  readonly stopExit: Exit | null
  /** Signals are refused: it runs as somebody we may not signal. */
  readonly isForbidden: boolean
  readonly checked: CheckedScript
}

/** What whoever checks the process finds. */
export interface CheckedScript {
  /** From its start until checks pass; null: they never do. */
  readonly passesMs: number | null
  /** From then on checks fail and pass by turns, this long each; null: they pass. */
  readonly flapsMs: number | null
  /** Until it answers. */
  readonly answerMs: number
}

export interface Process {
  readonly unit: UnitId
  readonly run: number
  readonly role: Role
  readonly attempt: number
  /** How it ends is written down where a later daemon finds it. */
  readonly isRecorded: boolean
  /** The daemon that started it, as `FakeDriverParts.daemon`. */
  readonly parent: number
  readonly identity: Identity
  readonly script: Script
  readonly startedBootMs: number
  /** Carries the mark of a run without being its process: a child that went into a session of its own. */
  readonly isImpostor: boolean
  /** null: lives on until something happens. */
  endsBootMs: number | null
  endsWith: Exit
  isForbidden: boolean
  checked: CheckedScript
  isPaused: boolean
  pausedBootMs: number
  /** null while it lives. */
  exit: Exit | null
}

export type News =
  | { readonly kind: 'ended'; readonly process: Process }
  | { readonly kind: 'paused'; readonly process: Process }
  | { readonly kind: 'continued'; readonly process: Process }

/** Proof that a run began. */
export interface Trace {
  readonly run: number
  /** null: only a later run of the unit proves it. */
  readonly process: Process | null
}

type Born = Pick<Process, 'unit' | 'run' | 'role' | 'attempt' | 'isRecorded' | 'parent' | 'script'> & {
  readonly nowBootMs: number
  readonly isImpostor?: boolean
}

/** Whoever asks how something ended asks soon: more than this is not remembered. */
const endedKept = 1_000

/** Processes that outlive the daemon, in a time of their own: nothing happens but in `elapse` and by signals. */
export interface World {
  readonly processes: ReadonlyMap<number, Process>
  start(born: Born): Process
  /** The process that was started last as this run and has ended, unless the host was started since: for judges. */
  ended(unit: UnitId, run: number): Process | null
  /** What the newest process of a unit left in the file system. */
  trace(unit: UnitId): Trace | null
  /** A run is about to begin: what those before it left is removed. */
  clearTrace(unit: UnitId): void
  /** Only of these runs anybody will ask: what all others left is removed, because their numbers may be used again. */
  keepTraces(runs: readonly RunRef[]): void
  /** False: there is nobody any more. */
  signal(process: Process, signal: string, nowBootMs: number): boolean
  /** Lets happen what is due. What it brought, and what signals did since, is told once, in order. */
  elapse(nowBootMs: number): readonly News[]
  /** When something happens by itself next; null: never. Due at once while there is news. */
  nextBootMs(): number | null
  /** Every process is gone, nobody saw how; pids start again. */
  reboot(bootId: string): void
}

export function createWorld(firstBootId: string, { firstPid = 1_000 } = {}): World {
  const processes = new Map<number, Process>()
  const ended = new Map<string, Process>()
  const traces = new Map<UnitId, Trace>()
  let news: News[] = []
  let bootId = firstBootId
  let nextPid = firstPid

  function start({ nowBootMs, isImpostor = false, ...born }: Born): Process {
    const { script } = born
    const identity: Identity = { pid: nextPid, startTicks: Math.floor(nowBootMs / 10), bootId, pidNamespace: 'fake' }
    nextPid += 1
    const process: Process = {
      ...born,
      identity,
      startedBootMs: nowBootMs,
      isImpostor,
      endsBootMs: script.livesMs === null ? null : nowBootMs + script.livesMs,
      endsWith: script.exit,
      isForbidden: script.isForbidden,
      checked: script.checked,
      isPaused: false,
      pausedBootMs: 0,
      exit: null,
    }
    processes.set(identity.pid, process)
    if (!isImpostor) traces.set(process.unit, { run: process.run, process })
    return process
  }

  function end(process: Process, exit: Exit): void {
    process.exit = exit
    processes.delete(process.identity.pid)
    if (!process.isImpostor) remember(process)
    news.push({ kind: 'ended', process })
  }

  function remember(process: Process): void {
    ended.set(keyOf(process.unit, process.run), process)
    const oldest = ended.keys().next()
    if (ended.size > endedKept && !oldest.done) ended.delete(oldest.value)
  }

  function signal(process: Process, name: string, nowBootMs: number): boolean {
    if (process.exit !== null) return false
    if (name === 'KILL') end(process, { kind: 'signal', signal: 'KILL', core: false })
    else if (name === 'STOP') pause(process, nowBootMs)
    else if (name === 'CONT') proceed(process, nowBootMs)
    else if (name === '0') return true
    else if (!process.script.ignores.includes(name)) obey(process, name, nowBootMs)
    return true
  }

  function pause(process: Process, nowBootMs: number): void {
    if (process.isPaused) return
    process.isPaused = true
    process.pausedBootMs = nowBootMs
    news.push({ kind: 'paused', process })
  }

  function proceed(process: Process, nowBootMs: number): void {
    if (!process.isPaused) return
    process.isPaused = false
    if (process.endsBootMs !== null) process.endsBootMs += nowBootMs - process.pausedBootMs
    news.push({ kind: 'continued', process })
  }

  /** A paused process acts on it once it is continued. */
  function obey(process: Process, name: string, nowBootMs: number): void {
    const fromBootMs = process.isPaused ? process.pausedBootMs : nowBootMs
    const endsBootMs = fromBootMs + process.script.stopMs
    if (process.endsBootMs !== null && process.endsBootMs <= endsBootMs) return
    process.endsBootMs = endsBootMs
    process.endsWith = name === 'EOF' ? endedWell : (process.script.stopExit ?? bySignal(name))
  }

  return {
    processes,
    start,
    ended: (unit, run) => ended.get(keyOf(unit, run)) ?? null,
    trace: (unit) => traces.get(unit) ?? null,
    clearTrace: (unit) => void traces.delete(unit),
    keepTraces(runs) {
      const kept = new Set(runs.map(({ unit, run }) => keyOf(unit, run)))
      for (const { unit, run } of runs) {
        const trace = traces.get(unit)
        const isProof = trace !== undefined && trace.run > run && !kept.has(keyOf(unit, trace.run))
        if (isProof) traces.set(unit, { run, process: null })
      }
      for (const [unit, { run }] of traces) if (!kept.has(keyOf(unit, run))) traces.delete(unit)
    },
    signal,
    elapse(nowBootMs) {
      for (const process of processes.values()) {
        if (!process.isPaused && process.endsBootMs !== null && process.endsBootMs <= nowBootMs) {
          end(process, process.endsWith)
        }
      }
      const told = news
      news = []
      return told
    },
    nextBootMs() {
      if (news.length > 0) return 0
      let next: number | null = null
      for (const { isPaused, endsBootMs } of processes.values()) {
        if (!isPaused && endsBootMs !== null && (next === null || endsBootMs < next)) next = endsBootMs
      }
      return next
    },
    reboot(nextBootId) {
      for (const process of processes.values()) process.exit = { kind: 'unknown' }
      processes.clear()
      ended.clear()
      traces.clear()
      news = []
      bootId = nextBootId
      nextPid = firstPid
    },
  }
}

/** Whoever has read all there is. */
const endedWell: Exit = { kind: 'code', code: 0 }

function bySignal(signal: string): Exit {
  return { kind: 'signal', signal, core: false }
}

function keyOf(unit: UnitId, run: number): string {
  return `${unit} ${run}`
}
