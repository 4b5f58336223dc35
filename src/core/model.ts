/**
 * The words of the core, as plain readonly data. Times are milliseconds; `bootMs` counts since the host booted
 * (suspend included), `wallMs` is the wall clock and is only ever shown, never compared.
 */

export interface Now {
  /** Identity of this boot of the host: deadlines of another boot mean nothing here. */
  readonly bootId: string
  readonly bootMs: number
  readonly wallMs: number
}

/** A slot `app/service/n`. Until releases live side by side (hand-over), a slot and its unit share this name. */
export type UnitId = string

// ---- what should run ---------------------------------------------------------------------------------------

/** The declared state, decoded from every source and merged. An app has exactly one source. */
export interface Target {
  readonly apps: Readonly<Record<string, App>>
}

export interface App {
  readonly name: string
  /** Where it was declared: an absolute path. */
  readonly source: string
  readonly dialect: Dialect
  /** Keyed by service name, in declaration order. */
  readonly services: Readonly<Record<string, Service>>
}

export type Dialect = 'compose' | 'supervisord'

export interface Service {
  readonly name: string
  readonly kind: 'process'
  readonly process: ProcessSpec
  /** One unit each; `process` overrides what differs from the service's own (supervisord expands per process). */
  readonly instances: readonly Instance[]
  readonly autostart: boolean
  readonly restart: RestartPolicy
  /** How to stop: one rung after the other; the last repeats while something lives, when it is a kill. */
  readonly stop: readonly StopRung[]
  readonly dependsOn: readonly Dependency[]
  /** Start ascending, stop descending, where no dependency says otherwise. supervisord's default is 999. */
  readonly priority: number
  /** How long a manual stop lasts: until somebody starts it again, or (supervisord) until the daemon restarts. */
  readonly manualStop: 'until-started' | 'until-daemon-restart'
}

export interface Instance {
  /** The n of the unit id; Compose replicas count from 1, supervisord's numprocs from numprocs_start. */
  readonly n: number
  readonly process?: Partial<ProcessSpec>
}

export interface ProcessSpec {
  /** argv; argv[0] is looked up in the service's PATH unless it has a slash. */
  readonly command: readonly string[]
  /** The command could not be split; spawning fails with this text (supervisord reports it only then). */
  readonly commandError: string | null
  /** Absolute. null: `/`, or the daemon's own directory where the environment is inherited. */
  readonly workingDir: string | null
  readonly environment: Readonly<Record<string, string>>
  /** Read again at each start, later files and then `environment` win. */
  readonly envFiles: readonly EnvFile[]
  /** true: on top of the daemon's environment (supervisord); false: on top of a small clean one. */
  readonly inheritEnvironment: boolean
  /** `name`, `uid`, `name:group` or `uid:gid`; supplementary groups come from the group database. */
  readonly user: string | null
  readonly umask: number | null
  readonly stdout: LogSpec
  /** 'stdout': both in one stream, in order. */
  readonly stderr: LogSpec | 'stdout'
  /** Put each run in a cgroup of its own, so that nothing it starts can get away. */
  readonly cgroup: boolean
}

export interface EnvFile {
  readonly path: string
  readonly required: boolean
}

export interface LogSpec {
  /** null: in the log directory. 'none': thrown away. */
  readonly path: string | null | 'none'
  /** 0: never rotated. */
  readonly bytesMax: number
  readonly backupsMax: number
}

export interface RestartPolicy {
  /** Which exits of a stable run are followed by another run. `never`: none, `failure`: all but successes. */
  readonly when: 'always' | 'unless-stopped' | 'on-failure' | 'no'
  readonly successExits: readonly number[]
  /** A run that lived this long is stable: an exit after it clears the counter of early exits. */
  readonly stableMs: number
  /** Exits before stable: by `when` as well, or always tried again (supervisord's startretries). */
  readonly early: 'by-policy' | 'always'
  readonly backoff: Backoff
  /** After this many early exits in a row (windowMs null), or restarts within windowMs, the unit is failed. */
  readonly budget: { readonly restartsMax: number; readonly windowMs: number | null } | null
}

/** Delay before the k-th restart in a row after early exits: `exponential` first·factor^(k-1), `linear` k·first; at most max. */
export interface Backoff {
  readonly shape: 'exponential' | 'linear'
  readonly firstMs: number
  readonly factor: number
  readonly maxMs: number
  /** 0..1: the share of the delay that is spread, so that many units do not restart in step. */
  readonly jitter: number
  /** This many early exits in a row are answered at once, before delays begin. */
  readonly freeRestarts: number
}

export interface StopRung {
  /** Without SIG: `TERM`. */
  readonly signal: string
  /** main: the one process. group: its process group. tree: group, cgroup and what it left behind. */
  readonly scope: SignalScope
  /** How long to wait for the end before the next rung. */
  readonly waitMs: number
}

