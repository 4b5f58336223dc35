import type { Failure } from '../../core/model.ts'

/** The cause is the host's and may pass: tried again under every policy. */
const passing: ReadonlySet<string> = new Set(['EAGAIN', 'EMFILE', 'ENFILE', 'ENOMEM', 'ETXTBSY'])

export function failure(code: string, message: string): Failure {
  return { code, message, retry: passing.has(code) }
}

export function isFailure(value: object): value is Failure {
  return 'retry' in value && 'code' in value
}
