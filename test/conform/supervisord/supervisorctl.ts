import { execFile, spawn } from 'node:child_process'
import { until } from '../../real/until.ts'
import type { Place } from './daemon.ts'

export interface CtlResult {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

const program = '/usr/bin/supervisorctl'

const deadlineMs = 60_000

/** One call of the unmodified supervisorctl. */
export function callCtl(place: Place, args: readonly string[], stdin = ''): Promise<CtlResult> {
  const options = { cwd: place.directory, env: place.environment, timeout: deadlineMs }
  return new Promise((resolve, reject) => {
    const child = execFile(program, args, options, (error, stdout, stderr) => {
      if (error !== null && typeof error.code !== 'number') return reject(error)
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr })
    })
    child.stdin?.on('error', () => {
      // It need not read what it was given.
    })
    child.stdin?.end(stdin)
  })
}

/** A session of supervisorctl that reads its commands from a pipe: one process for many of them. */
export interface Session {
  /** Gives what it says until it asks for the next command. */
  say(line: string): Promise<string>
  /** Writes a line, and gives what it says up to the end of the line that shows this. */
  sayUntil(line: string, pattern: RegExp): Promise<string>
  /** Gives what it says until it asks for the next command. */
  untilAsks(): Promise<string>
  abandon(): void
  /** Ends its input; gives what it still says, and how it ended. */
  end(): Promise<CtlResult>
}

const prompt = 'supervisor> '

/** What it asks before it does as told. */
const question = /y\/N\? $/

/** Resolves with what it says first. */
export async function openSession(place: Place, args: readonly string[]): Promise<Session & { readonly said: string }> {
  const child = spawn(program, args, { cwd: place.directory, env: place.environment })
  let stdout = ''
  let stderr = ''
  let code: number | null = null
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  child.on('close', (status) => {
    code = status ?? -1
  })
  child.stdin.on('error', () => {
    // It may have ended by itself: what it said tells.
  })
  const taken = (): string => {
    const found = stdout
    stdout = ''
    return found
  }
  const session: Session = {
    async say(line) {
      child.stdin.write(`${line}\n`)
      return session.untilAsks()
    },
    async sayUntil(line, pattern) {
      child.stdin.write(`${line}\n`)
      const said = await until(`supervisorctl to say ${pattern}`, () => throughLine(stdout, pattern), {
        timeoutMs: deadlineMs,
      })
      stdout = stdout.slice(said.length)
      return said
    },
    async untilAsks() {
      await until(
        `supervisorctl to ask for the next command: ${JSON.stringify(stdout)}`,
        () => stdout.endsWith(prompt) || question.test(stdout) || code !== null,
        { timeoutMs: deadlineMs, everyMs: 5 },
      )
      const said = taken()
      return said.endsWith(prompt) ? said.slice(0, -prompt.length) : said
    },
    abandon: () => void child.kill('SIGKILL'),
    async end() {
      child.stdin.end()
      await until('supervisorctl to end', () => code !== null, { timeoutMs: deadlineMs })
      return { code: code!, stdout: taken(), stderr }
    },
  }
  return { ...session, said: await session.untilAsks() }
}

/** null: it has not said so yet, or not all of that line. What follows it comes at its own time. */
function throughLine(text: string, pattern: RegExp): string | null {
  const found = pattern.exec(text)
  const end = found === null ? -1 : text.indexOf('\n', found.index + found[0].length)
  return end < 0 ? null : text.slice(0, end + 1)
}
