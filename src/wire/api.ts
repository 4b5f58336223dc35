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
  /** null: nothing tells. */
  readonly health: null
  /** Restarts nobody asked for, since it was declared or last started by hand. */
  readonly restarts: number
  readonly since: string
  readonly reason: string
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

/** What became of a start, stop, restart or signal. */
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
}

export interface ApiError {
  readonly apiVersion: typeof apiVersion
  readonly kind: 'Error'
  readonly code: ErrorCode
  readonly message: string
  readonly hint: string
}

export type ErrorCode =
  | 'bad-request'
  | 'forbidden'
  | 'no-such-route'
  | 'no-such-service'
  | 'ambiguous-name'
  | 'no-such-log'
  | 'too-large'
  | 'too-busy'
  | 'stopping'
  | 'not-stored'
  | 'failed'
