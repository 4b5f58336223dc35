import { closeSync } from 'node:fs'
import {
  answerBytesHeldMax,
  clientsMax,
  rpcBytesHeldMax,
  rpcBytesMax,
  serverRetryMs,
  tcpClientsMax,
} from '../../../core/limits.ts'
import type { HttpServerSettings } from '../../../dialects/supervisord/settings.ts'
import { type ClientLimits, clientLimits } from '../../http/clients.ts'
import { listenTo } from '../../http/quiet-server.ts'
import { createRounds } from '../../http/rounds.ts'
import { type AnswerParts, createAnswers } from './answer.ts'
import { createBodies } from './bodies.ts'
import { createDoor, type Door } from './door.ts'
import { inUse, listenAtAddress, refusalOf } from './listening.ts'
import { dress, listenAtPath, type UnixPlace, unixPlace } from './unix-place.ts'

/** `[unix_http_server]` and `[inet_http_server]`: what supervisorctl, browsers and event listeners talk to. */
export interface SupervisordDoors {
  /**
   * Opens what is wanted, keeps what is open at the same address, and closes the rest. Resolves when each was tried once, with
   * those that could not be opened; they are tried again, until they can or are not wanted any more.
   */
  open(servers: readonly HttpServerSettings[], how: Opening): Promise<readonly OpenFailure[]>
  /**
   * Takes no more clients: they wait in the sockets, for whoever opens them next. Resolves when those who are here have their
   * answers; who still waits after this time is told so instead.
   */
  handOver(waitMsMax: number): Promise<readonly CarriedDoor[]>
  /** Breaks off every connection and removes the unix sockets. */
  close(): void
}

export interface Opening {
  /** Of `[rpcinterface:supervisor]`: the activity log tells of it. */
  readonly hasRpcInterface: boolean
  /** What is open already. */
  readonly carried: readonly CarriedDoor[]
}

export interface OpenFailure {
  readonly section: string
  /** supervisord's own words, where it has some. */
  readonly message: string
}

/** A socket that listens, for another image of this process. */
export interface CarriedDoor {
  readonly address: HttpServerSettings['address']
  readonly fd: number
}

interface Standing {
  settings: HttpServerSettings
  readonly door: Door
  /** null: it has no name in the file system. */
  readonly place: UnixPlace | null
}

export interface DoorsParts extends AnswerParts {
  /** Other than the usual ones. */
  readonly limits?: Partial<ClientLimits>
  readonly retryMs?: number
}

