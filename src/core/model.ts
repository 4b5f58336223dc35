/**
 * The words of the core, as plain readonly data. Times are milliseconds; `bootMs` counts since the host booted
 * (suspend included), `wallMs` is the wall clock, which jumps: it is shown, and compared for schedules only.
 */
import type { AppResources, ContainerEngine, ContainerSpec, EngineEvent, EngineStep } from './containers/model.ts'
import type { ReleasePolicy, Trial } from './release/model.ts'
import type { Failure, UnitId } from './words.ts'

export type { Failure, UnitId } from './words.ts'

export interface Now {
  /** Identity of this boot of the host: deadlines of another boot mean nothing here. */
  readonly bootId: string
  readonly bootMs: number
  readonly wallMs: number
}

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
  /** Counts before that of its services: apps start ascending and stop descending, as far as dependencies let them. */
  readonly priority: number
  /** Keyed by service name, in declaration order. */
  readonly services: Readonly<Record<string, Service>>
  /** What its containers need; absent: it has none. */
  readonly resources?: AppResources
  /** A change of it has to prove itself before it counts, and is taken back when it does not. Absent: it counts at once. */
  readonly release?: ReleasePolicy
  /** Its units are told of what happens: their stdin is of kind `events`. Absent: it is an ordinary app. */
  readonly listener?: ListenerPool
}

/** Units that are told of events, each of one at a time; whichever is ready gets the next. */
export interface ListenerPool {
  /** Names of events, as supervisord calls them; one that has others below it means all of those. */
  readonly events: readonly string[]
  /** So many events wait at most while none is ready; the oldest goes. */
  readonly bufferMax: number
  /** What counts as done. ok: the answer `OK`, anything else is a refusal. any: every answer. print: every answer, and it is printed. */
  readonly result: 'ok' | 'any' | 'print'
}

export type Dialect = 'compose' | 'supervisord' | 'runit' | 'balena'

export interface Service {
  readonly name: string
  readonly kind: 'process' | 'container'
  /** Of a container: what becomes of its output; the rest says nothing. */
  readonly process: ProcessSpec
  /** Of a container, and only there. */
  readonly container?: ContainerSpec
  /** One unit each; `process` overrides what differs from the service's own (supervisord expands per process). */
  readonly instances: readonly Instance[]
  readonly autostart: boolean
  /** false: what `autostart` says counts when it is declared for the first time only (runit's `down` file). */
  readonly autostartAgain: boolean
  readonly restart: RestartPolicy
  /** How to stop: one rung after the other; the last repeats while something lives, when it is a kill. */
  readonly stop: readonly StopRung[]
  /** How to end it for good: when it is no longer declared, or with the daemon. null: as `stop`. */
  readonly retire: readonly StopRung[] | null
  /** By the name of a signal that somebody asks for: see StopRung.script. */
  readonly signalScripts: Readonly<Record<string, readonly string[]>>
  readonly dependsOn: readonly Dependency[]
  /** Start ascending, stop descending, where no dependency says otherwise. supervisord's default is 999. */
  readonly priority: number
  /** How long a manual stop lasts: until somebody starts it again, or (supervisord) until the daemon restarts. */
  readonly manualStop: 'until-started' | 'until-daemon-restart'
  readonly checks: Checks
  readonly hooks: Hooks
  /** A job: not started with the daemon, but at these times, and by hand. */
  readonly schedule: Schedule | null
  /**
   * What ended as it should is started again with the next daemon (null), only after the host was started again
   * (`each-boot`), or only when it changed or somebody asks (`ever`).
   */
  readonly once: 'each-boot' | 'ever' | null
  readonly labels: Labels
}

/** What people say of a service to select it by; it means nothing to Holdfast. */
export type Labels = Readonly<Record<string, string>>

export interface Instance {
  /** The n of the unit id; Compose replicas count from 1, supervisord's numprocs from numprocs_start. */
  readonly n: number
  readonly process?: Partial<ProcessSpec>
  readonly container?: Partial<ContainerSpec>
  /** What its process is called (supervisord's process_name); absent: as its service. */
  readonly processName?: string
}

