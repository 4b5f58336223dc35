import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { until } from '../observe.ts'
import { command, end, launch, type Peer } from '../peer.ts'
import { hasCommand, packageVersion } from '../tools.ts'
import { writeRunScript } from './runit.ts'

/** The command is `s6-svscanctl -a` after the directories were made. */
export const s6: Peer = {
  name: 's6',
  unitsMax: 5_000,
  version: () => (hasCommand('s6-svscan') ? packageVersion('s6') : null),
  async open(site) {
    const services = join(site.directory, 'services')
    mkdirSync(services)
    const svscan = launch(site, 's6-svscan', ['-c', '5000', services])
    await until(() => existsSync(join(services, '.s6-svscan/control')), 's6-svscan to answer')
    return {
      roots: () => [svscan.pid],
      async up(count) {
        for (let index = 0; index < count; index += 1) writeRunScript(site, join(services, `unit-${index}`), index)
        return command('s6-svscanctl', ['-a', services])
      },
      stop: () => command('s6-svscanctl', ['-t', services]),
      close: () => end(svscan, 'SIGTERM'),
    }
  },
}
