import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { end, launch, type PeerName, type Site, using, withSite } from '../peer.ts'
import { root } from '../tools.ts'
import { type Activity, openActivity } from './activity.ts'

/** Who reads a supervisord.conf and runs its programs. */
export interface Supervisord {
  readonly name: PeerName
  /** The daemon in the foreground, without its file. */
  readonly daemon: Command
  /** What it takes to be started in a site, and how to remove it again. */
  prepare(site: Site): { readonly environment: Readonly<Record<string, string>>; remove(): void }
}

const holdfast = join(root, 'bin/holdfast')

export const supervisords: readonly Supervisord[] = [
  {
    name: 'us',
    daemon: [holdfast, 'supervisord', '-n'],
    prepare({ directory }) {
      const home = join(directory, 'home')
      // As where it is installed: state and logs on the disk, /run in memory.
      const runDirectory = mkdtempSync('/dev/shm/hfb-')
      mkdirSync(home)
      symlinkSync(runDirectory, join(home, 'run'))
      return { environment: { HOLDFAST_HOME: home }, remove: () => rmSync(runDirectory, { recursive: true }) }
    },
  },
  { name: 'supervisord', daemon: ['supervisord', '-n'], prepare: () => ({ environment: {}, remove: () => {} }) },
]

export type Command = readonly [program: string, ...args: string[]]

/** Either client's command, on the file that a daemon runs with. */
export const clients = {
  debian: (file: string): Command => ['supervisorctl', '-c', file],
  ours: (file: string): Command => [holdfast, 'supervisorctl', '-c', file],
} as const

export interface Program {
  readonly name: string
  readonly command: string
  readonly settings?: Readonly<Record<string, string>>
}

/** What its file says. */
export interface Declared {
  readonly programs: readonly Program[]
  /** Of the section `[supervisord]`, besides its paths. */
  readonly main?: Readonly<Record<string, string>>
}

/** A daemon that was told to start, and has not done anything yet. */
export interface Begun {
  readonly pid: number
  readonly givenNs: bigint
  readonly file: string
  readonly socket: string
  /** The folder of the programs' logs, and nothing else. */
  readonly logs: string
  readonly activity: Activity
  /** It is gone. */
  readonly ended: Promise<void>
}

/** Starts one on a file of its own; whatever happens, nothing of it stays behind. */
export function withDaemon<T>(
  supervisord: Supervisord,
  declare: (site: Site) => Declared,
  measure: (begun: Begun, site: Site) => Promise<T>,
): Promise<T> {
  return withSite((site) =>
    using(
      site,
      async () => begin(supervisord, site, declare(site)),
      (begun) => measure(begun, site),
    ),
  )
}

/** So many of the unit of all benchmarks, each started again whatever its end. */
export function units(site: Site, count: number): readonly Program[] {
  return Array.from({ length: count }, (_, index) => ({
    name: `unit-${index}`,
    command: `${site.unit} ${site.argument(index)}`,
    settings: { startsecs: '0', autorestart: 'true' },
  }))
}

/** When the activity log has told of each that it is RUNNING: to ask would wake the original, whose loop sleeps a second. */
export async function untilRunning({ activity }: Begun, count: number): Promise<bigint> {
  await activity.until('entered RUNNING state', count, 60_000)
  return process.hrtime.bigint()
}

/** Throws where the client does not tell that all run: one that is quick to say something else would look good. */
export function assertAllShown([program, ...args]: Command, count: number): void {
  const lines = execFileSync(program, [...args, 'status'], { encoding: 'utf8' })
    .trimEnd()
    .split('\n')
  const running = lines.filter((line) => /^\S+ +RUNNING +pid \d+, uptime /.test(line)).length
  if (running !== count) throw new Error(`${running} of ${count} are told to run: ${lines[0]}`)
}

function begin(supervisord: Supervisord, site: Site, declared: Declared) {
  const { directory } = site
  const paths = {
    file: join(directory, 'supervisord.conf'),
    socket: join(directory, 'supervisor.sock'),
    logs: join(directory, 'logs'),
    activity: join(directory, 'supervisord.log'),
  }
  mkdirSync(paths.logs)
  writeFileSync(paths.file, fileText(directory, paths, declared))
  const { environment, remove } = supervisord.prepare(site)
  const [program, ...args] = supervisord.daemon
  const givenNs = process.hrtime.bigint()
  const launched = launch(site, program, [...args, '-c', paths.file], environment)
  let hasEnded = false
  void launched.ended.then(() => {
    hasEnded = true
  })
  return {
    ...paths,
    ...launched,
    givenNs,
    activity: openActivity(paths.activity, () => hasEnded),
    roots: () => (hasEnded ? [] : [launched.pid]),
    async close() {
      if (!hasEnded) await end(launched, 'SIGTERM')
      remove()
    },
  }
}

function fileText(
  directory: string,
  paths: { readonly socket: string; readonly logs: string; readonly activity: string },
  { programs, main }: Declared,
): string {
  const section = (name: string, settings: Readonly<Record<string, string>>) =>
    `[${name}]\n${Object.entries(settings)
      .map(([key, value]) => `${key}=${value}\n`)
      .join('')}`
  return [
    section('unix_http_server', { file: paths.socket }),
    section('supervisord', {
      logfile: paths.activity,
      pidfile: join(directory, 'supervisord.pid'),
      childlogdir: paths.logs,
      ...main,
    }),
    section('rpcinterface:supervisor', {
      'supervisor.rpcinterface_factory': 'supervisor.rpcinterface:make_main_rpcinterface',
    }),
    section('supervisorctl', { serverurl: `unix://${paths.socket}` }),
    ...programs.map(({ name, command, settings }) => section(`program:${name}`, { command, ...settings })),
  ].join('')
}
