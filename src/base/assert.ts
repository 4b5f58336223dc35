/** Crashes on a bug: `condition` must hold, and `text` says what that is. Stays on in production. */
export function assert(condition: unknown, text: string): asserts condition {
  if (!condition) throw new AssertionFailure(text)
}

/** A bug of ours, never bad input and never the world's misbehaviour. */
export class AssertionFailure extends Error {
  constructor(text: string) {
    super(`this must hold: ${text}`)
    this.name = 'AssertionFailure'
  }
}
