import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Client, createClient } from '../../src/cli/client.ts'
import type { ChangeReport, UnitList } from '../../src/wire/api.ts'
import { chooseHome } from '../../src/wire/home.ts'
import { until } from '../observe.ts'
import { command, end, type Flooded, type Launched, launch, type Peer, type Site, type Supervisor } from '../peer.ts'
import { root } from '../tools.ts'
import { ourDirectories } from './us-runsvdir.ts'

const program = join(root, 'bin/holdfast')

/** The command is the request that `holdfast up` makes, sent to a running daemon after the file was rewritten. */
export const us: Peer<Ours> = {
  name: 'us',
  unitsMax: 10_000,
  version: () => JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).version,
  open: openUs,
  flood: (site, commands) =>
    openFlood(site, commands, (file, environment) => launch(site, program, ['daemon', file], environment)),
  directories: ourDirectories,
}

/** The same daemon, with its loop watched from within. */
export const loopGap: Pick<Peer, 'flood'> = {
  async flood(site, commands) {
    const gapFile = join(site.directory, 'gap')
    const flags = ['--max-semi-space-size=1', '--disable-warning=ExperimentalWarning']
    const watched = ['--import', join(root, 'bench/loop-gap.mjs'), join(root, 'dist/main.cjs')]
    let pid = 0
    const start = (file: string, environment: Readonly<Record<string, string>>): Launched => {
      const daemon = launch(site, pinnedNode(), [...flags, ...watched, 'daemon', file], {
        ...environment,
        LOOP_GAP_FILE: gapFile,
        HOLDFAST_NOFILE_SOFT: '1024',
      })
      pid = daemon.pid
      return daemon
    }
    // As by default: without rotation it is the disk that makes everybody wait, not the loop.
    const flooded = await openFlood(site, commands, start, true)
    return {
      ...flooded,
      mark: () => process.kill(pid, 'SIGUSR2'),
      async gapMs() {
        rmSync(gapFile, { force: true })
        process.kill(pid, 'SIGUSR2')
        await until(() => (statSync(gapFile, { throwIfNoEntry: false })?.size ?? 0) > 0, 'the gap to be noted')
        return Number(readFileSync(gapFile, 'utf8'))
      },
    }
  },
}

function pinnedNode(): string {
  const [node] = globSync(join(root, 'node_modules/node-linux-*/bin/node'))
  if (node === undefined) throw new Error('the pinned Node is not installed')
  return node
}

async function openFlood(
  site: Site,
  commands: readonly (readonly string[])[],
  start: (file: string, environment: Readonly<Record<string, string>>) => Launched,
  isRotated = false,
): Promise<Flooded> {
  const file = join(site.directory, 'holdfast.yaml')
  const home = join(site.directory, 'home')
  const environment = { HOLDFAST_HOME: home }
  const services = commands.map((command, index) => [
    `unit-${index}`,
    { command, 'x-holdfast': { autostart: false, ...(isRotated ? {} : { logs: { max_size: 0 } }) } },
  ])
  writeFileSync(file, JSON.stringify({ name: 'bench', services: Object.fromEntries(services) }))
  const client = clientFor(environment)
  const daemon = start(file, environment)
  const isReady = async () => (await client.ask<UnitList>('units')).items.length === commands.length
  await until(() => isReady().catch(() => false), 'the daemon to know its units', 30_000)
  return {
    roots: () => [daemon.pid],
    begin: () => client.ask('start', { body: { names: services.map(([name]) => name), wait: false } }),
    logs: () => join(home, 'log'),
    close: () => end(daemon, 'SIGTERM'),
  }
}

export interface Ours extends Supervisor {
  /** `extras`: what stands below `x-holdfast` of each unit. */
  up(count: number, extras?: object): Promise<bigint>
  /** Ends the daemon and starts it anew on a file with `count` units. Returns when it was told to start. */
  fresh(count: number): Promise<bigint>
  /** As `up`, by the command `holdfast up` with its own start. */
  upByCommandLine(count: number): Promise<bigint>
  /** `kill -9` of the daemon. */
  kill(): Promise<void>
  /** Starts a daemon for the same home. Returns when it was told to start. */
  restart(): bigint
  list(): Promise<UnitList['items']>
}

async function openUs(site: Site): Promise<Ours> {
  const file = join(site.directory, 'holdfast.yaml')
  const home = join(site.directory, 'home')
  const environment = { HOLDFAST_HOME: home }
  // As where it is installed: state and logs on the disk, /run in memory.
  const runDirectory = mkdtempSync('/dev/shm/hfb-')
  mkdirSync(home)
  symlinkSync(runDirectory, join(home, 'run'))
  const client = clientFor(environment)
  const list = async () => (await client.ask<UnitList>('units')).items
  const start = (): Launched => launch(site, program, ['daemon', file], environment)
  writeUnits(site, file, 0)
  let daemon = start()
  await until(
    () =>
      list().then(
        () => true,
        () => false,
      ),
    'the daemon to answer',
    30_000,
  )
  return {
    roots: () => [daemon.pid],
    async up(count, extras) {
      writeUnits(site, file, count, extras)
      const given = process.hrtime.bigint()
      const report = await client.ask<ChangeReport>('up', { body: { sources: null, lenient: null } })
      if (report.errors.length > 0) throw new Error(report.errors.join('\n'))
      return given
    },
    async fresh(count) {
      await end(daemon, 'SIGTERM')
      writeUnits(site, file, count)
      const given = process.hrtime.bigint()
      daemon = start()
      return given
    },
    async upByCommandLine(count) {
      writeUnits(site, file, count)
      return command(program, ['up'], environment)
    },
    async stop() {
      const given = process.hrtime.bigint()
      process.kill(daemon.pid, 'SIGTERM')
      return given
    },
    async kill() {
      process.kill(daemon.pid, 'SIGKILL')
      await daemon.ended
    },
    restart() {
      const given = process.hrtime.bigint()
      daemon = start()
      return given
    },
    list,
    async close() {
      await end(daemon, 'SIGTERM')
      rmSync(runDirectory, { recursive: true })
    },
  }
}

function clientFor(environment: Readonly<Record<string, string>>): Client {
  const choice = chooseHome({ option: undefined, environment, uid: process.getuid!() })
  if (choice.kind === 'bad') throw new Error(choice.message)
  return createClient(choice.home)
}

function writeUnits(site: Site, file: string, count: number, extras?: object): void {
  const more = extras === undefined ? '' : `    x-holdfast: ${JSON.stringify(extras)}\n`
  const units = Array.from(
    { length: count },
    (_, index) =>
      `  unit-${index}:\n    command: ["${site.unit}", "${site.argument(index)}"]\n    restart: always\n${more}`,
  )
  writeFileSync(file, count === 0 ? 'name: bench\nservices: {}\n' : `name: bench\nservices:\n${units.join('')}`)
}
