import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { until } from '../observe.ts'
import { command, end, launch, type Peer } from '../peer.ts'
import { hasCommand, packageVersion } from '../tools.ts'
import { writeLogged, writeRunScript } from './runit.ts'

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
  async flood(site, commands) {
    const services = join(site.directory, 'services')
    const logs = join(site.directory, 'logs')
    mkdirSync(services)
    mkdirSync(logs)
    const svscan = launch(site, 's6-svscan', [services])
    await until(() => existsSync(join(services, '.s6-svscan/control')), 's6-svscan to answer')
    commands.forEach((words, index) => {
      // Its largest file: two of them take what is written here.
      const logger = `s6-log n20 s268435455 ${join(logs, String(index))}`
      writeLogged(join(services, `unit-${index}`), words, logger)
    })
    return {
      roots: () => [svscan.pid],
      begin: () => command('s6-svscanctl', ['-a', services]),
      logs: () => logs,
      close: () => end(svscan, 'SIGTERM'),
    }
  },
}
