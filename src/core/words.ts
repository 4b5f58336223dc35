/** The words that every part of the model needs. */

/** A slot `app/service/n`. Until releases live side by side (hand-over), a slot and its unit share this name. */
export type UnitId = string

/** The world misbehaved. `retry`: the cause is not the unit's, trying again later may well work. */
export interface Failure {
  /** An errno name or a word of the driver's: ENOENT. */
  readonly code: string
  readonly message: string
  readonly retry: boolean
}
