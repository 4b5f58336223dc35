import type { KeptOfEngine } from '../core/containers/model.ts'
import type {
  Command,
  Event,
  Failure,
  LogSpec,
  Now,
  Release,
  Run,
  State,
  Step,
  SvlogdSpec,
  Target,
  Transition,
  Unit,
  UnitId,
  UnitSpec,
  Who,
} from '../core/model.ts'
import type { StoredRelease } from '../core/release/stored.ts'
import type { Stored, StoredJob, StoredUnit, StoredWant } from '../core/revive.ts'

export type { StoredRelease } from '../core/release/stored.ts'
export type { Stored, StoredJob, StoredUnit, StoredWant } from '../core/revive.ts'

/** Everything from outside enters the engine here: it only queues, the next turn decides. Safe to call at any time. */
export type Post = (event: Event) => void

/** Does steps and reports what happens. One contract suite (test/contract/driver.ts) holds for every driver. */
export interface Driver {
  /**
   * Starts a step and returns. Exactly one outcome event is posted per step, possibly before this returns:
   * spawn → spawned | spawn-failed, signal → signalled | signal-failed, observe → observed | observe-failed,
   * probe → probed (at the latest when its time is over), schedule → next-due, forget → none.
   * Before `observed`, runs that recovery left unresolved and that can be told now get adopted | exited | not-started.
   * All steps of one turn are handed over together, so that work shared by them is done once.
   * `exited` follows `spawned` of the same run, exactly once, and only after the run's output was taken.
   */
  perform(steps: readonly Step[], post: Post): void
  /**
   * After our own restart: for each handle exactly one of adopted | exited | not-started | unresolved, then one `found`
   * for each process marked with a run newer than its unit's handle (or of a unit without one).
   * From then on the exits of adopted runs are posted through `events`.
   */
  recover(handles: readonly RunHandle[]): Promise<readonly Event[]>
  /** From now on news that no step asked for goes to `post`, until `signal` aborts. */
  events(post: Post, signal: AbortSignal): void
  /** Live facts of a unit's run for `status`, or null when there is no such process. Never throws. */
  facts(run: Run, unit: UnitId): RunFacts | null
  /** The same of many runs by one look, without `rssPeakBytes`. What is not alive is left out. */
  factsOfAll(runs: readonly { readonly unit: UnitId; readonly run: Run }[]): ReadonlyMap<UnitId, RunFacts>
}

export interface RunHandle {
  readonly unit: UnitId
  readonly run: Run
  readonly attempt: number
  readonly spec: UnitSpec
}

/** Of a run with everything it started. null: this host does not tell. */
export interface RunFacts {
  /** Its processes, its own first. */
  readonly pids: readonly number[]
  readonly rssBytes: number
  readonly rssPeakBytes: number | null
  readonly processes: number
  /** Processor time since its start. */
  readonly cpuMs: number | null
  /** What its cgroup counted, where it has one of its own: page cache included. */
  readonly memoryBytes: number | null
  readonly memoryPeakBytes: number | null
  readonly processesPeak: number | null
  /** Times a process of it was killed for lack of memory. */
  readonly oomKills: number | null
}

/**
 * One turn's changes, committed in one call. All must survive the machine but `put` and `remove`, which must survive only
 * our own death.
 */
export interface Changes {
  readonly bootId: string
  readonly target?: Target
  readonly runsReserved?: number
  /** All of them. */
  readonly releases?: readonly StoredRelease[]
  readonly engineKept?: KeptOfEngine
  /** null: back to what is declared. */
  readonly wants: readonly (StoredWant | { readonly unit: UnitId; readonly want: null })[]
  /** Survive the machine as well. null: forgotten. */
  readonly jobs: readonly (StoredJob | { readonly unit: UnitId; readonly job: null })[]
  readonly put: readonly StoredUnit[]
  readonly remove: readonly UnitId[]
}

/** One contract suite (test/contract/store.ts) holds for every store. */
export interface Store {
  /** null: nothing stored yet. A damaged part is moved aside and reported in `warnings`, never thrown. */
  load(): { readonly stored: Stored | null; readonly warnings: readonly string[] }
  /** Throws StoreError when it could not be made durable; then nothing of it is. */
  commit(changes: Changes): void
  close(): void
}

export class StoreError extends Error {
  readonly code: string
  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'StoreError'
    this.code = code
  }
}

