/** Something happened, for one who may be busy: however often it did meanwhile, it is noticed once. */
export interface Bell {
  ring(): void
  /** Resolves when it was rung since the last time, when `signal` aborts, or when the time is over. */
  rung(timeoutMs?: number): Promise<void>
}

export function createBell(signal: AbortSignal): Bell {
  let isRung = false
  let wake: (() => void) | null = null
  signal.addEventListener('abort', () => wake?.())
  return {
    ring() {
      isRung = true
      wake?.()
    },
    async rung(timeoutMs) {
      if (!isRung && !signal.aborted) {
        await new Promise<void>((resolve) => {
          const timer = timeoutMs === undefined ? undefined : setTimeout(resolve, timeoutMs)
          wake = () => {
            clearTimeout(timer)
            resolve()
          }
        })
      }
      wake = null
      isRung = false
    },
  }
}
