import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { holdfast, realTest } from './harness.ts'
import { until } from './until.ts'

const steady = { command: ['sleep', 'infinity'], restart: 'always' }

realTest(
  'ps answers with the documented document, a table without cut lines, and 3 for what does not run',
  {},
  async (home) => {
    const file = home.declare('demo', {
      web: steady,
      job: { command: ['true'], restart: 'no' },
      pair: { ...steady, scale: 2 },
    })
    await home.start([file])
    for (const unit of ['demo/web', 'demo/pair/1', 'demo/pair/2']) await home.untilState(unit, 'running')
    await home.untilState('demo/job', 'exited')
    const json = await home.cli('ps', '-o', 'json')
    const list = JSON.parse(json.stdout)
    assert.equal(list.apiVersion, 'holdfast/v1')
    assert.equal(list.kind, 'UnitList')
    const names = [
      'app',
      'service',
      'unit',
      'kind',
      'state',
      'pid',
      'health',
      'restarts',
      'since',
      'reason',
      'nextRunAt',
      'labels',
    ]
    for (const item of list.items) assert.deepEqual(Object.keys(item), names)
    const { since, reason, pid, ...rest } = list.items[0]
    assert.deepEqual(rest, {
      app: 'demo',
      service: 'web',
      unit: 'demo/web/1',
      kind: 'process',
      state: 'running',
      health: null,
      restarts: 0,
      nextRunAt: null,
      labels: {},
    })
    assert.equal(new Date(since).toISOString(), since)
    assert.match(reason, new RegExp(String(pid)))
    assert.equal((await home.cli('ps', '-o', 'name')).stdout, 'demo/web/1\ndemo/job/1\ndemo/pair/1\ndemo/pair/2\n')
    const table = await home.cli('ps')
    assert.match(table.stdout, /^NAME +STATE +PID +RESTARTS +SINCE +REASON\n/)
    assert.match(table.stdout, /^demo\/pair\/2 .* running +\d+ /m)
    assert.equal((await home.cli('ps', 'web')).code, 0)
    assert.equal((await home.cli('ps', 'job')).code, 3)
  },
)

realTest('start, stop and restart return when it came about, and say so', {}, async (home) => {
  await home.start([home.declare('demo', { web: steady, broken: { command: ['sh', '-c', 'exit 7'] } })])
  const before = await home.untilState('demo/web', 'running')
  const stopped = await home.cli('stop', 'web')
  assert.equal(stopped.code, 0)
  assert.match(stopped.stdout, /^demo\/web\/1 {2}. stopped {2}stopped by .* \(uid \d+\): SIGTERM/)
  assert.equal((await home.unit('demo/web')).pid, null)
  assert.match((await home.cli('stop', 'web')).stdout, /already/)
  assert.equal((await home.cli('start', 'web')).code, 0)
  const started = await home.unit('demo/web')
  assert.notEqual(started.pid, before.pid)
  assert.equal((await home.cli('restart', 'demo/')).code, 1)
  const restarted = await home.unit('demo/web')
  assert.equal(restarted.state, 'running')
  assert.notEqual(restarted.pid, started.pid)
  const failed = await home.cli('start', 'broken')
  assert.equal(failed.code, 1)
  assert.match(failed.stdout, /exit code 7.*\n {2}next: .*\n {2}decide with: .*bin\/holdfast start demo\/broken\/1/)
})

realTest('a name that is no service is refused with 4 and what was probably meant', {}, async (home) => {
  await home.start([home.declare('demo', { worker: steady })])
  for (const command of [['stop'], ['signal', 'HUP'], ['logs'], ['explain'], ['ps'], ['status'], ['run'], ['stdin']]) {
    const result = await home.cli(...command, 'wroker')
    assert.equal(result.code, 4, command.join(' '))
    assert.equal(result.stderr, "holdfast: no service is called 'wroker'; did you mean worker?\n")
    assert.equal(result.stdout, '')
  }
})

realTest('without a daemon every command ends with 69 and says how to start one', {}, async (home) => {
  const result = await home.cli('ps', '-o', 'json')
  assert.equal(result.code, 69)
  assert.equal(result.stdout, '')
  assert.match(
    result.stderr,
    /no daemon answers for .*start it with: .*holdfast up FILE, or in the foreground: .*holdfast daemon FILE\n$/,
  )
})

