import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Home, holdfast, realTest } from './harness.ts'
import { isAlive, readProc, readProcess } from './processes.ts'
import { until } from './until.ts'

const steady = { command: ['sleep', 'infinity'], restart: 'always' }

/** Ends what `up` has started; nothing of it may be left when the test is over. */
async function down(home: Home): Promise<void> {
  const result = await home.cli('down', '--yes')
  assert.equal(result.code, 0, result.stderr)
}

realTest('up with files starts a daemon where none runs, says so, and reports as usual', {}, async (home) => {
  const file = home.declare('demo', { web: steady, db: steady })
  const first = await home.cli('up', file)
  assert.equal(first.code, 0, first.stderr)
  const { pid } = await home.api.info()
  assert.equal(
    first.stderr.replaceAll(holdfast, 'holdfast'),
    `no daemon answered for ${home.directory}, so one was started in the background: pid ${pid}\n` +
      `  it writes to ${home.directory}/log/daemon.log; end it, and what it runs, with: holdfast down\n`,
  )
  assert.match(first.stdout, /demo\/web {2}added: started\n.*demo\/db {2}added: started\n.*2 added/s)
  const process = readProcess(pid)
  assert.equal(process?.session, pid, 'it has a session of its own')
  assert.match(readFileSync(join(home.directory, 'log/daemon.log'), 'utf8'), /2 units declared/)
  const again = await home.cli('up', file)
  assert.deepEqual([again.code, again.stderr], [0, ''])
  assert.match(again.stdout, /^nothing changed .*2 unchanged\n$/)
  assert.equal((await home.api.info()).pid, pid)
  await down(home)
})

realTest('what a daemon started by up supervises gets the limits of whoever typed up', {}, async (home) => {
  const file = home.declare('demo', { web: steady })
  const script = 'ulimit -S -n 321; exec "$0" up "$1"'
  const environment = { PATH: process.env.PATH, HOME: home.directory, HOLDFAST_HOME: home.directory }
  const { code, stderr } = await start('sh', ['-c', script, holdfast, file], environment).end
  assert.equal(code, 0, stderr)
  const { pid } = await home.untilState('demo/web', 'running')
  assert.match(readProc(pid!, 'limits') ?? '', /^Max open files +321 /m)
  await down(home)
})

realTest('files with errors start nothing', {}, async (home) => {
  const file = home.write('bad.yaml', 'services:\n  web:\n    comand: sleep 1\n')
  const result = await home.cli('up', file)
  assert.equal(result.code, 6)
  assert.equal(result.stdout, '')
  assert.match(result.stderr, /bad.yaml:3:5: .*unknown key 'comand'; did you mean 'command'/)
  assert.match(result.stderr, /errors?; nothing was started\n$/)
  assert.equal(existsSync(join(home.directory, 'log')), false)
})

realTest('of two up at once one starts the daemon, and the other talks to it', {}, async (home) => {
  const file = home.declare('demo', { web: steady })
  const results = await Promise.all([home.cli('up', file), home.cli('up', file), home.cli('up', file)])
  for (const { code, stderr } of results) assert.equal(code, 0, stderr)
  assert.equal(results.filter(({ stderr }) => stderr.includes('was started in the background')).length, 1)
  // Who was locked out talks to the one that answers, and what it started meanwhile ends by itself.
  const daemons = () => home.processes().filter(({ command }) => command.includes(' daemon '))
  await until('one daemon to be left', () => daemons().length === 1)
  await down(home)
})

realTest('a daemon that cannot begin is told with what it said', {}, async (home) => {
  const file = home.declare('demo', { web: steady })
  home.write('run', 'a file where a directory has to be')
  const result = await home.cli('up', file)
  assert.equal(result.code, 1)
  assert.match(
    result.stderr,
    /the home .* cannot be used .*\nholdfast: the daemon ended at once \(exit code 1\); its log is /,
  )
})

realTest('without files nothing is started, and no other command ever starts anything', {}, async (home) => {
  const file = home.declare('demo', { web: steady })
  const lines = [['up'], ['reload'], ['start', 'web'], ['ps'], ['status'], ['logs'], ['wait', 'web'], ['top', '--once']]
  for (const line of [...lines, ['history'], ['events'], ['explain'], ['down', '--yes'], ['plan']]) {
    const result = await home.cli(...line)
    assert.equal(result.code, 69, `${line.join(' ')}: ${result.stderr}`)
    assert.equal(result.stdout, '', line.join(' '))
    assert.match(result.stderr, /^holdfast: .*no daemon answers for/, line.join(' '))
  }
  assert.equal((await home.cli('plan', file)).code, 7)
  assert.equal(existsSync(join(home.directory, 'run')), false)
})

realTest('up --wait=healthy returns when everything works, and 1 with what does not', {}, async (home) => {
  const isThere = { test: ['CMD', 'test', '-e', join(home.directory, 'there')], interval: '1s', retries: 1 }
  const file = home.declare('demo', { web: { ...steady, healthcheck: isThere }, plain: steady })
  home.write('there', '')
  const good = await home.cli('up', '--wait=healthy', file)
  assert.equal(good.code, 0, good.stderr)
  assert.equal((await home.unit('demo/web')).health, 'healthy')
  const broken = { ...steady, command: ['/nowhere/at-all'] }
  home.declare('demo', { web: { ...steady, healthcheck: isThere }, plain: steady, broken })
  const bad = await home.cli('up', '--wait', '--json')
  assert.equal(bad.code, 1)
  const { changes, outcomes } = JSON.parse(bad.stdout)
  assert.deepEqual(
    changes.map(({ service }: { service: string }) => service),
    ['broken'],
  )
  const results = outcomes.map(({ unit, result }: { unit: string; result: string }) => `${unit} ${result}`)
  assert.deepEqual(results, ['demo/web/1 unchanged', 'demo/plain/1 unchanged', 'demo/broken/1 failed'])
  await down(home)
})

