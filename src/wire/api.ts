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
  readonly kind: 'process' | 'container'
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
  /** Of a container, what its entrypoint and command come to, as far as they are known. */
  readonly argv: readonly string[]
  /** As it is declared; null: it is a process. */
  readonly image: string | null
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
  /** As in WideUnitItem. */
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
  /** output: what another unit prints. events: what the daemon tells. socket: one that listens. */
  readonly stdin: 'null' | 'file' | 'pipe' | 'output' | 'events' | 'socket'
  /** Of its app; null: its changes count at once. */
  readonly release: ReleaseItem | null
  /** null: it is a process. */
  readonly container: ContainerItem | null
}

/** What a unit has of the container engine, and what is declared of that. */
export interface ContainerItem {
  /** As it is declared. */
  readonly image: string
  /** Of the container, or of the image where there is none; null: neither is there, or that is not known. */
  readonly imageId: string | null
  /** Where the image is on its way, or should be. null: it is there. */
  readonly pull: PullItem | null
  /** The one it has. null: there is none, or that is not known. */
  readonly present: PresentContainer | null
  /** `networks`, or what it has in their place: `host`, `none`, `service:NAME` … */
  readonly networkMode: string
  readonly networks: readonly NetworkUse[]
  /** `8080:80/tcp`: what is published of it. */
  readonly ports: readonly string[]
  readonly mounts: readonly MountItem[]
  /** What the engine does by itself when it ends: `unless-stopped`, `on-failure:5`. */
  readonly engineRestart: string
  readonly update: UpdateItem
  readonly engine: EngineItem
}

export interface PresentContainer {
  readonly id: string
  readonly name: string
  /** As the engine tells it: created, running, paused, restarting, exited, removing, dead. */
  readonly state: string
  /** null: it does not say. */
  readonly createdAt: string | null
  /** Times the engine started it again by itself. */
  readonly restartCount: number
  /** Why the engine could not start it; or empty. */
  readonly error: string
}

export interface PullItem {
  readonly isUnderWay: boolean
  /** null: not known yet. */
  readonly percent: number | null
  readonly bytesDone: number
  readonly bytesTotal: number | null
  /** What failed last, and when it is tried again, or why it is waited for; or empty. */
  readonly why: string
}

export interface NetworkUse {
  /** As the engine calls it. */
  readonly name: string
  readonly aliases: readonly string[]
}

export interface MountItem {
  readonly kind: 'bind' | 'volume' | 'tmpfs'
  /** A path of the host, or what the engine calls the volume; null: it has no name. */
  readonly source: string | null
  readonly target: string
  readonly isReadOnly: boolean
}

/** How it gives way to a newer one. */
export interface UpdateItem {
  readonly strategy: 'download-then-kill' | 'kill-then-download' | 'delete-then-download' | 'hand-over'
  /** The other unit of a hand-over that is under way: the one that it takes over from, or hands over to. */
  readonly handOver: { readonly with: string; readonly role: 'takes over' | 'hands over' } | null
  /** Files that hold changes back while they exist. */
  readonly lockFiles: readonly string[]
  /** The one that does so now. */
  readonly lockedBy: string | null
}

/** The container engine, as it answered last. */
export interface EngineItem {
  /** unknown: nothing has needed it yet, or it is being asked for the first time. */
  readonly status: 'connected' | 'absent' | 'unknown'
  /** `Docker 20.10.24`; null: it did not say. */
  readonly name: string | null
  /** The version that is spoken with it. */
  readonly apiVersion: string | null
  /** Why it does not answer, and when it is asked again; or empty. */
  readonly why: string
}

/** What apps need of the container engine, and what there is that nothing needs any more. */
export interface ResourceList {
  readonly apiVersion: typeof apiVersion
  readonly kind: 'ResourceList'
  readonly engine: EngineItem
  /** Images, volumes, networks; each by name. */
  readonly items: readonly ResourceItem[]
  /** As in UnitList. */
  readonly warnings: readonly string[]
}

export interface ResourceItem {
  readonly kind: 'image' | 'volume' | 'network'
  /** As the engine is asked for it: `registry.local/shop/web:1.4`, `shop_data`. */
  readonly name: string
  /**
   * present: the engine has it. missing: it has not. failed: nor did the last try succeed. unknown: it was not asked, or does
   * not answer.
   */
  readonly state: 'present' | 'missing' | 'pulling' | 'creating' | 'removing' | 'failed' | 'unknown'
  readonly id: string | null
  readonly sizeBytes: number | null
  /** We pulled or made it. */
  readonly isOurs: boolean
  /** `app/service`. */
  readonly neededBy: readonly string[]
  /** Of an image that is being pulled. */
  readonly pull: PullItem | null
  /** What `holdfast purge` takes for it; null: it is no volume, or none of ours. */
  readonly purgeName: string | null
  /** What is to be said of it beyond its state; or empty. */
  readonly why: string
}

