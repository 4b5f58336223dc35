import { readdirSync } from 'node:fs'
import { bind } from './libc.ts'

/**
 * Makes every descriptor from 3 up close-on-exec, so that nothing we were started with leaks into what we start.
 * Once at start-up is enough: whatever Node opens afterwards is made so.
 */
export function closeAllOnExec(): void {
  for (const name of readdirSync('/proc/self/fd')) {
    const fd = Number(name)
    // The descriptor of this very listing is gone by now and answers EBADF, which is fine.
    if (fd >= 3) fcntl(fd, setFlags, closeOnExec)
  }
}

const setFlags = 2
const closeOnExec = 1

const fcntl = bind<(fd: number, command: number, argument: number) => number>('int fcntl(int, int, int)')
