import { closeSync, writeSync } from 'node:fs'
import { type Errno, errnoOf } from '../sys/errno.ts'
import { makePipe, setBlocking } from '../sys/pipe.ts'
import { spawn } from '../sys/spawn.ts'

/**
 * A small process that outlives us: it reads from a pipe that only this daemon holds, over its change of image too. A
 * line says that all is well; the end without one says that we died, and it becomes a daemon in our place.
 */
export interface GuardRequest {
  /** The launcher of the version to start. */
  readonly launcher: string
  /** What follows `daemon`. */
  readonly args: readonly string[]
  readonly environment: NodeJS.ProcessEnv
  readonly descriptorsSoft: number
}

/** A manager of ours (systemd, a shell loop) has this long to start a daemon itself: the lock lets only one in. */
const managerSeconds = 1

const script = `IFS= read -r word && exit 0; sleep ${managerSeconds}; exec "$@" </dev/null`

/** Starts the guard, and answers the descriptor that it watches. */
export function startGuard({ launcher, args, environment, descriptorsSoft }: GuardRequest): number | Errno {
  const pipe = makePipe()
  if (typeof pipe === 'string') return pipe
  // A shell takes "nothing there yet" for the end.
  setBlocking(pipe.read)
  const pid = spawn({
    path: '/bin/sh',
    argv: ['sh', '-c', script, 'holdfast-guard', launcher, 'daemon', ...args],
    environment: Object.entries(environment).map(([name, value]) => `${name}=${value}`),
    workingDir: process.cwd(),
    stdin: pipe.read,
    stdout: 1,
    stderr: 2,
    descriptorsSoft,
  })
  closeSync(pipe.read)
  if (typeof pid === 'number') return pipe.write
  closeSync(pipe.write)
  return pid
}

/** All is well: the guard ends. */
export function dismissGuard(fd: number): void {
  try {
    writeSync(fd, 'well\n')
  } catch (error) {
    // It was killed: as good as dismissed.
    if (errnoOf(error) !== 'EPIPE') throw error
  }
  closeSync(fd)
}
