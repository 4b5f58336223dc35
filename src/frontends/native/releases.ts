import type { Now, Release, State } from '../../core/model.ts'
import { accountOfRelease } from '../../core/release/account.ts'
import type { Snapshot } from '../../engine/ports.ts'
import { apiVersion, type Fact, type RejectionItem, type ReleaseItem, type ReleaseList } from '../../wire/api.ts'
import { daemonWarnings, upcomingItem } from './units.ts'

/** What `holdfast releases` shows. */
export function releaseList({ state, now, storeTrouble }: Snapshot): ReleaseList {
  const items = [...state.releases.values()].map((release) => releaseItem(state, release, now))
  return { apiVersion, kind: 'ReleaseList', items, warnings: daemonWarnings(state, storeTrouble) }
}

export function releaseItem(state: State, release: Release, now: Now): ReleaseItem {
  const { app, id, status, sinceWallMs, previous } = release
  const { why, next, upcoming, command } = accountOfRelease(state, release, now)
  return {
    app,
    release: id,
    status,
    since: iso(sinceWallMs),
    why,
    next,
    upcoming: upcomingItem(upcoming),
    command,
    previous: previous?.id ?? null,
    rejected: rejectionItem(release),
  }
}

export function rejectionItem({ app, id, rejected }: Release): RejectionItem | null {
  if (rejected === null) return null
  return { app, release: rejected.id, why: rejected.why, at: iso(rejected.atWallMs), runs: id }
}

/** One line for whoever looks at a unit of the app. null: its changes count at once. */
export function releaseFact(state: State, app: string, now: Now): Fact | null {
  const release = state.releases.get(app)
  if (release === undefined) return null
  const { why, next } = accountOfRelease(state, release, now)
  const value =
    release.status === 'committed'
      ? `${release.id}, committed: ${why}`
      : `${release.id}, ${release.status}: ${why}; ${next}`
  return { name: 'release', value }
}

function iso(wallMs: number): string {
  return new Date(wallMs).toISOString()
}
