import { writeSync } from 'node:fs'
import { exitNow } from '../sys/kill.ts'
import { exitCodes } from '../wire/exit-codes.ts'

let instead: ((why: string) => void) | null = null

/**
 * A bug of ours ends the daemon at once, and only the daemon: what it supervises goes on, and the next daemon adopts it.
 * `_exit`, because the thread that watches adopted processes would hold up an ordinary exit.
 */
export function dieOnBugs(): void {
  const die = (error: unknown): void => {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
    try {
      tryInstead(text)
      say(`holdfast: a bug ends this daemon; what it supervises goes on, and the next one adopts it\n${text}\n`)
    } finally {
      exitNow(exitCodes.daemonBug)
    }
  }
  process.on('uncaughtException', die)
  process.on('unhandledRejection', die)
}

/** What to try first, at the next bug and only then: it answers when it did not help. null: nothing. */
export function insteadOfDying(act: ((why: string) => void) | null): void {
  instead = act
}

function tryInstead(text: string): void {
  const act = instead
  instead = null
  if (act === null) return
  say(`${text}\n`)
  act(text)
}

function say(text: string): void {
  try {
    writeSync(2, text)
  } catch {
    // Nobody reads what we say any more; the end matters more.
  }
}
