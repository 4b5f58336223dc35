import { closeSync, existsSync, rmSync, statSync } from 'node:fs'
import { getPriority } from 'node:os'
import { resolve } from 'node:path'
import { argumentBytesMax, execBytesMax } from '../../core/limits.ts'
import type { Failure, ProcessSpec } from '../../core/model.ts'
import { boundary } from '../../sys/boundary.ts'
import { type Errno, errnoOf } from '../../sys/errno.ts'
import { setOomScoreAdj } from '../../sys/oom.ts'
import { type Spawn, spawn } from '../../sys/spawn.ts'
import type { Account } from './account.ts'
import { chain } from './chain.ts'
import { type Environment, runEnvironment } from './environment.ts'
import { failure, isFailure } from './failure.ts'
import { hostPathInside } from './inside.ts'
import { explain, findProgram } from './program.ts'
import { recorded } from './recorder.ts'

/** What every start of this daemon has in common. */
export interface LaunchSite {
  readonly daemonEnvironment: Environment
  /** The soft limit of descriptors we were started with: Node raised ours. */
  readonly startNofileSoft: number
  readonly ownOomScoreAdj: number
  readonly devNull: number
}

export interface Launch {
  /** The environment strings by which its processes are known again. */
  readonly marks: Environment
  readonly spec: ProcessSpec
  readonly account: Account
  /** Files into which it writes 0 to join the unit's cgroups. */
  readonly join: readonly string[]
  /** The file that its process creates at its beginning. */
  readonly beginning: string | null
  /** The file to which a recorder writes how it ended. */
  readonly ending: string | null
  /** The caller closes it. */
  readonly stdin: number
  /** See Spawn.terminal. */
  readonly terminal?: string
  readonly openWriteEnds: () => { readonly stdout: number; readonly stderr: number }
}

/** Starts a process in a clean state, the same at every start. Answers its pid. */
export function launch(site: LaunchSite, request: Launch): number | Failure {
  const { spec, account } = request
  if (spec.commandError !== null) return notToBeRun(spec, spec.commandError)
  const root = spec.limits?.chroot ?? null
  const workingDir = spec.workingDir ?? (spec.inheritEnvironment && root === null ? process.cwd() : '/')
  const trouble = whyNotWorkable(workingDir, root)
  if (trouble !== null) return trouble
  const environment = runEnvironment({ ...request, daemon: site.daemonEnvironment })
  if (isFailure(environment)) return environment
  const name = spec.command[0] ?? ''
  const program = findProgram({ name, path: environment.PATH ?? '', workingDir, root })
  if (typeof program !== 'string') return program
  const made = chain({
    // By the path that it was given: a script is told it as its name.
    program: name.includes('/') ? name : program,
    ...{ command: spec.command, account, limits: spec.limits, join: request.join, workingDir, environment },
    nice: spec.limits === null ? 0 : getPriority(),
  })
  if (isFailure(made)) return made
  const whole = request.ending === null ? made : recorded(made, { file: request.ending, environment })
  const strings = Object.entries(environment).map(([name, value]) => `${name}=${value}`)
  const tooLarge = whyTooLarge(whole.argv, strings)
  if (tooLarge !== null) return tooLarge
  return start(site, request, { ...whole, environment: strings, workingDir: root === null ? workingDir : '/' })
}

/** Its command could not be read; or there is one, and why it is not run says also what to do. */
function notToBeRun({ command }: ProcessSpec, why: string): Failure {
  return command.length > 0 ? failure('refused', why) : failure('bad-command', `${why}; correct \`command\``)
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
  const { stdin, terminal, spec } = request
  const pid = spawnLeavingProof(
    {
      ...{ ...made, ...ends, stdin, umask: spec.umask, descriptorsSoft: site.startNofileSoft },
      ...(terminal === undefined ? {} : { terminal }),
    },
    request.beginning,
  )
  boundary('spawn: process started')
  closeSync(ends.stdout)
  if (ends.stderr !== ends.stdout) closeSync(ends.stderr)
  if (typeof pid === 'string') return failure(pid, explain(resolve(made.workingDir, made.path), pid))
  // Lowering our own around the start could not be undone without privileges, so the child's is set.
  if (site.ownOomScoreAdj !== 0 && (request.spec.limits?.oomScoreAdj ?? null) === null) setOomScoreAdj(pid, 0)
  boundary('spawn: done')
  return pid
}

/** A full disk has no room for the proof, and is no reason not to start. */
function spawnLeavingProof(request: Spawn, creates: string | null): number | Errno {
  if (creates === null) return spawn(request)
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

function whyNotWorkable(workingDir: string, root: string | null): Failure | null {
  if (root !== null && !statSync(root, { throwIfNoEntry: false })?.isDirectory()) {
    return failure('ENOENT', `the root directory ${root} is not a folder; create it or correct \`chroot\``)
  }
  try {
    if (statSync(root === null ? workingDir : hostPathInside(root, workingDir)).isDirectory()) return null
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