export interface ProcessSpec {
  /** argv; argv[0] is looked up in the service's PATH unless it has a slash. */
  readonly command: readonly string[]
  /**
   * Spawning fails with this text: the command could not be split (supervisord reports it only then), or, where there is a command,
   * something keeps it from being run.
   */
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
  readonly stdin: StdinSpec
  /** Who takes what it prints, instead of `stdout`. May change while it runs. */
  readonly logger: LoggerSpec | null
  readonly limits: ProcessLimits | null
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
  /** 0: never rotated for its size. */
  readonly bytesMax: number
  readonly backupsMax: number
  /** A file begun longer ago than this is rotated with the next output; 0: never for its age. */
  readonly ageMaxMs: number
  /** Rotated files are compressed with gzip. */
  readonly compress: boolean
  /** What is done with it on its way. Absent: nothing, it goes from the pipe into the file without passing through our memory. */
  readonly handling?: OutputHandling
}

/** As supervisord has it, for one stream; each costs that its output passes through our memory. */
export interface OutputHandling {
  /** Terminal sequences are left out. */
  readonly isAnsiStripped: boolean
  /** Each line goes to syslog(3) as well, by this ident, after this prefix. null: it does not. */
  readonly syslog: { readonly ident: string; readonly prefix: string } | null
  /** What stands between the marks of capture mode is told as an event instead of logged, so much of it at most. 0: nothing is. */
  readonly captureBytesMax: number
  /** What is logged is told as events as well. */
  readonly isTold: boolean
}

/**
 * pipe: kept open by the daemon over restarts of either; what is written to it reaches the run that reads.
 * output: what another unit prints to stdout, which names this one as its `logger`.
 * events: the daemon talks with it over stdin and stdout; both are pipes of its own, which end with it: a run that outlives
 * the daemon is replaced by the next one. What it prints is logged as well.
 * socket: one that listens; the units of an app whose sockets are equal share it. Opened with the first run, closed with the last.
 */
export type StdinSpec =
  | { readonly kind: 'null' }
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'pipe' }
  | { readonly kind: 'output'; readonly unit: UnitId }
  | { readonly kind: 'events' }
  | { readonly kind: 'socket'; readonly socket: ListenSocket }

export interface ListenSocket {
  readonly address: /** `owner`: as ProcessSpec.user; null: whoever the run is. */
    | { readonly kind: 'unix'; readonly path: string; readonly mode: number; readonly owner: string | null }
    | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
  /** null: what the system allows at most. */
  readonly backlog: number | null
}

/** `stderr`: where that goes meanwhile, whatever `ProcessSpec.stderr` says. */
export type LoggerSpec =
  /** A unit that reads it: its stdin is of kind `output`. What it has not read stays in the pipe, over deaths of all three. */
  | { readonly kind: 'unit'; readonly unit: UnitId; readonly stderr: LogSpec }
  /** The daemon itself, into log directories of svlogd's format. */
  | { readonly kind: 'svlogd'; readonly svlogd: SvlogdSpec; readonly stderr: LogSpec }

/** As svlogd's command line says it; what stands in the `config` of a directory counts on top. */
export interface SvlogdSpec {
  /** Absolute. */
  readonly directories: readonly string[]
  /** Before each line: nothing, `@` and TAI64N, `2026-11-21_17:45:00.12345`, or the same with `T`. */
  readonly stamp: 'none' | 'tai64n' | 'date' | 'iso'
  /** What stands for unprintable characters; null: they stay. */
  readonly replacement: string | null
  /** These are replaced as well. */
  readonly replaced: string
  /** So much of a line counts for patterns. */
  readonly lineBytesMax: number
  /** Who owns the files: as ProcessSpec.user. */
  readonly user: string | null
}

/** What a run may use. null: as the daemon has it. */
export interface ProcessLimits {
  /** By the names of getrlimit(2) in small letters, without RLIMIT_: `nofile`, `core`. */
  readonly ulimits: Readonly<Record<string, Ulimit>>
  /** -20..19 */
  readonly nice: number | null
  /** `level` 0..7; null where the class has none. */
  readonly ionice: { readonly class: 'realtime' | 'best-effort' | 'idle'; readonly level: number | null } | null
  /** -1000..1000 */
  readonly oomScoreAdj: number | null
  readonly cpuAffinity: readonly number[] | null
  /** The new root directory: program and working directory are inside of it, the user is looked up outside. */
  readonly chroot: string | null
  readonly cgroup: CgroupLimits | null
  /** best-effort: what this host cannot enforce is left out and told with the unit, instead of refused. */
  readonly enforcement: 'required' | 'best-effort'
}

