import type { ApiError, ErrorCode } from '../../wire/api.ts'

/** A request that is not carried out, and why: becomes the answer's error. */
export class Refusal extends Error {
  readonly code: ErrorCode
  readonly hint: string
  readonly facts: Pick<ApiError, 'bytesTaken'>

  constructor(code: ErrorCode, message: string, hint = '', facts: Pick<ApiError, 'bytesTaken'> = {}) {
    super(message)
    this.name = 'Refusal'
    this.code = code
    this.hint = hint
    this.facts = facts
  }
}

export const statusOf: Readonly<Record<ErrorCode, number>> = {
  'bad-request': 400,
  unauthorized: 401,
  forbidden: 403,
  'no-such-route': 404,
  'no-such-service': 404,
  'no-such-volume': 404,
  'no-such-log': 404,
  'ambiguous-name': 409,
  'already-running': 409,
  'no-stdin': 409,
  'stdin-full': 409,
  'not-running': 409,
  stopping: 409,
  'upgrade-refused': 409,
  'too-large': 413,
  failed: 500,
  'too-busy': 503,
  'timed-out': 504,
  'not-stored': 507,
}
