import { type CallOptions, quickMs, slowMs, type VersionedConnection } from './call.ts'
import type { ByteStream } from './connection.ts'
import { malformed } from './connection.ts'
import { isObject, listOf, numberOf, textOf } from './shape.ts'

/** Containers are named by id or name. */
export interface ContainerCalls {
  /** Short descriptions, also of those that do not run. */
  list(filters: Readonly<Record<string, readonly string[]>>, options?: CallOptions): Promise<readonly unknown[]>
  inspect(id: string, options?: CallOptions): Promise<unknown>
  create(
    request: { readonly name: string; readonly platform: string | null; readonly body: unknown },
    options?: CallOptions,
  ): Promise<{ readonly id: string; readonly warnings: readonly string[] }>
  /** false: it ran already. */
  start(id: string, options?: CallOptions): Promise<boolean>
  /** `signal`: `TERM`, `SIGTERM` or a number. `CONFLICT` where it does not run. */
  kill(id: string, signal: string, options?: CallOptions): Promise<void>
  /** Waits for its end, which the engine forces after the grace. false: it did not run. */
  stop(id: string, query: { readonly graceSeconds: number | null }, options?: CallOptions): Promise<boolean>
  rename(id: string, name: string, options?: CallOptions): Promise<void>
  update(id: string, body: unknown, options?: CallOptions): Promise<readonly string[]>
  remove(
    id: string,
    query: { readonly isForced: boolean; readonly withAnonymousVolumes: boolean },
    options?: CallOptions,
  ): Promise<void>
  pause(id: string, options?: CallOptions): Promise<void>
  unpause(id: string, options?: CallOptions): Promise<void>
  /** Resolves with the exit code; `next-exit` does not count one that was before. Has no deadline of its own. */
  wait(id: string, condition: 'not-running' | 'next-exit' | 'removed', options?: CallOptions): Promise<number>
  /** Raw, with a terminal; else in frames (demux.ts). Silent as long as the container is. */
  logs(id: string, query: LogsQuery, options?: CallOptions): Promise<ByteStream>
}

export interface LogsQuery {
  readonly stdout: boolean
  readonly stderr: boolean
  readonly follow: boolean
  readonly timestamps: boolean
  /** Seconds, with decimals: `1700000000.000000001`. null: from the beginning. */
  readonly since: string | null
  readonly until: string | null
  /** Lines before the end; null: all. */
  readonly tail: number | null
}

export function containerCalls(connection: VersionedConnection): ContainerCalls {
  const act = (id: string, what: string, options: CallOptions, query = {}): Promise<{ readonly status: number }> =>
    connection.ask({ method: 'POST', path: `${pathOf(id)}/${what}`, query, timeoutMs: slowMs, ...options })
  return {
    async list(filters, options = {}) {
      const query = { all: true, filters: JSON.stringify(filters) }
      return listOf(
        await connection.json({ method: 'GET', path: '/containers/json', query, timeoutMs: quickMs, ...options }),
      )
    },
    inspect(id, options = {}) {
      return connection.json({ method: 'GET', path: `${pathOf(id)}/json`, timeoutMs: quickMs, ...options })
    },
    async create({ name, platform, body }, options = {}) {
      const query = { name, platform }
      const path = '/containers/create'
      const told = await connection.json({ method: 'POST', path, query, body, timeoutMs: slowMs, ...options })
      const id = textOf(told, 'Id')
      if (id === null) throw malformed('the container engine made a container and does not tell its id')
      return { id, warnings: warningsOf(told) }
    },
    async start(id, options = {}) {
      return (await act(id, 'start', options)).status !== 304
    },
    async kill(id, signal, options = {}) {
      await act(id, 'kill', options, { signal })
    },
    async stop(id, { graceSeconds }, options = {}) {
      const timeoutMs = slowMs + (graceSeconds ?? 0) * 1_000
      return (await act(id, 'stop', { timeoutMs, ...options }, { t: graceSeconds })).status !== 304
    },
    async rename(id, name, options = {}) {
      await act(id, 'rename', options, { name })
    },
    async update(id, body, options = {}) {
      const path = `${pathOf(id)}/update`
      return warningsOf(await connection.json({ method: 'POST', path, body, timeoutMs: slowMs, ...options }))
    },
    async remove(id, { isForced, withAnonymousVolumes }, options = {}) {
      const query = { force: isForced, v: withAnonymousVolumes }
      await connection.ask({ method: 'DELETE', path: pathOf(id), query, timeoutMs: slowMs, ...options })
    },
    async pause(id, options = {}) {
      await act(id, 'pause', options)
    },
    async unpause(id, options = {}) {
      await act(id, 'unpause', options)
    },
    wait: (id, condition, options = {}) => wait(connection, id, condition, options),
    logs: (id, query, options = {}) =>
      connection.stream({
        method: 'GET',
        path: `${pathOf(id)}/logs`,
        query: { ...query, tail: query.tail ?? 'all' },
        timeoutMs: quickMs,
        ...options,
      }),
  }
}

/** The engine begins its answer at once, and ends it with the container. */
async function wait(
  connection: VersionedConnection,
  id: string,
  condition: string,
  options: CallOptions,
): Promise<number> {
  const path = `${pathOf(id)}/wait`
  const stream = await connection.stream({ method: 'POST', path, query: { condition }, timeoutMs: quickMs, ...options })
  const parts: Buffer[] = []
  for await (const chunk of stream.chunks) parts.push(chunk)
  const text = Buffer.concat(parts).toString('utf8')
  let told: unknown
  try {
    told = JSON.parse(text)
  } catch (error) {
    throw malformed(`the container engine does not tell how the container ended: ${text.slice(0, 80)}`, error)
  }
  const code = numberOf(told, 'StatusCode')
  if (code === null) throw malformed('the container engine does not tell how the container ended')
  return code
}

function pathOf(id: string): string {
  return `/containers/${encodeURIComponent(id)}`
}

function warningsOf(told: unknown): readonly string[] {
  const warnings = isObject(told) ? listOf(told.Warnings) : []
  return warnings.filter((warning): warning is string => typeof warning === 'string' && warning !== '')
}
