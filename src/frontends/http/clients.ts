import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/** The connections to one listening socket: how long each may do what, and who goes when there are too many. */
export interface Clients {
  admit(socket: Socket): void
  /** A request was stated, but for its body. `answer` is called when those before it on the connection are answered. */
  take(request: IncomingMessage, response: ServerResponse, answer: () => void): void
  /** The body is here as well. */
  stated(socket: Socket): void
  /** All of an answer was given out, or, of one that has no end, a part. */
  told(socket: Socket, how: 'whole' | 'part'): void
  /** It is not HTTP any more, and may be silent for as long as it likes. false: an answer is under way on it. */
  upgraded(socket: Socket): boolean
  /** From now on every connection ends with its next answer. */
  finish(): void
  /** Breaks off every connection. */
  destroy(): void
}

export interface ClientLimits {
  readonly clientsMax: number
  /** What all of them together may leave untaken, beyond what the kernel holds. */
  readonly bytesHeldMax: number
  /** From connecting until the first request is stated, and for the body of each. */
  readonly requestMsMax: number
  /** Between two requests; null: as long as there is room. */
  readonly idleMsMax: number | null
  /** For taking an answer that has an end. */
  readonly takeMsMax: number
  /** Whoever has kept us waiting for less than this may just be on its way. */
  readonly patienceMs: number
}

export const clientLimits: Omit<ClientLimits, 'clientsMax' | 'bytesHeldMax'> = {
  requestMsMax: 10_000,
  idleMsMax: 60_000,
  takeMsMax: 60_000,
  patienceMs: 1_000,
}

/** Requests that a client may send ahead of its answers; nobody does, and each costs memory. */
const aheadMax = 16

interface Client {
  readonly socket: Socket
  /**
   * stating: its first request, or a body. idle: nothing, or part of a further request. waiting: for us. taking: the whole
   * of an answer was given to it. following: an answer without an end.
   */
  phase: 'stating' | 'idle' | 'waiting' | 'taking' | 'following'
  /** When it last said or took something. */
  sinceMs: number
  /** When it is looked at next; null: not by time. */
  lookMs: number | null
  timer: NodeJS.Timeout | null
  timerMs: number
  /** Of an idle one: what had been read when it became idle, and whether more came since. */
  bytesRead: number
  isPartlyStated: boolean
  /** What is under way for it; null: nothing. */
  answering: ServerResponse | null
  readonly ahead: (() => void)[]
}

