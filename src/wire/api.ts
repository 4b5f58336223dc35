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
  readonly labels: Readonly<Record<string, string>>
}

/** `GET /v1/units?wide=true`: with more of each. */
export interface WideUnitList {
  readonly apiVersion: typeof apiVersion
  readonly kind: 'WideUnitList'
  readonly items: readonly WideUnitItem[]
  /** As in UnitList. */
  readonly warnings: readonly string[]
}

export interface WideUnitItem extends UnitItem {
  readonly argv: readonly string[]
  /** The file that declares it; null: nothing does any more. */
  readonly source: string | null
  /** The number of the run it has now. */
  readonly run: number | null
  readonly next: string
  readonly upcoming: UpcomingItem | null
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
  readonly explanation: Pick<ExplanationItem, 'isAtTarget' | 'why' | 'next' | 'upcoming' | 'command'>
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
  /** The ends of its last runs, latest first, as far as the history knows them; `message` as it was told then. */
  readonly lastEnds: readonly EndItem[]
  /** Its process with everything below it, each after its parent; empty: nothing runs, or this host does not tell. */
  readonly processes: readonly ProcessItem[]
  readonly dependsOn: readonly DependencyItem[]
  readonly neededBy: readonly DependencyItem[]
  readonly schedule: ScheduleItem | null
  /** Its runs as a job, latest first. */
  readonly history: readonly JobRunItem[]
  readonly logs: readonly LogItem[]
  /** output: what another unit prints. */
  readonly stdin: 'null' | 'file' | 'pipe' | 'output'
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

export interface ProcessItem {
  readonly pid: number
  readonly parentPid: number
  /** How far below the unit's own process; that has 0. */
  readonly depth: number
  /** argv as one line, cut. */
  readonly command: string
  /** As /proc/PID/stat has it: R, S, D, T, Z … */
  readonly state: string
  readonly rssBytes: number
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
  /** As in UnitList. */
  readonly warnings: readonly string[]
}

export interface ExplanationItem {
  readonly unit: string
  readonly state: ShownState
  readonly isAtTarget: boolean
  readonly why: string
  readonly next: string
  /** What `next` says, where it is of a known time. */
  readonly upcoming: UpcomingItem | null
  /** The command that decides, or null where nobody has to. */
  readonly command: string | null
  /** Since when it is in this state. */
  readonly since: string
  readonly facts: readonly Fact[]
}

/** `{what} at TIME{more}`. */
export interface UpcomingItem {
  readonly what: string
  readonly at: string
  /** The rest of the sentence; or empty. */
  readonly more: string
}

/** One line of "what is known": `last end`, `exit code 1, 3 s ago`. */
export interface Fact {
  readonly name: string
  readonly value: string
}

/** What all units use at one moment; two of them, compared, give the share of the processor. */
export interface UsageList {
  readonly apiVersion: typeof apiVersion
  readonly kind: 'UsageList'
  readonly at: string
  /** Milliseconds since the host booted, at the same moment. */
  readonly bootMs: number
  readonly host: HostUsage
  readonly items: readonly UnitUsage[]
}

export interface HostUsage {
  readonly cpus: number
  /** Processor time of all cores since boot, without what was idle. */
  readonly cpuBusyMs: number
  readonly memoryTotalBytes: number
  readonly memoryAvailableBytes: number
  /** Of the last 1, 5 and 15 minutes. */
  readonly load: readonly [number, number, number]
}

export interface UnitUsage {
  readonly unit: string
  /** null: nothing runs. */
  readonly usage: UsageItem | null
}

/** What happened, oldest first. It outlives the daemon, and is bounded: the oldest goes. */
export interface HistoryList {
  readonly apiVersion: typeof apiVersion
  readonly kind: 'HistoryList'
  readonly items: readonly HistoryItem[]
}

export type HistoryItem = TransitionItem | CommandItem | DaemonItem

/** A unit went from one state to another. */
export interface TransitionItem {
  readonly kind: 'transition'
  /** Grows by one with each item, over restarts of the daemon too. */
  readonly seq: number
  readonly at: string
  readonly unit: string
  readonly run: number | null
  readonly from: string
  readonly to: string
  readonly why: string
  readonly exit: ExitItem | null
}

/** Somebody asked for something, and it was taken. */
export interface CommandItem {
  readonly kind: 'command'
  readonly seq: number
  readonly at: string
  readonly command: 'set-target' | 'start' | 'stop' | 'restart' | 'run' | 'signal' | 'shutdown'
  /** `root`, `key ci`, `the daemon`: as the kernel or the key tells it. */
  readonly by: string
  /** Those it was for, the first hundred of them. */
  readonly units: readonly string[]
  readonly unitsTotal: number
  /** The signal, or why. */
  readonly detail: string
}

/** The daemon itself started, ended or became another version. */
export interface DaemonItem {
  readonly kind: 'daemon'
  readonly seq: number
  readonly at: string
  readonly what: 'started' | 'ended' | 'upgraded'
  readonly detail: string
}

/** The data of a `change` event of `GET /v1/changes`: what differs since the event before. */
export interface UnitChange {
  readonly apiVersion: typeof apiVersion
  readonly kind: 'UnitChange'
  readonly put: readonly UnitItem[]
  /** Units that are gone. */
  readonly removed: readonly string[]
  readonly warnings: readonly string[]
}

/** The data of a `gap` event: some items were lost, because the client was too slow or they are no longer kept. */
export interface EventGap {
  readonly apiVersion: typeof apiVersion
  readonly kind: 'EventGap'
  /** The first item that is kept. */
  readonly nextSeq: number
}

/** The data of a `log` event of `GET /v1/logs?format=events`: a piece of one stream, mostly whole lines. */
export interface LogEvent {
  readonly apiVersion: typeof apiVersion
  readonly kind: 'LogEvent'
  readonly unit: string
  readonly stream: 'stdout' | 'stderr'
  /** When it was taken; null: nothing tells. */
  readonly at: string | null
  /** The start that printed it, as `RunItem.attempt`; null: nothing tells. */
  readonly attempt: number | null
  /** As UTF-8; what is none is replaced. */
  readonly text: string
}

/** What became of a start, stop, restart, run, signal or wait. */
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
  /** How the job, or what was waited for, ended; null where none was run, it has not ended, or there was no process. */
  readonly exit: ExitItem | null
}