/** null: unlimited. */
export interface Ulimit {
  readonly soft: number | null
  readonly hard: number | null
}

/** By the files of cgroup v2; null: not limited. */
export interface CgroupLimits {
  readonly memoryMaxBytes: number | null
  /** Above this the kernel reclaims and slows down, and kills nobody (memory.high). */
  readonly memoryHighBytes: number | null
  /** Kept from being reclaimed while possible (memory.low). */
  readonly memoryLowBytes: number | null
  readonly swapMaxBytes: number | null
  /** In cores: 0.5 is half of one. */
  readonly cpus: number | null
  /** 1..10000, 100 is usual. */
  readonly cpuWeight: number | null
  readonly pidsMax: number | null
  /** 1..10000, 100 is usual. */
  readonly ioWeight: number | null
  readonly io: readonly IoLimit[]
}

/** Of one block device, by the path of its node or of a file on it. null: not limited. */
export interface IoLimit {
  readonly path: string
  readonly readBytesPerSecond: number | null
  readonly writeBytesPerSecond: number | null
  readonly readsPerSecond: number | null
  readonly writesPerSecond: number | null
}

/** readiness: tells whether it works; who depends on it may wait. liveness: a failing one ends the run, by policy. */
export interface Checks {
  readonly readiness: Check | null
  readonly liveness: Check | null
}

export type CheckName = keyof Checks

export interface Check {
  readonly probe: Probe
  /** From the end of one probe to the next one. */
  readonly intervalMs: number
  readonly timeoutMs: number
  /** So many failures in a row make it unhealthy. */
  readonly retries: number
  /** Failures within this time from the start of the run do not count. */
  readonly startPeriodMs: number
  /** Between probes until the first success. */
  readonly startIntervalMs: number
}

export type Probe =
  /** Passes with exit code 0. Runs as the unit's own processes do: user, environment, directory. */
  | { readonly kind: 'exec'; readonly command: readonly string[] }
  /** Passes with such a status, and a body that matches where a pattern is given. */
  | {
      readonly kind: 'http'
      /** http: or https:, absolute. */
      readonly url: string
      readonly headers: Readonly<Record<string, string>>
      readonly statusMin: number
      readonly statusMax: number
      readonly bodyPattern: string | null
    }
  /** Passes when the connection is accepted. */
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
  /**
   * readiness: passes once a line of this attempt's output matched. liveness: passes when a line matched since the last probe.
   * The pattern is matched in linear time (no look-around, no back-references).
   */
  | { readonly kind: 'log'; readonly pattern: string }

/** Commands around the runs of a unit, as its own processes are run, with their output in its logs. */
export interface Hooks {
  /** Before each start; when it fails, the start has failed. */
  readonly preStart: Hook | null
  /** After each run that existed, however it ended, before the next one. */
  readonly postStop: Hook | null
}

export interface Hook {
  readonly command: readonly string[]
  /** Longer than this and it is stopped, and has failed. null: it may take as long as it likes. */
  readonly timeoutMs: number | null
  readonly ignoreFailure: boolean
  /**
   * A post_stop hook that is runit's `finish`: its arguments are the exit code (or -1) and the low byte of the wait status,
   * and it follows a start that failed as well, with `111 0`.
   */
  readonly isFinish?: true
}

export interface Schedule {
  /** Five or six fields, or a nickname such as @daily. */
  readonly cron: string
  /** An IANA name; null: the host's. */
  readonly timeZone: string | null
  /** When it is due and the last run still lives. */
  readonly overlap: 'skip' | 'queue' | 'replace'
  /** When it was due while nobody could start it. */
  readonly missed: 'skip' | 'run-once'
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
  /** Without SIG: `TERM`. `EOF`: no signal, but the end of its input, which is the output of another unit. `0`: nothing. */
  readonly signal: string
  /** A program that is run first, as its hooks are; exits it with 0, the signal is not sent (runit's control scripts). */
  readonly script?: readonly string[]
  /** main: the one process. group: its process group. tree: group, cgroup and what it left behind. */
  readonly scope: SignalScope
  /** How long to wait for the end before the next rung. */
  readonly waitMs: number
}

export type SignalScope = 'main' | 'group' | 'tree'

