import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'

/** Where a supervisor of a services directory is started, the same for each. */
export interface Place {
  /** Everything of this side lies below it. */
  readonly directory: string
  /** The directory that is scanned. */
  readonly services: string
  /** For a supervisor that keeps state of its own. */
  readonly home: string
  readonly stderr: string
  readonly environment: Readonly<Record<string, string>>
  /** Put before the program: a shell that changes what it inherits, and execs it. */
  readonly wrapper: readonly string[]
}

export interface Supervisor {
  readonly pid: number
  /** null while it runs. */
  ended(): SupervisorExit | null
  signal(name: NodeJS.Signals): void
}

export interface SupervisorExit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

export type StartSupervisor = (place: Place) => Supervisor

/** Does not wait for anything: what a script waits for is what the services and their files show. */
export function startSupervisor(place: Place, command: readonly string[]): Supervisor {
  const [program = '', ...args] = [...place.wrapper, ...command]
  const output = openSync(place.stderr, 'a')
  const child: ChildProcess = spawn(program, args, {
    cwd: place.directory,
    env: place.environment,
    stdio: ['ignore', output, output],
  })
  closeSync(output)
  let ended: SupervisorExit | null = null
  child.on('error', (error) => {
    throw new Error(`cannot start ${program}`, { cause: error })
  })
  child.on('exit', (code, signal) => {
    ended = { code, signal }
  })
  return { pid: child.pid ?? -1, ended: () => ended, signal: (name) => void child.kill(name) }
}
