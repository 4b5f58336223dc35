import assert from 'node:assert/strict'
import { chmodSync, existsSync, readFileSync, readlinkSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { type Home, realTest } from './harness.ts'
import { environmentOf, readProcess } from './processes.ts'
import { until } from './until.ts'

/** Ends early with a code, then by a signal, then stays; and waits for db. */
const web = `#!/bin/sh
exec 2>&1
sv check db >/dev/null
n=$(cat ../../n || echo 0)
echo $((n + 1)) > ../../n
echo "start $n in $(pwd)"
case $n in 0) exit 3 ;; 1) kill -USR1 $$ ;; esac
export TOLD=yes
exec sleep 86400
`

const scripts: Readonly<Record<string, string>> = {
  'web/run': web,
  'web/finish': '#!/bin/sh\necho "$1 $2" >> ../../finished\n',
  'web/log/run': '#!/bin/sh\nexec svlogd -tt ../../web-log\n',
  'db/run': '#!/bin/sh\nexec sleep 86400\n',
  'db/check': '#!/bin/sh\ntest -e ../../ready\n',
  'idle/run': '#!/bin/sh\nexec sleep 86400\n',
}

function writeServices(home: Home): string {
  for (const [name, text] of Object.entries(scripts)) chmodSync(home.write(`sv/${name}`, text), 0o755)
  home.write('sv/idle/down', '')
  home.write('web-log/config', 's4096\nn3\n')
  return join(home.directory, 'sv')
}

function linesOf(path: string): readonly string[] {
  return existsSync(path) ? readFileSync(path, 'utf8').split('\n').slice(0, -1) : []
}

/** What of a service runs, as the kernel shows it. */
async function running(home: Home, name: string) {
  const { pid, state } = await home.unit(`sv/${name}`)
  if (pid === null) return { state }
  const { HOME, TOLD } = environmentOf(pid) ?? {}
  return { state, command: readProcess(pid)?.command, directory: readlinkSync(`/proc/${pid}/cwd`), HOME, TOLD }
}

/** Everything that somebody could tell apart who looks from outside, from the first start to an orderly end. */
async function observe(home: Home, source: string) {
  for (const name of ['n', 'finished']) rmSync(join(home.directory, name), { force: true })
  const daemon = await home.start([source], { environment: { OF_THE_DAEMON: 'inherited' } })
  await until('the third start of web', () => linesOf(join(home.directory, 'n'))[0] === '3')
  for (const name of ['sv/web', 'sv/db'])
    await home.untilUnit(name, ({ pid }) => pid !== null && readProcess(pid)?.command === 'sleep 86400')
  const services = {
    web: await running(home, 'web'),
    db: await running(home, 'db'),
    idle: await running(home, 'idle'),
  }
  const { pid } = await home.unit('sv/db')
  const inherited = environmentOf(pid!)?.OF_THE_DAEMON
  await daemon.stop()
  return { services, inherited, finished: linesOf(join(home.directory, 'finished')) }
}

realTest('service directories run from the converted file as they run from their own files', {}, async (home) => {
  const directory = writeServices(home)
  const file = join(home.directory, 'holdfast.yaml')
  const converted = await home.cli('convert', '--from', 'runit', directory, '-o', file)
  assert.equal(converted.code, 0, converted.stderr)
  assert.match(converted.stderr, /web\/run:3: web waits for db by depends_on: remove `sv check db/)
  assert.match(converted.stderr, /converted 3 services of 1 app; 3 notes at the top of the file/)
  const again = await home.cli('convert', directory)
  assert.equal(again.stdout, readFileSync(file, 'utf8'))
  const checked = await home.cli('check', '--strict', file)
  assert.equal(checked.code, 0, checked.stdout)

  home.write('ready', '')
  const own = await observe(home, file)
  assert.deepEqual(own.finished, ['3 0', '-1 10', '-1 15'])
  assert.equal(own.inherited, 'inherited')
  assert.deepEqual(own.services.web, {
    state: 'running',
    command: 'sleep 86400',
    directory: join(directory, 'web'),
    HOME: home.directory,
    TOLD: 'yes',
  })
  assert.equal(own.services.idle.state, 'stopped')
  const log = home.log('sv/web').toString()
  assert.match(log, /start 0 in .*\/sv\/web\n[\s\S]*start 1 in [\s\S]*start 2 in /)
  assert.ok(!existsSync(join(directory, 'web/supervise')))
  // The same units, so the daemon of the directory goes on with a state of its own.
  rmSync(join(home.directory, 'state'), { recursive: true })
  assert.deepEqual(await observe(home, directory), own)
})

realTest('what a run script asked sv for is waited for by the converted file', {}, async (home) => {
  const directory = writeServices(home)
  const file = home.write('holdfast.yaml', (await home.cli('convert', directory)).stdout)
  await home.start([file])
  await home.untilState('sv/db', 'running')
  await home.untilState('sv/web', 'waiting')
  assert.ok(!existsSync(join(home.directory, 'n')))
  home.write('ready', '')
  await home.untilUnit('sv/web', (unit) => unit.pid !== null)
})

realTest(
  '--from runit needs a directory, and takes one with other files in it as service directories',
  {},
  async (home) => {
    const directory = writeServices(home)
    const file = home.write('sv/notes.conf', 'no section\n')
    const refused = await home.cli('convert', '--from', 'runit', file)
    assert.equal(refused.code, 6)
    assert.match(refused.stderr, /is no directory; name one with service directories in it, or one of them/)
    assert.equal((await home.cli('convert', directory)).code, 6)
    const converted = await home.cli('convert', '--from', 'runit', directory)
    assert.equal(converted.code, 0, converted.stderr)
    const one = await home.cli('convert', join(directory, 'db'))
    assert.match(one.stdout, /^name: db\nservices:\n {2}db:\n/m)
  },
)
