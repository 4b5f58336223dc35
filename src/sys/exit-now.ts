import { bind } from './libc.ts'

/** Ends the process without anything of Node's own end: for one that has limited itself too much to go on. */
export function exitNow(code: number): never {
  exit(code)
  throw new Error('_exit does not return')
}

const exit = bind<(code: number) => void>('void _exit(int)')
