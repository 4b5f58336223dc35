import { type Errno, lastErrno } from './errno.ts'
import { bind } from './libc.ts'

/** From now on orphaned descendants become our children, as they would become init's. null: done. */
export function becomeSubreaper(): Errno | null {
  return prctl(setChildSubreaper, 1, 0, 0, 0) < 0 ? lastErrno() : null
}

const setChildSubreaper = 36

const prctl = bind<(option: number, a: number, b: number, c: number, d: number) => number>(
  'int prctl(int, uint64_t, uint64_t, uint64_t, uint64_t)',
)
