import { type ByteText, toCString } from './byte-text.ts'
import { type Errno, lastErrno } from './errno.ts'
import { bind } from './libc.ts'

/** Changes the working directory of the whole process; Node's own idea of it (`process.cwd()`) may be an old one. */
export function changeDirectory(path: ByteText): Errno | null {
  return chdir(toCString(path)) < 0 ? lastErrno() : null
}

/** As `changeDirectory`, to a directory that is open. */
export function changeDirectoryTo(fd: number): Errno | null {
  return fchdir(fd) < 0 ? lastErrno() : null
}

/** Makes the working directory the root directory. Nothing of ours is found by its path afterwards. */
export function changeRootToWorkingDirectory(): Errno | null {
  return chroot(toCString('.')) < 0 ? lastErrno() : null
}

const chdir = bind<(path: Buffer) => number>('int chdir(uint8_t *)')
const fchdir = bind<(fd: number) => number>('int fchdir(int)')
const chroot = bind<(path: Buffer) => number>('int chroot(uint8_t *)')
