import type { HistoryEntry } from '../engine/ports.ts'
import type { Carried } from './upgrade-carried.ts'

/** What the history tells of our beginning. */
export function beginning(options: {
  readonly version: string
  readonly held: string | null
  readonly carried: Carried | null
  /** What the daemon before us wrote last. */
  readonly last: HistoryEntry | null
}): readonly ['started' | 'upgraded', string] {
  const { version, held, carried, last } = options
  const asHeld = held === null ? '' : `; held: ${held}`
  if (carried !== null) {
    const { news } = carried
    const what = news.kind === 'back' ? `the other version failed (${news.why}); back to` : 'to'
    return ['upgraded', `${what} version ${version}, pid ${process.pid}${asHeld}`]
  }
  const isOrderly = last === null || (last.kind === 'daemon' && last.what === 'ended')
  const death = isOrderly ? '' : '; the one before it ended without a word'
  return ['started', `version ${version}, pid ${process.pid}${death}${asHeld}`]
}
