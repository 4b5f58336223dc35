import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { command, type Peer, type Site } from '../peer.ts'
import { pm2Program, pm2Version } from '../tools.ts'

/** On the same pinned Node as we are. The command is `pm2 start` of a file with all units, to a running daemon. */
export const pm2: Peer = {
  name: 'pm2',
  unitsMax: 200,
  version: () => `${pm2Version} on Node ${process.version}`,
  async open(site) {
    const { daemon, control } = await begin(site)
    return {
      roots: () => [daemon],
      async up(count) {
        const apps = Array.from({ length: count }, (_, index) => ({
          name: `unit-${index}`,
          script: site.unit,
          args: [site.argument(index)],
          interpreter: 'none',
        }))
        return control('start', write(site, apps), '--silent')
      },
      stop: () => control('stop', 'all', '--silent'),
      close: async () => {
        await control('kill', '--silent')
      },
    }
  },
  async flood(site, commands) {
    const { daemon, control } = await begin(site)
    const logs = join(site.directory, 'logs')
    mkdirSync(logs)
    const apps = commands.map(([script, ...args], index) => ({
      name: `unit-${index}`,
      script,
      args,
      interpreter: 'none',
      out_file: join(logs, String(index)),
    }))
    return {
      roots: () => [daemon],
      begin: () => control('start', write(site, apps), '--silent'),
      logs: () => logs,
      close: async () => {
        await control('kill', '--silent')
      },
    }
  },
}

async function begin(site: Site) {
  const program = pm2Program()
  const home = join(site.directory, 'pm2')
  const env = { PM2_HOME: home, PM2_DISABLE_VERSION_CHECK: 'true' }
  const control = (...words: string[]) => command(process.execPath, [program, ...words], env)
  await control('ping')
  return { daemon: Number(readFileSync(join(home, 'pm2.pid'), 'utf8')), control }
}

function write(site: Site, apps: readonly object[]): string {
  const file = join(site.directory, 'units.json')
  writeFileSync(file, JSON.stringify({ apps }))
  return file
}
