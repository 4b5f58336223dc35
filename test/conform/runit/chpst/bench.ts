import { execFileSync, spawn } from 'node:child_process'
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { holdfast } from '../../../real/harness.ts'
import { tool } from '../tools.ts'

export const isRoot = process.getuid?.() === 0

export const names = ['chpst', 'setuidgid', 'envuidgid', 'envdir', 'pgrphack', 'setlock', 'softlimit'] as const

/** One call of chpst, or of a program that it stands for. DIR in a text is the directory it happens in. */
export interface Call {
  readonly args: readonly string[]
  readonly name?: (typeof names)[number] | 'dsetuidgid'
  /** A line of shell before it: what the caller is like. */
  readonly before?: string
  /** What the caller runs it by. */
  readonly by?: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
}

export interface Outcome {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: readonly string[]
  readonly stderr: string
}

export type Side = 'original' | 'ours'

export interface Bench {
  /** Runs it to its end. */
  readonly outcome: (side: Side, call: Call) => Promise<Outcome>
  /** Starts it; whoever starts it ends it. */
  readonly start: (side: Side, call: Call) => ReturnType<typeof spawn>
  readonly directory: (side: Side) => string
  readonly close: () => void
}

export function openBench(): Bench {
  const base = mkdtempSync(join(tmpdir(), 'holdfast-chpst-'))
  chmodSync(base, 0o755)
  const probe = join(base, 'probe')
  execFileSync('cc', ['-O1', '-Wall', '-Wextra', '-static', '-o', probe, join(here, 'probe.c')], { stdio: 'inherit' })
  // Of the same length: the size of what a program is given is the same for both.
  const directories = { original: join(base, 'one'), ours: join(base, 'two') } as const
  for (const directory of Object.values(directories)) furnish(directory, probe)
  for (const name of [...names, 'dsetuidgid']) {
    symlinkSync(tool('chpst'), join(directories.original, 'bin', name))
    symlinkSync(holdfast, join(directories.ours, 'bin', name))
  }
  const start: Bench['start'] = (side, call) =>
    spawnCall(directories[side], programOf(side, directories[side], call), call)
  return {
    start,
    directory: (side) => directories[side],
    async outcome(side, call) {
      const child = start(side, call)
      const pid = child.pid!
      const [stdout, stderr, [code, signal]] = await Promise.all([
        text(child.stdout!),
        text(child.stderr!),
        new Promise<[number | null, NodeJS.Signals | null]>((resolve) => child.on('close', (...end) => resolve(end))),
      ])
      const clean = (raw: string): string => normalized(raw, directories[side], pid)
      return { code, signal, stdout: clean(stdout).split('\n').sort(), stderr: clean(stderr) }
    },
    close: () => rmSync(base, { recursive: true }),
  }
}

const here = dirname(fileURLToPath(import.meta.url))

function programOf(side: Side, directory: string, { name = 'chpst' }: Call): readonly string[] {
  return side === 'ours' && name === 'chpst' ? [holdfast, 'chpst'] : [join(directory, 'bin', name)]
}

function spawnCall(directory: string, program: readonly string[], call: Call): ReturnType<typeof spawn> {
  const place = (word: string): string => word.replaceAll('DIR', directory)
  const script = `${call.before ?? ':'}; exec "$@"`
  const words = [...(call.by ?? []), ...program, ...call.args].map(place)
  return spawn('/bin/sh', ['-c', place(script), 'sh', ...words], {
    cwd: directory,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: `${directory}/bin:/usr/bin:/bin`,
      // A shell corrects a wrong one.
      PWD: directory,
      ...Object.fromEntries(Object.entries(call.environment ?? {}).map(([name, value]) => [name, place(value)])),
    },
  })
}

async function text(stream: NodeJS.ReadableStream): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString('latin1')
}

function normalized(raw: string, directory: string, pid: number): string {
  return raw
    .replaceAll(directory, 'DIR')
    .replace(/\b(pipe|socket):\[\d+\]/g, '$1')
    .replace(new RegExp(`^pid ${pid}$`, 'm'), 'pid of the caller')
    .replace(new RegExp(`^parent ${process.pid}$`, 'm'), 'parent of the caller')
}

function furnish(directory: string, probe: string): void {
  const path = (name: string): string => join(directory, name)
  const write = (name: string, content: string, mode = 0o644): void => {
    mkdirSync(dirname(path(name)), { recursive: true })
    writeFileSync(path(name), content, 'latin1')
    chmodSync(path(name), mode)
  }
  for (const name of ['bin', 'root/locks', 'with-directory/inner', 'p3/prog', 'open'])
    mkdirSync(path(name), { recursive: true })
  for (const name of ['probe', 'root/probe', 'bin/found']) copyFileSync(probe, path(name))
  chmodSync(path('open'), 0o777)

  write('env/FIRST', 'first line \t\nsecond line')
  write('env/ONLY_NEWLINE', '\n')
  write('env/EMPTY', '')
  write('env/BLANKS', ' \t ')
  write('env/INNER', ' a b\tc \t')
  write('env/ZERO', 'a\0b\0')
  write('env/ZERO_ALONE', '\0')
  write('env/ZERO_THEN_BLANKS', 'a\0 \t\nx')
  write('env/CARRIAGE', 'a\r\n')
  write('env/LATIN', 'gr\xfc\xdf\xff')
  write('env/.HIDDEN', 'hidden')
  write('env/A=B', 'value')
  write('env/=', 'value')
  write('env/with blank', 'value')
  write('env/PATH', '/nowhere')
  write('env/LONG', 'x'.repeat(5_000))
  write('env/ZZ_LAST', 'last')
  execFileSync('mkfifo', [path('env/FIFO')])
  write('with-directory/GIVEN', 'given')
  write('closed/SECRET', 'secret', 0o600)
  write('unlisted/GIVEN', 'given')
  chmodSync(path('unlisted'), 0o711)

  write('script', 'echo never\n', 0o755)
  write('nothing', '', 0o755)
  write('lost', '#!/nowhere/shell\n', 0o755)
  write('shell', '#!/bin/sh\nexec ./probe "$0" "$@"\n', 0o755)
  write('p1/prog', 'not for running\n')
  write('p2/prog', '', 0o755)
  mkdirSync(path('p4'))
  symlinkSync('prog', path('p4/prog'))
}
