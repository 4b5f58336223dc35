import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { age, supervisedBy } from '../directories.ts'
import { end, type Launched, launch, type Peer } from '../peer.ts'
import { writeLogged, writeLogRun, writeRunScript } from '../run-scripts.ts'
import { runsvFiles } from '../runsv-files.ts'
import { hasCommand, packageVersion } from '../tools.ts'

/** runsvdir looks for new directories only every 5 s, so the command is its start on directories that are there. */
export const runit: Peer = {
  name: 'runit',
  unitsMax: 1_000,
  version: () => (hasCommand('runsvdir') ? packageVersion('runit') : null),
  async open(site) {
    const services = join(site.directory, 'services')
    mkdirSync(services)
    let runsvdir: Launched = launch(site, 'runsvdir', [services])
    // HUP: it ends its runsv processes as well, and they their services.
    const close = () => end(runsvdir, 'SIGHUP')
    return {
      roots: () => [runsvdir.pid],
      async up(count) {
        await close()
        for (let index = 0; index < count; index += 1) writeRunScript(site, join(services, `unit-${index}`), index)
        age(services)
        const given = process.hrtime.bigint()
        runsvdir = launch(site, 'runsvdir', [services])
        return given
      },
      async stop() {
        const given = process.hrtime.bigint()
        process.kill(runsvdir.pid, 'SIGHUP')
        return given
      },
      close,
    }
  },
  async flood(site, commands) {
    const services = join(site.directory, 'services')
    const logs = join(site.directory, 'logs')
    commands.forEach((command, index) => {
      writeLogged(join(services, `unit-${index}`), command, `svlogd ${join(logs, String(index))}`)
      mkdirSync(join(logs, String(index)), { recursive: true })
      writeFileSync(join(logs, String(index), 'config'), 's0\n')
    })
    let runsvdir: Launched | null = null
    return {
      roots: () => (runsvdir === null ? [] : [runsvdir.pid]),
      begin: async () => {
        runsvdir = launch(site, 'runsvdir', [services])
      },
      logs: () => logs,
      close: async () => {
        if (runsvdir !== null) await end(runsvdir, 'SIGHUP')
      },
    }
  },
  directories: {
    ...runsvFiles,
    open: (site, services) => supervisedBy({ site, command: ['runsvdir', services], endsBy: 'SIGHUP' }),
    writeLogger: (directory, logs) => writeLogRun(directory, `svlogd -tt ${logs}`),
    isLoggerAProcess: true,
    looksEveryMs: 5_000,
  },
}