/** The flight recorder: a bounded file of what came in, replayable. A failing recorder never stops a turn. */
export interface Recorder {
  /** Called with a turn's events before anything is done about them; `state` is the state they meet. */
  record(entry: { readonly now: Now; readonly events: readonly Event[]; readonly state: State }): void
  /** The turn ended; the digest lets a replay tell that it went another way. */
  settled(entry: {
    readonly version: number
    readonly steps: number
    readonly transitions: number
    /** Indices of the turn's events that were left out: refused commands, events set aside. */
    readonly refused: readonly number[]
  }): void
  close(): void
}

export interface Clock {
  now(): Now
  /** Runs `task` once: `at-once` when the current callback is over, `after-io` when waiting input was looked at too. */
  soon(task: () => void, when: 'at-once' | 'after-io'): void
  /** Calls `wake` once at or soon after `bootMs`; a later call replaces an earlier one, null disarms. */
  arm(bootMs: number | null, wake: () => void): void
  /** The same by the wall clock: also when that is set, so that what became due, or undue, is noticed. */
  armWall(wallMs: number | null, wake: () => void): void
}

/** What readers get: never changed afterwards. */
export interface Snapshot {
  readonly state: State
  readonly now: Now
  /** Run state could not be stored at the last commit: why. Supervision goes on. */
  readonly storeTrouble: string | null
}

/** What frontends may do with the engine. */
export interface EnginePort {
  snapshot(): Snapshot
  /** Resolves with the first snapshot for which the predicate holds, or null when the time is over. */
  until(predicate: (snapshot: Snapshot) => boolean, timeoutMs: number): Promise<Snapshot | null>
  /** Resolves when the command was stored and taken into account; rejects with StoreError or a HeldError otherwise. */
  command(command: Extract<Event, { kind: 'command' }>['command']): Promise<Snapshot>
  /** Transitions after `seq`, oldest first. `gap`: some in between are no longer kept. */
  transitionsSince(seq: number): { readonly transitions: readonly Transition[]; readonly gap: boolean }
  /** Called after each turn that changed something or took a command. Returns the way to stop it. */
  subscribe(listener: Listener): () => void
}

/** What a turn brought: the commands that were taken come before the transitions they led to. */
export type Listener = (snapshot: Snapshot, transitions: readonly Transition[], commands: readonly Command[]) => void

// ---- history ---------------------------------------------------------------------------------------------------

/** What happened, over deaths of the daemon; bounded, the oldest goes. Written by whoever listens to the engine. */
export interface HistoryPort {
  /** Oldest first. Reads files: not for every request of a busy client. */
  read(query: HistoryQuery): readonly HistoryEntry[]
  /** The number of the latest entry; 0: there is none. */
  latest(): number
  /** Called with what is new, after it was written. Returns the way to stop it. */
  subscribe(listener: (entries: readonly HistoryEntry[]) => void): () => void
}

export interface HistoryQuery {
  /** Only entries after this number. */
  readonly after?: number
  readonly sinceWallMs?: number | null
  readonly untilWallMs?: number | null
  /** Only the first so many of those that match. */
  readonly head?: number
  /** Only the last so many of those that match. */
  readonly tail?: number | null
  /** Only transitions of these units: what else there is costs next to nothing. */
  readonly transitionsOf?: ReadonlySet<UnitId>
  readonly matches?: (entry: HistoryEntry) => boolean
}

export type HistoryEntry =
  | { readonly kind: 'transition'; readonly seq: number; readonly transition: Transition }
  | {
      readonly kind: 'command'
      readonly seq: number
      readonly atWallMs: number
      readonly command: Command['kind']
      readonly by: Who
      /** The first hundred of them. */
      readonly units: readonly UnitId[]
      readonly unitsTotal: number
      /** The signal, or why; of a purge the volumes, of overridden locks the apps; else empty. */
      readonly detail: string
    }
  /** A release of an app came to another status. */
  | {
      readonly kind: 'release'
      readonly seq: number
      readonly atWallMs: number
      readonly app: string
      /** As it is shown. Of `reverted`: what runs again. */
      readonly release: string
      readonly status: Release['status']
      readonly why: string
    }
  | {
      readonly kind: 'daemon'
      readonly seq: number
      readonly atWallMs: number
      readonly what: 'started' | 'ended' | 'upgraded'
      readonly detail: string
    }

// ---- logs and stdin reach drivers and frontends as these ports --------------------------------------------------

