export interface HeldSignals {
  /** Those that came so far. */
  readonly came: readonly NodeJS.Signals[]
  /** Takes no more note: somebody else listens by now. */
  release(): void
}

const held = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const

/**
 * Takes note of signals instead of obeying them. Between two images nobody obeys: what is noted is sent again to whoever
 * does. Only while Node itself starts do they act by their default.
 */
export function holdSignals(): HeldSignals {
  const came: NodeJS.Signals[] = []
  const note = (signal: NodeJS.Signals): void => void came.push(signal)
  for (const signal of held) {
    const others = process.listeners(signal)
    // Ours first: without any listener the default would act.
    process.on(signal, note)
    for (const other of others) process.off(signal, other)
  }
  return {
    came,
    release() {
      for (const signal of held) process.off(signal, note)
    },
  }
}
