import { readlinkSync } from 'node:fs'

/**
 * Tells the name of the host's time zone once it is another one than at the time of this call; until then null, the
 * runtime's own, which found out when it started and never looks again. Naming a zone costs 8 MB (the tables of
 * Intl), so it is not named without need.
 */
export function watchHostZone(
  environment: NodeJS.ProcessEnv = process.env,
  localTime = '/etc/localtime',
): () => string | null {
  const first = zoneOf(localTime)
  return () => {
    const now = (environment.TZ ?? '') === '' ? zoneOf(localTime) : first
    return now !== null && now !== first && isKnown(now) ? now : null
  }
}

/** null: there is no link that tells. */
function zoneOf(localTime: string): string | null {
  try {
    return /\/zoneinfo\/(?:posix\/|right\/)?(.+)$/.exec(readlinkSync(localTime))?.[1] ?? null
  } catch {
    // No file is UTC, and a copy of one has no name: both are for the runtime to tell.
    return null
  }
}

function isKnown(timeZone: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone })
    return true
  } catch {
    // A zone of the host's own making.
    return false
  }
}