/** Where one stream of one unit goes. Owned by logs/, used by the process driver. */
export interface LogWriter {
  /**
   * Moves what `fd` (the read end of a pipe, non-blocking) holds into the log, at most `bytesMax`, without the bytes
   * ever being only in our memory: a death at any point loses none. Returns the bytes moved; `isEmpty`: it is known
   * to have nothing more. Never throws: what cannot be written is dropped and counted in the log itself. `retryMs`: the
   * target (a terminal, a pipe) takes nothing now; the bytes stay in the pipe, come back after that time.
   */
  drain(fd: number, bytesMax: number): { readonly bytes: number; readonly isEmpty: boolean; readonly retryMs?: number }
  /** What is drained from now on was printed by this start of the unit (Unit.attempt). */
  begin(attempt: number): void
  /** A run has ended, and what it printed was drained: what was held back of it is logged. Absent: nothing is ever held back. */
  settle?(): void
  close(): void
}

export interface LogPort {
  /** Opens or creates the log of a stream. Opening one twice is a bug. */
  open(stream: StreamRef): LogWriter
}

/** Where output goes that comes through our memory: what the container engine hands over. Owned by logs/. */
export interface LogAppendPort {
  /**
   * The log of a stream, opened or created. May be open several times: containers that follow one another share one, each
   * with its own starts.
   */
  append(stream: StreamRef): LogAppender
  /**
   * After a death of ours: how many bytes of what was announced are in the log, from its beginning. Only certain before
   * anything else is written to that log.
   */
  stored(spot: LogSpot): number
}

export interface LogAppender {
  /**
   * Writes pieces to the end of the log, one after the other, as far as its present file goes. Before anything is written
   * `announce` is told where so many bytes will stand; `spot` null: nothing could tell afterwards (a terminal, a pipe).
   * Answers how many bytes were taken: less than all are to be sent again, at once or after `retryMs`. Never throws, and
   * drops nothing.
   */
  write(
    pieces: readonly LogPiece[],
    announce: (spot: LogSpot | null, bytes: number) => void,
  ): { readonly bytes: number; readonly retryMs?: number }
  /** What is written from now on was printed by this start of the unit (Unit.attempt). */
  begin(attempt: number): void
  close(): void
}

export interface LogPiece {
  readonly bytes: Uint8Array
  /** When it was printed, by the wall clock. */
  readonly wallMs: number
}

/** A place in a file, whatever that is called by now. */
export interface LogSpot {
  readonly path: string
  readonly device: number
  readonly inode: number
  /** When the file was made, because numbers of inodes are used again; 0: its file system does not tell. */
  readonly bornMs: number
  readonly offset: number
  readonly bytes: number
}

export interface StreamRef {
  readonly unit: UnitId
  readonly stream: 'stdout' | 'stderr'
  readonly spec: LogSpec
  /** Goes into log directories of svlogd's format instead. */
  readonly svlogd?: SvlogdSpec
}

/** What a stream printed, of those that ask for it in their OutputHandling. */
export interface OutputNews {
  readonly unit: UnitId
  readonly stream: 'stdout' | 'stderr'
  /** logged: a piece as it was read. captured: what stood between the marks of capture mode. */
  readonly kind: 'logged' | 'captured'
  readonly bytes: Uint8Array
}

/** What people do with log files from outside. */
export interface LogControlPort {
  /** The logs of what was started a moment ago are there to be read. */
  catchUp(): void
  /** Files that were moved or removed are made anew at their paths (SIGUSR2 of supervisord, after logrotate). */
  reopen(): void
  /** The log of this stream is emptied, with its rotated files. Answers why it cannot be; null: it is empty, or was never written. */
  clear(stream: StreamRef): string | null
}

/** The daemon talks with runs whose stdin is of kind `events`. Owned by the process driver. */
export interface DialoguePort {
  /** Called when such a run was started; one listener. Returns the way to stop it. */
  subscribe(begun: (dialogue: Dialogue) => void): () => void
}

export interface Dialogue {
  readonly unit: UnitId
  readonly run: number
  /** The bytes taken at once, 0 when its pipe is full; 'gone': nobody reads any more. */
  write(bytes: Uint8Array): number | 'gone'
  /** Called when the pipe takes more again, once after each `write` that took less than all. */
  onWritable(again: () => void): void
  /** Called with what it prints, which is in its log by then. Before anyone listens it is kept. */
  onOutput(taken: (bytes: Uint8Array) => void): void
  /** Called once, when the run has ended and its last words were given out. */
  onEnd(ended: () => void): void
}

/** The daemon's own loggers: of the units whose `logger` is of kind svlogd. */
export interface LoggerPort {
  /** null: none of this unit is open. */
  state(unit: UnitId): LoggerState | null
  /**
   * reload: the directories' configuration is read again. rotate: what is not empty is begun anew. pause: nothing is taken, so
   * that the writer waits when its pipe is full; resume. Nothing happens where none is open.
   */
  control(unit: UnitId, action: 'reload' | 'rotate' | 'pause' | 'resume'): void
}

