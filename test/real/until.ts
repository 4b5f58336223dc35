/**
 * Waits for a condition of the outside world that tells nobody when it comes true: a process that is gone, a line in a
 * file, a daemon that answers. The only wait by the clock of the tests on the real kernel.
 */
export async function until<T>(
  what: string,
  probe: () => T | Promise<T>,
  options: { readonly timeoutMs?: number; readonly everyMs?: number } = {},
): Promise<Exclude<T, null | false | undefined>> {
  const { timeoutMs = 20_000, everyMs = 10 } = options
  const deadline = performance.now() + timeoutMs
  for (;;) {
    const found = await probe()
    if (found !== null && found !== false && found !== undefined) return found as Exclude<T, null | false | undefined>
    if (performance.now() > deadline) throw new Error(`waited ${timeoutMs} ms for ${what}`)
    await pause(everyMs)
  }
}

/** For load that is to hit a random moment; never to wait for something. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
