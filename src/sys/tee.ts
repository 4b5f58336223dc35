import { type Errno, lastErrno } from './errno.ts'
import { bind } from './libc.ts'

const nonBlocking = 2

const callTee = bind<(from: number, to: number, size: number, flags: number) => number>(
  'int64_t tee(int, int, size_t, uint)',
)

/**
 * Puts what a pipe holds into another pipe too, at most `bytesMax`, without taking it and without copying it. Never waits.
 *
 * Answers the bytes, often less than asked; 0 when the pipe is empty and has no writer; 'EAGAIN' when it is empty, or the
 * other one is full; 'EINVAL' where one of the two is no pipe.
 */
export function tee(from: number, to: number, bytesMax: number): number | Errno {
  const bytes = callTee(from, to, bytesMax, nonBlocking)
  return bytes < 0 ? lastErrno() : bytes
}