export interface LoggerState {
  readonly isPaused: boolean
  /** When it was opened, paused or resumed. */
  readonly sinceWallMs: number
  /** Why it cannot write now; what is printed waits in the pipe. null: it can. */
  readonly trouble: string | null
}

/** The read side of logs, for frontends and checks. */
export interface LogReadPort {
  /**
   * The output of some streams, merged in the order of time (as fine as the index of each tells it, in their given order
   * where equal), across rotated and compressed files; with `follow` then what comes, until `signal` aborts. Reads only as
   * fast as it is asked to. A stream that was never written has ended at once, or is waited for when followed.
   */
  read(streams: readonly StreamRef[], options: LogReadOptions): AsyncIterable<LogChunk>
  /** Where the stream ends now, for `readSince`. */
  position(stream: StreamRef): Promise<LogPosition>
  /**
   * What was written after `since`, at most the last `bytesMax` of it, and where it ended. null: from the beginning of
   * the output of `attempt`.
   */
  readSince(
    stream: StreamRef,
    since: LogPosition | null,
    options: { readonly attempt: number; readonly bytesMax: number },
  ): Promise<{ readonly bytes: Uint8Array; readonly position: LogPosition }>
}

/** Opaque: which file, and how far in it. */
export type LogPosition = { readonly key: string; readonly offset: number }

/** A piece of one stream: whole lines, unless a line is longer than a piece or its end has not been written yet. */
export interface LogChunk {
  readonly stream: StreamRef
  readonly bytes: Uint8Array
  /** When it was taken, by the wall clock; null: nothing tells. */
  readonly wallMs: number | null
  /** The start of the unit that printed it; null: nothing tells. */
  readonly attempt: number | null
}

export interface LogReadOptions {
  readonly from: LogReadFrom
  readonly follow: boolean
  /** Only what was written at or after, and before, these times; what has no time counts by its file's. */
  readonly sinceWallMs?: number | null
  readonly untilWallMs?: number | null
  /** Only what these starts of the unit printed; of each unit the one it is asked for by. */
  readonly attempts?: ReadonlyMap<UnitId, AttemptChoice>
  readonly signal?: AbortSignal
}

/** The newest start before `before`, or exactly that one. */
export type AttemptChoice =
  | { readonly kind: 'before'; readonly before: number }
  | { readonly kind: 'is'; readonly attempt: number }

/** Where to begin: with the oldest file, or so much before the end (of each unit: the streams of one count together). */
export type LogReadFrom =
  | { readonly kind: 'all' }
  | { readonly kind: 'lines'; readonly lines: number }
  | { readonly kind: 'bytes'; readonly bytes: number }

/** Runs commands beside units that run, each for one client that is connected to it. */
export interface ExecPort {
  /** Resolves when the command runs; else with why it does not. */
  start(unit: Unit, request: ExecRequest): Promise<ExecSession | Failure>
}

export interface ExecRequest {
  readonly command: readonly string[]
  /** On top of the unit's. */
  readonly environment: Readonly<Record<string, string>>
  /** null: as the unit. */
  readonly user: string | null
  readonly workingDir: string | null
  /** It gets a terminal of this size, and then stderr comes as stdout. null: it gets pipes. */
  readonly terminal: TerminalSize | null
  /** false: its stdin is empty. */
  readonly hasInput: boolean
}

export interface TerminalSize {
  readonly rows: number
  readonly columns: number
}

/** Whoever started it closes it. Nothing of it throws. */
export interface ExecSession {
  /** Read once, and as fast as the client takes it; ends when the command has ended and all of its output was given. */
  readonly output: AsyncIterable<ExecOutput>
  /** How it ended; known once `output` has ended. */
  readonly exit: Promise<ExecExit>
  /** Resolves when it was taken, or when nobody is left to take it. One at a time. */
  write(bytes: Uint8Array): Promise<void>
  endInput(): void
  resize(size: TerminalSize): void
  /** To the command and what it started in its group. Without SIG. */
  signal(name: string): void
  /** The client is gone: what still runs is ended. */
  close(): void
}

export interface ExecOutput {
  readonly stream: 'stdout' | 'stderr'
  readonly bytes: Uint8Array
}

/** As a shell tells it: 128 and the number of the signal that ended it. `why`: what the code alone does not tell; else empty. */
export interface ExecExit {
  readonly code: number
  readonly why: string
}

/** Writes to the stdin of units that have a pipe for it. */
export interface StdinPort {
  /** The bytes taken: less than all when the pipe is full. Throws the system's error; `no-pipe`: its stdin is none. */
  write(unit: UnitId, bytes: Uint8Array): number | 'no-pipe'
}
