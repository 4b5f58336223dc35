import type { Declared, Now, Release, State, Target } from '../model.ts'
import { completeApp } from '../target/plain.ts'

/** What of a release survives the machine. */
export type StoredRelease = Omit<Release, 'wellSinceBootMs'>

export function storedRelease({ wellSinceBootMs: _wellSinceBootMs, ...rest }: Release): StoredRelease {
  return rest
}

/** Whether both are stored alike: what only the present daemon knows changes often. */
export function areStoredAlike(a: State['releases'], b: State['releases']): boolean {
  if (a === b) return true
  return a.size === b.size && [...a].every(([app, release]) => isStoredAlike(release, b.get(app)))
}

function isStoredAlike(a: Release, b: Release | undefined): boolean {
  return (
    a === b ||
    (b !== undefined &&
      a.hash === b.hash &&
      a.id === b.id &&
      a.status === b.status &&
      a.sinceWallMs === b.sinceWallMs &&
      a.why === b.why &&
      a.trial === b.trial &&
      a.previous === b.previous &&
      a.rejected === b.rejected)
  )
}

/** The releases as the next daemon takes them over. `isSameBoot`: their deadlines still mean something. */
export function revivedReleases(
  stored: readonly StoredRelease[],
  { target, isSameBoot, now }: { readonly target: Target; readonly isSameBoot: boolean; readonly now: Now },
): State['releases'] {
  const releases = stored
    .filter(({ app }) => target.apps[app] !== undefined)
    .map((release): Release => {
      const { previous, rejected, trial } = release
      return {
        ...release,
        previous: previous === null ? null : completed(previous),
        rejected: rejected === null ? null : completed(rejected),
        trial: trial === null ? null : { ...trial, deadlineBootMs: revivedDeadline(release, target, isSameBoot, now) },
        wellSinceBootMs: null,
      }
    })
  return new Map(releases.map((release) => [release.app, release]))
}

/** While nobody watched it could not prove itself: what is nearly over lasts as long as that takes. */
function revivedDeadline({ app, trial }: StoredRelease, target: Target, isSameBoot: boolean, now: Now): number | null {
  if (trial === null || trial.deadlineBootMs === null || !isSameBoot) return null
  const minHealthyMs = target.apps[app]?.release?.minHealthyMs ?? 0
  return Math.max(trial.deadlineBootMs, now.bootMs + minHealthyMs + lookAgainMs)
}

/** What was adopted has been looked at by then, and its checks have answered. */
const lookAgainMs = 10_000

function completed<T extends Declared>(declared: T): T {
  return { ...declared, app: completeApp(declared.app) }
}
