import type { Dialect, UnitId, Who } from '../../core/model.ts'
import type { GroupSettings, LogLevel, SupervisordSettings } from '../../dialects/supervisord/settings.ts'
import type { OutputNews } from '../../engine/ports.ts'
import type { XmlRpcValue } from '../../formats/xml-rpc/value.ts'
import type { HubState } from './events/hub-state.ts'

// What the parts of this frontend know of one another.

// ---- processes, as supervisord has them -------------------------------------------------------------------------

/** With supervisord's codes: STOPPED 0, STARTING 10, RUNNING 20, BACKOFF 30, STOPPING 40, EXITED 100, FATAL 200, UNKNOWN 1000. */
export type ProcessState = 'STOPPED' | 'STARTING' | 'RUNNING' | 'BACKOFF' | 'STOPPING' | 'EXITED' | 'FATAL' | 'UNKNOWN'

/** One unit, projected. What the state does not hold (times of starts before the last) is remembered. */
export interface ProcessView {
  readonly unit: UnitId
  readonly group: string
  /** Of its app. */
  readonly dialect: Dialect
  /** Its process_name, or where it has none what its service is called; of several `service_n`. */
  readonly name: string
  readonly state: ProcessState
  /** When it was last started and last stopped or ended, by the wall clock; null: never since the daemon began. */
  readonly startWallMs: number | null
  readonly stopWallMs: number | null
  /** As supervisord words it; empty: none. */
  readonly spawnError: string
  /** -1: by a signal. 0 where there was none. */
  readonly exitStatus: number
  /** 0: none. */
  readonly pid: number
  /** Early exits in a row, as supervisord's `tries` counts them. */
  readonly tries: number
  /** So long it has to live to be RUNNING. */
  readonly startsecs: number
  /** null: its output is thrown away (NONE), or goes where nothing can be read. */
  readonly stdoutPath: string | null
  readonly stderrPath: string | null
}

/** The processes of all active groups. */
export interface ProcessTable {
  /** Active groups by priority and name, each with its processes in supervisord's order (ARCHITECTURE of the original: § order). */
  groups(): readonly { readonly name: string; readonly processes: readonly ProcessView[] }[]
  group(name: string): readonly ProcessView[] | null
  process(group: string, name: string): ProcessView | null
  byUnit(unit: UnitId): ProcessView | null
  /** Called once for each event, in order, each after the table shows it. Returns the way to stop it. */
  subscribe(listener: (event: ProcessEvent) => void): () => void
}

export type ProcessEvent =
  | {
      readonly kind: 'state'
      readonly atWallMs: number
      /** As it is after the event. */
      readonly process: ProcessView
      readonly from: ProcessState
      /** Of EXITED and STOPPED: whether its exit code is among the expected ones. */
      readonly isExpected: boolean
      /** How it ended, of EXITED, STOPPED, BACKOFF: `exit status 0`, `terminated by SIGKILL`, with `(core dumped)`; empty: nothing ended. */
      readonly how: string
      /** The pid that the event is about: of the end too, after which there is none. 0: none. */
      readonly pid: number
    }
  /** A process came of its start; it is STARTING before and after. */
  | { readonly kind: 'spawned'; readonly atWallMs: number; readonly process: ProcessView; readonly pid: number }
  /** It is to stop, and is STOPPING by now: each signal for that, the first one and what follows when it takes too long. */
  | {
      readonly kind: 'signalled'
      readonly atWallMs: number
      readonly process: ProcessView
      readonly pid: number
      /** `SIGTERM`. */
      readonly signal: string
      readonly isFirst: boolean
      /** To its whole process group. */
      readonly isGroup: boolean
    }
  | {
      readonly kind: 'group'
      readonly change: 'added' | 'removed'
      readonly group: string
      readonly dialect: Dialect
    }

// ---- groups, as they are declared and offered -----------------------------------------------------------------------

/** Reading files, and putting groups in force one by one as supervisorctl does. Implemented by the daemon's wiring. */
export interface GroupsPort {
  /** What is in force now, of each source of the dialect. */
  settings(): readonly SupervisordSettings[]
  /** As read last: what `avail` shows and `addProcessGroup` takes. Equal to what is in force until `reread`. */
  offered(): readonly GroupSettings[]
  /** Reads the files again and compares; changes nothing that runs. */
  reread(): Promise<Reread>
  /** Puts an offered group in force. */
  add(group: string, by: Who): Promise<'added' | 'unknown' | 'active'>
  /** Takes it out of force; only where nothing of it lives. */
  remove(group: string, by: Who): Promise<'removed' | 'unknown' | 'running'>
}

export type Reread =
  | {
      readonly kind: 'read'
      readonly added: readonly string[]
      readonly changed: readonly string[]
      readonly removed: readonly string[]
    }
  /** supervisord's own words. */
  | { readonly kind: 'refused'; readonly message: string }

// ---- the daemon ---------------------------------------------------------------------------------------------------

export type Mood = 'RUNNING' | 'RESTARTING' | 'SHUTDOWN'

export interface DaemonPort {
  mood(): Mood
  /** As getIdentification tells it. */
  identifier(): string
  shutdown(by: Who): void
  /** Everything is stopped in order, the files are read again, everything is started; the process stays. */
  restart(by: Who): void
  readonly activity: ActivityLog
}

/** supervisord.log. Never throws: what cannot be written is dropped. */
export interface ActivityLog {
  write(level: LogLevel, message: string): void
  /** null: there is no file. */
  path(): string | null
  /** Its file is made anew. Answers why it cannot be; null: done. */
  clear(): string | null
  /** After logrotate. */
  reopen(): void
  close(): void
}

// ---- XML-RPC ------------------------------------------------------------------------------------------------------

/** Who asks, and until when it matters. */
export interface RpcAsked {
  readonly who: Who
  /** Aborts when the client is gone. */
  readonly signal: AbortSignal
}

export interface RpcMethods {
  /** Throws RpcFault; anything else is a bug (HTTP 500). */
  call(method: string, params: readonly XmlRpcValue[], asked: RpcAsked): Promise<XmlRpcValue>
}

/** `extra`: what follows the name after a colon; empty: nothing does. */
export class RpcFault extends Error {
  readonly code: number
  constructor(code: number, name: string, extra = '') {
    super(extra === '' ? name : `${name}: ${extra}`)
    this.name = 'RpcFault'
    this.code = code
  }
}

// ---- events -------------------------------------------------------------------------------------------------------

/** What happens, for event listeners. */
export interface EventHub {
  /** REMOTE_COMMUNICATION. */
  remote(type: string, data: string): void
  /** SUPERVISOR_STATE_CHANGE_RUNNING or _STOPPING. */
  daemon(state: 'RUNNING' | 'STOPPING'): void
  /** PROCESS_LOG and PROCESS_COMMUNICATION. */
  output(news: OutputNews): void
  /** For the next image of the daemon: what no listener has dealt with. */
  save(): HubState
  close(): void
}
