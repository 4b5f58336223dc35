import type { ApiError, ErrorCode } from '../wire/api.ts'

/** What goes wrong between a client and its daemon; anything else that is thrown is a mistake in how it is called. */
export class HoldfastError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = new.target.name
  }
}

/** No daemon answers there, or it broke off. */
export class Unreachable extends HoldfastError {}

/** It is there, and we may not ask it: another user's socket, no key, or one for reading only. */
export class Forbidden extends HoldfastError {}

/** It answered that it will not, and why. */
export class Refused extends HoldfastError {
  readonly answer: ApiError

  constructor(answer: ApiError) {
    super(answer.hint === '' ? answer.message : `${answer.message}; ${answer.hint}`)
    this.answer = answer
  }

  get code(): ErrorCode {
    return this.answer.code
  }
}

/** What an answer other than 200 means. */
export function refusalOf(status: number | undefined, text: string): HoldfastError {
  const answer = parseError(text)
  if (answer === null) return new HoldfastError(`the daemon answered ${status} without saying why`)
  const isForbidden = answer.code === 'forbidden' || answer.code === 'unauthorized'
  return isForbidden ? new Forbidden(answer.message) : new Refused(answer)
}

function parseError(text: string): ApiError | null {
  try {
    const answer: ApiError = JSON.parse(text)
    return typeof answer === 'object' && answer !== null && answer.kind === 'Error' ? answer : null
  } catch (error) {
    if (error instanceof SyntaxError) return null
    throw error
  }
}