export interface Dependency {
  /** A service of the same app, or of the one named here (supervisord's groups are apps). */
  readonly service: string
  readonly app?: string
  readonly condition: 'started' | 'healthy' | 'completed'
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
  readonly containerEngine: ContainerEngine
  /** By app: those whose changes have to prove themselves. */
  readonly releases: ReadonlyMap<string, Release>
}

/** A release is one declaration of an app, see release/model.ts. */
export interface Release {
  readonly app: string
  /** Identity of what is run now: changes exactly when the declaration does (its policy and its place aside). */
  readonly hash: string
  /** As it is shown. */
  readonly id: string
  /**
   * committed: it counts. trial: not proved yet. reverted: the declared one was rejected, this is the one before it.
   * failed: it did not prove itself, and there is nothing to go back to, or the policy says not to. Should it be well
   * for long enough later, it counts all the same.
   */
  readonly status: 'committed' | 'trial' | 'reverted' | 'failed'
  /** Since when it has that status, and why. */
  readonly sinceWallMs: number
  readonly why: string
  /** While it may still prove itself: on trial, and failed. */
  readonly trial: Trial | null
  /** What to go back to; kept until this one is committed, or replaced by it. */
  readonly previous: Declared | null
  /** The declared one that did not prove itself: not tried again until something else is declared. Of `failed`: this one. */
  readonly rejected: Rejected | null
  /** On trial, since when all are well; null: they are not. Not stored: the next daemon looks anew. */
  readonly wellSinceBootMs: number | null
}

/** One declaration as it is kept to be compared and gone back to; what it hashes to depends on the version of Holdfast. */
export interface Declared {
  readonly app: App
  readonly id: string
  readonly hash: string
}

export interface Rejected extends Declared {
  readonly why: string
  readonly atWallMs: number
}

export interface FoundRun {
  readonly unit: UnitId
  readonly run: number
  readonly role: Role
  /** As in Unit. */
  readonly attempt: number
  readonly identity: Identity
  /** Its exit code will be ours to take. */
  readonly isChild: boolean
}

/**
 * running: normal. stopping: the daemon ends, everything is taken down in order.
 * held: started after repeated deaths; what runs is kept by its stored policy, the target is not touched.
 */
export type Mode =
  | { readonly kind: 'running' }
  | { readonly kind: 'stopping'; readonly by: Who; readonly why: string; readonly leavesContainers?: true }
  | { readonly kind: 'held'; readonly why: string }

/** See docs/lifecycle.md. */
export type Phase =
  | 'idle'
  | 'preparing'
  | 'starting'
  | 'up'
  | 'stopping'
  | 'finishing'
  | 'backoff'
  | 'ended'
  | 'failed'
  | 'unresolved'

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
  /** Its one process: present in starting, up, stopping and unresolved; in preparing and finishing once it is begun. */
  readonly run: Run | null
  /** The number of the first run of this start: its hooks and its main run belong together. 0: there was none. */
  readonly attempt: number
  /** The number of its newest run, whatever became of it. 0: there was none. */
  readonly lastRun: number
  /** The stop ladder while stopping: the rung to send next, and when. dueBootMs null: nothing further to send. */
  readonly stop: StopUnderWay | null
  /** Why its run must end as a failure, by policy: a liveness check failed, a hook took too long. */
  readonly condemned: string | null
  /** While the post_stop hook is due or runs: what follows it. */
  readonly after: After | null
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
  /** Who asked for its living run to end, where that is what is declared and leaves no wish. */
  readonly stoppedBy: Who | null
  /** Signals asked for and not yet sent. */
  readonly signals: readonly string[]
  /** Of the living main run; not stored, the next daemon asks anew. null: nothing is checked. */
  readonly health: Health | null
  /** Its schedule and the history of its runs as a job; survives the machine. null: it was never a job. */
  readonly job: Job | null
  /** Of a container, once it had one. */
  readonly container?: UnitContainer
}

