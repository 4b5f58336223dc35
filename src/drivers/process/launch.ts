import { closeSync, existsSync, rmSync, statSync } from 'node:fs'
import { argumentBytesMax, execBytesMax } from '../../core/limits.ts'
import type { Failure, ProcessSpec, UnitId } from '../../core/model.ts'
import { boundary } from '../../sys/boundary.ts'
import { type Errno, errnoOf } from '../../sys/errno.ts'
import { setOomScoreAdj } from '../../sys/oom.ts'
import { type Spawn, spawn } from '../../sys/spawn.ts'
import type { Account } from './account.ts'
import { type Environment, runEnvironment } from './environment.ts'
import { failure, isFailure } from './failure.ts'
import { explain, findProgram } from './program.ts'

/** What every start of this daemon has in common. */
export interface LaunchSite {
  readonly homeId: string
  readonly daemonEnvironment: Environment
  /** The soft limit of descriptors we were started with: Node raised ours. */
  readonly startNofileSoft: number
  readonly ownOomScoreAdj: number
  readonly devNull: number
}

export interface Launch {
  readonly unit: UnitId
  readonly run: number
  readonly spec: ProcessSpec
  readonly account: Account
  /** The unit's cgroup to join, a folder. */
  readonly cgroup: string | null
  /** The file that its process creates at its beginning. */
  readonly beginning: string
  readonly openWriteEnds: () => { readonly stdout: number; readonly stderr: number }
}

/** Starts the main process of a run in a clean state, the same at every start. Answers its pid. */
export function launch(site: LaunchSite, request: Launch): number | Failure {
  const { spec, account } = request
  if (spec.commandError !== null) return failure('bad-command', `${spec.commandError}; correct \`command\``)
  const workingDir = spec.workingDir ?? (spec.inheritEnvironment ? process.cwd() : '/')
  const trouble = whyNotWorkable(workingDir)
  if (trouble !== null) return trouble
  const environment = runEnvironment({ ...request, daemon: site.daemonEnvironment, homeId: site.homeId })
  if (isFailure(environment)) return environment
  const program = findProgram({ name: spec.command[0] ?? '', path: environment.PATH ?? '', workingDir })
  if (typeof program !== 'string') return program
  const made = chain({ program, command: spec.command, account, cgroup: request.cgroup })
  if (isFailure(made)) return made
  const strings = Object.entries(environment).map(([name, value]) => `${name}=${value}`)
  const tooLarge = whyTooLarge(made.argv, strings)
  if (tooLarge !== null) return tooLarge
  return start(site, request, { ...made, environment: strings, workingDir })
}

function start(
  site: LaunchSite,
  request: Launch,
  made: {
    readonly path: string
    readonly argv: readonly string[]
    readonly environment: readonly string[]
    readonly workingDir: string
  },
): number | Failure {
  const ends = openEnds(request)
  if (isFailure(ends)) return ends
  boundary('spawn: write ends open')
  const pid = spawnLeavingProof(
    { ...made, ...ends, stdin: site.devNull, umask: request.spec.umask, descriptorsSoft: site.startNofileSoft },
    request.beginning,
  )
  boundary('spawn: process started')
  closeSync(ends.stdout)
  if (ends.stderr !== ends.stdout) closeSync(ends.stderr)
  if (typeof pid === 'string') return failure(pid, explain(made.path, pid))
  // Lowering our own around the start could not be undone without privileges, so the child's is set.
  if (site.ownOomScoreAdj !== 0) setOomScoreAdj(pid, 0)
  boundary('spawn: done')
  return pid
}

/** A full disk has no room for the proof, and is no reason not to start. */
function spawnLeavingProof(request: Spawn, creates: string): number | Errno {
  const pid = spawn({ ...request, creates })
  if (typeof pid === 'number') return pid
  if (!existsSync(creates)) return spawn(request)
  rmSync(creates, { force: true })
  return pid
}

function openEnds(request: Launch): { readonly stdout: number; readonly stderr: number } | Failure {
  try {
    return request.openWriteEnds()
  } catch (error) {
    const code = errnoOf(error)
    return failure(code, `the output pipes cannot be opened (${code})`)
  }
}

/** What has to happen in the process itself goes before its command, each replacing the other under the same pid. */
function chain(request: {
  readonly program: string
  readonly command: readonly string[]
  readonly account: Account
  readonly cgroup: string | null
}): { readonly path: string; readonly argv: readonly string[] } | Failure {
  const { program, command, account, cgroup } = request
  if (account.groups === null && cgroup === null) return { path: program, argv: command }
  let argv: readonly string[] = [program, ...command.slice(1)]
  if (account.groups !== null) {
    const setpriv = ['/usr/bin/setpriv', '/bin/setpriv'].find((file) => statSync(file, { throwIfNoEntry: false }))
    if (setpriv === undefined) {
      return failure('ENOENT', 'changing the user needs setpriv; install util-linux or remove `user`')
    }
    const groups = account.groups.length === 0 ? '--clear-groups' : `--groups=${account.groups.join(',')}`
    argv = [setpriv, `--reuid=${account.uid}`, `--regid=${account.gid}`, groups, '--', ...argv]
  }
  if (cgroup !== null) argv = ['/bin/sh', '-c', 'echo 0 > "$0/cgroup.procs" && exec "$@"', cgroup, ...argv]
  return { path: argv[0] ?? '', argv }
}

function whyNotWorkable(workingDir: string): Failure | null {
  try {
    if (statSync(workingDir).isDirectory()) return null
    return failure('ENOTDIR', `the working directory ${workingDir} is not a folder; correct \`working_dir\``)
  } catch (error) {
    const code = errnoOf(error)
    const remedy = code === 'ENOENT' ? 'create it or correct `working_dir`' : 'check its permissions'
    return failure(code, `the working directory ${workingDir} cannot be entered (${code}); ${remedy}`)
  }
}

function whyTooLarge(argv: readonly string[], environment: readonly string[]): Failure | null {
  let total = 0
  for (const text of [...argv, ...environment]) {
    const bytes = Buffer.byteLength(text) + 1
    if (text.includes('\0')) return failure('EINVAL', `an argument or variable holds a NUL byte: ${shown(text)}`)
    if (bytes > argumentBytesMax) {
      return failure('E2BIG', `${shown(text)} is longer than ${argumentBytesMax} bytes; pass it in a file`)
    }
    // The kernel counts the pointer too.
    total += bytes + 8
  }
  if (total <= execBytesMax) return null
  return failure(
    'E2BIG',
    `arguments and environment are ${total} bytes, the limit is ${execBytesMax}; pass them in a file`,
  )
}

function shown(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text)
}
