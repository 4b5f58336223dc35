import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { writeAtomically } from '../sys/atomic-write.ts'
import { errnoOf } from '../sys/errno.ts'
import type { Info } from '../wire/api.ts'
import type { Home } from '../wire/home.ts'
import { lockName } from './home-lock.ts'

export type DriverName = Info['driver']

/**
 * A home belongs to the driver of its first daemon: played units are stored as if they ran, so that a daemon with the
 * other driver would look for processes that never were, or leave real ones alone. Called with the home's lock. null: it
 * is this driver's; else why not, with the remedy.
 */
export function claimHome(home: Home, driver: DriverName): string | null {
  const path = join(home.stateDirectory, 'played')
  try {
    const isPlayed = existsSync(path)
    if (driver === 'process') {
      if (!isPlayed) return null
      return `the units of ${home.name} are only played; go on with --driver fake, or ${another}`
    }
    if (isPlayed) return null
    if (isUsed(home)) return `${home.name} has been used for real processes, and nothing is played in it; ${another}`
    writeAtomically(path, 'The units of this home are only played: holdfast daemon --driver fake\n')
    return null
  } catch (error) {
    return `${path} cannot be used (${errnoOf(error)}); ${another}`
  }
}

const another = 'choose another home with --home DIR'

/** By anything at all that another daemon may have left, but the lock that we hold ourselves. */
function isUsed({ stateDirectory, runDirectory }: Home): boolean {
  const left = [...readdirSync(stateDirectory), ...readdirSync(runDirectory)]
  return left.some((name) => name !== lockName)
}
