import type { EngineConnection } from './connection.ts'
import { EngineError } from './engine-error.ts'

/** Docker 20.10, of December 2020: what came before lacks fields that are relied on. */
export const apiVersionLowest = '1.41'
/** The newest whose changes were looked at. */
export const apiVersionHighest = '1.47'

/**
 * The version to speak: the engine's own, at most ours. Every engine tells its own in the header `API-Version` of
 * `/_ping`, which has no version in its path. Throws EngineError: `TOO_OLD`.
 */
export async function negotiate(
  connection: EngineConnection,
  options: { readonly signal?: AbortSignal | undefined },
): Promise<string> {
  const answer = await connection.ask({ method: 'GET', path: '/_ping', timeoutMs: pingMs, signal: options.signal })
  const told = answer.headers['api-version']
  const version = typeof told === 'string' && /^\d+\.\d+$/.test(told) ? told : null
  if (version === null) {
    const message = 'what listens on the socket of the container engine is no container engine: it tells no API version'
    throw new EngineError({ code: 'MALFORMED', message, retry: false })
  }
  if (compareVersions(version, apiVersionLowest) < 0) {
    const message = `the container engine speaks API ${version}; at least ${apiVersionLowest} is needed (Docker 20.10, Podman 4)`
    throw new EngineError({ code: 'TOO_OLD', message, retry: false })
  }
  return compareVersions(version, apiVersionHighest) < 0 ? version : apiVersionHighest
}

/** Negative: `a` is older. Both as `major.minor`. */
export function compareVersions(a: string, b: string): number {
  const [majorA = 0, minorA = 0] = a.split('.').map(Number)
  const [majorB = 0, minorB = 0] = b.split('.').map(Number)
  return majorA - majorB || minorA - minorB
}

const pingMs = 10_000
