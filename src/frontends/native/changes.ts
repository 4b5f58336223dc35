import { pauseFor } from '../../base/pause.ts'
import { changesGoneMax } from '../../core/limits.ts'
import type { UnitId } from '../../core/model.ts'
import type { EnginePort } from '../../engine/ports.ts'
import { apiVersion, type UnitChange, type UnitItem, type UnitList } from '../../wire/api.ts'
import type { Asked, ServerSentEvent } from './exchange.ts'
import { createBell } from './news.ts'

export interface Changes {
  /** All units, then what differs each time, until `signal` aborts; with the id of an earlier event only what differs since. */
  events(asked: Pick<Asked, 'lastEventId' | 'signal'>): AsyncIterable<ServerSentEvent>
}

/** A change tells all that happened in this time: faster than anybody reads. */
const restMs = 100

interface Known {
  readonly item: UnitItem
  /** The revision it came with. */
  readonly revision: number
}

/**
 * What `ps` shows, as it changes. One record for all clients of what changed with which revision; a client is a number, how
 * far it is. There is no queue: one that takes its time gets all differences at once when it asks for the next event. The
 * record is brought up to date when somebody asks, and costs nothing while nobody does. `life`: of the daemon, because
 * revisions mean nothing in another one.
 */
export function createChanges(parts: {
  readonly engine: Pick<EnginePort, 'snapshot' | 'subscribe'>
  readonly life: string
  readonly listNow: () => UnitList
}): Changes {
  const { engine, life, listNow } = parts
  let revision = 0
  let list: UnitList | null = null
  /** Of which snapshot `list` is: the parts of it that matter. */
  let seen: { readonly state: object; readonly storeTrouble: string | null } | null = null
  let known: ReadonlyMap<UnitId, Known> = new Map()
  let warned = 0
  /** Units that are gone, with the revision in which they went, oldest first. */
  let gone: ReadonlyMap<UnitId, number> = new Map()
  /** Who is behind this cannot be told what is gone since. */
  let oldest = 0

  function update(): UnitList {
    const { state, storeTrouble } = engine.snapshot()
    if (list !== null && seen?.state === state && seen.storeTrouble === storeTrouble) return list
    seen = { state, storeTrouble }
    const before = list
    list = listNow()
    const next = revision + 1
    const items = new Map(list.items.map((item) => [item.unit, keepKnown(known.get(item.unit), item, next)]))
    const left = [...known.keys()].filter((unit) => !items.has(unit))
    const hasNewWarnings = before?.warnings.join('\n') !== list.warnings.join('\n')
    if (hasNewWarnings) warned = next
    known = items
    if (left.length > 0) forget(left, next)
    if (hasNewWarnings || left.length > 0 || [...items.values()].some((each) => each.revision === next)) revision = next
    return list
  }

  function forget(left: readonly UnitId[], next: number): void {
    const all = [...gone, ...left.map((unit) => [unit, next] as const)].filter(([unit]) => !known.has(unit))
    const dropped = all.slice(0, Math.max(0, all.length - changesGoneMax))
    oldest = Math.max(oldest, ...dropped.map(([, at]) => at))
    gone = new Map(all.slice(dropped.length))
  }

  function difference(since: number, { warnings }: UnitList): UnitChange | null {
    const put = [...known.values()].flatMap(({ item, revision: at }) => (at > since ? item : []))
    const removed = [...gone].flatMap(([unit, at]) => (at > since && !known.has(unit) ? unit : []))
    if (put.length === 0 && removed.length === 0 && warned <= since) return null
    return { apiVersion, kind: 'UnitChange', put, removed, warnings }
  }

  const event = (name: string, data: object): ServerSentEvent => ({ event: name, id: `${life}.${revision}`, data })

  async function* follow(from: number | null, signal: AbortSignal): AsyncGenerator<ServerSentEvent> {
    const bell = createBell(signal)
    const stop = engine.subscribe(bell.ring)
    try {
      let present = update()
      if (from === null) yield event('snapshot', present)
      let at = from ?? revision
      while (!signal.aborted) {
        present = update()
        const change = at < oldest ? present : difference(at, present)
        at = revision
        if (change === null) {
          await bell.rung()
          continue
        }
        yield event(change.kind === 'UnitList' ? 'snapshot' : 'change', change)
        await pauseFor(restMs, signal)
      }
    } finally {
      stop()
    }
  }

  return {
    events({ lastEventId, signal }) {
      update()
      return follow(revisionOf(lastEventId, { life, revision }), signal)
    },
  }
}

/** null: it means nothing here. */
function revisionOf(
  lastEventId: string | null,
  { life, revision }: { readonly life: string; readonly revision: number },
): number | null {
  const [, number] = lastEventId?.startsWith(`${life}.`) ? (/\.(\d+)$/.exec(lastEventId) ?? []) : []
  const value = Number(number ?? Number.NaN)
  return value <= revision ? value : null
}

function keepKnown(before: Known | undefined, item: UnitItem, next: number): Known {
  return before !== undefined && isSame(before.item, item) ? before : { item, revision: next }
}

/** All but the labels are plain values. */
function isSame(one: UnitItem, other: UnitItem): boolean {
  const keys = Object.keys(other) as (keyof UnitItem)[]
  return keys.every((key) => one[key] === other[key] || isSameObject(one[key], other[key]))
}

function isSameObject(one: unknown, other: unknown): boolean {
  return typeof one === 'object' && typeof other === 'object' && JSON.stringify(one) === JSON.stringify(other)
}
