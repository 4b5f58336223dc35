import { writeSync } from 'node:fs'
import { exitNow } from '../sys/kill.ts'
import { exitCodes } from '../wire/exit-codes.ts'

/**
 * A bug of ours ends the daemon at once, and only the daemon: what it supervises goes on, and the next daemon adopts it.
 * `_exit`, because the thread that watches adopted processes would hold up an ordinary exit.
 */
export function dieOnBugs(): void {
  const die = (error: unknown): void => {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
    try {
      writeSync(
        2,
        `holdfast: a bug ends this daemon; what it supervises goes on, and the next one adopts it\n${text}\n`,
      )
    } catch {
      // Nobody reads what we say any more; the end matters more.
    }
    exitNow(exitCodes.daemonBug)
  }
  process.on('uncaughtException', die)
  process.on('unhandledRejection', die)
}