export function createClients(limits: ClientLimits): Clients {
  const clients = new Map<Socket, Client>()
  let isFinishing = false

  const enter = (client: Client, phase: Client['phase']): void => {
    client.phase = phase
    client.sinceMs = performance.now()
    client.bytesRead = client.socket.bytesRead
    client.isPartlyStated = false
    client.lookMs = lookAfter(phase) === null ? null : client.sinceMs + lookAfter(phase)!
    arm(client)
  }

  const lookAfter = (phase: Client['phase']): number | null => {
    if (phase === 'stating' || (phase === 'idle' && limits.idleMsMax !== null)) return limits.requestMsMax
    return phase === 'taking' ? limits.takeMsMax : null
  }

  /** One timer for each connection, left alone as long as it is not too late: requests come by the thousand. */
  const arm = (client: Client): void => {
    const { lookMs } = client
    if (lookMs === null || (client.timer !== null && client.timerMs <= lookMs)) return
    if (client.timer !== null) clearTimeout(client.timer)
    client.timerMs = lookMs
    client.timer = setTimeout(() => look(client), lookMs - performance.now())
  }

  const look = (client: Client): void => {
    client.timer = null
    const nowMs = performance.now()
    if (client.lookMs === null) return
    if (nowMs < client.lookMs) arm(client)
    else if (client.phase !== 'idle' || client.isPartlyStated || isIdleTooLong(client, nowMs)) {
      client.socket.destroy()
    } else {
      // Where a further request begins is not told, only that something was read.
      client.isPartlyStated = client.socket.bytesRead !== client.bytesRead
      client.lookMs = nowMs + limits.requestMsMax
      arm(client)
    }
  }

  const isIdleTooLong = ({ sinceMs }: Client, nowMs: number): boolean =>
    limits.idleMsMax !== null && nowMs - sinceMs >= limits.idleMsMax

  const answered = (client: Client): void => {
    client.answering = null
    if (client.socket.destroyed) return
    const next = isFinishing ? undefined : client.ahead.shift()
    if (next !== undefined) next()
    else if (isFinishing) client.socket.destroySoon()
    else enter(client, 'idle')
  }

  const makeRoom = (newest: Socket): void => {
    if (clients.size <= limits.clientsMax) return
    const nowMs = performance.now()
    const [first] = [...clients.values()]
      .filter(({ socket }) => socket !== newest)
      .sort((one, other) => rank(one, nowMs) - rank(other, nowMs) || one.sinceMs - other.sinceMs)
    if (first !== undefined) drop(first)
  }

  /** Who goes first: whoever keeps us waiting, then whoever waits for something, then those of this moment. */
  const rank = ({ phase, socket, sinceMs }: Client, nowMs: number): number => {
    if (nowMs - sinceMs < limits.patienceMs) return 2
    return phase === 'waiting' || (phase === 'following' && socket.writableLength === 0) ? 1 : 0
  }

  const drop = (client: Client): void => {
    clients.delete(client.socket)
    client.socket.destroy()
  }

  const boundHeld = (): void => {
    let bytes = 0
    for (const { socket } of clients.values()) bytes += socket.writableLength
    if (bytes <= limits.bytesHeldMax) return
    const holding = [...clients.values()].filter(({ socket }) => socket.writableLength > 0)
    holding.sort((one, other) => one.sinceMs - other.sinceMs)
    for (const client of holding) {
      if (bytes <= limits.bytesHeldMax) return
      bytes -= client.socket.writableLength
      drop(client)
    }
  }

  return {
    admit(socket) {
      const client: Client = {
        socket,
        phase: 'stating',
        sinceMs: 0,
        lookMs: null,
        timer: null,
        timerMs: 0,
        bytesRead: 0,
        isPartlyStated: false,
        answering: null,
        ahead: [],
      }
      clients.set(socket, client)
      enter(client, 'stating')
      socket.once('close', () => {
        clearTimeout(client.timer ?? undefined)
        clients.delete(socket)
      })
      makeRoom(socket)
    },
    take(request, response, answer) {
      const client = clients.get(request.socket)
      // Sent away in the same round.
      if (client === undefined) return
      const begin = (): void => {
        client.answering = response
        if (isFinishing) response.setHeader('connection', 'close')
        if (request.method !== 'GET') enter(client, 'stating')
        response.once('close', () => answered(client))
        answer()
      }
      if (client.answering === null) begin()
      else if (client.ahead.length < aheadMax) client.ahead.push(begin)
      else drop(client)
    },
    stated(socket) {
      const client = clients.get(socket)
      if (client !== undefined) enter(client, 'waiting')
    },
    told(socket, how) {
      const client = clients.get(socket)
      // Taken by the kernel altogether: the answer is closed, and what comes next has begun.
      if (client?.answering == null) return
      enter(client, how === 'whole' ? 'taking' : 'following')
      if (socket.writableLength > 0) boundHeld()
    },
    upgraded(socket) {
      const client = clients.get(socket)
      if (client === undefined || client.answering !== null) return false
      enter(client, 'following')
      return true
    },
    finish() {
      isFinishing = true
      for (const { answering } of clients.values()) {
        if (answering?.headersSent === false) answering.setHeader('connection', 'close')
      }
    },
    destroy() {
      for (const { socket } of clients.values()) socket.destroy()
    },
  }
}