export function createSupervisordDoors(parts: DoorsParts): SupervisordDoors {
  const { activity } = parts
  const common = {
    answer: createAnswers(parts),
    bodies: createBodies({ bytesMax: rpcBytesMax, bytesHeldMax: rpcBytesHeldMax }),
    rounds: createRounds(),
    activity,
  }
  const standing = new Map<string, Standing>()
  let wanted: readonly HttpServerSettings[] = []
  let retry: NodeJS.Timeout | null = null
  let last: Promise<unknown> = Promise.resolve()
  let isClosed = false

  const closeUnwanted = (): void => {
    const keys = new Set(wanted.map(keyOf))
    for (const [key, { door, place }] of standing) {
      // Somebody may have removed the name, or taken it.
      if (keys.has(key) && place?.isOurs() !== false) continue
      door.close()
      place?.remove()
      standing.delete(key)
    }
  }

  const openOne = async (settings: HttpServerSettings, carried: CarriedDoor | null): Promise<void> => {
    const door = createDoor(settings, { ...common, limits: limitsOf(settings, parts.limits) })
    try {
      const place = await listen(door, settings, carried)
      standing.set(keyOf(settings), { settings, door, place })
      if (isClosed) closeUnwanted()
    } catch (error) {
      door.close()
      throw error
    }
  }

  const listen = async (
    { server }: Door,
    { address }: HttpServerSettings,
    carried: CarriedDoor | null,
  ): Promise<UnixPlace | null> => {
    if (carried !== null) await listenTo(server, { fd: carried.fd })
    else if (address.kind === 'inet') await listenAtAddress(server, address)
    else return await listenAtPath(server, address, (text) => activity.write('warn', text))
    return address.kind === 'unix' ? unixPlace(address.path) : null
  }

  const keep = (kept: Standing, settings: HttpServerSettings): void => {
    const { address } = settings
    kept.door.use(settings)
    if (address.kind === 'unix' && isDressedOtherwise(kept.settings.address, address)) dress(address.path, address)
    kept.settings = settings
  }

  /** Every server that is wanted: opened, or kept as it is. */
  const openAll = async (carried: readonly CarriedDoor[]): Promise<readonly OpenFailure[]> => {
    const failures: OpenFailure[] = []
    const doubled: OpenFailure[] = []
    const seen = new Set<string>()
    for (const settings of wanted) {
      const key = keyOf(settings)
      const { section } = settings
      if (seen.has(key)) {
        doubled.push({ section, message: inUse })
        continue
      }
      seen.add(key)
      try {
        const kept = standing.get(key)
        if (kept !== undefined) keep(kept, settings)
        else await openOne(settings, carried.find(({ address }) => addressKey(address) === key) ?? null)
      } catch (error) {
        failures.push({ section, message: refusalOf(error) })
      }
    }
    if (failures.length > 0 && !isClosed) retry = setTimeout(() => void again(failures), parts.retryMs ?? serverRetryMs)
    return [...failures, ...doubled]
  }

  const again = (before: readonly OpenFailure[]): Promise<void> =>
    inTurn(async () => {
      const failing = new Set((await openAll([])).map(({ section }) => section))
      for (const { section } of before) {
        if (!failing.has(section)) activity.write('info', `Server '${section}' could be opened now`)
      }
    })

  /** One change after the other. */
  const inTurn = <T>(change: () => Promise<T>): Promise<T> => {
    const done = last.then(change)
    // Whoever asked for it is told when it fails.
    last = done.catch(() => {})
    return done
  }

  const stopTrying = (): void => {
    if (retry !== null) clearTimeout(retry)
    retry = null
  }

  return {
    open: (servers, { hasRpcInterface, carried }) =>
      inTurn(async () => {
        stopTrying()
        wanted = servers
        closeUnwanted()
        const keys = new Set(wanted.map(keyOf))
        for (const { address, fd } of carried) if (!keys.has(addressKey(address))) closeSync(fd)
        const failures = await openAll(carried)
        for (const settings of wanted) tellOpened(settings, hasRpcInterface)
        return failures
      }),
    handOver: (waitMsMax) =>
      inTurn(async () => {
        stopTrying()
        isClosed = true
        return await Promise.all(
          [...standing.values()].map(async ({ settings, door }) => ({
            address: settings.address,
            fd: await door.handOver(waitMsMax),
          })),
        )
      }),
    close() {
      isClosed = true
      wanted = []
      stopTrying()
      closeUnwanted()
    },
  }

  function tellOpened({ section, login, address }: HttpServerSettings, hasRpcInterface: boolean): void {
    if (!standing.has(addressKey(address))) return
    if (hasRpcInterface) activity.write('info', "RPC interface 'supervisor' initialized")
    if (login === null)
      activity.write('critical', `Server '${section}' running without any HTTP authentication checking`)
  }
}

function keyOf({ address }: HttpServerSettings): string {
  return addressKey(address)
}

function addressKey(address: HttpServerSettings['address']): string {
  return address.kind === 'unix' ? address.path : `${address.host}:${address.port}`
}

function isDressedOtherwise(one: HttpServerSettings['address'], other: HttpServerSettings['address']): boolean {
  return one.kind === 'unix' && other.kind === 'unix' && (one.mode !== other.mode || one.owner !== other.owner)
}

/**
 * An idle connection stays as long as there is room, as with supervisord: event listeners ask once an hour on one that they
 * opened at their start, and die when it is gone.
 */
function limitsOf({ address }: HttpServerSettings, other: Partial<ClientLimits> | undefined): ClientLimits {
  return {
    ...clientLimits,
    idleMsMax: null,
    clientsMax: address.kind === 'unix' ? clientsMax : tcpClientsMax,
    bytesHeldMax: answerBytesHeldMax,
    ...other,
  }
}
