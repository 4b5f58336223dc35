import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { command, type Peer } from '../peer.ts'
import { pm2Program, pm2Version } from '../tools.ts'

/** On the same pinned Node as we are. The command is `pm2 start` of a file with all units, to a running daemon. */
export const pm2: Peer = {
  name: 'pm2',
  unitsMax: 200,
  version: () => `${pm2Version} on Node ${process.version}`,
  async open(site) {
    const program = pm2Program()
    const home = join(site.directory, 'pm2')
    const env = { PM2_HOME: home, PM2_DISABLE_VERSION_CHECK: 'true' }
    const control = (...words: string[]) => command(process.execPath, [program, ...words], env)
    await control('ping')
    const daemon = Number(readFileSync(join(home, 'pm2.pid'), 'utf8'))
    return {
      roots: () => [daemon],
      async up(count) {
        const file = join(site.directory, 'units.json')
        const apps = Array.from({ length: count }, (_, index) => ({
          name: `unit-${index}`,
          script: site.unit,
          args: [site.argument(index)],
          interpreter: 'none',
        }))
        writeFileSync(file, JSON.stringify({ apps }))
        return control('start', file, '--silent')
      },
      stop: () => control('stop', 'all', '--silent'),
      close: async () => {
        await control('kill', '--silent')
      },
    }
  },
}
