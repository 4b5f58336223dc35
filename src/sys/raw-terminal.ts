import { type Errno, lastErrno } from './errno.ts'
import { bind } from './libc.ts'

/**
 * Makes the terminal behind a descriptor pass everything through as it is, both ways: no echo, no lines, no signals by keys,
 * and nothing made of line ends (which Node's own raw mode does). Gives the way back, which may be taken more than once.
 */
export function makeRaw(fd: number): (() => void) | Errno {
  const before = Buffer.alloc(termiosBytes)
  if (getAttributes(fd, before) < 0) return lastErrno()
  const raw = Buffer.from(before)
  setRaw(raw)
  if (setAttributes(fd, whenWritten, raw) < 0) return lastErrno()
  return () => {
    setAttributes(fd, whenWritten, before)
  }
}

// struct termios is 60 bytes in glibc and musl.
const termiosBytes = 64
/** TCSADRAIN */
const whenWritten = 1

const getAttributes = bind<(fd: number, termios: Buffer) => number>('int tcgetattr(int, uint8_t *)')
const setAttributes = bind<(fd: number, when: number, termios: Buffer) => number>('int tcsetattr(int, int, uint8_t *)')
const setRaw = bind<(termios: Buffer) => void>('void cfmakeraw(uint8_t *)')
