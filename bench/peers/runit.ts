import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { end, type Launched, launch, type Peer, type Site } from '../peer.ts'
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
}

/** A service with a logger of its own. */
export function writeLogged(folder: string, command: readonly string[], logger: string): void {
  mkdirSync(join(folder, 'log'), { recursive: true })
  writeFileSync(join(folder, 'run'), `#!/bin/sh\nexec ${command.join(' ')}\n`, { mode: 0o755 })
  writeFileSync(join(folder, 'log/run'), `#!/bin/sh\nexec ${logger}\n`, { mode: 0o755 })
}

/** The fastest run script there is: no shell, the unit is its own interpreter. */
export function writeRunScript(site: Site, folder: string, index: number): void {
  mkdirSync(folder)
  writeFileSync(join(folder, 'run'), `#!${site.unit} ${site.argument(index)}\n`, { mode: 0o755 })
}
