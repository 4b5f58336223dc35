import { type Errno, lastErrno } from './errno.ts'
import { bind } from './libc.ts'

/**
 * Gives an open file a number of our choice as well, not close-on-exec. What had it is closed, be it Node's: only right
 * before this process becomes another program or ends.
 */
export function placeDescriptor({ fd, at }: { readonly fd: number; readonly at: number }): Errno | null {
  return dup2(fd, at) < 0 ? lastErrno() : null
}

const dup2 = bind<(fd: number, at: number) => number>('int dup2(int, int)')
