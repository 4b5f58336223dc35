import type { EndKind } from '../core/model.ts'
import type { ShownState } from '../core/shown.ts'

/**
 * What the native API answers. Fields are only ever added; docs/native-api.md describes them for users.
 * Times are ISO 8601 in UTC, durations milliseconds.
 */
export const apiVersion = 'holdfast/v1'

export interface UnitList {
  readonly apiVersion: typeof apiVersion
  readonly kind: 'UnitList'
  readonly items: readonly UnitItem[]
  /** What is wrong with the daemon as a whole: it is held, or nothing can be stored. */
  readonly warnings: readonly string[]
}

export interface UnitItem {
  readonly app: string
  readonly service: string
  /** `app/service/n`: what every command takes as a name. */
  readonly unit: string
  readonly kind: 'process'
  readonly state: ShownState
  readonly pid: number | null
  /** By its readiness check, else by its liveness check; null: nothing runs, or nothing is checked. */
  readonly health: HealthStatus | null
  /** Restarts nobody asked for, since it was declared or last started by hand. */
  readonly restarts: number
  readonly since: string
  readonly reason: string
  /** By its schedule; null: it has none, or the next time is not known. */
  readonly nextRunAt: string | null
}

export type HealthStatus = 'starting' | 'healthy' | 'unhealthy'

/** Everything that is known of some units. */
export interface StatusList {
  readonly apiVersion: typeof apiVersion
  readonly kind: 'StatusList'
  readonly items: readonly UnitDetail[]
  /** As in UnitList. */
  readonly warnings: readonly string[]
}

export interface UnitDetail extends UnitItem {
  readonly explanation: Pick<ExplanationItem, 'isAtTarget' | 'why' | 'next' | 'command'>
  readonly wanted: { readonly kind: 'up' | 'once' | 'down'; readonly by: string }
  readonly argv: readonly string[]
  /** The file that declares it; null: nothing does any more. */
  readonly source: string | null
  readonly run: RunItem | null
  readonly checks: readonly CheckItem[]
  readonly usage: UsageItem | null
  /** What is limited, as texts: `memory`, `512 MiB`. */
  readonly limits: readonly Fact[]
  readonly restartPolicy: string
  readonly earlyExits: number
  readonly lastEnd: EndItem | null
  readonly dependsOn: readonly DependencyItem[]
  readonly neededBy: readonly DependencyItem[]
  readonly schedule: ScheduleItem | null
  /** Its runs as a job, latest first. */
  readonly history: readonly JobRunItem[]
  readonly logs: readonly LogItem[]
  readonly stdin: 'null' | 'file' | 'pipe'
}

/** The process it has now. */
export interface RunItem {
  readonly n: number
  /** The number of the first run of this start, with its pre_start hook. */
  readonly attempt: number
  /** pre, post: it is the hook before the start, or after the end. */
  readonly role: 'main' | 'pre' | 'post'
  readonly pid: number | null
  readonly startedAt: string
  /** It outlived a death of the daemon. */
  readonly isAdopted: boolean
  readonly isPaused: boolean
  readonly isStable: boolean
  /** Limits that this host could not enforce. */
  readonly shortfalls: readonly string[]
}

export interface CheckItem {
  readonly name: 'readiness' | 'liveness'
  readonly probe: 'exec' | 'http' | 'tcp' | 'log'
  /** What is asked: a command, a URL, `host:port`, a pattern. */
  readonly what: string
  readonly intervalMs: number
  readonly timeoutMs: number
  readonly retries: number
  /** null: nothing runs. */
  readonly status: HealthStatus | null
  /** In a row. */
  readonly failures: number
  /** null: one is under way, or nothing runs. */
  readonly nextProbeAt: string | null
  /** Latest first. */
  readonly results: readonly ProbeResultItem[]
}

export interface ProbeResultItem {
  readonly at: string
  readonly isOk: boolean
  readonly durationMs: number
  readonly output: string
}

/** Of a run with everything it started; null: this host does not tell. `…Max`: what it is limited to, null: not. */
export interface UsageItem {
  readonly rssBytes: number
  readonly rssPeakBytes: number | null
  readonly processes: number
  readonly processesPeak: number | null
  readonly processesMax: number | null
  readonly cpuMs: number | null
  readonly cpusMax: number | null
  /** Counted by its cgroup, page cache included. */
  readonly memoryBytes: number | null
  readonly memoryPeakBytes: number | null
  readonly memoryMaxBytes: number | null
  readonly oomKills: number | null
}

/** How a process ended; both null: nobody could see it. */
export interface ExitItem {
  readonly code: number | null
  /** Without SIG. */
  readonly signal: string | null
}

export interface EndItem {
  readonly kind: EndKind
  readonly run: number | null
  /** null: there was no process. */
  readonly exit: ExitItem | null
  readonly message: string
  readonly at: string | null
}

export interface DependencyItem {
  /** `app/service`: who is depended on, or who depends on it. */
  readonly service: string
  readonly condition: 'started' | 'healthy' | 'completed'
  readonly isRequired: boolean
  readonly isMet: boolean
  /** What is waited for; empty where it is met. */
  readonly why: string
}

export interface ScheduleItem {
  readonly cron: string
  /** null: the host's. */
  readonly timeZone: string | null
  readonly overlap: 'skip' | 'queue' | 'replace'
  readonly missed: 'skip' | 'run-once'
  /** null: not known yet, or never again. */
  readonly nextRunAt: string | null
  /** One more run follows the present one. */
  readonly isQueued: boolean
}

