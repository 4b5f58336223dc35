import { execFile, spawn } from 'node:child_process'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { holdfast } from '../../real/harness.ts'
import { until } from '../../real/until.ts'
import { file, link, writeFiles } from '../runit/files.ts'
import { config, type Line, talk } from './ctl-lines.ts'
import type { StartDaemon } from './daemon.ts'
import { createSide, freePort, placed, placedText, type Side } from './side.ts'

/** A daemon, and the supervisorctl that asks it. */
export interface CtlSide {
  readonly side: Side
  /** Its path. */
  readonly program: string
  run(line: string | Line): Promise<Answer>
  end(): Promise<void>
}

/** Without what differs between two daemons, and two programs. */
export interface Answer {
  readonly stdout: string
  readonly stderr: string
  readonly code: number
}

interface Call {
  readonly args: readonly string[]
  readonly stdin: string
  readonly cwd: string
  readonly env: Readonly<Record<string, string>>
}

/** Runs one supervisorctl. */
export interface Client {
  readonly program: string
  run(call: Call): Promise<Answer>
  end(): void
}

export async function createCtlSide(kind: 'original' | 'ours', start: StartDaemon): Promise<CtlSide> {
  const port = await freePort()
  const side = createSide({
    name: kind,
    isOriginal: true,
    start,
    port,
    arguments: ['-n', '-c', 'DIR/supervisord.conf'],
    files: {
      'supervisord.conf': file(config),
      'conf.d/fresh.conf': file(''),
      'empty/x': file(''),
      'client/etc/supervisord.conf': file('[supervisorctl]\nserverurl=unix://DIR/s.sock\n'),
      // It looks for files beside itself.
      'tool/bin/supervisorctl': link(holdfast),
      talk: file(talk, 0o755),
    },
    environment: {},
    address: { at: 'DIR/s.sock' },
  })
  await until('the programs of a daemon to run', () => isBegun(side))
  const client =
    kind === 'ours' ? createOurs(join(side.directory, 'tool/bin/supervisorctl')) : createOriginal(side.environment)
  return {
    side,
    program: client.program,
    run: (line) => run(side, client, line),
    async end() {
      client.end()
      await side.end()
    },
  }
}

/** Seven are started with the daemon, and one of them prints. */
async function isBegun(side: Side): Promise<boolean> {
  const isPrinted = (name: string): boolean => statSync(join(side.directory, name)).size > 0
  try {
    const answer = await side.rpc.call('supervisor.getAllProcessInfo', [])
    return JSON.stringify(answer).split('"RUNNING"').length > 7 && ['talk.out', 'talk.err'].every(isPrinted)
  } catch {
    return false
  }
}

const deadlineMs = 60_000

async function run(side: Side, client: Client, given: string | Line): Promise<Answer> {
  const { line, args, stdin, environment, directory, files } = typeof given === 'string' ? { line: given } : given
  writeFiles(side.directory, placed(entriesOf(files), side))
  const words = args ?? ['-c', 'DIR/supervisord.conf', ...line.split(' ').filter((word) => word !== '')]
  const more = Object.entries(environment ?? {}).map(([name, value]) => [name, placedText(value, side)])
  const { stdout, stderr, code } = await client.run({
    args: words.map((word) => placedText(word, side)),
    stdin: stdin === undefined ? '' : placedText(stdin, side),
    cwd: join(side.directory, directory ?? ''),
    env: { ...side.environment, ...Object.fromEntries(more) },
  })
  const normal = (text: string): string => normalise(text.replaceAll(client.program, 'PROGRAM'), side)
  const said = normal(stdout)
  return { stdout: isOfSeveral(line) ? said.split('\n').sort().join('\n') : said, stderr: normal(stderr), code }
}

/** What becomes of several processes is told in the order in which it happens. */
function isOfSeveral(line: string): boolean {
  return /^(?:start|stop|restart) .*(?:\ball\b|:)/.test(line)
}

function entriesOf(files: Line['files']) {
  return Object.fromEntries(Object.entries(files ?? {}).map(([name, content]) => [name, file(content)]))
}

export function createOurs(program: string): Client {
  return {
    program,
    run: ({ args, stdin, ...options }) =>
      new Promise((resolve, reject) => {
        const child = execFile(program, args, { ...options, timeout: deadlineMs }, (error, stdout, stderr) => {
          if (error !== null && typeof error.code !== 'number') return reject(error)
          resolve({ stdout, stderr, code: error === null ? 0 : Number(error.code) })
        })
        child.stdin?.on('error', () => {
          // It need not read what it was given.
        })
        child.stdin?.end(stdin)
      }),
    end: () => {},
  }
}

export function createOriginal(environment: Readonly<Record<string, string>>): Client {
  const script = fileURLToPath(new URL('ctl-original.py', import.meta.url))
  const child = spawn('/usr/bin/python3', [script], { env: environment, stdio: ['pipe', 'pipe', 'inherit'] })
  const waiting: ((answer: Answer) => void)[] = []
  createInterface(child.stdout).on('line', (line) => waiting.shift()?.(JSON.parse(line)))
  return {
    program: '/usr/bin/supervisorctl',
    run: (call) =>
      new Promise((resolve) => {
        waiting.push(resolve)
        child.stdin.write(`${JSON.stringify(call)}\n`)
      }),
    end: () => child.stdin.end(),
  }
}

/** Without what differs between two daemons and two moments. */
export function normalise(text: string, { directory, port }: Pick<Side, 'directory' | 'port'>): string {
  return (
    text
      .replaceAll(directory, 'DIR')
      .replaceAll(`:${port}`, ':PORT')
      .replace(/\bpid \d+, uptime \d+:\d\d:\d\d/g, 'pid N, uptime TIME')
      .replace(/^((?:\S+> )?)[1-9]\d+$/gm, '$1N')
      .replace(/\b[A-Z][a-z]{2} \d\d \d\d:\d\d [AP]M/g, 'DATE')
      // Where in Python it happened.
      .replace(/: file: .* line: \d+$/gm, ': file: FILE line: N')
      // What is in the environment of each.
      .replace(/Available names: .*/, 'Available names: NAMES')
      // What a command is for is said in words of our own; how it is called is not.
      .replace(/^([^\t\n]*)\t.*$/gm, '$1\t')
      .replace(/^Note: .*$/gm, 'Note:')
      .replace(/^supervisorctl -- [\s\S]*/, (usage) => usage.match(/^(?:Usage: .*|-\S.*(?= -- ))/gm)?.join('\n') ?? '')
  )
}
