import { type CallOptions, quickMs, slowMs, type VersionedConnection } from './call.ts'
import { isObject, listOf } from './shape.ts'

export interface VolumeCalls {
  list(filters: Readonly<Record<string, readonly string[]>>, options?: CallOptions): Promise<readonly unknown[]>
  inspect(name: string, options?: CallOptions): Promise<unknown>
  /** One of that name that is there already is answered as it is. */
  create(body: unknown, options?: CallOptions): Promise<unknown>
  remove(name: string, options?: CallOptions): Promise<void>
}

export function volumeCalls(connection: VersionedConnection): VolumeCalls {
  return {
    async list(filters, options = {}) {
      const query = { filters: JSON.stringify(filters) }
      const told = await connection.json({ method: 'GET', path: '/volumes', query, timeoutMs: quickMs, ...options })
      return isObject(told) ? listOf(told.Volumes) : []
    },
    inspect(name, options = {}) {
      return connection.json({ method: 'GET', path: pathOf(name), timeoutMs: quickMs, ...options })
    },
    create(body, options = {}) {
      return connection.json({ method: 'POST', path: '/volumes/create', body, timeoutMs: slowMs, ...options })
    },
    async remove(name, options = {}) {
      await connection.ask({ method: 'DELETE', path: pathOf(name), timeoutMs: slowMs, ...options })
    },
  }
}

function pathOf(name: string): string {
  return `/volumes/${encodeURIComponent(name)}`
}
