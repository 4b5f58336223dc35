import type { Now, Release, State } from '../model.ts'

/**
 * The releases that came to another status since `before`. null: nobody looked before this turn, and the time tells. What ran
 * before it had a policy is no news.
 */
export function changedReleases(
  before: State['releases'] | null,
  { state, now }: { readonly state: Pick<State, 'releases'>; readonly now: Now },
): readonly Release[] {
  if (before === state.releases) return []
  return [...state.releases.values()].filter((release) => {
    if (before === null) return release.sinceWallMs === now.wallMs && release.status !== 'committed'
    const known = before.get(release.app)
    if (known === undefined) return release.status !== 'committed'
    return known.status !== release.status || known.hash !== release.hash || known.rejected !== release.rejected
  })
}