export interface UnitContainer {
  /** The engine's id of the one it has, or had last. */
  readonly id: string
  /** When the engine started the last run of it that was dealt with, as the engine writes it; empty: none. */
  readonly startedAt: string
  /** It is handed over to that unit, and goes when that is done: what it was known as before. null: it is not. */
  readonly handsOverTo: UnitId | null
  /** The new one said that it has taken over, or the time for that is over. */
  readonly isHandedOver: boolean
  /** What its image, or it itself, says that it is to be stopped by, without SIG; absent: nothing. */
  readonly stopSignal?: string
  /** The run that is to end because it has to be made anew. */
  readonly replacing?: number
  /** Identity of what the engine made of it otherwise than declared, before it was ever started. */
  readonly unmatched?: string
  /** Identity of what was last changed of it in place: what the engine took, and did not do, is not asked for again. */
  readonly changed?: string
}

export interface StopUnderWay {
  readonly rung: number
  readonly dueBootMs: number | null
  readonly why: string
  /** The ladder is `retire`. */
  readonly isForGood: boolean
}

export interface After {
  readonly phase: 'idle' | 'backoff' | 'ended' | 'failed'
  readonly retryBootMs: number | null
  readonly why: string
}

export type Health = { readonly [name in CheckName]: CheckState | null }

export interface CheckState {
  readonly status: 'starting' | 'healthy' | 'unhealthy'
  /** In a row. */
  readonly failures: number
  /** When to probe next, unless a probe is under way. */
  readonly dueBootMs: number
  /** The probe under way; without an answer by then it has failed. */
  readonly inFlight: { readonly seq: number; readonly dueBootMs: number } | null
  /** The number of the next probe. */
  readonly nextSeq: number
  /** The last ones, oldest first. */
  readonly results: readonly ProbeResult[]
}

export interface ProbeResult {
  readonly atWallMs: number
  readonly isOk: boolean
  /** What it said, cut; for failures at least why. */
  readonly output: string
  readonly durationMs: number
}

export interface Job {
  /** Identity of the schedule `dueWallMs` was computed from; empty: there is none. */
  readonly scheduleHash: string
  /** The next time, or null: not known. */
  readonly dueWallMs: number | null
  /** unknown: to be asked for. asked: the answer is on its way. known: `dueWallMs` holds (null: never again). */
  readonly due: 'unknown' | 'asked' | 'known'
  /** While it is asked for: how often by now, and until when an answer is waited for. Else null. */
  readonly asked: { readonly times: number; readonly untilBootMs: number } | null
  /** Every time up to this one has been dealt with. */
  readonly doneWallMs: number
  /** What `doneWallMs` was before the clock jumped back; 0: it did not. */
  readonly trustedWallMs: number
  /** One more run follows the present one. */
  readonly isQueued: boolean
  /** The last success of a service that runs once: what it was run as, and in which boot of the host. */
  readonly done: { readonly runHash: string; readonly bootId: string } | null
  /** Oldest first. */
  readonly history: readonly JobRun[]
}

export interface JobRun {
  /** null: it was not started. */
  readonly run: number | null
  readonly by: Who
  /** The time of the schedule it stands for. */
  readonly dueWallMs: number | null
  readonly startedWallMs: number
  readonly endedWallMs: number | null
  /** running: not over yet. skipped: the one before still ran. missed: nobody could start it in time. */
  readonly outcome: EndKind | 'running' | 'skipped' | 'missed'
  readonly exit: Exit | null
  readonly message: string
}

/** A service's settings as one unit has them. */
export interface UnitSpec {
  readonly process: ProcessSpec
  readonly container?: ContainerSpec
  /** Changes exactly when a running process would have to be replaced to match; of a container its comparison tells that. */
  readonly runHash: string
  readonly autostart: boolean
  readonly autostartAgain: boolean
  readonly restart: RestartPolicy
  readonly stop: readonly StopRung[]
  readonly retire: readonly StopRung[] | null
  readonly signalScripts: Service['signalScripts']
  readonly dependsOn: readonly Dependency[]
  /** Its app's, then its own. */
  readonly appPriority: number
  readonly priority: number
  readonly processName: string | null
  readonly manualStop: Service['manualStop']
  readonly checks: Checks
  readonly hooks: Hooks
  readonly schedule: Schedule | null
  readonly once: Service['once']
  readonly labels: Labels
}

export type Want = LastingWant | OnceWant

export interface LastingWant {
  readonly kind: 'up' | 'down'
  readonly by: Who
}

export interface OnceWant {
  readonly kind: 'once'
  readonly by: Who
  /** What holds again when that run is over. null: what is declared. */
  readonly afterwards: LastingWant | null
  /** The run is no job, and whatever comes of it none follows: see the command `run`. */
  readonly isLast?: true
}