realTest('a second daemon for the same home ends with 8 and names the first', {}, async (home) => {
  const file = home.declare('demo', { web: steady })
  const daemon = await home.start([file])
  const second = await home.cli('daemon', file)
  assert.equal(second.code, 8)
  assert.match(second.stderr, new RegExp(`a daemon already runs for ${home.directory}: pid ${daemon.pid};`))
})

realTest('status tells everything about a service, and ends as ps does', {}, async (home) => {
  const healthcheck = { test: ['CMD', 'test', '-e', '/'], interval: '1s', timeout: '5s' }
  const file = home.declare('demo', {
    db: { ...steady, healthcheck },
    web: { ...steady, depends_on: { db: { condition: 'service_healthy' } }, ulimits: { nofile: 77 } },
    off: { ...steady, 'x-holdfast': { autostart: false } },
  })
  const daemon = await home.start([file])
  await home.untilUnit('demo/db', (unit) => unit.health === 'healthy')
  const { pid } = await home.untilState('demo/web', 'running')
  assert.match((await home.cli('ps')).stdout, /^NAME +STATE +HEALTH +PID .*\ndemo\/db .* running +healthy +\d+ /)
  const json = await home.cli('status', 'web', 'db', '-o', 'json')
  assert.equal(json.code, 0)
  const list = JSON.parse(json.stdout)
  assert.equal(list.kind, 'StatusList')
  const [web, db] = list.items
  assert.deepEqual([web.run.pid, web.dependsOn[0].isMet, web.usage.processes], [pid, true, 1])
  assert.deepEqual(
    [db.checks[0].status, db.checks[0].results[0].isOk, db.neededBy[0].service],
    ['healthy', true, 'demo/web'],
  )
  assert.equal(web.logs[0].path, home.logPath('demo/web/1'))
  const text = (await home.cli('status', 'web')).stdout
  assert.match(text, /^demo\/web\/1 {2}. running {2}since .*\n {2}why +running as pid \d+\n/)
  assert.match(text, /\n {2}limits +nofile 77\n/)
  assert.match(text, /\n {2}needs +v demo\/db \(healthy\)\n/)
  assert.equal((await home.cli('status', 'web', 'off')).code, 3)
  const all = await home.cli('status')
  assert.equal(all.code, 0)
  assert.match(
    all.stdout,
    new RegExp(
      `^Holdfast \\S+ {2}running\\n {2}since .* pid ${daemon.pid}, [^]*\\n {2}units +3: 2 running, 1 stopped\\n[^]*\\n\\nNAME `,
    ),
  )
})

