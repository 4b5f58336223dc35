import type { App } from '../core/model.ts'
import type { Position, Problem } from '../formats/format-error.ts'
import type { SupervisordSettings } from './supervisord/settings.ts'

/** What a dialect makes of one source: apps, what is wrong, and where everything stands. */
export interface DecodedSource {
  readonly apps: readonly App[]
  readonly problems: readonly Problem[]
  /** Apps of it that are not taken, and stay as they are: warnings tell why. */
  readonly heldBack?: readonly HeldBack[]
  /** What it takes this device for. */
  readonly device?: StatedDevice
  /** What it says besides apps, of a source of this dialect. */
  readonly supervisord?: SupervisordSettings
  /** Files that it is made of besides the one that was named. */
  readonly files?: readonly string[]
  /** Where a fault of the core was written, and what the setting is called there. */
  locate(place: Place): Located
  /** Where a value was written that compose/print.ts prints at this path of keys; null: it is a default. */
  origin(app: string, path: readonly string[]): Origin | null
}

/** What a target state calls the device that it is for. `name` null: nothing. */
export interface StatedDevice {
  readonly uuid: string
  readonly name: string | null
}

/** An app whose declaration is good and not for this device. */
export interface HeldBack {
  readonly app: string
  readonly why: string
}

export interface Origin extends Position {
  /** The text with its variables, where it has any. */
  readonly written: string | null
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
