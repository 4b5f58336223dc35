/** Who asked us to end is answered before we do. */
export interface LastAnswers {
  /** An answer is on its way, until the answered function is called. */
  hold(): () => void
  /** Resolves when none is, or after this time. */
  given(timeoutMs: number): Promise<void>
}

export function createLastAnswers(): LastAnswers {
  const held = new Set<object>()
  let resolve: (() => void) | null = null
  return {
    hold() {
      const answer = {}
      held.add(answer)
      return () => {
        held.delete(answer)
        if (held.size === 0) resolve?.()
      }
    },
    given(timeoutMs) {
      if (held.size === 0) return Promise.resolve()
      return new Promise((done) => {
        const timer = setTimeout(done, timeoutMs)
        resolve = () => {
          clearTimeout(timer)
          done()
        }
      })
    },
  }
}
