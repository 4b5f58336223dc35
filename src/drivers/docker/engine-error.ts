import type { Failure } from '../../core/model.ts'

/**
 * Why the container engine did not do what it was asked for. `code`: what the system said of the socket (`ENOENT`,
 * `ECONNREFUSED`, `EACCES`), `ETIMEDOUT`, `ABORTED`, `CUT` (a stream ended before its end), `MALFORMED`, `TOO_LARGE`,
 * `TOO_OLD`, or by the status of the answer: `BAD_REQUEST`, `DENIED`, `NOT_FOUND`, `CONFLICT`, `ENGINE` (any other), and
 * two that its text tells: `ENOSPC`, `PORT_TAKEN`. `retry`: the cause may pass by itself.
 */
export class EngineError extends Error {
  readonly code: string
  /** Of HTTP; null: there was no answer. */
  readonly status: number | null
  readonly retry: boolean

  constructor(
    said: { readonly code: string; readonly status?: number; readonly message: string; readonly retry: boolean },
    options?: ErrorOptions,
  ) {
    super(said.message, options)
    this.name = 'EngineError'
    this.code = said.code
    this.status = said.status ?? null
    this.retry = said.retry
  }
}

/** Of anything thrown by a call: an EngineError as it is; anything else is a bug, and thrown again. */
export function engineError(error: unknown): EngineError {
  if (error instanceof EngineError) return error
  throw error
}

export function failureOf(error: EngineError): Failure {
  return { code: error.code, message: error.message, retry: error.retry }
}

/** `text`: what the engine says. */
export function refusal(status: number, text: string): EngineError {
  return new EngineError({ ...kindOf(status, text), status, message: text })
}

/** The same of a text that came without a status: a line of a stream. */
export function refusalInStream(text: string): EngineError {
  for (const [pattern, status] of streamTexts) if (pattern.test(text)) return refusal(status, text)
  return refusal(500, text)
}

/** Of a failure below HTTP. */
export function unreachable(error: NodeJS.ErrnoException, socketPath: string): EngineError {
  const code = error.code ?? 'EIO'
  const why = reasons[code] ?? `the connection to the container engine at ${socketPath} failed: ${error.message}`
  return new EngineError({ code, message: why.replace('SOCKET', socketPath), retry: true }, { cause: error })
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'there is no container engine: nothing listens at SOCKET (ENOENT); is it installed and running?',
  ECONNREFUSED: 'the container engine does not run: its socket SOCKET refuses connections (ECONNREFUSED)',
  EACCES: 'the socket of the container engine, SOCKET, may not be used by this user (EACCES)',
  ECONNRESET: 'the container engine at SOCKET closed the connection without an answer (ECONNRESET)',
  EPIPE: 'the container engine at SOCKET closed the connection without an answer (EPIPE)',
}

function kindOf(status: number, text: string): { readonly code: string; readonly retry: boolean } {
  if (/no space left on device/i.test(text)) return { code: 'ENOSPC', retry: true }
  if (/port is already allocated|address already in use/i.test(text)) return { code: 'PORT_TAKEN', retry: true }
  if (status === 404) return { code: 'NOT_FOUND', retry: false }
  if (status === 409) return { code: 'CONFLICT', retry: true }
  if (status === 401 || status === 403) return { code: 'DENIED', retry: false }
  if (status >= 400 && status < 500 && status !== 429) return { code: 'BAD_REQUEST', retry: false }
  return { code: 'ENGINE', retry: true }
}

const streamTexts: readonly (readonly [RegExp, number])[] = [
  [/manifest.* unknown|not found|does not exist|no such image|no matching manifest/i, 404],
  [/unauthorized|denied|authentication required|no basic auth credentials/i, 401],
]