export type SignalScope = 'main' | 'group' | 'tree'

export interface Dependency {
  /** A service of the same app. */
  readonly service: string
  readonly condition: 'started' | 'completed'
  /** false: does not hold the start back when the other service is not declared. */
  readonly required: boolean
  /** An explicit restart of the other service restarts this one as well. */
  readonly restart: boolean
}

// ---- what runs ---------------------------------------------------------------------------------------------

export interface State {
  readonly version: number
  readonly bootId: string
  readonly mode: Mode
  readonly target: Target
  /** In target order; units no longer declared follow until they are gone. */
  readonly units: ReadonlyMap<UnitId, Unit>
  /** The next run gets this number. Only grows, across crashes and reboots. */
  readonly nextRun: number
  readonly nextTransition: number
  /** Why the driver should look at everything again; null when nothing is in doubt. */
  readonly observe: { readonly why: string; readonly inFlight: boolean } | null
  /** Live runs found after our own restart whose unit nobody has declared yet. */
  readonly found: readonly FoundRun[]
}

export interface FoundRun {
  readonly unit: UnitId
  readonly run: number
  readonly identity: Identity
}

/**
 * running: normal. stopping: the daemon ends, everything is taken down in order.
 * held: started after repeated deaths; what runs is kept by its stored policy, the target is not touched.
 */
export type Mode =
  | { readonly kind: 'running' }
  | { readonly kind: 'stopping'; readonly by: Who; readonly why: string }
  | { readonly kind: 'held'; readonly why: string }

/** See docs/lifecycle.md. */
export type Phase = 'idle' | 'starting' | 'up' | 'stopping' | 'backoff' | 'ended' | 'failed' | 'unresolved'

export interface Unit {
  readonly id: UnitId
  readonly app: string
  readonly service: string
  readonly n: number
  /** What it is to be run as; the last known one once it is no longer declared. */
  readonly spec: UnitSpec
  /** false: nothing declares it any more; it is stopped and then forgotten. */
  readonly isDeclared: boolean
  readonly want: Want
  readonly phase: Phase
  readonly sinceBootMs: number
  readonly sinceWallMs: number
  /** Why it is in this phase. */
  readonly reason: string
  /** The main run: present in starting, up, stopping and unresolved. */
  readonly run: Run | null
  /** The stop ladder while stopping: the rung to send next, and when. dueBootMs null: nothing further to send. */
  readonly stop: { readonly rung: number; readonly dueBootMs: number | null; readonly why: string } | null
  /** In backoff: when to try again. */
  readonly retryBootMs: number | null
  /** How the last run ended. */
  readonly end: End
  /** Early exits in a row. */
  readonly earlyExits: number
  /** Times of recent restarts, oldest first, for a windowed budget; never more than the budget needs. */
  readonly restartTimesBootMs: readonly number[]
  /** Restarts that were not asked for, since the unit was declared or last started by hand. */
  readonly restarts: number
  /** A run numbered up to this must end and be followed by a new one (restart, changed configuration). */
  readonly endRunsUpTo: number
  readonly endRunsWhy: string
  /** Signals asked for and not yet sent. */
  readonly signals: readonly string[]
}

/** A service's settings as one unit has them. */
export interface UnitSpec {
  readonly process: ProcessSpec
  /** Changes exactly when a running process would have to be replaced to match. */
  readonly runHash: string
  readonly autostart: boolean
  readonly restart: RestartPolicy
  readonly stop: readonly StopRung[]
  readonly dependsOn: readonly Dependency[]
  readonly priority: number
  readonly manualStop: Service['manualStop']
}

export interface Want {
  readonly kind: 'up' | 'once' | 'down'
  readonly by: Who
}

export type Who =
  | { readonly kind: 'declared' }
  | { readonly kind: 'user'; readonly uid: number; readonly name: string }
  | { readonly kind: 'daemon' }

export interface Run {
  readonly n: number
  readonly runHash: string
  readonly startedBootMs: number
  /** null while the spawn is in flight. */
  readonly identity: Identity | null
  /** Survived a death of ours: watched by pidfd, its exit code may stay unknown. */
  readonly isAdopted: boolean
  readonly isPaused: boolean
  readonly isStable: boolean
}

/** A process, beyond the reuse of its pid. */
export interface Identity {
  readonly pid: number
  /** Field 22 of /proc/PID/stat, in clock ticks since boot. */
  readonly startTicks: number
  readonly bootId: string
  /** The inode of /proc/PID/ns/pid. */
  readonly pidNamespace: string
}

export type EndKind = 'never' | 'requested' | 'expected' | 'unexpected' | 'spawn-failed' | 'gave-up' | 'unknown'

