import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { holdfast } from '../../real/harness.ts'

/** What stands beside the original: Holdfast, or the original once more, which proves that the scenes are steady. */
export type SecondSide = 'ours' | 'original'

export const secondSide: SecondSide = toSecondSide(process.env.HOLDFAST_SUPERVISORD_SIDE ?? 'ours')

function toSecondSide(text: string): SecondSide {
  if (text === 'ours' || text === 'original') return text
  throw new Error(`HOLDFAST_SUPERVISORD_SIDE is ours or original, not ${text}`)
}

export interface Daemon {
  readonly pid: number
  /** null while it runs. */
  ended(): DaemonExit | null
  signal(name: NodeJS.Signals): void
}

export interface DaemonExit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

export interface Place {
  /** The current directory of the daemon; everything of this side lies below it. */
  readonly directory: string
  readonly environment: Readonly<Record<string, string>>
}

/** Waits for nothing. `arguments` are those of supervisord, the same for each. */
export type StartDaemon = (place: Place, args: readonly string[]) => Daemon

export const startOriginal: StartDaemon = (place, args) => start(place, ['/usr/bin/supervisord', ...args])

export const startSecond: StartDaemon = (place, args) =>
  secondSide === 'ours' ? start(place, [holdfast, 'supervisord', ...args]) : startOriginal(place, args)

function start(place: Place, command: readonly string[]): Daemon {
  const [program = '', ...args] = command
  const stdout = openSync(join(place.directory, 'stdout'), 'a')
  const stderr = openSync(join(place.directory, 'stderr'), 'a')
  const child: ChildProcess = spawn(program, args, {
    cwd: place.directory,
    env: place.environment,
    stdio: ['ignore', stdout, stderr],
  })
  closeSync(stdout)
  closeSync(stderr)
  let ended: DaemonExit | null = null
  child.on('error', (error) => {
    throw new Error(`cannot start ${program}`, { cause: error })
  })
  child.on('exit', (code, signal) => {
    ended = { code, signal }
  })
  return { pid: child.pid ?? -1, ended: () => ended, signal: (name) => void child.kill(name) }
}