export type Who =
  | { readonly kind: 'declared' }
  | { readonly kind: 'user'; readonly uid: number; readonly name: string }
  /** Over TCP: whoever has the key of that name. */
  | { readonly kind: 'key'; readonly name: string }
  /** Whoever may use a file by which a program of another world gives commands: `sv`. Nothing tells who it was. */
  | { readonly kind: 'client'; readonly name: string }
  | { readonly kind: 'daemon' }
  | { readonly kind: 'schedule' }

/** pre: its pre_start hook. post: its post_stop hook. One after the other, never two at once. */
export type Role = 'main' | 'pre' | 'post'

export interface Run {
  readonly n: number
  readonly role: Role
  readonly runHash: string
  readonly startedBootMs: number
  /** null while the spawn is in flight. */
  readonly identity: Identity | null
  /** Of a container, also while its start is in flight: what its unit is declared as may change meanwhile. */
  readonly isContained?: true
  /** Survived a death of ours: watched by pidfd, its exit code may stay unknown. */
  readonly isAdopted: boolean
  readonly isPaused: boolean
  readonly isStable: boolean
  /** It was sent SIGTERM, by its ladder or because somebody asked. */
  readonly gotTerm: boolean
  /** Limits that this host could not enforce, each told in a sentence. */
  readonly shortfalls: readonly string[]
}

/** A process, beyond the reuse of its pid. */
export interface Identity {
  readonly pid: number
  /** Field 22 of /proc/PID/stat, in clock ticks since boot. */
  readonly startTicks: number
  readonly bootId: string
  /** The inode of /proc/PID/ns/pid. */
  readonly pidNamespace: string
  /** Of a container: its id, and when the engine started it. The rest is then what the engine tells, and not compared. */
  readonly container?: { readonly id: string; readonly startedAt: string }
}

export type EndKind =
  | 'never'
  | 'requested'
  | 'expected'
  | 'unexpected'
  | 'spawn-failed'
  | 'hook-failed'
  | 'unhealthy'
  | 'gave-up'
  | 'unknown'

export interface End {
  readonly kind: EndKind
  readonly run: number | null
  readonly exit: Exit | null
  /** What the exit alone does not tell: the error of a failed spawn, why it was ended as a failure. Else empty. */
  readonly message: string
  readonly atWallMs: number | null
  /** It ended before it was stable. */
  readonly isEarly?: true
  /** Of a failed spawn, as in Failure. */
  readonly code?: string
  /** Of the process that ended. */
  readonly pid?: number
}

/** unknown: it ended while nobody could see how. */
export type Exit =
  | { readonly kind: 'code'; readonly code: number }
  | {
      readonly kind: 'signal'
      readonly signal: string
      readonly core: boolean
      /** The kernel killed it, or something it started, because the memory of its cgroup was used up. */
      readonly isOutOfMemory?: true
    }
  | { readonly kind: 'unknown' }

// ---- what crosses the borders ------------------------------------------------------------------------------

export type Command =
  /** `isUnread`: its apps with a release policy are as they are in the state; no file was read yet that may say otherwise. */
  | {
      readonly kind: 'set-target'
      readonly target: Target
      readonly by: Who
      readonly why: string
      readonly isUnread?: true
    }
  | { readonly kind: 'start'; readonly units: readonly UnitId[]; readonly by: Who }
  | { readonly kind: 'stop'; readonly units: readonly UnitId[]; readonly by: Who }
  | { readonly kind: 'restart'; readonly units: readonly UnitId[]; readonly by: Who }
  /**
   * One run now, as a job; what already runs is left alone. `isLast`: whatever was wanted before, nothing follows that run
   * until somebody starts the unit again (runit's once).
   */
  | { readonly kind: 'run'; readonly units: readonly UnitId[]; readonly by: Who; readonly isLast?: true }
  | { readonly kind: 'signal'; readonly units: readonly UnitId[]; readonly signal: string; readonly by: Who }
  /** `leavesContainers`: they go on, as the engine and their restart policies have it. */
  | { readonly kind: 'shutdown'; readonly by: Who; readonly why: string; readonly leavesContainers?: true }
  /** What these volumes (by the engine's name) hold is removed for good, and they are made anew if they are still declared. */
  | { readonly kind: 'purge'; readonly volumes: readonly string[]; readonly by: Who }
  /** The update locks of these apps, whoever made them, hold back nothing until their present changes are made. */
  | { readonly kind: 'override-locks'; readonly apps: readonly string[]; readonly by: Who }
  /**
   * Somebody loaded these images into the engine for what is declared by now: they count as pulled by us. Their ids, by reference
   * (or by id, where they have lost their name).
   */
  | { readonly kind: 'own-images'; readonly images: Readonly<Record<string, string>>; readonly by: Who }

