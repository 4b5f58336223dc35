import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createClient } from '../../src/cli/client.ts'
import type { ChangeReport, UnitList } from '../../src/wire/api.ts'
import { chooseHome } from '../../src/wire/home.ts'
import { until } from '../observe.ts'
import { command, end, launchIn } from '../peer.ts'
import { us as ours } from '../peers/us.ts'
import { root } from '../tools.ts'
import { composeText } from './compose-text.ts'
import { type ContainersPeer, nowMs, type Service } from './peer.ts'

const program = join(root, 'bin/holdfast')

/** The command is the request that `holdfast up` makes of a running daemon, after the file was rewritten. */
export const us: ContainersPeer = {
  name: 'us',
  version: ours.version,
  async open({ directory, socketPath, image }) {
    const file = join(directory, 'bench.yaml')
    const home = join(directory, 'home')
    const environment = { HOLDFAST_HOME: home, DOCKER_HOST: `unix://${socketPath}` }
    // As where it is installed: state and logs on the disk, /run in memory.
    const runDirectory = mkdtempSync('/dev/shm/hfb-')
    mkdirSync(home)
    symlinkSync(runDirectory, join(home, 'run'))
    const choice = chooseHome({ option: undefined, environment, uid: process.getuid!() })
    if (choice.kind === 'bad') throw new Error(choice.message)
    const client = createClient(choice.home)
    const declare = (services: readonly Service[]): void =>
      writeFileSync(file, composeText(image, services, { name: 'bench' }))
    declare([])
    const daemon = launchIn(directory, program, ['daemon', file], environment)
    const isAnswering = (): Promise<boolean> =>
      client.ask<UnitList>('units').then(
        () => true,
        () => false,
      )
    await until(isAnswering, 'the daemon to answer', 30_000)
    return {
      roots: () => [daemon.pid],
      async apply(services) {
        declare(services)
        const given = nowMs()
        const report = await client.ask<ChangeReport>('up', { body: { sources: null, lenient: null } })
        if (report.errors.length > 0) throw new Error(report.errors.join('\n'))
        return given
      },
      async applyByCommandLine(services) {
        declare(services)
        const given = nowMs()
        await command(program, ['up'], environment)
        return given
      },
      async restart(name) {
        const given = nowMs()
        await client.ask('restart', { body: { names: [`bench/${name}`], wait: false } })
        return given
      },
      async close() {
        declare([])
        await client.ask('up', { body: { sources: null, lenient: null } })
        await end(daemon, 'SIGTERM')
        rmSync(runDirectory, { recursive: true })
      },
    }
  },
}
