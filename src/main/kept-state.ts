import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { syncDirectory, writeDurably } from '../sys/durable-write.ts'
import { keptStateName } from '../wire/home.ts'

/** The target state that was applied last: our copy of it, so that it holds over restarts and without whoever gave it. */
export interface KeptState {
  /** Where it is, also before there is one. */
  readonly path: string
  /** Where one lies that has not been taken yet. */
  readonly offered: string
  exists(): boolean
  /** Throws the system's error where it cannot be written; so does `take`. */
  offer(text: string): void
  /** What was offered counts from here on, and survives a loss of power. Answers how to take that back. */
  take(): () => void
  /** Removes what was offered and not taken. */
  withdraw(): void
}

export function openKeptState(stateDirectory: string): KeptState {
  const path = join(stateDirectory, keptStateName)
  const offered = `${path}.offered`
  const exists = (): boolean => existsSync(path)
  return {
    path,
    offered,
    exists,
    offer(text) {
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
      writeFileSync(offered, text, { mode: 0o600, flush: true })
    },
    take() {
      const before = exists() ? readFileSync(path, 'utf8') : null
      renameSync(offered, path)
      syncDirectory(dirname(path))
      return () => {
        if (before === null) rmSync(path, { force: true })
        else writeDurably(path, before)
      }
    },
    withdraw: () => rmSync(offered, { force: true }),
  }
}
