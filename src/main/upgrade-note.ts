import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { writeAtomically } from '../sys/atomic-write.ts'
import type { UpgradeItem } from '../wire/api.ts'

/** The latest upgrade of this home, on the disk: whoever runs after a failed one can tell what became of it. */
export interface UpgradeNote {
  latest(): UpgradeItem | null
  /** Never throws: what cannot be written is told, and known at least to us. */
  write(item: UpgradeItem): void
}

export function openUpgradeNote(stateDirectory: string, warn: (text: string) => void): UpgradeNote {
  const path = join(stateDirectory, 'upgrade.json')
  let latest = read(path)
  return {
    latest: () => latest,
    write(item) {
      latest = item
      try {
        writeAtomically(path, `${JSON.stringify(item, null, 2)}\n`)
      } catch (error) {
        if (!(error instanceof Error && 'code' in error)) throw error
        warn(
          `${path} cannot be written (${error.code}); what became of the upgrade is known only until the daemon ends`,
        )
      }
    },
  }
}

function read(path: string): UpgradeItem | null {
  try {
    const item: UpgradeItem = JSON.parse(readFileSync(path, 'utf8'))
    return typeof item === 'object' && item !== null && typeof item.at === 'string' ? item : null
  } catch (error) {
    // It decides nothing: a missing or damaged one is as good as none.
    if (error instanceof SyntaxError || (error instanceof Error && 'code' in error)) return null
    throw error
  }
}
