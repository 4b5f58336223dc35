import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import {
  chmodSync,
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'

/** Two sets of the same service directories, one for each client, and the clients. */

export const root = dirname(dirname(dirname(dirname(fileURLToPath(import.meta.url)))))
export const holdfast = join(root, 'bin/holdfast')

export const skip =
  commandPath('sv') === null || commandPath('runsv') === null ? 'runit is not installed: run scripts/test-deps' : false

export function commandPath(name: string): string | null {
  for (const directory of (process.env.PATH ?? '').split(':'))
    if (directory !== '' && existsSync(join(directory, name))) return join(directory, name)
  return null
}

export interface Answer {
  readonly stdout: string
  readonly stderr: string
  readonly code: number | null
}

/** `file` is run by its own path, so that links keep their names. */
export function ask(
  file: string,
  args: readonly string[],
  options: { readonly cwd: string; readonly environment?: Readonly<Record<string, string>> },
): Promise<Answer> {
  const child = spawn(file, [...args], {
    cwd: options.cwd,
    env: { PATH: process.env.PATH, ...options.environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  return new Promise((resolve, reject) => {
    const output = { stdout: '', stderr: '' }
    child.stdout.setEncoding('utf8').on('data', (text) => {
      output.stdout += text
    })
    child.stderr.setEncoding('utf8').on('data', (text) => {
      output.stderr += text
    })
    child.on('error', reject)
    child.on('close', (code) => resolve({ ...output, code }))
  })
}

/** Without what differs from one run to the next: times, process ids, and how often a check was asked. */
export function normal({ stdout, stderr, code }: Answer): Answer {
  const numberless = (text: string) => text.replace(/\(pid \d+\) /g, '(pid N) ').replace(/\b\d+s\b/g, 'Ns')
  return { stdout: numberless(stdout), stderr: [...new Set(stderr.split('\n'))].toSorted().join('\n'), code }
}

/** As `normal`, where services are waited for that change by themselves: which is first is chance. */
export function unordered(answer: Answer): Answer {
  const known = normal(answer)
  return { ...known, stdout: known.stdout.split('\n').toSorted().join('\n') }
}

export interface Bench {
  readonly directory: string
  /** Calls of either client by the same words: `real` and `ours` lead to their programs by links of that name. */
  readonly real: Client
  readonly ours: Client
}

export interface Client {
  /** A link `sv` to the program is here, and others may be made beside it. */
  readonly programs: string
  readonly sv: string
}

/** Removed at the end, with all that was started below it. */
export function createBench(context: TestContext): Bench {
  const directory = mkdtempSync(join(tmpdir(), 'holdfast-sv-'))
  context.after(() => rmSync(directory, { recursive: true, force: true }))
  const client = (name: string, target: string): Client => {
    const programs = join(directory, name)
    mkdirSync(programs)
    symlinkSync(target, join(programs, 'sv'))
    return { programs, sv: join(programs, 'sv') }
  }
  return { directory, real: client('real', commandPath('sv') ?? 'sv'), ours: client('ours', holdfast) }
}

/** Does all jobs, some at a time. After a failure none is begun, and it is thrown when the others have ended. */
export async function inTurns<T>(jobs: readonly T[], atATime: number, work: (job: T) => Promise<void>): Promise<void> {
  const left = [...jobs]
  const workers = Array.from({ length: atATime }, async () => {
    try {
      for (let job = left.shift(); job !== undefined; job = left.shift()) await work(job)
    } finally {
      left.length = 0
    }
  })
  const ends = await Promise.allSettled(workers)
  for (const end of ends) if (end.status === 'rejected') throw end.reason
}

/** Writes files below a directory: a script, where the text begins with `#!`. */
export function writeTree(directory: string, files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    const path = join(directory, name)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text)
    if (text.startsWith('#!')) chmodSync(path, 0o755)
  }
}

export function makeFifos(paths: readonly string[]): void {
  for (const path of paths) mkdirSync(dirname(path), { recursive: true })
  if (paths.length > 0) execFileSync('mkfifo', ['-m', '600', ...paths])
}

/** What is played is alive for clients: somebody has `ok` and `control` open. */
export interface Played {
  /** The bytes that came since the last time. */
  received(): string
  close(): void
}

export function play(directory: string): Played {
  const ok = openSync(join(directory, 'supervise/ok'), constants.O_RDONLY | constants.O_NONBLOCK)
  const control = openSync(join(directory, 'supervise/control'), constants.O_RDONLY | constants.O_NONBLOCK)
  return {
    received: () => {
      const bytes = Buffer.alloc(64)
      try {
        return bytes.toString('latin1', 0, readSync(control, bytes))
      } catch (error) {
        // Nothing there, and nobody has it open any more or somebody still has.
        if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return ''
        throw error
      }
    },
    close: () => {
      closeSync(ok)
      closeSync(control)
    },
  }
}

/** So full that not one byte more goes in. */
export function fill(fifo: string): () => void {
  const descriptor = openSync(fifo, constants.O_RDWR | constants.O_NONBLOCK)
  for (const size of [4096, 1]) {
    try {
      for (;;) writeSync(descriptor, Buffer.alloc(size, 'x'))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error
    }
  }
  return () => closeSync(descriptor)
}

/** Supervises by the real runsv, until the test ends. */
export function supervise(context: TestContext, directory: string): ChildProcess {
  const runsv = spawn('runsv', [directory], { stdio: 'ignore' })
  context.after(async () => {
    if (runsv.exitCode === null && runsv.signalCode === null) {
      runsv.kill('SIGKILL')
      await new Promise((resolve) => runsv.once('exit', resolve))
    }
    for (const pid of [superviseFile(directory, 'pid'), superviseFile(join(directory, 'log'), 'pid')]) {
      if (!/^\d+\n$/.test(pid)) continue
      try {
        process.kill(Number(pid), 'SIGKILL')
      } catch {
        // It has ended with its supervisor.
      }
    }
  })
  return runsv
}

/** `pid` or `stat`; empty: there is none. */
export function superviseFile(directory: string, name: string): string {
  try {
    return readFileSync(join(directory, 'supervise', name), 'utf8')
  } catch {
    // Not written yet.
    return ''
  }
}
