import { eventBytesKept, eventOverheadBytes } from '../../../core/limits.ts'
import type { Dialect, ListenerPool } from '../../../core/model.ts'
import type { LogLevel } from '../../../dialects/supervisord/settings.ts'

/** Something happened; whoever is told of it gets the same. */
export interface PoolEvent {
  readonly serial: number
  readonly name: string
  /** UTF-8. */
  readonly payload: Uint8Array
}

/** An event, with its number in the pool where it waits. */
export interface Waiting extends PoolEvent {
  readonly poolSerial: number
}

/** What waits for the listeners of one group. */
export interface Pool {
  readonly name: string
  readonly settings: ListenerPool
  configure(declared: PoolDeclared): void
  /** `of`: of an app of which dialect it tells; null: of none. */
  wants(eventName: string, of: Dialect | null): boolean
  accept(event: PoolEvent): void
  /** The oldest, which waits no more. */
  take(): Waiting | null
  /** It could not be given to anybody. */
  untake(waiting: Waiting): void
  /** It was given to a listener that did not do it: it is the next again. */
  putBack(waiting: Waiting): void
  /** Oldest first. */
  waiting(): readonly Waiting[]
  /** The number of the next event. */
  nextSerial(): number
}

/** Listeners of supervisord's files hear of those only, as their clients do; all others hear of everything. */
export interface PoolDeclared {
  readonly settings: ListenerPool
  readonly dialect: Dialect
}

export function createPool(options: {
  readonly name: string
  readonly declared: PoolDeclared
  readonly log: (level: LogLevel, message: string) => void
  readonly saved: { readonly nextSerial: number; readonly waiting: readonly Waiting[] } | null
}): Pool {
  const { name, log, saved } = options
  let { settings, dialect } = options.declared
  let nextSerial = saved?.nextSerial ?? 0
  const buffer: Waiting[] = [...(saved?.waiting ?? [])]
  let bytes = buffer.reduce((sum, one) => sum + costOf(one), 0)

  function makeRoom(needed: number): void {
    while (buffer.length > 0 && (buffer.length >= settings.bufferMax || bytes + needed > eventBytesKept)) {
      const { serial } = take()!
      log('error', `pool ${name} event buffer overflowed, discarding event ${serial}`)
    }
  }

  function take(): Waiting | null {
    const oldest = buffer.shift() ?? null
    if (oldest !== null) bytes -= costOf(oldest)
    return oldest
  }

  function untake(waiting: Waiting): void {
    buffer.unshift(waiting)
    bytes += costOf(waiting)
  }

  return {
    name,
    get settings() {
      return settings
    },
    configure(changed) {
      settings = changed.settings
      dialect = changed.dialect
    },
    wants: (eventName, of) => {
      const isHeard = dialect !== 'supervisord' || of === null || of === 'supervisord'
      return isHeard && isAmong(settings.events, eventName)
    },
    accept(event) {
      makeRoom(costOf(event))
      buffer.push({ ...event, poolSerial: nextSerial })
      bytes += costOf(event)
      nextSerial += 1
    },
    take,
    untake,
    putBack(waiting) {
      const sizes = `(buf size=${buffer.length}, max=${settings.bufferMax})`
      log('debug', `rebuffering event ${waiting.serial} for pool ${name} ${sizes}`)
      makeRoom(costOf(waiting))
      untake(waiting)
    },
    waiting: () => buffer,
    nextSerial: () => nextSerial,
  }
}

function costOf({ payload }: PoolEvent): number {
  return payload.length + eventOverheadBytes
}

/** Whoever names what stands above it, or above that, is meant as well. */
export function isAmong(names: readonly string[], eventName: string): boolean {
  return names.some((one) => one === 'EVENT' || one === eventName || eventName.startsWith(`${one}_`))
}

/** What a listener reads. The length counts characters, not bytes: Python listeners read text. */
export function envelope(waiting: Waiting, about: { readonly server: string; readonly pool: string }): Uint8Array {
  const { serial, poolSerial, name, payload } = waiting
  const numbers = `serial:${serial} pool:${about.pool} poolserial:${poolSerial}`
  const header = `ver:3.0 server:${about.server} ${numbers} eventname:${name} len:${charactersIn(payload)}\n`
  return Buffer.concat([Buffer.from(header), payload])
}

/** Of UTF-8: every byte begins one but those that go on with it. */
function charactersIn(payload: Uint8Array): number {
  let count = 0
  for (const byte of payload) if ((byte & 0xc0) !== 0x80) count += 1
  return count
}
