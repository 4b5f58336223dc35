import type { ErrorCode } from '../../wire/api.ts'

/** A request that is not carried out, and why: becomes the answer's error. */
export class Refusal extends Error {
  readonly code: ErrorCode
  readonly hint: string

  constructor(code: ErrorCode, message: string, hint = '') {
    super(message)
    this.name = 'Refusal'
    this.code = code
    this.hint = hint
  }
}

export const statusOf: Readonly<Record<ErrorCode, number>> = {
  'bad-request': 400,
  forbidden: 403,
  'no-such-route': 404,
  'no-such-service': 404,
  'no-such-log': 404,
  'ambiguous-name': 409,
  stopping: 409,
  'too-large': 413,
  failed: 500,
  'too-busy': 503,
  'not-stored': 507,
}
