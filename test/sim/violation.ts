/** An invariant does not hold. */
export class Violation extends Error {
  readonly invariant: string
  constructor(invariant: string, detail: string) {
    super(`${invariant}: ${detail}`)
    this.name = 'Violation'
    this.invariant = invariant
  }
}

/** Fails the scenario; the text is only made when it is needed. */
export function hold(condition: boolean, invariant: string, detail: () => string): asserts condition {
  if (!condition) throw new Violation(invariant, detail())
}

/** The daemon dies here. */
export class SimulatedCrash extends Error {
  constructor(boundary: string) {
    super(`the daemon died ${boundary}`)
    this.name = 'SimulatedCrash'
  }
}
