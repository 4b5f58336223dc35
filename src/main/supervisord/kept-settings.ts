import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { SupervisordSettings } from '../../dialects/supervisord/settings.ts'
import { writeAtomically } from '../../sys/atomic-write.ts'
import { bootNow } from '../../sys/boot-clock.ts'
import { errnoOf } from '../../sys/errno.ts'

/**
 * What supervisord files said, for the daemon that follows a death or an upgrade: its doors open at once, and should the
 * files have errors by then, as they were. It holds passwords, in a directory that is its owner's only.
 */
export interface KeptSettings {
  /** As they were when this was first asked. Empty: there are none, they cannot be read, or the host was started again since: then the files alone count. */
  read(): readonly SupervisordSettings[]
  write(settings: readonly SupervisordSettings[]): void
  /** Whoever starts the daemon again after an orderly end reads the files. */
  remove(): void
}

export function openKeptSettings(
  stateDirectory: string,
  warn: (text: string) => void,
  { bootId } = bootNow(),
): KeptSettings {
  const path = join(stateDirectory, 'supervisord.json')
  let written = ''
  let last: readonly SupervisordSettings[] | null = null

  function readNow(): readonly SupervisordSettings[] {
    try {
      written = readFileSync(path, 'utf8')
      const kept: Partial<Kept> | null = JSON.parse(written)
      return kept?.bootId === bootId && Array.isArray(kept.settings) ? kept.settings : []
    } catch (error) {
      if (!(error instanceof SyntaxError)) errnoOf(error)
      return []
    }
  }

  function remove(): void {
    written = ''
    rmSync(path, { force: true })
  }

  return {
    read() {
      last ??= readNow()
      return last
    },
    write(settings) {
      if (settings.length === 0) {
        if (written !== '') remove()
        return
      }
      const kept: Kept = { bootId, settings }
      const text = `${JSON.stringify(kept)}\n`
      if (text === written) return
      try {
        writeAtomically(path, text)
        written = text
      } catch (error) {
        warn(`${path} cannot be written (${errnoOf(error)}); after a death the files are read anew`)
      }
    },
    remove,
  }
}

interface Kept {
  readonly bootId: string
  readonly settings: readonly SupervisordSettings[]
}