export interface JobRunItem {
  /** null: it was not started. */
  readonly run: number | null
  readonly by: string
  /** The time of the schedule it stands for. */
  readonly dueAt: string | null
  readonly startedAt: string
  readonly endedAt: string | null
  readonly durationMs: number | null
  readonly outcome: EndKind | 'running' | 'skipped' | 'missed'
  readonly exit: ExitItem | null
  readonly message: string
}

export interface LogItem {
  readonly stream: 'stdout' | 'stderr'
  /** null: thrown away. */
  readonly path: string | null
}

export interface ExplanationList {
  readonly apiVersion: typeof apiVersion
  readonly kind: 'ExplanationList'
  readonly items: readonly ExplanationItem[]
}

export interface ExplanationItem {
  readonly unit: string
  readonly state: ShownState
  readonly isAtTarget: boolean
  readonly why: string
  readonly next: string
  /** The command that decides, or null where nobody has to. */
  readonly command: string | null
  readonly facts: readonly Fact[]
}

/** One line of "what is known": `last end`, `exit code 1, 3 s ago`. */
export interface Fact {
  readonly name: string
  readonly value: string
}

/** What became of a start, stop, restart, run or signal. */
export interface OutcomeList {
  readonly apiVersion: typeof apiVersion
  readonly kind: 'OutcomeList'
  readonly items: readonly Outcome[]
}

export interface Outcome {
  readonly unit: string
  /**
   * done: as wished. unchanged: it already was. failed: it came to something else, and stays so until somebody decides or
   * it is tried again. not-running: there is nothing to signal. timed-out: still on its way when the time was over.
   */
  readonly result: 'done' | 'unchanged' | 'failed' | 'not-running' | 'timed-out'
  readonly state: ShownState
  readonly why: string
  readonly next: string
  readonly command: string | null
  /** How the job ended; null where none was run, it has not ended, or there was no process. */
  readonly exit: ExitItem | null
}

export interface StdinReport {
  readonly apiVersion: typeof apiVersion
  readonly kind: 'StdinReport'
  readonly unit: string
  readonly bytesTaken: number
}

/** What a re-read configuration changes, and whether it was applied. */
export interface ChangeReport {
  readonly apiVersion: typeof apiVersion
  readonly kind: 'ChangeReport'
  readonly isApplied: boolean
  readonly sources: readonly string[]
  /** One line each, as compilers print them. With an error nothing is applied. */
  readonly errors: readonly string[]
  readonly warnings: readonly string[]
  readonly changes: readonly ServiceChange[]
  readonly unchanged: number
}

export interface ServiceChange {
  readonly app: string
  readonly service: string
  readonly change: 'added' | 'removed' | 'changed'
  /** start: its units are started. none: added, but not started by itself. replace: stopped and started again. in-place: nothing is stopped. */
  readonly effect: 'start' | 'none' | 'stop' | 'replace' | 'in-place'
  /** What differs: `command`, `environment.PORT`. Values that may be secrets are not shown. */
  readonly fields: readonly FieldChange[]
}

export interface FieldChange {
  readonly field: string
  readonly before: string | null
  readonly after: string | null
}

export interface Info {
  readonly apiVersion: typeof apiVersion
  readonly kind: 'Info'
  readonly version: string
  readonly pid: number
  readonly home: string
  readonly startedAt: string
  readonly mode: 'running' | 'stopping' | 'held'
  readonly modeWhy: string
  readonly sources: readonly string[]
  readonly units: number
  /** Why run state cannot be stored at present, or null. */
  readonly storeTrouble: string | null
  /** Where this version lies. */
  readonly directory: string
  /** The latest one of this home; null: there was none. */
  readonly upgrade: UpgradeItem | null
}

/** A version of this program, and where it lies. */
export interface VersionItem {
  readonly version: string
  readonly directory: string
}

/** The other version has passed its preflight, and takes over once this was answered: see `Info.upgrade`. */
export interface UpgradeReport {
  readonly apiVersion: typeof apiVersion
  readonly kind: 'UpgradeReport'
  /** When it was asked for; tells this upgrade from others. */
  readonly at: string
  readonly from: VersionItem
  readonly to: VersionItem
  readonly units: number
  readonly warnings: readonly string[]
}

export interface UpgradeItem {
  readonly at: string
  readonly from: VersionItem
  readonly to: VersionItem
  /**
   * under-way: the new version does not answer yet. probation: it does, and a failure within its first seconds returns to
   * the old one. done: it has passed that. failed: it could not take over, the old one goes on. returned: it failed in its
   * probation, the old one runs again. restarted: it died in its probation and was started once more.
   */
  readonly outcome: 'under-way' | 'probation' | 'done' | 'failed' | 'returned' | 'restarted'
  /** Of what did not go well; else empty. */
  readonly why: string
  /** How long nothing was read or decided. null: not known. */
  readonly gapMs: number | null
}

export interface ApiError {
  readonly apiVersion: typeof apiVersion
  readonly kind: 'Error'
  readonly code: ErrorCode
  readonly message: string
  readonly hint: string
  /** With `stdin-full`: so many bytes were taken, the rest can be sent later. */
  readonly bytesTaken?: number
}

export type ErrorCode =
  | 'bad-request'
  | 'forbidden'
  | 'no-such-route'
  | 'no-such-service'
  | 'ambiguous-name'
  | 'no-such-log'
  | 'already-running'
  | 'no-stdin'
  | 'stdin-full'
  | 'too-large'
  | 'too-busy'
  | 'stopping'
  | 'not-stored'
  | 'upgrade-refused'
  | 'timed-out'
  | 'failed'