/** The daemon ends when nothing of these units lives any more; then its socket is gone. */
export interface ShutdownReport {
  readonly apiVersion: typeof apiVersion
  readonly kind: 'ShutdownReport'
  readonly pid: number
  /** Those that are stopped, or still waited for. */
  readonly units: readonly string[]
  /** Somebody had asked for it before. */
  readonly isUnderWay: boolean
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
  /** What is stopped and started, in the order in which it happens at the earliest. */
  readonly order: readonly OrderItem[]
  /** What became of each unit that is wanted up, or no longer declared; empty unless it was waited for. */
  readonly outcomes: readonly Outcome[]
}

/** These together, as soon as what they wait for in the items before is done. */
export interface OrderItem {
  readonly act: 'stop' | 'start'
  /** `app/service`. */
  readonly services: readonly string[]
}

export interface ServiceChange {
  readonly app: string
  readonly service: string
  readonly change: 'added' | 'removed' | 'changed'
  /**
   * start: its units are started. none: it is not started by itself, or nothing of it runs. stop: what runs is stopped.
   * replace: stopped and started again. in-place: nothing is stopped.
   */
  readonly effect: 'start' | 'none' | 'stop' | 'replace' | 'in-place'
  /** What differs: `command`, `environment.PORT`; of what is added, what it runs. Values that may be secrets are not shown. */
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
  /** Memory of the daemon itself. */
  readonly rssBytes: number
  /** Why run state cannot be stored at present, or null. */
  readonly storeTrouble: string | null
  /** Where clients connect over TCP, `127.0.0.1:8700`; null: nowhere. */
  readonly listen: string | null
  /** Where this version lies. */
  readonly directory: string
  /** fake: the units are only played, and no process is started. */
  readonly driver: 'process' | 'fake'
  /** What the log directory may hold before the oldest rotated parts go; null: that cannot be told. */
  readonly logTotalBytesMax: number | null
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

/** The keys of the API over TCP, without the keys themselves: what `holdfast config key list -o json` prints. */
export interface KeyList {
  readonly apiVersion: typeof apiVersion
  readonly kind: 'KeyList'
  readonly items: readonly KeyItem[]
}

export interface KeyItem {
  readonly name: string
  /** read: what changes nothing, that is every GET. all: everything. */
  readonly scope: 'read' | 'all'
  readonly createdAt: string
}

/** What is wrong with files, as `holdfast check` finds it. */
export interface CheckReport {
  readonly apiVersion: typeof apiVersion
  readonly kind: 'CheckReport'
  /** There is no error; with --strict, no warning either. */
  readonly isGood: boolean
  readonly apps: number
  readonly services: number
  readonly units: number
  /** Of runit; this version checks them and does not run them. */
  readonly serviceDirectories: readonly ServiceDirectoryItem[]
  /** In the order of the files. */
  readonly problems: readonly ProblemItem[]
}

export interface ServiceDirectoryItem {
  readonly name: string
  readonly path: string
  /** A file `down` says that it is not started by itself. */
  readonly isDown: boolean
}

/** Lines and columns count from 1. */
export interface ProblemItem {
  readonly severity: 'error' | 'warning'
  readonly file: string
  readonly line: number
  readonly column: number
  /** In the words of the file: `services.web.restart`, `program:web.numprocs`. Empty: the file. */
  readonly setting: string
  readonly message: string
  /** What to do about it; may be empty. */
  readonly hint: string
  /** The line itself; null where it cannot be shown. */
  readonly source: string | null
}

/** What files come to, as `holdfast config show` tells it. */
export interface Configuration {
  readonly apiVersion: typeof apiVersion
  readonly kind: 'Configuration'
  readonly sources: readonly string[]
  /** Whether defaults are told as well. */
  readonly isResolved: boolean
  readonly apps: readonly ConfigurationApp[]
}

export interface ConfigurationApp {
  readonly name: string
  readonly source: string
  readonly dialect: 'compose' | 'supervisord' | 'runit'
  readonly units: readonly string[]
  /** As a document of holdfast.yaml, with its variables put in. */
  readonly declaration: Readonly<Record<string, unknown>>
  /** Where each value was written, by its path in the declaration; what is not there is a default. null: not asked for. */
  readonly origins: Readonly<Record<string, OriginItem>> | null
}

export interface OriginItem {
  readonly file: string
  readonly line: number
  readonly column: number
  /** The text with its variables, where it has any. */
  readonly written: string | null
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
  /** Over TCP: no key, or one that is not known. */
  | 'unauthorized'
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
