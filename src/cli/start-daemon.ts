import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, constants, fstatSync, openSync, readSync, realpathSync } from 'node:fs'
import { join } from 'node:path'
import { makeDirectory } from '../sys/make-directory.ts'
import type { Info } from '../wire/api.ts'
import { type ExitCode, exitCodes } from '../wire/exit-codes.ts'
import { daemonLogName, type Home, typed } from '../wire/home.ts'
import { type Client, Unreachable } from './client.ts'
import type { Context } from './command.ts'

/** What became of the wish for a daemon. */
export type Started =
  /** One answers now. `isOurs`: it is the one that was started here. */
  | { readonly kind: 'answers'; readonly isOurs: boolean }
  /** It was told why. */
  | { readonly kind: 'not'; readonly code: ExitCode }

/** Between two looks at a daemon that does not answer yet. */
const lookMs = 20

/** Of what it said before it ended, at most this much is shown. */
const lastWordsBytesMax = 8 * 1024

/**
 * Starts a daemon with these files (none: those of last time, if any) in the background, in a session of its own, and waits until one answers. Where another
 * one is faster, that is as good.
 */
export async function startDaemon(
  context: Context,
  { sources, deadlineMs }: { readonly sources: readonly string[]; readonly deadlineMs: number },
): Promise<Started> {
  const { home, options, environment, roles, talk, client } = context
  const log = openDaemonLog(home)
  if (typeof log === 'string') {
    talk(`holdfast: ${log}\n`)
    return { kind: 'not', code: exitCodes.permission }
  }
  try {
    const words = [
      ...(options.isSet('home') ? ['--home', home.name] : []),
      ...(options.isSet('lenient') ? ['--lenient'] : []),
      ...(sources.length === 0 ? ['--allow-empty'] : sources),
    ]
    const child = launchDetached({ home, words, environment, launcher: roles.launcher, logFd: log.fd })
    const ended = watch(child)
    const info = await untilAnswered(client, { ended, deadlineMs })
    if (info !== null) {
      const isOurs = info.pid === child.pid
      if (isOurs) {
        talk(`no daemon answered for ${home.name}, so one was started in the background: pid ${info.pid}\n`)
        talk(`  it writes to ${log.path}; end it, and what it runs, with: ${typed(home, 'down')}\n`)
      }
      return { kind: 'answers', isOurs }
    }
    const end = ended()
    if (end === null) {
      talk(`holdfast: the daemon (pid ${child.pid}) does not answer yet, and goes on; its log is ${log.path}\n`)
      return { kind: 'not', code: exitCodes.timedOut }
    }
    talk(readFrom(log))
    talk(`holdfast: the daemon ended at once (${end.text}); its log is ${log.path}\n`)
    return { kind: 'not', code: end.code === exitCodes.configurationInvalid ? end.code : exitCodes.failed }
  } finally {
    closeSync(log.fd)
  }
}

export interface OpenLog {
  readonly path: string
  readonly fd: number
  /** Where what is written from now on begins. */
  readonly start: number
}

/** Where a daemon in the background writes; or why it cannot be written. */
export function openDaemonLog(home: Home): OpenLog | string {
  const path = join(home.logDirectory, daemonLogName)
  try {
    // As the daemon makes it.
    makeDirectory(home.logDirectory, 0o750)
    const { O_APPEND, O_CREAT, O_NOFOLLOW, O_RDWR } = constants
    // No link: the directory may be that of the user whom root's daemon becomes.
    const fd = openSync(path, O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW, 0o640)
    return { path, fd, start: fstatSync(fd).size }
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error
    return `${path} cannot be written (${String(error.code)}); name a directory with --home DIR`
  }
}

/** `holdfast daemon WORD…`, in a session of its own, with its output in the file. */
export function launchDetached({
  home,
  words,
  environment,
  launcher,
  logFd,
}: {
  readonly home: Home
  readonly words: readonly string[]
  readonly environment: NodeJS.ProcessEnv
  readonly launcher: string
  readonly logFd: number
}): ChildProcess {
  const program = programPath(home, environment.HOLDFAST_COMMAND, launcher)
  // Node raised the soft limit, and the launcher would take that for the one it was started with.
  const soft = environment.HOLDFAST_NOFILE_SOFT ?? ''
  const script = 'if [ -n "$1" ]; then ulimit -S -n "$1"; fi; shift; exec "$@"'
  const child = spawn('/bin/sh', ['-c', script, 'holdfast', soft, program, 'daemon', ...words], {
    detached: true,
    stdio: ['ignore', logFd, logFd],
    env: environment,
  })
  child.unref()
  return child
}

/** As this program was called here, where that leads to it: what the daemon suggests to type is then what works here. */
function programPath(home: Home, called: string | undefined, launcher: string): string {
  if (called === undefined || home.program === '') return launcher
  try {
    return realpathSync(called) === realpathSync(launcher) ? called : launcher
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error
    return launcher
  }
}

interface End {
  readonly code: number | null
  readonly text: string
}

/** null: it lives. */
export function watch(child: ChildProcess): () => End | null {
  let end: End | null = null
  child.on('exit', (code, signal) => {
    end = { code, text: code === null ? `SIG${signal?.replace(/^SIG/, '')}` : `exit code ${code}` }
  })
  child.on('error', (error) => {
    end = { code: null, text: error.message }
  })
  return () => end
}

/** null: the one that was started has ended, or the time is over. What is locked out talks to who is there. */
export async function untilAnswered(
  client: Client,
  { ended, deadlineMs }: { readonly ended: () => End | null; readonly deadlineMs: number },
): Promise<Info | null> {
  for (;;) {
    const end = ended()
    try {
      return await client.ask<Info>('info')
    } catch (error) {
      if (!(error instanceof Unreachable)) throw error
    }
    // It had ended before it was asked: nobody else will answer, unless another one holds the home.
    if (end !== null && end.code !== exitCodes.locked) return null
    if (performance.now() > deadlineMs) return null
    await new Promise((resolve) => setTimeout(resolve, lookMs))
  }
}

export function readFrom({ fd, start }: OpenLog): string {
  const length = Math.max(0, fstatSync(fd).size - start)
  const bytes = Buffer.alloc(Math.min(length, lastWordsBytesMax))
  const read = readSync(fd, bytes, 0, bytes.length, start + length - bytes.length)
  return bytes.toString('utf8', 0, read)
}
