import { type CallOptions, quickMs, slowMs, type VersionedConnection } from './call.ts'
import { malformed } from './connection.ts'
import { listOf, textOf } from './shape.ts'

/** Networks are named by id or name. */
export interface NetworkCalls {
  list(filters: Readonly<Record<string, readonly string[]>>, options?: CallOptions): Promise<readonly unknown[]>
  inspect(id: string, options?: CallOptions): Promise<unknown>
  /** The id. */
  create(body: unknown, options?: CallOptions): Promise<string>
  remove(id: string, options?: CallOptions): Promise<void>
  connect(
    id: string,
    body: { readonly Container: string; readonly EndpointConfig?: unknown },
    options?: CallOptions,
  ): Promise<void>
  disconnect(
    id: string,
    body: { readonly Container: string; readonly Force?: boolean },
    options?: CallOptions,
  ): Promise<void>
}

export function networkCalls(connection: VersionedConnection): NetworkCalls {
  return {
    async list(filters, options = {}) {
      const query = { filters: JSON.stringify(filters) }
      return listOf(await connection.json({ method: 'GET', path: '/networks', query, timeoutMs: quickMs, ...options }))
    },
    inspect(id, options = {}) {
      return connection.json({ method: 'GET', path: pathOf(id), timeoutMs: quickMs, ...options })
    },
    async create(body, options = {}) {
      const told = await connection.json({
        method: 'POST',
        path: '/networks/create',
        body,
        timeoutMs: slowMs,
        ...options,
      })
      const id = textOf(told, 'Id')
      if (id === null) throw malformed('the container engine made a network and does not tell its id')
      return id
    },
    async remove(id, options = {}) {
      await connection.ask({ method: 'DELETE', path: pathOf(id), timeoutMs: slowMs, ...options })
    },
    async connect(id, body, options = {}) {
      await connection.ask({ method: 'POST', path: `${pathOf(id)}/connect`, body, timeoutMs: slowMs, ...options })
    },
    async disconnect(id, body, options = {}) {
      await connection.ask({ method: 'POST', path: `${pathOf(id)}/disconnect`, body, timeoutMs: slowMs, ...options })
    },
  }
}

function pathOf(id: string): string {
  return `/networks/${encodeURIComponent(id)}`
}
