import { type TickTimes, tickPeriods } from './ticks.ts'

/** What the next image of the daemon goes on with: numbers, and the events that no listener has dealt with. */
export interface HubState {
  readonly version: typeof hubStateVersion
  readonly nextSerial: number
  readonly ticks: TickTimes
  readonly pools: readonly SavedPool[]
}

export interface SavedPool {
  readonly name: string
  readonly nextSerial: number
  /** Oldest first. */
  readonly waiting: readonly SavedEvent[]
}

export interface SavedEvent {
  readonly serial: number
  readonly poolSerial: number
  readonly name: string
  readonly payload: string
}

export const hubStateVersion = 1

/** null: it is none that we know; then events begin anew. */
export function parseHubState(parsed: unknown): HubState | null {
  const value = parsed as Partial<HubState> | null | undefined
  const isWhole =
    isRecord(value) &&
    value.version === hubStateVersion &&
    Number.isSafeInteger(value.nextSerial) &&
    isRecord(value.ticks) &&
    tickPeriods.every((period) => [undefined, 'number'].includes(typeofDefined(value?.ticks?.[period]))) &&
    Array.isArray(value.pools) &&
    value.pools.every(isPool)
  return isWhole ? (value as HubState) : null
}

function isPool(pool: Partial<SavedPool> | null): boolean {
  return (
    isRecord(pool) &&
    typeof pool.name === 'string' &&
    Number.isSafeInteger(pool.nextSerial) &&
    Array.isArray(pool.waiting) &&
    pool.waiting.every(isEvent)
  )
}

function isEvent(event: Partial<SavedEvent> | null): boolean {
  return (
    isRecord(event) &&
    Number.isSafeInteger(event.serial) &&
    Number.isSafeInteger(event.poolSerial) &&
    typeof event.name === 'string' &&
    typeof event.payload === 'string'
  )
}

function isRecord<T extends object>(value: T | null | undefined): value is T {
  return typeof value === 'object' && value !== null
}

function typeofDefined(value: unknown): string | undefined {
  return value === undefined ? undefined : typeof value
}
