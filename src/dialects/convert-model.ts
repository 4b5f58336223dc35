import type { Target } from '../core/model.ts'
import type { Remarks, YamlRecord } from '../formats/yaml-text.ts'
import type { Origin } from './decoding.ts'

export interface Note {
  /** Where it was written; null: not in one place. */
  readonly origin: Origin | null
  readonly message: string
}

export interface Conversion {
  readonly target: Target
  origin(app: string, path: readonly string[]): Origin | null
  /** What is to stand beside the keys of one print: comments of the original. */
  createRemarks(printed: readonly PrintedApp[]): PrintRemarks
}

/** A document of one print. */
export interface PrintedApp {
  /** As the target calls it. */
  readonly name: string
  readonly record: YamlRecord
  /** By the names that are printed: as the target calls them. */
  readonly services: ReadonlyMap<string, string>
}

export interface PrintRemarks {
  /** `app` as the target calls it, `path` as it is printed. */
  at(app: string, path: readonly string[]): Remarks
  /** See YamlLayout. */
  isOnOneLine?(app: string, path: readonly string[]): boolean
  readonly rest: Unplaced
}

/** Comments for which there is no place, line by line. */
export interface Unplaced {
  /** Of the file as a whole. */
  readonly head: readonly string[]
  /** Of what is not printed. */
  readonly others: readonly string[]
}