realTest('start --wait=healthy is a deadline for a check that does not pass', {}, async (home) => {
  const isThere = { test: ['CMD', 'test', '-e', join(home.directory, 'there')], interval: '1s', start_period: '1h' }
  await home.start([home.declare('demo', { web: { ...steady, healthcheck: isThere } })])
  await home.untilState('demo/web', 'running')
  assert.equal((await home.cli('start', 'web')).code, 0)
  const late = await home.cli('start', '--wait=healthy', '--timeout', '0.3', 'web')
  assert.equal(late.code, 124)
  assert.match(late.stdout, /demo\/web\/1 {2}still {2}. running/)
  home.write('there', '')
  assert.equal((await home.cli('restart', '--wait=healthy', 'web')).code, 0)
  assert.equal((await home.unit('demo/web')).health, 'healthy')
})

realTest('down needs --yes where there is no terminal, and returns when nothing lives any more', {}, async (home) => {
  const file = home.declare('demo', { web: { ...steady, scale: 2 } })
  assert.equal((await home.cli('up', '--wait', file)).code, 0)
  const { pid } = await home.api.info()
  const refused = await home.cli('down')
  assert.equal(refused.code, 2)
  assert.match(refused.stderr, /this stops 2 units and ends the daemon .* meant with: .*holdfast down --yes\n$/)
  assert.equal((await home.api.info()).pid, pid)
  const pids = (await home.api.units()).map((unit) => unit.pid!)
  const result = await home.cli('down', '--yes')
  assert.equal(result.code, 0)
  assert.deepEqual([pid, ...pids].map(isAlive), [false, false, false])
  assert.match(result.stdout, new RegExp(`^2 units stopped, the daemon \\(pid ${pid}\\) has ended after [\\d.]+ s\\n$`))
  assert.equal((await home.cli('down', '--yes')).code, 69)
})

const isTypable = existsSync('/usr/bin/script')

realTest('down asks on a terminal', { skip: isTypable ? false : 'script(1) is not installed' }, async (home) => {
  const file = home.declare('demo', { web: steady })
  assert.equal((await home.cli('up', '--wait', file)).code, 0)
  const environment = { PATH: process.env.PATH, HOME: home.directory, HOLDFAST_HOME: home.directory }
  const no = await answered(['down'], 'n\n', environment)
  assert.equal(no.code, 1)
  assert.match(no.text, /demo\/web\/1 {2}running\r?\n.*this stops 1 unit and ends the daemon .* Go on\? \[y\/N\] /)
  assert.match(no.text, /nothing was done/)
  const yes = await answered(['down'], 'y\n', environment)
  assert.equal(yes.code, 0, yes.text)
})

realTest('a down that is not waited for goes on', {}, async (home) => {
  const go = join(home.directory, 'go')
  const script = `trap '' TERM; echo deaf; while ! test -e ${go}; do sleep 0.05; done`
  const stubborn = { command: ['sh', '-c', script], stop_grace_period: '1m' }
  await home.start([home.declare('demo', { web: stubborn })])
  await until('its trap', async () => (await home.cli('logs', 'demo/web')).stdout.includes('deaf'))
  const late = await home.cli('down', '--yes', '--timeout', '0.2')
  assert.equal(late.code, 124)
  assert.match(late.stderr, /the time is over; the daemon goes on stopping/)
  const environment = { PATH: process.env.PATH, HOME: home.directory, HOLDFAST_HOME: home.directory }
  const interrupted = start(holdfast, ['down', '--yes'], environment)
  await until('it to say that it waits', () => interrupted.stderr().includes('is stopping everything already'))
  interrupted.kill('SIGINT')
  const { code, stderr } = await interrupted.end
  assert.equal(code, 130)
  assert.match(stderr, /not waiting any longer; the daemon goes on stopping/)
  const last = start(holdfast, ['down', '--yes'], environment)
  await until('it to tell what it waits for', () => last.stderr().includes('still waiting for demo/web/1 ('))
  writeFileSync(go, '')
  assert.equal((await last.end).code, 0)
})

interface Ran {
  readonly code: number | null
  readonly stderr: string
}

interface Running {
  readonly end: Promise<Ran>
  /** What it said so far. */
  stderr(): string
  kill(signal: NodeJS.Signals): void
}

function start(file: string, args: readonly string[], env: NodeJS.ProcessEnv): Running {
  const child = spawn(file, args, { env })
  let stderr = ''
  child.stderr.on('data', (data) => {
    stderr += data
  })
  const end = new Promise<Ran>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => resolve({ code, stderr }))
  })
  return { end, stderr: () => stderr, kill: (signal) => void child.kill(signal) }
}

/** Runs a command at a terminal of its own, and answers when it asks. */
async function answered(args: readonly string[], answer: string, env: NodeJS.ProcessEnv) {
  const child = spawn('script', ['-qfec', [holdfast, ...args].join(' '), '/dev/null'], { env })
  let text = ''
  child.stdout.on('data', (data) => {
    text += data
    if (/\[y\/N\] $/.test(text)) child.stdin.write(answer)
  })
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve))
  return { code, text }
}
