import type { Upcoming } from '../explain.ts'
import type { Now, Release, State } from '../model.ts'
import { durationText } from '../text.ts'
import { lackOf, missingImages } from './advance.ts'
import type { Trial } from './model.ts'

/** What release an app is on, for a person: why it is as it is, what happens next, and which command decides. */
export interface ReleaseAccount {
  readonly release: Release
  readonly why: string
  readonly next: string
  /** What `next` says, where it is of a known time. */
  readonly upcoming: Upcoming | null
  /** null: nobody has to decide. */
  readonly command: string | null
}

export function accountOfRelease(state: State, release: Release, now: Now): ReleaseAccount {
  const { status, trial, why } = release
  switch (status) {
    case 'committed':
      return { release, why, next: 'nothing: it counts', upcoming: null, command: null }
    case 'reverted': {
      const next = 'nothing: it is not tried again until the files declare something else'
      return { release, why, next, upcoming: null, command: 'holdfast up' }
    }
    case 'failed': {
      const next = `nothing: it stays, and counts once all have been well for ${minHealthyText(state, release)}`
      return { release, why, next, upcoming: null, command: 'holdfast up' }
    }
    case 'trial':
      return onTrial(state, release, trial, now)
  }
}

function onTrial(state: State, release: Release, trial: Trial | null, now: Now): ReleaseAccount {
  const { app, wellSinceBootMs } = release
  const told = (why: string, next: string) => ({ release, why, next, upcoming: null, command: null })
  if (state.mode.kind !== 'running') return told(release.why, `nothing while the daemon is ${state.mode.kind}`)
  if (wellSinceBootMs !== null) {
    const untilMs = wellSinceBootMs + (state.target.apps[app]?.release?.minHealthyMs ?? 0) - now.bootMs
    const why = `all have been well for ${durationText(now.bootMs - wellSinceBootMs)}`
    return { ...told(why, ''), ...timed('it counts', untilMs, ' if nothing happens to them', now) }
  }
  const declared = state.target.apps[app]
  const missing = trial?.deadlineBootMs == null && declared !== undefined ? missingImages(state, declared) : []
  if (missing.length > 0) return told(`its images are not all there: ${missing.join(', ')}`, 'tried when they are')
  const why = lackOf(state, app, now) ?? release.why
  if (trial?.deadlineBootMs == null) return told(why, 'judged with the next turn')
  return {
    ...told(why, ''),
    ...timed(otherwise(state, release), trial.deadlineBootMs - now.bootMs, ' unless it is well by then', now),
  }
}

function otherwise(state: State, { app, previous }: Release): string {
  const isReverted = state.target.apps[app]?.release?.isReverted === true
  return isReverted && previous !== null ? `${previous.id} comes back` : 'it counts as failed'
}

function timed(what: string, inMs: number, more: string, now: Now): Pick<ReleaseAccount, 'next' | 'upcoming'> {
  return { next: `${what} in ${durationText(inMs)}${more}`, upcoming: { what, atWallMs: now.wallMs + inMs, more } }
}

function minHealthyText(state: State, { app }: Release): string {
  return durationText(state.target.apps[app]?.release?.minHealthyMs ?? 0)
}
