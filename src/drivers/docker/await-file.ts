import { lstat } from 'node:fs/promises'
import { pauseFor } from '../../base/pause.ts'
import { EngineError } from './engine-error.ts'
import { fileError, removeLock } from './lock-files.ts'

/** The directory is the container's, and may come later than we do, so it is looked at; only while somebody waits. */
const everyMs = 250

/** Resolves when one of the files was there, which is removed then. Throws EngineError: `TIMEOUT`, `ABORTED`. */
export async function awaitFile(
  files: readonly string[],
  options: { readonly timeoutMs: number; readonly nowBootMs: () => number; readonly signal: AbortSignal },
): Promise<void> {
  const { timeoutMs, nowBootMs, signal } = options
  const deadlineBootMs = nowBootMs() + timeoutMs
  for (;;) {
    for (const file of files) if (await isTaken(file)) return
    if (signal.aborted) throw new EngineError({ code: 'ABORTED', message: 'the wait was called off', retry: true })
    const leftMs = deadlineBootMs - nowBootMs()
    if (leftMs <= 0) throw new EngineError({ code: 'TIMEOUT', message: timeoutText(files, timeoutMs), retry: false })
    await pauseFor(Math.min(everyMs, leftMs), signal)
  }
}

async function isTaken(file: string): Promise<boolean> {
  try {
    await lstat(file)
  } catch {
    return false
  }
  try {
    await removeLock(file)
  } catch (error) {
    throw fileError(error)
  }
  return true
}

function timeoutText(files: readonly string[], timeoutMs: number): string {
  return `none of ${files.join(', ')} was made within ${timeoutMs / 1000} s`
}