realTest('run is one run of what is down, ends as the job does, and is remembered', {}, async (home) => {
  const manual = { restart: 'no', 'x-holdfast': { autostart: false } }
  const file = home.declare('demo', {
    good: { ...manual, command: ['true'] },
    bad: { ...manual, command: ['sh', '-c', 'exit 7'] },
    killed: { ...manual, command: ['sh', '-c', 'kill -KILL $$$$'] },
    missing: { ...manual, command: ['/nowhere/at-all'] },
    slow: { ...manual, command: ['sleep', 'infinity'] },
    nightly: { command: ['true'], 'x-holdfast': { schedule: '0 3 * * *' } },
    web: steady,
  })
  await home.start([file])
  await home.untilState('demo/web', 'running')
  await home.untilUnit('demo/nightly', ({ nextRunAt }) => nextRunAt !== null)
  const code = async (...args: readonly string[]): Promise<number> => (await home.cli('run', ...args)).code
  const good = await home.cli('run', 'good')
  assert.equal(good.code, 0)
  assert.match(good.stdout, /^demo\/good\/1 {2}. exited {2}exit code 0 after \S+ \S+\n$/)
  assert.deepEqual([await code('bad'), await code('killed'), await code('missing')], [7, 137, 1])
  assert.equal(await code('good', 'bad'), 1)
  assert.match((await home.cli('ps', 'nightly')).stdout, /stopped .* next run \S+ \(in /)
  assert.equal(await code('nightly'), 0)
  assert.equal(await code('slow', '-t', '0.2'), 124)
  const busy = await home.cli('run', 'good', 'slow')
  assert.equal(busy.code, 1)
  assert.match(
    busy.stderr,
    /^holdfast: demo\/slow\/1 runs already \(pid \d+\), so nothing was run; wait until it ends, or: /,
  )
  assert.equal(await code('web'), 1)
  assert.equal((await home.cli('stop', 'slow')).code, 0)
  const { items } = JSON.parse((await home.cli('status', 'good', 'bad', 'slow', '-o', 'json')).stdout)
  const outcomes = items.map((item: { history: { outcome: string }[] }) => item.history.map(({ outcome }) => outcome))
  assert.deepEqual(outcomes, [['expected', 'expected'], ['unexpected', 'unexpected'], ['requested']])
})

realTest('stdin takes a line and a whole file, waits for a slow reader, and outlives the daemon', {}, async (home) => {
  const go = join(home.fixtureDirectory, 'go')
  const script = `while ! test -e ${go}; do sleep 0.05; done; echo reading; while read -r line; do last=$$line; test $$line = end && echo "last $$count"; count=$$line; done`
  const file = home.declare('demo', {
    reader: { command: ['sh', '-c', script], 'x-holdfast': { stdin: 'pipe' } },
    deaf: { ...steady, 'x-holdfast': { stdin: 'pipe' } },
    web: steady,
  })
  const daemon = await home.start([file])
  await home.untilState('demo/reader', 'running')
  await home.untilState('demo/deaf', 'running')
  const refused = await home.cli('stdin', 'web', '--text', 'hello')
  assert.equal(refused.code, 1)
  assert.match(refused.stderr, /the stdin of demo\/web\/1 is no pipe; set x-holdfast\.stdin: pipe for it/)
  const input = Array.from({ length: 30_000 }, (_, line) => `${line}\n`).join('')
  assert.equal(await copy(home.directory, ['deaf', '-t', '0.3'], input).code, 124)
  const copying = copy(home.directory, ['reader'], input)
  // The pipe holds less than half of it, so the rest waits until somebody reads.
  const waits = 'holdfast: reader does not read its stdin at present; waiting until it does\n'
  await until('the pipe to be full', () => copying.said() === waits)
  assert.equal((await home.cli('stdin', 'reader', '--text', 'x'.repeat(5_000), '-t', '0')).code, 124)
  writeFileSync(go, '')
  assert.deepEqual([await copying.code, copying.said()], [0, waits])
  await daemon.crash()
  await home.start([file])
  assert.equal((await home.cli('stdin', 'reader', '--text', 'end')).code, 0)
  assert.match(await home.untilLog('demo/reader/1', 'last'), /last 29999\n/)
})

function copy(directory: string, args: readonly string[], input: string) {
  const child = spawn(holdfast, ['stdin', ...args], { env: { ...process.env, HOLDFAST_HOME: directory } })
  let said = ''
  child.stderr.on('data', (chunk: Buffer) => {
    said += chunk
  })
  child.stdin.on('error', () => {}) // it may end before it has read everything
  child.stdin.end(input)
  return { code: once(child, 'close').then(([code]) => code), said: () => said }
}

realTest('logs pass on the very bytes, the last lines, and what comes', {}, async (home) => {
  const script = 'trap "echo more" USR1; printf "a\\000b\\n\\377\\nlast\\n"; while :; do sleep 1000 & wait; done'
  await home.start([home.declare('demo', { talker: { ...steady, command: ['sh', '-c', script] } })])
  await home.untilLog('demo/talker/1', 'last')
  assert.equal((await home.cli('logs', '-n', '1', 'talker')).stdout, 'last\n')
  const follower = spawn(holdfast, ['logs', '-f', 'talker'], { env: { ...process.env, HOLDFAST_HOME: home.directory } })
  const chunks: Buffer[] = []
  follower.stdout.on('data', (chunk: Buffer) => chunks.push(chunk))
  const printed = Buffer.concat([Buffer.from('a\0b\n'), Buffer.from([0xff]), Buffer.from('\nlast\n')])
  await until('all that was printed', () => Buffer.concat(chunks).equals(printed))
  assert.match((await home.cli('signal', 'USR1', 'talker')).stdout, /SIGUSR1 sent/)
  await until('what was printed since', () =>
    Buffer.concat(chunks).equals(Buffer.concat([printed, Buffer.from('more\n')])),
  )
  follower.kill('SIGTERM')
  await once(follower, 'exit')
})

realTest('up applies what changed and nothing else, reload only tells it', {}, async (home) => {
  const file = home.declare('demo', { web: steady, other: steady })
  await home.start([file])
  const [web, other] = [await home.untilState('demo/web', 'running'), await home.untilState('demo/other', 'running')]
  home.declare('demo', {
    web: { ...steady, command: ['sleep', '1000'] },
    other: { ...steady, stop_grace_period: '3s' },
    more: steady,
  })
  const told = await home.cli('reload')
  assert.match(
    told.stdout,
    /~ demo\/web {2}changed: would be stopped and started again\n {4}command: sleep infinity \S+ sleep 1000\n/,
  )
  assert.match(told.stdout, /~ demo\/other {2}changed: would be applied without a restart\n/)
  assert.match(told.stdout, /\+ demo\/more {2}added: would be started\n {4}command: sleep infinity\n/)
  assert.match(told.stdout, /^\+ 1 added {2}~ 2 changed {2}= 0 unchanged\n/m)
  assert.equal((await home.unit('demo/web')).pid, web.pid)
  const applied = await home.cli('up')
  assert.equal(applied.code, 0)
  assert.match(applied.stdout, /^\+ 1 added {2}~ 2 changed {2}= 0 unchanged\n/m)
  await home.untilUnit('demo/web', (unit) => unit.state === 'running' && unit.pid !== web.pid)
  await home.untilState('demo/more', 'running')
  assert.equal((await home.unit('demo/other')).pid, other.pid)
  assert.match((await home.cli('up')).stdout, /^nothing changed {2}= 3 unchanged\n$/)
})

realTest('a file with an error changes nothing, at up, at SIGHUP and at the next start', {}, async (home) => {
  const file = home.declare('demo', { web: steady })
  const first = await home.start([file])
  const { pid } = await home.untilState('demo/web', 'running')
  const good = readFileSync(file, 'utf8')
  writeFileSync(file, good.replace('"restart"', '"restrat"'))
  const up = await home.cli('up')
  assert.equal(up.code, 6)
  assert.match(up.stderr, /demo\.yaml:\d+:\d+: services\.web\.restrat: .*did you mean 'restart'/)
  first.kill('SIGHUP')
  await until('the report of SIGHUP', () => home.stderr().includes('SIGHUP: the files have errors; nothing changes'))
  await first.crash()
  await home.start([file])
  await until('the report of the start', () =>
    home.stderr().includes('supervision goes on with what was declared before'),
  )
  assert.equal((await home.unit('demo/web')).pid, pid)
})

realTest('with nothing from earlier a file with an error ends the daemon with 6', {}, async (home) => {
  const file = home.write('bad.yaml', 'services:\n  web: { command: [sleep] , restrat: always }\n')
  const result = await home.cli('daemon', file)
  assert.equal(result.code, 6)
  assert.match(result.stdout, /bad\.yaml:2:\d+: services\.web\.restrat: /)
  assert.equal((await home.cli('check', file)).code, 6)
  assert.equal((await home.cli('daemon')).code, 2)
})

realTest('a daemon without files goes on with those of last time', {}, async (home) => {
  const file = home.declare('demo', { web: steady })
  const first = await home.start([file])
  await home.untilState('demo/web', 'running')
  await first.stop()
  assert.equal(existsSync(join(home.directory, 'run/holdfast.sock')), false)
  await home.start([])
  await home.untilState('demo/web', 'running')
})

realTest('the socket is for its owner, and hostile requests are refused without harm', {}, async (home) => {
  await home.start([home.declare('demo', { web: steady })])
  const path = join(home.directory, 'run/holdfast.sock')
  assert.equal(statSync(path).mode & 0o777, 0o600)
  assert.equal(statSync(join(home.directory, 'run')).mode & 0o777, 0o700)
  const ask = async (request: string): Promise<string> => {
    const socket = connect(path)
    socket.end(request)
    let text = ''
    for await (const chunk of socket) text += chunk
    return text
  }
  assert.match(await ask('GET /v1/nothing HTTP/1.0\r\n\r\n'), / 404 [\s\S]*"code":"no-such-route"/)
  assert.match(await ask('GET /v1/start HTTP/1.0\r\n\r\n'), / 400 /)
  assert.match(await ask('GET /v1/units?nmae=web HTTP/1.0\r\n\r\n'), / 400 [\s\S]*unknown parameter 'nmae'/)
  assert.match(await ask('POST /v1/stop HTTP/1.0\r\ncontent-length: 5\r\n\r\n{"a":'), / 400 [\s\S]*not JSON/)
  assert.match(await ask('POST /v1/stop HTTP/1.0\r\ncontent-length: 2\r\n\r\n{}'), / 400 [\s\S]*names must be a list/)
  assert.match(await ask(`POST /v1/stop HTTP/1.0\r\ncontent-length: 2000000\r\n\r\n${' '.repeat(2_000_000)}`), / 413 /)
  await ask('\0\0garbage\r\n\r\n')
  assert.equal((await home.untilState('demo/web', 'running')).restarts, 0)
})

realTest(
  'another user is refused with 77',
  { skip: process.geteuid?.() === 0 ? false : 'needs root, to become another user' },
  async (home) => {
    await home.start([home.declare('demo', { web: steady })])
    chmodSync(home.directory, 0o755)
    const probe = `const s = require('net').connect(process.argv[1]); s.on('error', (e) => console.log(e.code)); s.on('connect', () => s.end('GET /v1/units HTTP/1.0\\r\\n\\r\\n')); s.pipe(process.stdout)`
    const ask = async (): Promise<string> => {
      const child = spawn(process.execPath, ['-e', probe, join(home.directory, 'run/holdfast.sock')], {
        uid: 65534,
        gid: 65534,
        cwd: '/',
      })
      let text = ''
      for await (const chunk of child.stdout) text += chunk
      return text
    }
    assert.match(await ask(), /EACCES/)
    chmodSync(join(home.directory, 'run'), 0o755)
    chmodSync(join(home.directory, 'run/holdfast.sock'), 0o666)
    assert.match(await ask(), / 403 [\s\S]*"code":"forbidden"/)
  },
)

realTest('a recording replays as it was, and a changed one does not', {}, async (home) => {
  const daemon = await home.start([
    home.declare('demo', { web: steady, flaky: { command: ['sh', '-c', 'exit 1'], restart: 'on-failure' } }),
  ])
  await home.untilUnit('demo/flaky', (unit) => unit.restarts > 0)
  await daemon.crash()
  const second = await home.start([])
  await until('the files to be read', () => home.stderr().split('units declared').length > 2)
  await home.cli('stop', 'demo/')
  await second.stop()
  const recording = join(home.directory, 'state/recorder/recording.ndjson')
  const good = await home.cli('replay', recording)
  assert.equal(good.code, 0, good.stderr)
  assert.match(good.stdout, /demo\/flaky\/1 .*starting \S+ running/)
  assert.match(good.stderr, /^\d+ turns, all as recorded\n$/)
  const changed = home.write('changed.ndjson', readFileSync(recording, 'utf8').replaceAll('"code":1', '"code":0'))
  assert.equal((await home.cli('replay', changed)).code, 1)
})

realTest('after three deaths in a minute the daemon keeps what runs and applies nothing until up', {}, async (home) => {
  const file = home.declare('demo', { web: steady })
  for (const _ of [1, 2, 3]) {
    const daemon = await home.start([file])
    await home.untilState('demo/web', 'running')
    await daemon.crash()
  }
  home.declare('demo', { web: steady, more: steady })
  const held = await home.start([file])
  const before = await home.unit('demo/web')
  assert.equal(before.state, 'running')
  const info = await home.api.info()
  assert.equal(info.mode, 'held')
  assert.match(info.modeWhy, /died 3 times within 60 s/)
  assert.equal(info.units, 1)
  process.kill(before.pid ?? 0, 'SIGKILL')
  await home.untilUnit('demo/web', (unit) => unit.state === 'running' && unit.pid !== before.pid)
  assert.equal((await home.cli('up')).code, 0)
  await home.untilState('demo/more', 'running')
  assert.equal((await home.api.info()).mode, 'running')
  await held.stop()
})

realTest('a second SIGINT tells what the end waits for', {}, async (home) => {
  const go = join(home.directory, 'go')
  const stubborn = {
    command: ['sh', '-c', `trap '' TERM; echo set; while ! test -e ${go}; do sleep 0.05; done`],
    stop_grace_period: '1m',
  }
  const daemon = await home.start([home.declare('demo', { stubborn })])
  await home.untilLog('demo/stubborn/1', 'set')
  daemon.kill('SIGINT')
  await until('the stop to begin', () => home.stderr().includes('SIGINT: stopping everything in order'))
  daemon.kill('SIGINT')
  await until('the answer', () =>
    /still waiting for:\n {2}demo\/stubborn\/1 {2}stopping: SIGKILL in/.test(home.stderr()),
  )
  assert.equal((await home.cli('start', 'stubborn')).code, 1)
  writeFileSync(go, '')
  assert.deepEqual(await daemon.exit, { code: 0, signal: null })
})