export type Event =
  | EngineEvent
  | { readonly kind: 'command'; readonly id: number; readonly command: Command }
  /** The outcome of a spawn. */
  | {
      readonly kind: 'spawned'
      readonly unit: UnitId
      readonly run: number
      readonly identity: Identity
      /** When its process came to be; absent: with the intent. */
      readonly startedBootMs?: number
      /** As in Run. */
      readonly shortfalls?: readonly string[]
    }
  | ({ readonly kind: 'spawn-failed'; readonly unit: UnitId; readonly run: number } & Failure)
  /** The outcome of a signal step; `gone`: there was nobody left to signal; `handled`: its script has dealt with it. */
  | {
      readonly kind: 'signalled'
      readonly unit: UnitId
      readonly run: number
      readonly signal: string
      readonly outcome: 'sent' | 'gone' | 'handled'
    }
  | ({ readonly kind: 'signal-failed'; readonly unit: UnitId; readonly run: number; readonly signal: string } & Failure)
  /** `livedMs`: no longer than that for all that is known, because nobody could look in between; absent: until now. */
  | {
      readonly kind: 'exited'
      readonly unit: UnitId
      readonly run: number
      readonly exit: Exit
      readonly livedMs?: number
    }
  /** Somebody stopped or continued the process by a signal. */
  | { readonly kind: 'paused'; readonly unit: UnitId; readonly run: number }
  | { readonly kind: 'continued'; readonly unit: UnitId; readonly run: number }
  /** After our own restart: this run was found alive. `isChild`: its exit code will be ours to take. */
  | {
      readonly kind: 'adopted'
      readonly unit: UnitId
      readonly run: number
      readonly identity: Identity
      readonly isChild?: boolean
    }
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
  /** The outcome of a probe. */
  | ({
      readonly kind: 'probed'
      readonly unit: UnitId
      readonly run: number
      readonly check: CheckName
      readonly seq: number
    } & Omit<ProbeResult, 'atWallMs'>)
  /** The outcome of a schedule step. dueWallMs null: never again; then `message` may say why. */
  | {
      readonly kind: 'next-due'
      readonly unit: UnitId
      readonly scheduleHash: string
      readonly afterWallMs: number
      readonly dueWallMs: number | null
      readonly message: string
    }

export interface RunRef {
  readonly unit: UnitId
  readonly run: number
}

export type Step =
  | EngineStep
  | {
      readonly kind: 'spawn'
      readonly unit: UnitId
      readonly run: number
      readonly role: Role
      readonly attempt: number
      readonly spec: UnitSpec
      /** How the main run ended, for the post_stop hook. */
      readonly end: End | null
      /** A job: how it ends is written down even while no daemon runs. */
      readonly isRecorded: boolean
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
      /** It belongs to the ladder `retire`. */
      readonly isForGood?: true
      /** See StopRung.script; it is run in the unit's settings. */
      readonly script?: { readonly command: readonly string[]; readonly attempt: number; readonly spec: UnitSpec }
      /** It is that container of the engine's. */
      readonly container?: string
      readonly why: string
    }
  /** Nothing of this unit is needed any more: release its streams. */
  | { readonly kind: 'forget'; readonly unit: UnitId; readonly why: string }
  | { readonly kind: 'observe'; readonly why: string }
  | {
      readonly kind: 'probe'
      readonly unit: UnitId
      readonly run: Run
      readonly attempt: number
      readonly check: CheckName
      readonly seq: number
      readonly probe: Probe
      readonly timeoutMs: number
      readonly spec: UnitSpec
      readonly why: string
    }
  /** When is it due next, after `afterWallMs`? */
  | {
      readonly kind: 'schedule'
      readonly unit: UnitId
      readonly schedule: Schedule
      readonly scheduleHash: string
      readonly afterWallMs: number
      readonly why: string
    }

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