/** What a purge removes for good. */
export interface PurgeReport {
  readonly apiVersion: typeof apiVersion
  readonly kind: 'PurgeReport'
  /** false: it was only asked what it would do. */
  readonly isApplied: boolean
  readonly items: readonly PurgeItem[]
  /** Units that run and use one of them: they end for it, and are started again as they are wanted. */
  readonly stops: readonly string[]
  /** What became of those units; empty unless it was waited for. */
  readonly outcomes: readonly Outcome[]
}

export interface PurgeItem {
  /** As the engine calls it. */
  readonly volume: string
  /** By which it is named here. */
  readonly name: string
  /** Something declares it: it is made anew, empty. */
  readonly isDeclared: boolean
  /** asked: it is not over yet, or was not begun. locked: an update lock holds it back; it is done as soon as that is free. */
  readonly result: 'purged' | 'asked' | 'locked' | 'failed'
  readonly why: string
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
  /** engine: the container engine does, by the healthcheck that is declared or that its image has. */
  readonly probe: 'exec' | 'http' | 'tcp' | 'log' | 'engine'
  /** What is asked: a command, a URL, `host:port`, a pattern. */
  readonly what: string
  readonly intervalMs: number
  readonly timeoutMs: number
  readonly retries: number
  /** null: nothing runs. */
  readonly status: HealthStatus | null
  /** In a row. */
  readonly failures: number
  /** null: one is under way, or nothing runs, or the engine probes when it likes. */
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

/** What release each app is on, of those whose changes have to prove themselves. */
export interface ReleaseList {
  readonly apiVersion: typeof apiVersion
  readonly kind: 'ReleaseList'
  readonly items: readonly ReleaseItem[]
  /** As in UnitList. */
  readonly warnings: readonly string[]
}

export interface ReleaseItem {
  readonly app: string
  /** What it is called: as its policy says, else by what it declares. */
  readonly release: string
  readonly status: ReleaseStatus
  /** Since when it has that status. */
  readonly since: string
  readonly why: string
  readonly next: string
  readonly upcoming: UpcomingItem | null
  /** The command that decides, or null where nobody has to. */
  readonly command: string | null
  /** What comes back should this one not prove itself; null: there is none, or it counts already. */
  readonly previous: string | null
  readonly rejected: RejectionItem | null
}

/**
 * committed: it counts. trial: it has not proved itself yet. reverted: what is declared was rejected, and this, which was
 * before it, runs again. failed: it has not proved itself, and there is nothing to go back to, or its policy says not to.
 */
export type ReleaseStatus = 'committed' | 'trial' | 'reverted' | 'failed'

/** A release that did not prove itself. It is not tried again until something else is declared. */
export interface RejectionItem {
  readonly app: string
  readonly release: string
  readonly why: string
  readonly at: string
  /** The release that runs: another one, or this one where it was not taken back. */
  readonly runs: string
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

export type HistoryItem = TransitionItem | CommandItem | ReleaseChangeItem | DaemonItem

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
  readonly command:
    | 'set-target'
    | 'start'
    | 'stop'
    | 'restart'
    | 'run'
    | 'signal'
    | 'shutdown'
    | 'purge'
    | 'override-locks'
    | 'own-images'
  /** `root`, `key ci`, `the daemon`: as the kernel or the key tells it. */
  readonly by: string
  /** Those it was for, the first hundred of them. */
  readonly units: readonly string[]
  readonly unitsTotal: number
  /** The signal, or why; of `purge` the volumes, of `override-locks` the apps, of `own-images` the images. */
  readonly detail: string
}

/** A release of an app came to another status. */
export interface ReleaseChangeItem {
  readonly kind: 'release'
  readonly seq: number
  readonly at: string
  readonly app: string
  /** Of `reverted`: the one that runs again. */
  readonly release: string
  readonly status: ReleaseStatus
  readonly why: string
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
   * locked: an update lock holds it back; it is done as soon as that is free.
   */
  readonly result: 'done' | 'unchanged' | 'failed' | 'not-running' | 'timed-out' | 'locked'
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
  /** Releases among what is declared that were rejected, before or while it was waited for. */
  readonly rejections: readonly RejectionItem[]
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
  /** Where the container engine is asked, once something needs it: the path of a unix socket. */
  readonly engineSocket: string
  /** The latest one of this home; null: there was none. */
  readonly upgrade: UpgradeItem | null
  /** null: nothing that is declared or runs needs one. */
  readonly containerEngine: EngineItem | null
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
  readonly dialect: 'compose' | 'supervisord' | 'runit' | 'balena'
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
  | 'no-such-volume'
  | 'ambiguous-name'
  | 'no-such-log'
  | 'already-running'
  | 'no-stdin'
  | 'stdin-full'
  /** A command runs only beside a unit that runs. */
  | 'not-running'
  | 'too-large'
  | 'too-busy'
  | 'stopping'
  | 'not-stored'
  | 'upgrade-refused'
  | 'timed-out'
  | 'failed'
