import { execFile } from 'node:child_process'
import {
  closeSync,
  constants,
  existsSync,
  lstatSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  unlinkSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { readProcess } from '../../real/processes.ts'
import { until } from '../../real/until.ts'
import { type Files, writeFiles } from './files.ts'
import type { Side } from './side.ts'
import { decodeStatus, type Status } from './status.ts'
import type { SupervisorExit } from './supervisor.ts'
import { tool } from './tools.ts'
import type { Transcript } from './transcript.ts'

/**
 * One scenario on one side. Whatever does something begins a step and is recorded; `until…` waits for a named condition
 * and records nothing; `see…` records what there is at that moment. A service is named as below the scanned directory:
 * `NAME/log` is its logger, `../sv/NAME` one that is not linked.
 */
export interface Scene {
  readonly side: Side
  readonly transcript: Transcript
  path(...parts: readonly string[]): string

  /** Runs an original client, and records what it said and its exit code. */
  client(program: string, args: readonly string[], options?: ClientOptions): Promise<ClientResult>
  sv(...args: readonly string[]): Promise<ClientResult>
  /** Writes bytes into supervise/control, in one go. */
  send(service: string, bytes: string): void
  /** Tells the witness what to do. */
  order(service: string, text: string): void
  /** Ends a script that waits at the FIFO ./go. */
  letGo(service: string): Promise<unknown>
  kill(service: string, signal?: NodeJS.Signals): void
  /** Writes into the service's directory. */
  write(service: string, files: Files): void
  /** Looks again, from the next pause between two starts on, when what was looked at did not last: it is a second. */
  inPause(service: string, look: () => unknown): Promise<void>
  /** Takes a link out of the scanned directory. */
  unlink(name: string): void
  rename(from: string, to: string): void
  /** Anything else that changes something. */
  act(what: string, action: () => void): void

  /** Does it without a record: for what is done so often that it is no step. */
  quietly(action: () => void): void

  until<T>(what: string, probe: () => T | Promise<T>): Promise<Exclude<T, null | false | undefined>>
  /** From now on the supervisor may end; before that nothing is waited for that it could still do. */
  letEnd(): void
  untilEnded(): Promise<SupervisorExit>
  untilStatus(service: string, expected: Expected): Promise<Status>
  /** Until it is as expected, since a later moment than that. */
  untilStatusAfter(service: string, timeMs: number, expected: Expected): Promise<Status>
  /** Resolves when the witness runs, has said so, and is not `after`; gives its pid. */
  untilStarted(service: string, after?: number): Promise<number>
  /** Resolves when the process has become a program whose arguments begin like this, and that waits for something. */
  untilBecome(pid: number, pattern: RegExp): Promise<unknown>
  /** Resolves when the service's svlogd has come so far that it obeys signals; gives its pid. */
  untilLogs(service: string, after?: number): Promise<number>
  /** Resolves when finish runs and has said so. */
  untilFinishing(service: string): Promise<unknown>
  /** Resolves when a witness that does not obey has been asked to end, and its status says so. */
  untilAsked(service: string): Promise<unknown>
  /** Until its run is so old that the next one follows at once, and that clients tell them apart by the second. */
  untilSettled(service: string): Promise<unknown>
  /** Resolves when the service noted that many lines like this. */
  untilNoted(service: string, pattern: RegExp, count?: number): Promise<unknown>
  /** Resolves when the service has been up, without a change, for more than a second. */
  untilQuiet(service: string): Promise<unknown>
  /** Resolves when there is a whole status again, where there was something else. */
  untilWhole(service: string): Promise<unknown>
  /** Resolves when the supervisor said something about the service on its stderr, or plainly does not. */
  untilSaid(service: string): Promise<unknown>
  /** Waits for what one of the two may never do; false: it plainly does not. `withinMs` where it is known to be due. */
  untilOrNot(probe: () => boolean, withinMs?: number): Promise<boolean>
  /** Resolves when no supervisor listens to the service any more. */
  untilUnsupervised(service: string): Promise<unknown>

  /** stat, pid and status of supervise/. */
  see(service: string): void
  /** Kinds, modes and sizes of all that is in supervise/. */
  seeFiles(service: string): void
  /** What the service noted since it was last looked at, but for lines that are there by chance. */
  seeNotes(service: string, options?: { readonly except: RegExp }): void
  /** What the supervisor said about the service on its stderr, each line once, sorted. */
  seeSaid(service: string): void
  seeText(what: string, text: string): void

  /** null: there is none (yet), or none that is whole. */
  status(service: string): Status | null
  exists(...parts: readonly string[]): boolean
  read(...parts: readonly string[]): string
  notes(service: string): readonly string[]
  /** Whether somebody listens at supervise/ok. */
  isSupervised(service: string): boolean
  /** As in /proc/PID/stat; null: it is gone. */
  processState(pid: number): string | null
}

export interface ClientOptions {
  readonly environment?: Readonly<Record<string, string>>
  readonly directory?: string
}

export interface ClientResult {
  readonly code: number
  readonly stdout: string
}

export interface Expected {
  readonly state?: Status['state']
  readonly want?: 'u' | 'd'
  readonly gotTerm?: 0 | 1
  readonly paused?: 0 | 1
  /** Any process but this one, and one there is. */
  readonly pidAfter?: number
}

/** Longer than any of the originals takes for anything, on a machine with other work. */
const deadlineMs = 60_000

/** The originals need two scans and a pause. */
const plainlyNotMs = 15_000

export function createScene(side: Side, transcript: Transcript): Scene {
  const seenNotes = new Map<string, number>()
  let mayEnd = false
  const path = (...parts: readonly string[]): string => join(side.services, ...parts)
  const said = (service: string): readonly string[] => {
    const about = new RegExp(`(?<![\\w.-])${RegExp.escape(service)}(?![\\w-])`)
    // One that is not ended is still being written.
    const lines = side.said().split('\n').slice(0, -1)
    return [...new Set(lines.filter((line) => about.test(line)))]
  }

  const scene: Scene = {
    side,
    transcript,
    path,

    client: (program, args, options = {}) => {
      transcript.step(`$ ${[program, ...args].map(shown).join(' ')}`)
      return runClient(side, transcript, { program, args, ...options })
    },
    sv: (...args) => scene.client('sv', args),
    send(service, bytes) {
      transcript.step(`${service}: control < ${bytes.length > 20 ? `${bytes.length} bytes` : bytes}`)
      writeFifo(path(service, 'supervise/control'), bytes)
    },
    order(service, text) {
      transcript.step(`${service}: is told to ${text}`)
      writeFifo(path(service, 'orders'), `${text}\n`)
    },
    letGo(service) {
      transcript.step(`${service}: is let go`)
      return scene.until(`${service}: a script that waits to be let go`, () => tryWriteFifo(path(service, 'go'), '\n'))
    },
    kill(service, signal = 'SIGKILL') {
      transcript.step(`${service}: is sent ${signal}`)
      process.kill(scene.status(service)!.pid, signal)
    },
    write(service, files) {
      transcript.step(`${service}: gets ${Object.keys(files).join(', ')}`)
      writeFiles(path(service), files)
    },
    async inPause(service, look) {
      let timeMs = (await scene.untilStatus(service, { state: 'down', want: 'u' })).timeMs
      for (;;) {
        const before = await scene.untilStatusAfter(service, timeMs, { state: 'down', want: 'u' })
        const rewind = transcript.mark()
        await look()
        const after = scene.status(service)
        if (after?.timeMs === before.timeMs && after.state === 'down') return
        rewind()
        timeMs = before.timeMs
      }
    },
    unlink: (name) => scene.act(`${name}: its link is removed`, () => unlinkSync(path(name))),
    rename: (from, to) => scene.act(`${from} is renamed to ${to}`, () => renameSync(path(from), path(to))),
    act(what, action) {
      transcript.step(what)
      action()
    },

    quietly(action) {
      const rewind = transcript.mark()
      action()
      rewind()
    },

    until(what, probe) {
      const probeAlive = () => {
        const ended = side.supervisor.ended()
        if (ended !== null && !mayEnd)
          throw new Error(`the supervisor ended: ${JSON.stringify(ended)}; wanted: ${what}`)
        return probe()
      }
      return until(what, probeAlive, { timeoutMs: deadlineMs })
    },
    letEnd() {
      mayEnd = true
    },
    untilEnded: () => scene.until('the end of the supervisor', () => side.supervisor.ended()),
    untilStatus: (service, expected) =>
      scene.until(`${service}: status ${JSON.stringify(expected)}`, () => {
        const status = scene.status(service)
        return status !== null && isAsExpected(status, expected) ? status : null
      }),
    untilStatusAfter: (service, timeMs, expected) =>
      scene.until(`${service}: later than ${timeMs}, status ${JSON.stringify(expected)}`, () => {
        const status = scene.status(service)
        return status !== null && status.timeMs > timeMs && isAsExpected(status, expected) ? status : null
      }),
    async untilStarted(service, after) {
      const { pid } = await scene.until(`${service}: the start of a process other than ${after}`, () => {
        const status = scene.status(service)
        if (status === null || !isAsExpected(status, { state: 'run', pidAfter: after ?? 0 })) return null
        return scene.notes(service).includes(`start pid=${status.pid}`) ? status : null
      })
      // So that it has its number, whoever shows it first.
      transcript.pid(pid)
      return pid
    },
    untilBecome: (pid, pattern) =>
      scene.until(`process ${pid} to become ${pattern}`, () => {
        const found = readProcess(pid)
        return found !== null && pattern.test(found.command) && found.state === 'S'
      }),
    async untilLogs(service, after) {
      const { pid } = await scene.untilStatus(`${service}/log`, { state: 'run', pidAfter: after ?? 0 })
      await scene.untilBecome(pid, /^svlogd/)
      return pid
    },
    untilFinishing: (service) =>
      scene.until(`${service}: finish`, () => {
        const status = scene.status(service)
        return (
          status?.state === 'finish' &&
          scene.notes(service).some((line) => line.startsWith('finish ') && line.endsWith(` pid=${status.pid}`))
        )
      }),
    async untilAsked(service) {
      await scene.untilStatus(service, { want: 'd', gotTerm: 1 })
      await scene.untilNoted(service, /^got CONT$/)
    },
    untilSettled: (service) =>
      scene.until(`${service}: a run of more than a second`, () => {
        const { timeMs } = scene.status(service)!
        return Date.now() > timeMs + 1_100 && Math.floor(Date.now() / 1000) > Math.floor(timeMs / 1000)
      }),
    untilNoted: (service, pattern, count = 1) =>
      scene.until(
        `${service}: ${count} times ${pattern} in its notes`,
        () => scene.notes(service).filter((line) => pattern.test(line)).length >= count,
      ),
    untilQuiet: (service) =>
      scene.until(`${service}: to stay up`, () => {
        const { state, want, timeMs } = scene.status(service)!
        return state === 'run' && want === 'u' && Date.now() > timeMs + 1_200
      }),
    untilWhole: (service) =>
      scene.until(`${service}: a whole status`, () => bytesOf(path(service, 'supervise/status'))?.length === 20),
    async untilSaid(service) {
      await scene.untilOrNot(() => said(service).length > 0)
    },
    async untilOrNot(probe, withinMs = plainlyNotMs) {
      const deadline = performance.now() + withinMs
      const late = () => (performance.now() > deadline ? 'not' : null)
      return (await scene.until('what may not come', () => probe() || late())) !== 'not'
    },
    untilUnsupervised: (service) =>
      scene.until(`${service}: nobody to listen at supervise/ok`, () => !scene.isSupervised(service)),

    see(service) {
      const at = path(service, 'supervise')
      const pid = textOf(join(at, 'pid'))
      transcript.add(`${service} stat: ${shown(textOf(join(at, 'stat')) ?? 'no file')}`)
      transcript.add(
        `${service} pid: ${/^\d+\n$/.test(pid ?? '') ? transcript.pid(Number(pid)) : shown(pid ?? 'no file')}`,
      )
      const status = scene.status(service)
      transcript.add(`${service} status: ${status === null ? 'none' : statusText(status, transcript)}`)
    },
    seeFiles(service) {
      const at = path(service, 'supervise')
      for (const name of readdirSync(at).toSorted()) {
        const { mode, uid, size } = lstatSync(join(at, name))
        const length = name === 'pid' || name === 'stat' ? '' : `, ${size} bytes`
        transcript.add(`${service}/supervise/${name}: mode ${mode.toString(8)}, uid ${uid}${length}`)
      }
      const { mode, uid } = lstatSync(at)
      transcript.add(`${service}/supervise: mode ${mode.toString(8)}, uid ${uid}`)
    },
    seeNotes(service, options) {
      const all = scene.notes(service)
      for (const line of all.slice(seenNotes.get(service) ?? 0))
        if (options?.except.test(line) !== true) transcript.add(`${service} noted: ${line}`)
      seenNotes.set(service, all.length)
    },
    seeSaid(service) {
      // Where somebody comes between, as a daemon does, what is said on two streams has no order.
      const lines = said(service).toSorted()
      for (const line of lines.length === 0 ? ['nothing'] : lines) transcript.add(`said: ${line}`)
    },
    seeText: (what, text) => transcript.add(`${what}: ${text}`),

    status(service) {
      const file = path(service, 'supervise/status')
      const bytes = bytesOf(file)
      if (bytes?.length === 20) return decodeStatus(bytes)
      // To clients there is a status once somebody listens: from then on it has to be whole.
      if (!scene.isSupervised(service)) return null
      const again = bytesOf(file)
      return again === null ? null : decodeStatus(again)
    },
    exists: (...parts) => existsSync(path(...parts)),
    read: (...parts) => textOf(path(...parts)) ?? '',
    isSupervised: (service) => hasReader(path(service, 'supervise/ok')),
    processState: (pid) => readProcess(pid)?.state ?? null,
    notes: (service) => (textOf(path(service, 'notes')) ?? '').split('\n').slice(0, -1),
  }
  return scene
}

function isAsExpected(status: Status, expected: Expected): boolean {
  const { pidAfter, ...fields } = expected
  const agrees = Object.entries(fields).every(([name, value]) => status[name as keyof typeof fields] === value)
  return agrees && (pidAfter === undefined || (status.pid !== 0 && status.pid !== pidAfter))
}

function statusText(status: Status, transcript: Transcript): string {
  const { state, pid, want, paused, gotTerm, timeMs } = status
  const flags = `${paused === 1 ? ', paused' : ''}${gotTerm === 1 ? ', got TERM' : ''}`
  return `${state} since ${transcript.stepOf(timeMs)}, pid ${transcript.pid(pid)}, want ${want}${flags}`
}

function runClient(
  side: Side,
  transcript: Transcript,
  client: { readonly program: string; readonly args: readonly string[] } & ClientOptions,
): Promise<ClientResult> {
  const { program, args, environment = {}, directory = side.directory } = client
  const inBin = join(side.directory, 'bin', program)
  const path = existsSync(inBin) ? inBin : tool(program)
  const options = {
    cwd: directory,
    // By itself sv gives up after 7 s, which is little among a hundred services that are told something at the same time.
    env: { ...side.environment, SVWAIT: '50', ...environment },
    timeout: deadlineMs,
    encoding: 'latin1' as const,
  }
  return new Promise((resolve, reject) => {
    const child = execFile(path, args, options, (error, stdout, stderr) => {
      if (error !== null && typeof error.code !== 'number') return reject(error)
      const code = error === null ? 0 : Number(error.code)
      for (const line of linesOf(stdout)) transcript.add(`out| ${line}`)
      for (const line of linesOf(stderr)) transcript.add(`err| ${line}`)
      transcript.add(`exit code ${code}`)
      resolve({ code, stdout })
    })
    child.stdin?.end()
  })
}

function linesOf(text: string): readonly string[] {
  if (text === '') return []
  return text.endsWith('\n') ? text.slice(0, -1).split('\n') : [...text.split('\n'), '(no newline at the end)']
}

function shown(text: string): string {
  return /^[\w./=:, -]+$/.test(text) ? text : JSON.stringify(text)
}

/** Never waits: without a reader it is an error. */
function writeFifo(path: string, text: string): void {
  const fd = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK)
  try {
    writeSync(fd, text)
  } finally {
    closeSync(fd)
  }
}

/** false: there is no reader yet. */
function tryWriteFifo(path: string, text: string): boolean {
  try {
    writeFifo(path, text)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENXIO') return false
    throw error
  }
}

function hasReader(path: string): boolean {
  try {
    closeSync(openSync(path, constants.O_WRONLY | constants.O_NONBLOCK))
    return true
  } catch (error) {
    if (['ENXIO', 'ENOENT'].includes((error as NodeJS.ErrnoException).code ?? '')) return false
    throw error
  }
}

function bytesOf(path: string): Buffer | null {
  try {
    return readFileSync(path)
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return null
    throw error
  }
}

function textOf(path: string): string | null {
  return bytesOf(path)?.toString('latin1') ?? null
}
