import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { type Files, writeFiles } from '../runit/files.ts'
import { createSideDirectory } from '../side-directory.ts'
import { type Activity, createActivity } from './activity.ts'
import type { Daemon, Place, StartDaemon } from './daemon.ts'
import { type Address, createRpcClient, type RpcClient } from './xml-rpc.ts'

/** One supervisord with a directory of its own. */
export interface Side extends Place {
  readonly name: string
  readonly isOriginal: boolean
  readonly port: number
  readonly daemon: Daemon
  readonly activity: Activity
  readonly rpc: RpcClient
  /** For whoever has to find out why a test failed. */
  describe(): string
  /** Nothing that it started is left, and its directory is gone. */
  end(): Promise<void>
}

export interface SideOptions {
  readonly name: string
  readonly isOriginal: boolean
  readonly start: StartDaemon
  /** In all that follows `DIR` is the side's directory, and `PORT` this. */
  readonly port: number
  /** Of `supervisord`. */
  readonly arguments: readonly string[]
  /** Relative to the side's directory. */
  readonly files: Files
  /** Puts what is no file into the side's directory, before the daemon is started. */
  prepare?(directory: string): void
  readonly environment: Readonly<Record<string, string>>
  /** Where it is asked. */
  readonly address: Address
}

export function createSide(options: SideOptions): Side {
  const own = createSideDirectory('holdfast-supervisord-', supervising)
  const directory = own.path
  for (const name of ['home', 'log', 'bin']) mkdirSync(join(directory, name))
  const { port } = options
  writeFiles(directory, placed(options.files, { directory, port }))
  options.prepare?.(directory)
  const place: Place = {
    directory,
    environment: {
      PATH: '/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin',
      HOME: directory,
      LANG: 'C.UTF-8',
      TZ: 'UTC',
      HOLDFAST_HOME: join(directory, 'home'),
      // It marks the processes of this side.
      CONFORM_PLACE: directory,
      ...options.environment,
    },
  }
  const inPlace = (text: string): string => placedText(text, { directory, port })
  const daemon = options.start(place, options.arguments.map(inPlace))
  const address = { ...options.address, at: inPlace(options.address.at) }
  const rpc = createRpcClient(address)
  const stopWaking = options.isOriginal ? wakeOften(address) : () => {}
  const textOf = (name: string): string =>
    existsSync(join(directory, name)) ? readFileSync(join(directory, name), 'utf8') : ''
  return {
    ...place,
    name: options.name,
    isOriginal: options.isOriginal,
    port,
    daemon,
    activity: createActivity(join(directory, 'stdout')),
    rpc,
    describe() {
      return [
        `=== ${options.name}: pid ${daemon.pid}, ended: ${JSON.stringify(daemon.ended())}`,
        ...own.describe(),
        '--- end of its stdout',
        textOf('stdout').slice(-4_000),
        '--- end of its stderr',
        textOf('stderr').slice(-2_000),
      ].join('\n')
    },
    async end() {
      stopWaking()
      if (daemon.ended() === null) daemon.signal('SIGKILL')
      await own.end()
    },
  }
}

interface Placing {
  readonly directory: string
  readonly port: number
}

/** Files whose text names the side's directory as `DIR` and its port as `PORT`. */
export function placed(files: Files, placing: Placing): Files {
  return Object.fromEntries(
    Object.entries(files).map(([name, entry]) => [
      name,
      entry.kind === 'file' ? { ...entry, content: placedText(entry.content, placing) } : entry,
    ]),
  )
}

export function placedText(text: string, { directory, port }: Placing): string {
  return text.replaceAll('DIR', directory).replaceAll('PORT', String(port))
}

/** A port that nobody listens at, so far. */
export function freePort(): Promise<number> {
  const server = createServer()
  return new Promise((resolve, reject) => {
    server.on('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo
      server.close(() => resolve(port))
    })
  })
}

const wakeEveryMs = 100

/**
 * The original looks at its processes once a second, or when somebody asks it for something: what it makes of a short
 * run depends on that (it may report one of 0.1 s as RUNNING). Asked all the time it tells what it means to tell.
 */
function wakeOften(address: Address): () => void {
  const rpc = createRpcClient(address)
  let isOver = false
  const wake = async (): Promise<void> => {
    try {
      await rpc.call('supervisor.getState', [])
    } catch {
      // Not yet there, or already gone.
    }
    if (!isOver) timer = setTimeout(wake, wakeEveryMs)
  }
  let timer = setTimeout(wake, wakeEveryMs)
  return () => {
    isOver = true
    clearTimeout(timer)
  }
}

const supervising = /^(?:\S*\/)?(?:python3?|node)\b/
