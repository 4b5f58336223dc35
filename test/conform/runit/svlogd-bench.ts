import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readSync,
  statSync,
  write,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { makePipe, setBlocking } from '../../../src/sys/pipe.ts'
import { until } from '../../real/until.ts'

/** The two programs that are compared. */
export interface Program {
  readonly name: string
  readonly command: readonly string[]
}

const entry = new URL('../../../src/runit/svlogd.ts', import.meta.url).href
const script = `process.exitCode = await (await import(${JSON.stringify(entry)})).runSvlogd(process.argv.slice(1))`

export const programs: readonly Program[] = [
  { name: 'the original', command: ['/usr/bin/svlogd'] },
  {
    name: 'ours',
    command: [process.execPath, '--disable-warning=ExperimentalWarning', '--input-type=module', '-e', script, '--'],
  },
]

export interface Prepared {
  readonly config?: string
  readonly files?: Readonly<Record<string, string>>
  readonly modes?: Readonly<Record<string, number>>
  readonly folders?: readonly string[]
}

/** Of the first directory, called `log`; `input` is one step. */
export interface Case extends Prepared {
  readonly args?: readonly string[]
  readonly directories?: readonly string[]
  readonly more?: Readonly<Record<string, Prepared>>
  readonly input?: string | Buffer
  readonly steps?: readonly Step[]
  /** Lines of standard error that depend on time, or on what is never set. */
  readonly ignores?: RegExp
  readonly isUnordered?: boolean
  readonly isQuiet?: boolean
}

/** `until`: standard error has so many lines with this; `file`: a file ends so. */
export type Step =
  | string
  | Buffer
  | { readonly signal: NodeJS.Signals }
  | { readonly until: readonly [string, number] }
  | { readonly file: readonly [string, string] }
  | { readonly write: readonly [string, string] }
  | { readonly exit: true }

export interface File {
  readonly mode: string
  /** One character for a byte; stamps replaced. */
  readonly bytes: string
}

export interface Outcome {
  readonly code: number | null
  readonly text: string
  readonly directories: Readonly<Record<string, Readonly<Record<string, File>>>>
  readonly leftInPipe: string
}

export interface Started {
  readonly child: ChildProcess
  readonly exited: Promise<number | null>
  text(): string
  write(bytes: string | Buffer): Promise<void>
  /** Closes the input. */
  end(): void
  kill(): void
  /** What nobody read; after `exited`. */
  left(): string
}

/** Starts it in `place`, with a pipe as runsv makes one. */
export function start(place: string, { command }: Program, args: readonly string[]): Started {
  const pipe = makePipe()
  assert.ok(typeof pipe !== 'string')
  setBlocking(pipe.read)
  const child = spawn(command[0]!, [...command.slice(1), ...args], { cwd: place, stdio: [pipe.read, 'ignore', 'pipe'] })
  let text = ''
  child.stderr!.setEncoding('latin1').on('data', (more: string) => {
    text += more
  })
  let isEnded = false
  const exited = once(child, 'close').then(() => child.exitCode)
  const end = () => {
    if (!isEnded) closeSync(pipe.write)
    isEnded = true
  }
  return {
    child,
    exited,
    text: () => text,
    async write(bytes) {
      const all = Buffer.from(bytes as string)
      let at = 0
      while (at < all.length) at += (await promisify(write)(pipe.write, all, at)).bytesWritten
    },
    end,
    kill: () => void child.kill('SIGKILL'),
    left() {
      end()
      const buffer = Buffer.alloc(65536)
      const bytes = readSync(pipe.read, buffer)
      closeSync(pipe.read)
      return buffer.toString('latin1', 0, bytes)
    },
  }
}

/** Plays one case with one program, in a new directory below `root`. */
export async function play(root: string, program: Program, each: Case): Promise<Outcome> {
  const place = mkdtempSync(join(root, 'case-'))
  const names = each.directories ?? ['log']
  for (const [name, prepared] of Object.entries({ log: each, ...each.more })) prepare(join(place, name), prepared)
  const run = start(place, program, [...(each.isQuiet === true ? [] : ['-v']), ...(each.args ?? []), ...names])
  try {
    for (const step of each.steps ?? [each.input ?? '']) await take(run, place, step)
    run.end()
    const code = await run.exited
    const existing = readdirSync(place).filter((name) => statSync(join(place, name)).isDirectory())
    return {
      code,
      text: normalText(run.text(), each),
      directories: Object.fromEntries(existing.map((name) => [name, snapshot(join(place, name))])),
      leftInPipe: run.left(),
    }
  } finally {
    run.kill()
  }
}

/** Old files are called by their order: `@1.s`. */
export function snapshot(directory: string): Readonly<Record<string, File>> {
  const names = readdirSync(directory).sort()
  const old = names.filter((name) => /^@4000[0-9a-f]{21}\.[a-z]$/.test(name) || /^@4000[0-9a-f]{20}\.[a-z]$/.test(name))
  return Object.fromEntries(
    names.map((name) => {
      const { mode } = statSync(join(directory, name))
      const at = old.indexOf(name)
      const isFile = statSync(join(directory, name)).isFile()
      return [
        at === -1 ? name : `@${at + 1}.${name.slice(-1)}`,
        { mode: mode.toString(8), bytes: isFile ? normal(readFileSync(join(directory, name), 'latin1')) : '' },
      ]
    }),
  )
}

function prepare(directory: string, { config, files, modes, folders }: Prepared): void {
  mkdirSync(directory)
  if (config !== undefined) writeFileSync(join(directory, 'config'), config, 'latin1')
  for (const folder of folders ?? []) mkdirSync(join(directory, folder))
  for (const [name, text] of Object.entries(files ?? {})) writeFileSync(join(directory, name), text)
  for (const [name, mode] of Object.entries(modes ?? {})) chmodSync(join(directory, name), mode)
}

async function take(run: Started, place: string, step: Step): Promise<void> {
  if (typeof step === 'string' || Buffer.isBuffer(step)) await run.write(step)
  else if ('signal' in step) run.child.kill(step.signal)
  else if ('write' in step) writeFileSync(join(place, 'log', step.write[0]), step.write[1])
  else if ('exit' in step) await run.exited
  else if ('until' in step) {
    const [text, count] = step.until
    await until(`${count} × "${text}" in: ${run.text()}`, () => run.text().split(text).length > count)
  } else {
    const [name, end] = step.file
    await until(
      `${name} ends with ${end}`,
      () => existsSync(join(place, 'log', name)) && readFileSync(join(place, 'log', name), 'latin1').endsWith(end),
    )
  }
}

function normal(text: string): string {
  return text
    .replace(/@4[0-9a-f]{23} /g, '<stamp> ')
    .replace(/\d{4}-\d\d-\d\d([T_])\d\d:\d\d:\d\d\.\d{5} /g, (_, between) => (between === 'T' ? '<iso> ' : '<stamp> '))
}

function normalText(text: string, { ignores, isUnordered }: Case): string {
  const lines = normal(text)
    .replace(/@4[0-9a-f]{23}\./g, '@.')
    .split('\n')
    .filter((line) => ignores?.test(line) !== true)
  return (isUnordered === true ? lines.sort() : lines).join('\n')
}