export interface End {
  readonly kind: EndKind
  readonly run: number | null
  readonly exit: Exit | null
  /** The kept error of a failed spawn, else empty. */
  readonly message: string
  readonly atWallMs: number | null
}

/** unknown: it ended while nobody could see how. */
export type Exit =
  | { readonly kind: 'code'; readonly code: number }
  | { readonly kind: 'signal'; readonly signal: string; readonly core: boolean }
  | { readonly kind: 'unknown' }

// ---- what crosses the borders ------------------------------------------------------------------------------

export type Command =
  | { readonly kind: 'set-target'; readonly target: Target; readonly by: Who; readonly why: string }
  | { readonly kind: 'start'; readonly units: readonly UnitId[]; readonly by: Who }
  | { readonly kind: 'stop'; readonly units: readonly UnitId[]; readonly by: Who }
  | { readonly kind: 'restart'; readonly units: readonly UnitId[]; readonly by: Who }
  | { readonly kind: 'signal'; readonly units: readonly UnitId[]; readonly signal: string; readonly by: Who }
  | { readonly kind: 'shutdown'; readonly by: Who; readonly why: string }

export type Event =
  | { readonly kind: 'command'; readonly id: number; readonly command: Command }
  /** The outcome of a spawn. */
  | { readonly kind: 'spawned'; readonly unit: UnitId; readonly run: number; readonly identity: Identity }
  | ({ readonly kind: 'spawn-failed'; readonly unit: UnitId; readonly run: number } & Failure)
  /** The outcome of a signal step; `gone`: there was nobody left to signal. */
  | {
      readonly kind: 'signalled'
      readonly unit: UnitId
      readonly run: number
      readonly signal: string
      readonly outcome: 'sent' | 'gone'
    }
  | ({ readonly kind: 'signal-failed'; readonly unit: UnitId; readonly run: number; readonly signal: string } & Failure)
  | { readonly kind: 'exited'; readonly unit: UnitId; readonly run: number; readonly exit: Exit }
  /** Somebody stopped or continued the process by a signal. */
  | { readonly kind: 'paused'; readonly unit: UnitId; readonly run: number }
  | { readonly kind: 'continued'; readonly unit: UnitId; readonly run: number }
  /** After our own restart: this run was found alive. */
  | { readonly kind: 'adopted'; readonly unit: UnitId; readonly run: number; readonly identity: Identity }
  /** After our own restart: the intent was stored, but no process came of it. */
  | { readonly kind: 'not-started'; readonly unit: UnitId; readonly run: number }
  /**
   * After our own restart: a process that carries the mark of a run newer than any stored one (it was started while
   * nothing could be stored).
   */
  | ({ readonly kind: 'found' } & FoundRun)
  /** After our own restart: cannot be told which process is the unit's; nothing is done until somebody decides. */
  | { readonly kind: 'unresolved'; readonly unit: UnitId; readonly run: number; readonly message: string }
  /** The whole truth of one driver: what is not listed and was started before `takenBootMs` is gone. */
  | { readonly kind: 'observed'; readonly takenBootMs: number; readonly alive: readonly RunRef[] }
  | ({ readonly kind: 'observe-failed' } & Failure)

export interface RunRef {
  readonly unit: UnitId
  readonly run: number
}

/** The world misbehaved. `retry`: the cause is not the unit's, trying again later may well work. */
export interface Failure {
  /** An errno name or a word of the driver's: ENOENT. */
  readonly code: string
  readonly message: string
  readonly retry: boolean
}

export type Step =
  | {
      readonly kind: 'spawn'
      readonly unit: UnitId
      readonly run: number
      readonly spec: UnitSpec
      readonly why: string
    }
  | {
      readonly kind: 'signal'
      readonly unit: UnitId
      readonly run: number
      readonly signal: string
      readonly scope: SignalScope
      /** ladder: a rung of the stop ladder; wake: SIGCONT, so that a paused one can act on it; asked: somebody's own. */
      readonly purpose: 'ladder' | 'wake' | 'asked'
      readonly why: string
    }
  /** Nothing of this unit is needed any more: release its streams. */
  | { readonly kind: 'forget'; readonly unit: UnitId; readonly why: string }
  | { readonly kind: 'observe'; readonly why: string }

export interface Transition {
  readonly seq: number
  readonly atWallMs: number
  readonly unit: UnitId
  readonly run: number | null
  readonly from: Phase
  readonly to: Phase
  readonly why: string
  readonly exit: Exit | null
}

/** What one call of the core changed. `touched` are the units whose stored form may differ. */
export interface Change {
  readonly state: State
  readonly transitions: readonly Transition[]
  readonly touched: ReadonlySet<UnitId>
}
