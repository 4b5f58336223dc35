import koffi from 'koffi'
import { type Errno, lastErrno } from './errno.ts'
import { bind } from './libc.ts'

/** Adds to the nice value of the calling thread, within what there is (-20 to 19). EPERM: it may not be lowered. */
export function addNice(increment: number): Errno | null {
  // -1 is a nice value, too.
  koffi.errno(0)
  return nice(increment) === -1 && koffi.errno() !== 0 ? lastErrno() : null
}

const nice = bind<(increment: number) => number>('int nice(int)')
