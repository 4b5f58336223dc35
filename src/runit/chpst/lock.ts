import { constants, openSync } from 'node:fs'
import type { ByteText } from '../../sys/byte-text.ts'
import { type Errno, errnoOf } from '../../sys/errno.ts'
import { lockAgain } from '../../sys/flock.ts'
import { lockAndWait } from '../../sys/flock-wait.ts'
import type { Changes } from './changes.ts'
import { type Failure, failureOf } from './failure.ts'

/** Answers the descriptor that holds the lock. */
export function takeLock({ path, isWaitedFor }: NonNullable<Changes['lock']>): number | Failure {
  const fd = open(path)
  if (typeof fd !== 'number') return failureOf(`unable to open lock: ${path}`, fd)!
  return failureOf(`unable to lock: ${path}`, isWaitedFor ? lockAndWait(fd) : lockAgain(fd)) ?? fd
}

function open(path: ByteText): number | Errno {
  const { O_WRONLY, O_CREAT, O_APPEND, O_NONBLOCK } = constants
  try {
    return openSync(Buffer.from(path, 'latin1'), O_WRONLY | O_CREAT | O_APPEND | O_NONBLOCK, 0o600)
  } catch (error) {
    return errnoOf(error)
  }
}
