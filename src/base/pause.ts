/** Resolves after so many milliseconds, or as soon as the signal is aborted, which it leaves as it was. */
export function pauseFor(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve()
    const end = (): void => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, ms)
    signal?.addEventListener('abort', end)
  })
}

/** Of the event loop: whatever else waits has its turn. */
export function nextRound(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
