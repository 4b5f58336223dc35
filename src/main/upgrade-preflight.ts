import { accessSync, closeSync, constants, openSync, readFileSync, rmSync, statSync } from 'node:fs'
import { Socket } from 'node:net'
import { join } from 'node:path'
import type { Formats, StorePlace } from '../store/copy.ts'
import { errnoOf } from '../sys/errno.ts'
import { makePipe } from '../sys/pipe.ts'
import { spawn } from '../sys/spawn.ts'
import { carriedVariable } from './upgrade-carried.ts'
import { launcherOf, type ProgramImage } from './upgrade-image.ts'

export interface PreflightQuestion {
  readonly carriedFormat: number
  readonly store: StorePlace
  /** Where the copies of it go; whoever asks removes it. */
  readonly copyDirectory: string
  /** What the asking version knows: can it go on with the files that the new one leaves? */
  readonly formats: Formats
}

export type PreflightAnswer =
  | {
      readonly kind: 'ready'
      readonly image: ProgramImage
      /** false: the asking version could not read the store any more. */
      readonly isReturnable: boolean
    }
  | { readonly kind: 'refused'; readonly message: string; readonly hint: string }
  | { readonly kind: 'timed-out'; readonly message: string }

/** It loads, copies two small databases and takes a turn: this long means that it hangs. */
const preflightMsMax = 30_000

/** More than any answer, or any stack that is worth reading. */
const answerBytesMax = 1024 * 1024

/** Has the version in a directory tried out, by itself, in a process of its own. Never throws for what that one does. */
export async function preflight(options: {
  readonly directory: string
  readonly question: PreflightQuestion
  readonly timeoutMs: number | null
  readonly descriptorsSoft: number
}): Promise<PreflightAnswer> {
  const { directory, question } = options
  const trouble = whyNoHoldfast(directory)
  if (trouble !== null) return trouble
  rmSync(question.copyDirectory, { recursive: true, force: true })
  try {
    const deadlineMs = Math.min(options.timeoutMs ?? preflightMsMax, preflightMsMax)
    const said = await ask(launcherOf({ directory }), question, { ...options, deadlineMs })
    if (said === null) {
      const seconds = deadlineMs / 1_000
      return {
        kind: 'timed-out',
        message: `the preflight of the version in ${directory} was not over after ${seconds} s`,
      }
    }
    return answerIn(said) ?? failed(directory, said)
  } finally {
    rmSync(question.copyDirectory, { recursive: true, force: true })
  }
}

// ---- before anything is started

function whyNoHoldfast(directory: string): PreflightAnswer | null {
  const hint = 'name the directory of an unpacked Holdfast, with bin/, dist/ and package.json'
  if (statSync(directory, { throwIfNoEntry: false })?.isDirectory() !== true) {
    return refused(`${directory} is no directory`, hint)
  }
  const launcher = launcherOf({ directory })
  if (statSync(launcher, { throwIfNoEntry: false })?.isFile() !== true || nameIn(directory) !== 'holdfast') {
    return refused(`${directory} is no Holdfast: bin/holdfast or its package.json is not there`, hint)
  }
  try {
    accessSync(launcher, constants.X_OK)
    return null
  } catch (error) {
    return refused(`${launcher} may not be executed (${errnoOf(error)})`, `allow it with: chmod +x ${launcher}`)
  }
}

/** null: there is none that can be read. */
function nameIn(directory: string): string | null {
  try {
    const manifest: unknown = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'))
    const isNamed = typeof manifest === 'object' && manifest !== null && 'name' in manifest
    return isNamed ? String(manifest.name) : null
  } catch (error) {
    if (error instanceof SyntaxError || (error instanceof Error && 'code' in error)) return null
    throw error
  }
}

function refused(message: string, hint: string): PreflightAnswer {
  return { kind: 'refused', message, hint }
}

// ---- the process

interface Asking {
  readonly deadlineMs: number
  readonly descriptorsSoft: number
}

/** All it printed; null: it took too long. */
function ask(launcher: string, question: PreflightQuestion, asking: Asking): Promise<string | null> {
  const pipe = makePipe()
  if (typeof pipe === 'string') return Promise.resolve(`no pipe for its answer could be made (${pipe})`)
  const pid = start(launcher, question, { ...asking, output: pipe.write })
  closeSync(pipe.write)
  if (typeof pid === 'number') return readAll(pipe.read, pid, asking.deadlineMs)
  closeSync(pipe.read)
  return Promise.resolve(`${launcher} cannot be started (${pid})`)
}

function start(launcher: string, question: PreflightQuestion, how: Asking & { output: number }): number | string {
  const stdin = openSync('/dev/null', constants.O_RDONLY)
  const { [carriedVariable]: _, ...environment } = process.env
  try {
    return spawn({
      path: launcher,
      argv: [launcher, '__preflight', JSON.stringify(question)],
      environment: Object.entries(environment).map(([name, value]) => `${name}=${value}`),
      workingDir: process.cwd(),
      stdin,
      stdout: how.output,
      stderr: how.output,
      descriptorsSoft: how.descriptorsSoft,
    })
  } finally {
    closeSync(stdin)
  }
}

/** Everything it writes until it ends. The driver's reaper takes its exit status, which nobody needs. */
function readAll(fd: number, pid: number, deadlineMs: number): Promise<string | null> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let bytes = 0
    const socket = new Socket({ fd, readable: true, writable: false })
    const end = (said: string | null): void => {
      clearTimeout(deadline)
      socket.destroy()
      resolve(said)
    }
    // It leads a session of its own, so this is all it started too.
    const deadline = setTimeout(() => {
      tryToKill(-pid)
      end(null)
    }, deadlineMs)
    socket.on('data', (chunk) => {
      bytes += chunk.length
      if (bytes <= answerBytesMax) chunks.push(chunk)
    })
    socket.once('end', () => end(Buffer.concat(chunks).toString('utf8')))
    socket.once('error', reject)
  })
}

function tryToKill(group: number): void {
  try {
    process.kill(group, 'SIGKILL')
  } catch (error) {
    // It ended just now.
    if (errnoOf(error) !== 'ESRCH') throw error
  }
}

// ---- what it said

/** Its last line, where that is an answer: anything may be printed before. */
function answerIn(said: string): PreflightAnswer | null {
  const line = said.trimEnd().split('\n').at(-1) ?? ''
  if (!line.startsWith('{')) return null
  try {
    const answer: PreflightAnswer = JSON.parse(line)
    return answer.kind === 'ready' || answer.kind === 'refused' ? answer : null
  } catch (error) {
    if (error instanceof SyntaxError) return null
    throw error
  }
}

/** It did not get as far as an answer: what it printed says why. */
function failed(directory: string, said: string): PreflightAnswer {
  const lines = said.split('\n').filter((line) => line.trim() !== '')
  const telling = lines.find((line) => /^(\w*Error( \[\w+\])?|holdfast|.*\/holdfast): /.test(line)) ?? lines.at(-1)
  const words = telling?.trim() ?? 'it ended without a word'
  return refused(
    `the version in ${directory} does not start: ${words}`,
    `try it alone with: ${launcherOf({ directory })} version`,
  )
}
