import { type Errno, lastErrno } from './errno.ts'
import { bind } from './libc.ts'

const spliceMove = 1
const spliceNonblock = 2

const callSplice = bind<
  (from: number, fromOffset: null, to: number, toOffset: [number] | null, size: number, flags: number) => number
>('int64_t splice(int, void *, int, _Inout_ int64_t *, size_t, uint)')

/**
 * Moves bytes from a pipe into a file in one system call, so that they are never only in our memory.
 * Never waits for the pipe; one call moves at most what the pipe holds now, and often less than asked.
 *
 * `toOffset` is where in the file to write; the descriptor's own position then stays as it is. null: write at that
 * position and move it on. A descriptor opened with O_APPEND is refused (EINVAL): open without it.
 *
 * Answers the bytes moved; 0 when the pipe is empty and has no writer; 'EAGAIN' when it is empty; otherwise the error,
 * 'ENOSPC', 'EFBIG', 'EIO' or 'EINVAL' among them: then nothing was taken from the pipe.
 */
export function splice(from: number, to: number, toOffset: number | null, bytesMax: number): number | Errno {
  const offset: [number] | null = toOffset === null ? null : [toOffset]
  const bytes = callSplice(from, null, to, offset, bytesMax, spliceMove | spliceNonblock)
  return bytes < 0 ? lastErrno() : bytes
}
