import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { supervisedBy } from '../directories.ts'
import { until } from '../observe.ts'
import { command, end, launch, type Peer, type ServiceState } from '../peer.ts'
import { writeLogged, writeLogRun, writeRunScript } from '../run-scripts.ts'
import { hasCommand, packageVersion } from '../tools.ts'

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
  directories: {
    open: (site, services) =>
      supervisedBy({
        site,
        command: ['s6-svscan', '-c', '1000', services],
        endsBy: 'SIGTERM',
        tell: () => command('s6-svscanctl', ['-an', services]),
      }),
    writeLogger: (directory, logs) => writeLogRun(directory, `s6-log n10 s1000000 T ${logs}`),
    isLoggerAProcess: true,
    stateOf,
    down: (directory) => command('s6-svc', ['-wd', '-T', '5000', '-d', directory]),
    status: (directories) => ['sh', '-c', 'for each; do s6-svstat "$each"; done', 'sh', ...directories],
    looksEveryMs: 0,
  },
}

/** Bytes of supervise/status: the pid, big-endian, and flags. As observed with s6-svstat. */
const pidAt = 24
const flagsAt = 34
const finishingFlag = 2
const wantedUpFlag = 4

function stateOf(directory: string): ServiceState | null {
  const path = join(directory, 'supervise/status')
  if (!existsSync(path)) return null
  const bytes = readFileSync(path)
  const flags = bytes.readUInt8(flagsAt)
  return {
    isRunning: bytes.readBigUInt64BE(pidAt) !== 0n && (flags & finishingFlag) === 0,
    isWantedUp: (flags & wantedUpFlag) !== 0,
  }
}
