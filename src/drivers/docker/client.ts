import { boundary } from '../../sys/boundary.ts'
import { type CallOptions, quickMs, type VersionedConnection } from './call.ts'
import { aborted, createConnection, type EngineRequest, jsonOf } from './connection.ts'
import { type ContainerCalls, containerCalls } from './container-calls.ts'
import { engineError } from './engine-error.ts'
import { type ExecCalls, execCalls } from './exec-calls.ts'
import { type ImageCalls, imageCalls } from './image-calls.ts'
import { textLines } from './json-lines.ts'
import { negotiate } from './negotiate.ts'
import { type NetworkCalls, networkCalls } from './network-calls.ts'
import { isObject, listOf, textOf } from './shape.ts'
import { type VolumeCalls, volumeCalls } from './volume-calls.ts'

/**
 * The Docker Engine API (and Podman's compatible one) over a unix socket, as far as it is needed:
 * https://docs.docker.com/reference/api/engine/. Thin: what the engine tells of its things is JSON as it came. Every call
 * has a deadline, may be called off, and throws EngineError and nothing else. Nothing is connected before the first call.
 */
export interface EngineClient {
  readonly socketPath: string
  readonly containers: ContainerCalls
  readonly networks: NetworkCalls
  readonly volumes: VolumeCalls
  readonly images: ImageCalls
  readonly exec: ExecCalls
  /** Whether it answers at all. */
  ping(options?: CallOptions): Promise<void>
  /** Asked once for each time the engine was reached anew. */
  about(options?: CallOptions): Promise<EngineAbout>
  info(options?: CallOptions): Promise<EngineInfo>
  /** What happens, from `since` on; ends with the engine, or when closed. */
  events(query: EventsQuery, options?: CallOptions): Promise<EngineTexts>
  /** Calls under way are aborted. */
  close(): void
}

export interface EngineAbout {
  /** `Docker 20.10.24`, `Podman 4.3.1`. */
  readonly name: string
  /** `1.41`; what is spoken. */
  readonly apiVersion: string
}

export interface EngineInfo {
  /** Where images and containers are kept, as the engine sees it. */
  readonly rootDirectory: string
  /** Images are kept by containerd, and not by one of Docker's own drivers. */
  readonly isContainerdStore: boolean
}

/** JSON texts, one an event: their times have more digits than a number has. */
export interface EngineTexts {
  /** Throws EngineError when it breaks off. Read once. */
  readonly texts: AsyncIterable<string>
  close(): void
}

export interface EventsQuery {
  /** Nanoseconds of the wall clock; this very time included. null: from now on. */
  readonly sinceNano: bigint | null
  /** `{ type: ['container'] }`; of one key any, of several keys each must match. */
  readonly filters: Readonly<Record<string, readonly string[]>>
}

/** The version that was negotiated is forgotten when the engine goes away: it may come back as another one. */
export function createEngineClient({ socketPath }: { readonly socketPath: string }): EngineClient {
  const connection = createConnection(socketPath)
  let version: Promise<string> | null = null
  let about: Promise<EngineAbout> | null = null

  function forget(asked: Promise<string>): void {
    if (version !== asked) return
    version = null
    about = null
  }

  function prefix(): Promise<string> {
    if (version !== null) return version
    // Whoever calls off its own call must not call off the question of others.
    const asked = negotiate(connection, {})
    version = asked
    asked.catch(() => forget(asked))
    return asked
  }

  async function versioned<T>(request: EngineRequest, call: (request: EngineRequest) => Promise<T>): Promise<T> {
    const asked = prefix()
    const path = `/v${await asked}${request.path}`
    if (request.signal?.aborted) throw aborted()
    const isChange = request.method !== 'GET' && request.method !== 'HEAD'
    try {
      if (isChange) boundary(`engine: ${changeName(request)} asked for`)
      const answer = await call({ ...request, path })
      if (isChange) boundary(`engine: ${changeName(request)} answered`)
      return answer
    } catch (error) {
      const { status, code } = engineError(error)
      if (status === null && code !== 'ABORTED') forget(asked)
      throw error
    }
  }

  const connected: VersionedConnection = {
    ask: (request) => versioned(request, connection.ask),
    json: async (request) => jsonOf(await versioned(request, connection.ask)),
    stream: (request) => versioned(request, connection.stream),
    hijack: (request) => versioned(request, connection.hijack),
  }

  async function askAbout(options: CallOptions): Promise<EngineAbout> {
    const told = await connected.json({ method: 'GET', path: '/version', timeoutMs: quickMs, ...options })
    return { name: engineName(told), apiVersion: await prefix() }
  }

  return {
    socketPath,
    containers: containerCalls(connected),
    networks: networkCalls(connected),
    volumes: volumeCalls(connected),
    images: imageCalls(connected),
    exec: execCalls(connected),
    async ping(options = {}) {
      await connection.ask({ method: 'GET', path: '/_ping', timeoutMs: quickMs, ...options })
    },
    about(options = {}) {
      if (about !== null) return about
      const asking = askAbout(options)
      about = asking
      asking.catch(() => {
        if (about === asking) about = null
      })
      return asking
    },
    async info(options = {}) {
      const told = await connected.json({ method: 'GET', path: '/info', timeoutMs: quickMs, ...options })
      const driverStatus = JSON.stringify(isObject(told) ? (told.DriverStatus ?? null) : null)
      const isContainerdStore = driverStatus.includes('io.containerd.snapshotter')
      return { rootDirectory: textOf(told, 'DockerRootDir') ?? '', isContainerdStore }
    },
    async events(query, options = {}) {
      const stream = await connected.stream({
        method: 'GET',
        path: '/events',
        query: { since: sinceText(query.sinceNano), filters: JSON.stringify(query.filters) },
        timeoutMs: quickMs,
        ...options,
      })
      return { texts: textLines(stream.chunks), close: stream.close }
    },
    close: connection.close,
  }
}

/** `containers start`, `volumes remove`. */
function changeName({ method, path }: EngineRequest): string {
  const words = path.split('/')
  return `${words[1]} ${method === 'DELETE' ? 'remove' : words.at(-1)}`
}

/** Podman answers as Docker does, and tells what it is among its components. */
function engineName(told: unknown): string {
  const components = isObject(told) ? listOf(told.Components).map((one) => textOf(one, 'Name')) : []
  const version = textOf(told, 'Version') ?? ''
  const isPodman = components.some((name) => name !== null && /podman/i.test(name))
  return `${isPodman ? 'Podman' : 'Docker'} ${version}`.trim()
}

/** Seconds with nine decimals, as the engine takes them. */
function sinceText(nano: bigint | null): string | null {
  if (nano === null) return null
  return `${nano / 1_000_000_000n}.${String(nano % 1_000_000_000n).padStart(9, '0')}`
}
