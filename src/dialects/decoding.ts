import type { App } from '../core/model.ts'
import type { Position, Problem } from '../formats/format-error.ts'

/** What a dialect makes of one source: apps, what is wrong, and where everything stands. */
export interface DecodedSource {
  readonly apps: readonly App[]
  readonly problems: readonly Problem[]
  /** Where a fault of the core was written, and what the setting is called there. */
  locate(place: Place): Located
}

export interface Place {
  readonly app: string | null
  readonly service: string | null
  /** As in core/target/validate.ts. */
  readonly setting: string
}

export interface Located extends Position {
  readonly setting: string
}
