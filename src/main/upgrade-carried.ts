import type { CarriedDoor } from '../frontends/supervisord/http/doors.ts'
import type { UpgradeItem } from '../wire/api.ts'
import type { ProgramImage } from './upgrade-image.ts'

/** What one image hands to the next one of the same process, besides its children. An interface between versions. */
export interface Carried {
  readonly format: typeof carriedFormat
  /** Whose it is: a descriptor means nothing in another process. */
  readonly pid: number
  readonly lockFd: number
  /** Clients wait in it. */
  readonly listenFd: number
  /** The same over TCP; null, or absent where the last image knew of none: nowhere. */
  readonly tcpListenFd?: number | null
  /** The open doors of supervisord's frontend; absent: it has none. */
  readonly supervisordDoors?: readonly CarriedDoor[]
  /** Written to when all is well; closed without that, the guard starts a daemon. null: none is needed. */
  readonly guardFd: number | null
  /** `UpgradeItem.at` of the upgrade. */
  readonly at: string
  /** When the last image stopped reading and deciding. */
  readonly closedBootMs: number
  /** Why the target is not to be touched, where that is so. */
  readonly held: string | null
  /** back: to the old version, because the new one failed, or could not be become. */
  readonly news:
    | { readonly kind: 'forth' }
    | ({ readonly kind: 'back'; readonly why: string } & Pick<UpgradeItem, 'outcome'>)
  /** Which image to become again when this one fails. null: there is none. */
  readonly returnTo: ProgramImage | null
  /** Signals that came too late for the last image, without SIG. */
  readonly signals: readonly NodeJS.Signals[]
}

/** A version that knows another one refuses in its preflight. Fields may be added without a new number. */
export const carriedFormat = 1

export const carriedVariable = 'HOLDFAST_CARRIED'

/** Linux takes 128 KiB for one string; the rest is for its name. */
export const carriedBytesMax = 127 * 1024

/** Takes what was carried to us out of the environment, so that nothing we start inherits it. null: an ordinary start. */
export function takeCarried(): Carried | null {
  const text = process.env[carriedVariable]
  delete process.env[carriedVariable]
  if (text === undefined) return null
  const carried = parseCarried(text)
  return carried?.pid === process.pid ? carried : null
}

/** null: it is not what we know; then it is not for us. */
export function parseCarried(text: string): Carried | null {
  let value: Partial<Carried>
  try {
    value = JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) return null
    throw error
  }
  if (typeof value !== 'object' || value === null || value.format !== carriedFormat) return null
  const { pid, lockFd, listenFd, tcpListenFd = null, guardFd, at, closedBootMs, held, news, returnTo, signals } = value
  const { supervisordDoors = [] } = value
  const isWhole =
    Array.isArray(supervisordDoors) &&
    [pid, lockFd, listenFd, closedBootMs].every(Number.isSafeInteger) &&
    (guardFd === null || Number.isSafeInteger(guardFd)) &&
    (tcpListenFd === null || Number.isSafeInteger(tcpListenFd)) &&
    typeof at === 'string' &&
    (held === null || typeof held === 'string') &&
    (news?.kind === 'forth' || news?.kind === 'back') &&
    (returnTo === null || typeof returnTo === 'object') &&
    Array.isArray(signals)
  return isWhole ? (value as Carried) : null
}
