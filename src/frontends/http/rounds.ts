/**
 * A few answers for each round of the event loop: however many clients ask at once, the loop looks for exits, output and
 * deadlines after each few of them, or after a dear one.
 */
export interface Rounds {
  /** Resolves when it is the caller's turn; in the order of the calls. */
  next(): Promise<void>
}

/** A look at everything costs about as much as one cheap answer. */
const answersPerRound = 4

/** What is left of a round after this waits for the next. */
const roundMs = 1

interface Round {
  startMs: number | null
}

export function createRounds(): Rounds {
  const waiting: (() => void)[] = []
  let scheduled = 0
  let coming: Round = { startMs: null }

  /** What is set within an immediate runs in the next round, and what an answer does at once, before the next immediate. */
  const schedule = (): void => {
    while (scheduled < Math.min(waiting.length, answersPerRound)) {
      scheduled += 1
      setImmediate(go, coming)
    }
  }
  const go = (round: Round): void => {
    scheduled -= 1
    if (round === coming) coming = { startMs: null }
    const nowMs = performance.now()
    round.startMs ??= nowMs
    if (nowMs - round.startMs < roundMs) waiting.shift()?.()
    schedule()
  }

  return {
    next() {
      return new Promise((resolve) => {
        waiting.push(resolve)
        schedule()
      })
    },
  }
}
