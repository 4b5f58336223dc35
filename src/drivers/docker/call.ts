import type { Duplex } from 'node:stream'
import type { Answer, ByteStream, EngineRequest } from './connection.ts'

export interface CallOptions {
  readonly signal?: AbortSignal | undefined
  /** Other than the call's own. */
  readonly timeoutMs?: number
}

/** JSON texts of an answer that goes on. */
export interface EngineValues {
  /** Throws EngineError when it breaks off. Read once. */
  readonly values: AsyncIterable<unknown>
  close(): void
}

/** What the groups of calls stand on: the connection, with the version put before each path. */
export interface VersionedConnection {
  ask(request: EngineRequest): Promise<Answer>
  json(request: EngineRequest): Promise<unknown>
  stream(request: EngineRequest): Promise<ByteStream>
  hijack(request: EngineRequest): Promise<Duplex>
}

/** Of calls that the engine answers from what it knows. */
export const quickMs = 30_000
/** Of calls that make, start or remove something: disks are slow where it matters. */
export const slowMs = 120_000
