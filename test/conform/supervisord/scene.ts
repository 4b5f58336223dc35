import { existsSync, lstatSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { readProc } from '../../real/processes.ts'
import { until } from '../../real/until.ts'
import { type Files, writeFiles } from '../runit/files.ts'
import { groupActivity } from './activity.ts'
import type { DaemonExit } from './daemon.ts'
import { placed, placedText, type Side } from './side.ts'
import { type CtlResult, callCtl, openSession } from './supervisorctl.ts'
import { type Transcript, valueLines } from './transcript.ts'
import type { Answer, Value } from './xml-rpc.ts'

/**
 * One scene on one side. Whatever does something begins a step and is recorded; `until…` waits for a named condition and
 * records nothing; `see…` records what there is at that moment. A process is named as supervisorctl names it.
 */
export interface Scene {
  readonly side: Side
  readonly transcript: Transcript
  path(...parts: readonly string[]): string

  /** One call of supervisorctl: what it said and its exit code. */
  ctl(...args: readonly string[]): Promise<CtlResult>
  /** One supervisorctl that is told all these. */
  session(...lines: readonly string[]): Promise<void>
  /** One that stays open between other steps. */
  open(...args: readonly string[]): Promise<RecordedSession>
  rpc(method: string, ...params: readonly unknown[]): Promise<Answer>
  /** Writes below the side's directory; `DIR` in it is that directory. */
  write(files: Files): void
  /** Writes another configuration. */
  configure(text: string): void
  kill(name: string, signal?: NodeJS.Signals): Promise<void>
  signalDaemon(name: NodeJS.Signals): Promise<void>
  /** Anything else that changes something. */
  act(what: string, action: () => unknown): Promise<void>

  /** A call without a record. */
  ask(method: string, ...params: readonly unknown[]): Promise<Value>
  until<T>(what: string, probe: () => T | Promise<T>): Promise<Exclude<T, null | false | undefined>>
  /** A process runs what it was told to run once it is in such a state. */
  untilState(name: string, ...states: readonly string[]): Promise<ProcessInfo>
  /** As RUNNING with another pid than that. */
  untilRunsAgain(name: string, pid: number): Promise<ProcessInfo>
  untilText(file: string, pattern: RegExp | string): Promise<unknown>
  /** Until the activity log has that many such messages. */
  untilSaid(pattern: RegExp, count?: number): Promise<unknown>
  untilEnded(): Promise<DaemonExit>
  untilAnswers(): Promise<unknown>

  /** State and what is said of it. */
  see(...names: readonly string[]): Promise<void>
  seeText(what: string, text: string): void
  seeFile(file: string): void
  /** Names, kinds and modes of what lies there. */
  seeFiles(directory: string, pattern?: RegExp): void
  /** What the activity log says that matches. */
  seeSaid(pattern: RegExp): void
  /** The names that such messages tell, in the order in which they were said. */
  seeOrder(what: string, pattern: RegExp): void
  /**
   * How many whole seconds lie between one try to start it and the next, until it is given up. Of several rows of tries the
   * shortest counts: it had least to wait for others.
   */
  seePauses(name: string): void

  exists(file: string): boolean
  read(file: string): string
  pid(name: string): Promise<number>
}

export interface RecordedSession {
  say(line: string): Promise<string>
  sayUntil(line: string, pattern: RegExp): Promise<string>
  end(): Promise<void>
  /** For one that would wait for half a minute. */
  abandon(): void
}

export interface ProcessInfo {
  readonly statename: string
  readonly pid: number
  readonly exitstatus: number
  readonly spawnerr: string
  readonly description: string
  readonly stdout_logfile: string
  readonly stderr_logfile: string
}

/** Longer than any of them takes for anything, on a machine with other work. */
const deadlineMs = 45_000

/** `isAlone`: no other scene is played with its processes, so that what is said of all of them is told. */
export function createScene(side: Side, transcript: Transcript, isAlone: boolean): Scene {
  const path = (...parts: readonly string[]): string => join(side.directory, ...parts)
  const config = path('supervisord.conf')
  const info = async (name: string): Promise<ProcessInfo | null> => {
    const answer = await side.rpc.call('supervisor.getProcessInfo', [name])
    return answer.kind === 'value' ? (answer.value as unknown as ProcessInfo) : null
  }
  const said = (text: string, before: string): void => {
    for (const line of linesOf(text)) transcript.add(`${before}| ${line}`)
  }
  /** Between fork and exec a process of the original has the handlers of the original, and loses signals. */
  const untilExecuted = (): Promise<unknown> =>
    until('children to run what they are to run', () => !side.isOriginal || !hasChildLikeItself(side.daemon.pid))

  const scene: Scene = {
    side,
    transcript,
    path,

    async ctl(...args) {
      await untilExecuted()
      transcript.step(`supervisorctl ${args.map(shown).join(' ')}`)
      const result = await callCtl(side, ['-c', config, ...args.map((each) => placedText(each, side))])
      said(ofMany.test(args.join(' ')) ? withoutChance(result.stdout) : result.stdout, 'out')
      said(result.stderr, 'err')
      transcript.add(`exit code ${result.code}`)
      return result
    },
    async session(...lines) {
      const session = await scene.open()
      for (const line of lines) await session.say(line)
      await session.end()
    },
    async open(...args) {
      await untilExecuted()
      transcript.step(`a session of supervisorctl${args.length > 0 ? ` ${args.join(' ')}` : ''}`)
      const session = await openSession(side, ['-c', config, ...args.map((each) => placedText(each, side))])
      if (isAlone) said(session.said, 'out')
      return {
        async say(line) {
          await untilExecuted()
          transcript.step(`> ${line}`)
          const output = await session.say(placedText(line, side))
          said(ofMany.test(line) ? withoutChance(output) : output, 'out')
          return output
        },
        async sayUntil(line, pattern) {
          transcript.step(`> ${line}`)
          const output = await session.sayUntil(line, pattern)
          said(output, 'out')
          return output
        },
        abandon: session.abandon,
        async end() {
          transcript.step('the session ends')
          const result = await session.end()
          said(result.stdout, 'out')
          said(result.stderr, 'err')
          transcript.add(`exit code ${result.code}`)
        },
      }
    },
    async rpc(method, ...params) {
      await untilExecuted()
      transcript.step(`${method}(${params.map((each) => JSON.stringify(each)).join(', ')})`)
      const answer = await side.rpc.call(method, params)
      const lines = answerLines(answer, transcript)
      const isOfMany = ofManyCalls.test(method) || (ofOne.test(method) && /:\*?$/.test(String(params[0])))
      for (const line of isOfMany ? lines.toSorted() : lines) transcript.add(line)
      return answer
    },
    write: (files) => writeFiles(side.directory, placed(files, side)),
    configure: (text) => writeFileSync(config, placedText(text, side)),
    async kill(name, signal = 'SIGKILL') {
      const pid = await scene.pid(name)
      if (pid === 0) throw new Error(`${name} does not run`)
      transcript.step(`kill -${signal.slice(3)} ${name}`)
      process.kill(pid, signal)
    },
    async signalDaemon(name) {
      await untilExecuted()
      transcript.step(`kill -${name.slice(3)} the daemon`)
      side.daemon.signal(name)
    },
    async act(what, action) {
      transcript.step(what)
      await action()
    },

    async ask(method, ...params) {
      const answer = await side.rpc.call(method, params)
      if (answer.kind === 'value') return answer.value
      throw new Error(`${method}: ${JSON.stringify(answer)}`)
    },
    until: (what, probe) => until(what, probe, { timeoutMs: deadlineMs, everyMs: 20 }),
    async untilState(name, ...states) {
      const found = await scene.until(`${name} to be ${states.join(' or ')}`, async () => {
        const now = await info(name)
        return now !== null && states.includes(now.statename) ? now : null
      })
      await untilExecuted()
      return found
    },
    untilRunsAgain: (name, pid) =>
      scene.until(`${name} to run again`, async () => {
        const now = await info(name)
        return now?.statename === 'RUNNING' && now.pid !== pid ? now : null
      }),
    untilText: (file, pattern) =>
      scene.until(`${pattern} in ${file}`, () => {
        const text = scene.read(file)
        return typeof pattern === 'string' ? text.includes(pattern) : pattern.test(text)
      }),
    untilSaid: (pattern, count = 1) =>
      scene.until(
        `${count} times ${pattern} in the activity log`,
        () => side.activity.lines().filter(({ message }) => pattern.test(message)).length >= count,
      ),
    untilEnded: () => scene.until('the daemon to end', () => side.daemon.ended()),
    untilAnswers: () =>
      scene.until('the daemon to answer', async () => {
        try {
          return (await side.rpc.call('supervisor.getState', [])).kind === 'value'
        } catch {
          // Not yet there.
          return side.daemon.ended() === null ? null : Promise.reject(new Error('the daemon has ended'))
        }
      }),

    async see(...names) {
      for (const name of names) {
        const now = await info(name)
        if (now === null) transcript.add(`${name}: none`)
        else
          transcript.add(
            `${name}: ${now.statename}, exit status ${now.exitstatus}, ${JSON.stringify(now.spawnerr)}, ${JSON.stringify(now.description)}`,
          )
      }
    },
    seeText: (what, text) => {
      for (const line of text.split('\n')) transcript.add(`${what}: ${line}`)
    },
    seeFile(file) {
      const lines = scene.exists(file) ? linesOf(scene.read(file)) : ['(no such file)']
      for (const line of lines.length === 0 ? ['(empty)'] : lines) transcript.add(`${file}: ${line}`)
    },
    seeFiles(directory, pattern = /./) {
      const names = existsSync(path(directory)) ? readdirSync(path(directory)).filter((name) => pattern.test(name)) : []
      const lines = names.map((name) => {
        const { mode, uid, size } = lstatSync(path(directory, name))
        return transcript.normalise(`${join(directory, name)}: mode ${mode.toString(8)}, uid ${uid}, ${size} bytes`)
      })
      // Of some names a part is chance.
      for (const line of lines.toSorted()) transcript.add(line)
    },
    seeSaid(pattern) {
      const lines = side.activity.lines().filter(({ message }) => pattern.test(message))
      for (const line of groupActivity(lines)) transcript.add(`said: ${line}`)
    },
    seeOrder(what, pattern) {
      const names = side.activity.lines().map(({ message }) => pattern.exec(message)?.[1])
      transcript.add(`${what}: ${names.filter((name) => name !== undefined).join(' ')}`)
    },
    seePauses(name) {
      const shortestMs: number[] = []
      let row: number[] = []
      for (const { atMs, message } of side.activity.lines()) {
        if (message.startsWith(`gave up: ${name} `)) row = []
        if (!message.startsWith(`spawned: '${name}' `)) continue
        const before = row.at(-1)
        const at = row.length - 1
        if (before !== undefined) shortestMs[at] = Math.min(shortestMs[at] ?? Number.POSITIVE_INFINITY, atMs - before)
        row.push(atMs)
      }
      transcript.add(`seconds between: ${shortestMs.map((ms) => Math.floor(ms / 1000)).join(' ')}`)
    },

    exists: (file) => existsSync(path(file)),
    read: (file) => (existsSync(path(file)) ? readFileSync(path(file), 'utf8') : ''),
    async pid(name) {
      const now = await info(name)
      if (now === null) throw new Error(`no process ${name}`)
      return now.pid
    },
  }
  return scene
}

/** They tell of processes as they come to their ends. */
const ofMany = /^(?:(?:start|stop|restart) .*(?:\ball\b|:)|update|shutdown)/
const ofOne = /^supervisor\.(?:start|stop)Process$/
const ofManyCalls = /^supervisor\.(?:start|stop)(?:ProcessGroup|AllProcesses)$/

/** Neighbouring lines that tell the same of several processes, by the names of these. */
function withoutChance(text: string): string {
  const lines = text.split('\n')
  const runs: string[][] = []
  const told = (line: string | undefined): string => /: (.*)$/.exec(line ?? '')?.[1] ?? ''
  for (const line of lines) {
    if (told(line) !== '' && told(line) === told(runs.at(-1)?.at(-1))) runs.at(-1)!.push(line)
    else runs.push([line])
  }
  return runs.flatMap((run) => run.toSorted()).join('\n')
}

function answerLines(answer: Answer, transcript: Transcript): readonly string[] {
  switch (answer.kind) {
    case 'value':
      return valueLines(answer.value, transcript)
    case 'fault':
      return [`= fault ${answer.code} ${answer.text}`]
    case 'http':
      return [`= HTTP ${answer.status}`]
  }
}

function hasChildLikeItself(pid: number): boolean {
  const own = readProc(pid, 'cmdline')
  const children = (readProc(pid, `task/${pid}/children`) ?? '').split(' ').filter((each) => each !== '')
  return children.some((child) => readProc(Number(child), 'cmdline') === own)
}

function linesOf(text: string): readonly string[] {
  if (text === '') return []
  return text.endsWith('\n') ? text.slice(0, -1).split('\n') : [...text.split('\n'), '(no newline at the end)']
}

function shown(text: string): string {
  return /^[\w./=:*-]+$/.test(text) ? text : JSON.stringify(text)
}
