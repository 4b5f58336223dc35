import type { ByteText } from '../../sys/byte-text.ts'
import type { Errno } from '../../sys/errno.ts'
import { errorText } from '../error-text.ts'

/** Why the program cannot be run; what runit says after `chpst: fatal: `. */
export interface Failure {
  readonly kind: 'failure'
  readonly text: ByteText
}

export function failure(text: ByteText): Failure {
  return { kind: 'failure', text }
}

/** `errno` null: nothing failed. */
export function failureOf(what: ByteText, errno: Errno | null): Failure | null {
  return errno === null ? null : failure(`${what}: ${errorText(errno)}`)
}
