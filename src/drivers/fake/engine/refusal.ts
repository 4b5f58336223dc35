import type { Failure } from '../../../core/model.ts'

/** The engine says no. `status`: as its API answers; 0: nobody answers at all; 423: somebody else has the lock `message`. */
export class EngineRefusal extends Error {
  readonly status: number
  constructor(status: number, message: string) {
    super(message)
    this.name = 'EngineRefusal'
    this.status = status
  }
}

export function noSuch(what: 'container' | 'image' | 'network' | 'volume', name: string): EngineRefusal {
  return new EngineRefusal(404, `No such ${what}: ${name}`)
}

/** What a step that was refused is told as. */
export function failureOf({ status, message }: EngineRefusal): Failure {
  if (status === 0) return { code: 'ECONNREFUSED', message, retry: true }
  if (message.includes('no space left on device')) return { code: 'ENOSPC', message, retry: true }
  if (message.includes('port is already allocated')) return { code: 'PORT_TAKEN', message, retry: true }
  if (status === 404) return { code: 'NOT_FOUND', message, retry: false }
  if (status === 409) return { code: 'CONFLICT', message, retry: true }
  if (status === 423) return { code: 'LOCKED', message, retry: true }
  if (status === 403) return { code: 'DENIED', message, retry: false }
  if (status < 500) return { code: 'BAD_REQUEST', message, retry: false }
  return { code: 'ENGINE', message, retry: true }
}
