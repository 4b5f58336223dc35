import { readFileSync, writeFileSync } from 'node:fs'
import { typedLinesMax } from '../core/limits.ts'

/** What was typed in earlier sessions, the oldest first; readline's files are the same. */
export function loadHistory(path: string): string[] {
  try {
    return readFileSync(path, 'utf8').split('\n').filter(Boolean).slice(-typedLinesMax)
  } catch {
    return []
  }
}

/** Where it cannot be kept, nobody is told: the original says nothing either. */
export function saveHistory(path: string, lines: readonly string[]): void {
  try {
    writeFileSync(
      path,
      lines
        .slice(-typedLinesMax)
        .map((line) => `${line}\n`)
        .join(''),
      { mode: 0o600 },
    )
  } catch {}
}
