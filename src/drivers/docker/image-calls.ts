import { type CallOptions, type EngineValues, quickMs, slowMs, type VersionedConnection } from './call.ts'
import type { ByteStream, EngineRequest } from './connection.ts'
import { jsonLines } from './json-lines.ts'
import { listOf } from './shape.ts'

/** Images are named by reference or id. */
export interface ImageCalls {
  list(filters: Readonly<Record<string, readonly string[]>>, options?: CallOptions): Promise<readonly unknown[]>
  inspect(reference: string, options?: CallOptions): Promise<unknown>
  /** `name` without the tag; `tag`: a tag or a digest. Progress as JSON texts; a failure may be one of them (`error`). */
  pull(
    query: { readonly name: string; readonly tag: string | null; readonly platform: string | null },
    options?: CallOptions & { readonly registryAuth?: string | null; readonly idleMs?: number },
  ): Promise<EngineValues>
  /** By a reference only that one; the layers go with the last. Its parents without a name stay with `noprune`. */
  remove(
    reference: string,
    query: { readonly isForced: boolean; readonly noprune: boolean },
    options?: CallOptions,
  ): Promise<void>
  tag(reference: string, query: { readonly repo: string; readonly tag: string }, options?: CallOptions): Promise<void>
  /** A tar as `save` gives it. What was loaded is told as JSON texts. */
  load(chunks: AsyncIterable<Uint8Array>, options?: CallOptions & { readonly idleMs?: number }): Promise<EngineValues>
  save(references: readonly string[], options?: CallOptions): Promise<ByteStream>
  /** Makes an image of one layer from a tar of a root directory. `changes`: lines of a Dockerfile. */
  import(
    chunks: AsyncIterable<Uint8Array>,
    query: { readonly repo: string; readonly tag: string; readonly changes: readonly string[] },
    options?: CallOptions,
  ): Promise<EngineValues>
}

const tarType = 'application/x-tar'
/** An engine that packs or unpacks layers is silent meanwhile. */
const archiveIdleMs = 300_000

export function imageCalls(connection: VersionedConnection): ImageCalls {
  async function lines(request: EngineRequest): Promise<EngineValues> {
    const stream = await connection.stream(request)
    return { values: jsonLines(stream.chunks), close: stream.close }
  }
  const archive = { timeoutMs: archiveIdleMs, idleMs: archiveIdleMs }
  return {
    async list(filters, options = {}) {
      const query = { filters: JSON.stringify(filters) }
      return listOf(
        await connection.json({ method: 'GET', path: '/images/json', query, timeoutMs: quickMs, ...options }),
      )
    },
    inspect(reference, options = {}) {
      return connection.json({ method: 'GET', path: `${pathOf(reference)}/json`, timeoutMs: quickMs, ...options })
    },
    pull({ name, tag, platform }, { registryAuth, ...options } = {}) {
      const query = { fromImage: name, tag, platform }
      const headers = registryAuth ? { 'x-registry-auth': registryAuth } : {}
      return lines({ method: 'POST', path: '/images/create', query, headers, timeoutMs: slowMs, ...options })
    },
    async remove(reference, { isForced, noprune }, options = {}) {
      const query = { force: isForced, noprune }
      await connection.ask({ method: 'DELETE', path: pathOf(reference), query, timeoutMs: slowMs, ...options })
    },
    async tag(reference, query, options = {}) {
      await connection.ask({ method: 'POST', path: `${pathOf(reference)}/tag`, query, timeoutMs: quickMs, ...options })
    },
    load(chunks, options = {}) {
      const upload = { contentType: tarType, chunks }
      return lines({ method: 'POST', path: '/images/load', query: { quiet: true }, upload, ...archive, ...options })
    },
    save(references, options = {}) {
      // The names are one parameter each, and a name has no character that would have to be encoded in a query.
      const names = references.map((reference) => `names=${encodeURIComponent(reference)}`).join('&')
      return connection.stream({ method: 'GET', path: `/images/get?${names}`, ...archive, ...options })
    },
    import(chunks, { repo, tag, changes }, options = {}) {
      const query = new URLSearchParams({ fromSrc: '-', repo, tag })
      for (const change of changes) query.append('changes', change)
      const upload = { contentType: tarType, chunks }
      return lines({ method: 'POST', path: `/images/create?${query}`, upload, ...archive, ...options })
    },
  }
}

/** The slashes of a name stay as they are. */
function pathOf(reference: string): string {
  return `/images/${encodeURIComponent(reference).replaceAll('%2F', '/').replaceAll('%3A', ':').replaceAll('%40', '@')}`
}
