import { writeFileSync } from 'node:fs'
import type { StatusList } from '../../src/wire/api.ts'
import { type Home, realTest } from './harness.ts'
import { sleeper } from './services.ts'
import { until } from './until.ts'

const needsRoot = process.getuid?.() === 0 ? false : 'changing the user of a service needs root'

realTest(
  'a check runs as its user is now, also after the user database was changed',
  { skip: needsRoot },
  async (home) => {
    const passwdOf = (uid: number) => `root:x:0:0::/root:/bin/sh\nworker:x:${uid}:4712::/:/bin/sh\n`
    const groupOf = (members: string) => `root:x:0:\nworker:x:4712:\nvideo:x:4713:${members}\n`
    const passwd = home.write('passwd', passwdOf(4711))
    const group = home.write('group', groupOf('worker'))
    const file = home.declare('app', {
      web: {
        ...sleeper,
        user: 'worker',
        healthcheck: { test: ['CMD', 'sh', '-c', 'echo $$(id -u) $$(id -G)'], interval: '50ms' },
      },
    })
    const mounts = `mount --bind ${passwd} /etc/passwd && mount --bind ${group} /etc/group && exec "$@"`
    await home.start([file], { wrapper: ['unshare', '--mount', 'sh', '-c', mounts, 'sh'] })
    await saysSo(home, '4711 4712 4713')
    // As large as before, and the same file: what replaces it would hide behind the mount.
    writeFileSync(passwd, passwdOf(4811))
    await saysSo(home, '4811 4712 4713')
    writeFileSync(group, groupOf('nobody'))
    await saysSo(home, '4811 4712')
  },
)

async function saysSo(home: Home, output: string): Promise<void> {
  await until(`a check that says ${output}`, async () => {
    const { items }: StatusList = JSON.parse((await home.cli('status', '-o', 'json', 'web')).stdout)
    return items[0]?.checks[0]?.results[0]?.output === output
  })
}
