import { once } from 'node:events'
import { exitCodes } from '../wire/exit-codes.ts'
import type { Home } from '../wire/home.ts'
import { createClient } from './client.ts'
import { launchDetached, type OpenLog, openDaemonLog, readFrom, untilAnswered, watch } from './start-daemon.ts'

/** The daemon that adopts many programs takes its time. */
const startMsMax = 60_000

/**
 * Starts `holdfast daemon WORD…` in the background, and ends when it answers: with 0; or, with what it said, as it ended.
 */
export async function startInBackground({
  home,
  words,
  launcher,
}: {
  readonly home: Home
  readonly words: readonly string[]
  /** bin/holdfast. */
  readonly launcher: string
}): Promise<number> {
  const log: OpenLog | string = openDaemonLog(home)
  if (typeof log === 'string') {
    process.stderr.write(`Error: ${log}\n`)
    return exitCodes.usage
  }
  const child = launchDetached({ home, words, environment: process.env, launcher, logFd: log.fd })
  const ended = watch(child)
  const info = await untilAnswered(createClient(home), { ended, deadlineMs: performance.now() + startMsMax })
  if (info?.pid === child.pid) return exitCodes.ok
  // The home is another one's: ours is told so, and ends.
  if (info !== null && ended() === null) {
    child.ref()
    await once(child, 'exit')
  }
  const end = ended()
  if (end === null && info === null) {
    process.stderr.write(`the daemon (pid ${child.pid}) does not answer yet, and goes on; its log is ${log.path}\n`)
    return exitCodes.timedOut
  }
  process.stderr.write(readFrom(log))
  return end?.code ?? exitCodes.failed
}
