import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { chmodSync, chownSync, existsSync, lstatSync, mkdirSync, readFileSync, symlinkSync, unlinkSync } from 'node:fs'
import { join } from 'node:path'
import { userByName } from '../../src/sys/users.ts'
import { type CliResult, type Home, holdfast, realTest, root } from './harness.ts'
import { until } from './until.ts'

const skip = existsSync('/usr/bin/supervisorctl') ? false : 'needs the Debian package supervisor'

/** A main file as people have it, everything below the home. */
function mainText(more = ''): string {
  return `[unix_http_server]
file=%(here)s/s.sock
[supervisord]
logfile=%(here)s/supervisord.log
pidfile=%(here)s/supervisord.pid
[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
[supervisorctl]
serverurl=unix://%(here)s/s.sock
${more}`
}

const webText = '[program:web]\ncommand=sleep 86400\n'

/** Starts it in the background, as supervisord is usually started; answers its pid. */
async function begin(home: Home, file: string): Promise<number> {
  const started = await home.cli('supervisord', '-c', file)
  assert.deepEqual([started.code, started.stdout, started.stderr], [0, '', ''])
  return Number(readFileSync(join(home.directory, 'supervisord.pid'), 'utf8'))
}

/** The unmodified client. */
function ctl(home: Home, ...args: readonly string[]): Promise<CliResult> {
  return run('/usr/bin/supervisorctl', ['-c', join(home.directory, 's.conf'), ...args])
}

function run(program: string, args: readonly string[], environment: NodeJS.ProcessEnv = {}): Promise<CliResult> {
  return new Promise((resolve) => {
    execFile(program, args, { env: { ...process.env, ...environment } }, (error, stdout, stderr) => {
      const code = error === null ? 0 : Number(error.code)
      resolve({ code, stdout, stderr })
    })
  })
}

async function end(home: Home, pid: number): Promise<void> {
  process.kill(pid, 'SIGTERM')
  await until('it to end', async () => (await home.api.info().catch(() => null)) === null && !isAlive(pid))
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}

/** As `status` tells it: `web RUNNING 1234`. */
async function status(home: Home): Promise<readonly string[]> {
  const { stdout } = await ctl(home, 'status')
  return stdout.split('\n').flatMap((line) => {
    const [, name, state, pid = ''] = /^(\S+)\s+([A-Z]+)\s+(?:pid (\d+),)?/.exec(line) ?? []
    return name === undefined ? [] : [`${name} ${state} ${pid}`.trim()]
  })
}

async function untilStatus(home: Home, pattern: RegExp): Promise<string> {
  return until(`status to match ${pattern}`, async () => {
    const text = (await status(home)).join('\n')
    return pattern.test(text) ? text : null
  })
}

realTest(
  'in the background it returns when its servers answer, and SIGTERM leaves nothing behind',
  { skip },
  async (home) => {
    const file = home.write('s.conf', mainText(webText).replace('[supervisord]\n', '[supervisord]\ndirectory=/\n'))
    const pid = await begin(home, file)
    await untilStatus(home, /^web RUNNING/)
    assert.equal((await ctl(home, 'pid')).stdout, `${pid}\n`)
    const again = await home.cli('supervisord', '-n', '-c', file)
    assert.notEqual(again.code, 0, 'a second one of the same home')
    await end(home, pid)
    for (const name of ['s.sock', 'supervisord.pid']) assert(!existsSync(join(home.directory, name)), name)
    const log = readFileSync(join(home.directory, 'supervisord.log'), 'utf8')
    const started = `INFO daemonizing the supervisord process\n.* INFO set current directory: '/'\n.* INFO supervisord started with pid ${pid}\n`
    assert.match(log, new RegExp(started))
    for (const part of ["spawned: 'web' with pid", 'entered RUNNING state', 'received SIGTERM', 'stopped: web'])
      assert(log.includes(part), log)
  },
)

realTest('killed, its programs go on, and the next one takes them over with their clients', { skip }, async (home) => {
  const listener = home.write(
    'listener.sh',
    `while printf 'READY\\n' && IFS= read -r line; do len=\${line##*len:}; head -c "$len" >>"$1"; echo >>"$1"; printf 'RESULT 2\\nOK'; done\n`,
  )
  const events = join(home.directory, 'events')
  const text = `[eventlistener:l]\ncommand=/bin/sh ${listener} ${events}\nevents=PROCESS_STATE\nstartsecs=0\n`
  const file = home.write(
    's.conf',
    mainText(`${webText}startsecs=0\n${text}[program:off]\ncommand=sleep 1\nstartsecs=0\n`),
  )
  const first = await begin(home, file)
  const [before] = /^web RUNNING \d+$/m.exec(await untilStatus(home, /^web RUNNING \d+/m)) ?? []
  await ctl(home, 'stop', 'off')
  const [listening] = /^l RUNNING \d+$/m.exec(await untilStatus(home, /^l RUNNING \d+/m)) ?? []
  process.kill(first, 'SIGKILL')
  await until('it to be gone', () => !isAlive(first))
  const second = await begin(home, file)
  const after = await until('another listener', async () => {
    const lines = await status(home)
    return !lines.includes(listening!) && lines.some((line) => /^l RUNNING \d+$/.test(line)) ? lines : null
  })
  assert(after.includes(before!), 'the program was left alone')
  assert.match(after.join('\n'), /^off (STOPPED|EXITED)/m, 'a death is no restart')
  // What the one before was told.
  home.write('events', '')
  await ctl(home, 'restart', 'web')
  await until('the new listener to be told', () =>
    readFileSync(events, 'utf8').includes('processname:web groupname:web from_state:STARTING pid:'),
  )
  await end(home, second)
})

realTest('upgraded in place, the client is always answered and no program is touched', { skip }, async (home) => {
  const file = home.write('s.conf', mainText(webText))
  const pid = await begin(home, file)
  const before = await untilStatus(home, /^web RUNNING/)
  let isOver = false
  const failed: string[] = []
  const asking = (async () => {
    while (!isOver) {
      const { code, stdout } = await ctl(home, 'status', 'web')
      if (code !== 0) failed.push(stdout)
    }
  })()
  const upgraded = await home.cli('upgrade', root)
  isOver = true
  await asking
  assert.deepEqual([upgraded.code, failed], [0, []], upgraded.stderr)
  assert.equal(await untilStatus(home, /^web RUNNING/), before)
  assert.equal((await ctl(home, 'restart', 'web')).stdout, 'web: stopped\nweb: started\n')
  await end(home, pid)
  assert(!existsSync(join(home.directory, 's.sock')))
})

realTest(
  'a file with errors: at the start it ends with 2, at SIGHUP it goes on with what it was',
  { skip },
  async (home) => {
    const broken = mainText('[program:web]\ncommand=sleep 86400\nstartsecs=x\n')
    const file = home.write('s.conf', broken)
    const message = `Error: invalid literal for int() with base 10: 'x' in section 'program:web' (file: '${file}')\nFor help, use holdfast supervisord -h\n`
    for (const args of [
      ['-c', file],
      ['-n', '-c', file],
    ]) {
      const result = await home.cli('supervisord', ...args)
      assert.equal(result.code, 2)
      assert.equal(result.stderr.replace('use supervisord -h', 'use holdfast supervisord -h'), message)
    }
    home.write('s.conf', mainText(webText))
    const pid = await begin(home, file)
    const before = await untilStatus(home, /^web RUNNING/)
    home.write('s.conf', broken)
    process.kill(pid, 'SIGHUP')
    await until('it to begin anew', async () => {
      const now = (await status(home)).join()
      return /^web RUNNING/.test(now) && now !== before
    })
    assert.match(readFileSync(join(home.directory, 'supervisord.log'), 'utf8'), /ERRO .*invalid literal for int/)
    assert.equal(Number((await ctl(home, 'pid')).stdout), pid)
    await end(home, pid)
  },
)

realTest('killed while it begins anew, the next one has everything running again', { skip }, async (home) => {
  const stubborn = `[program:stubborn]\ncommand=/bin/sh -c "trap '' TERM; exec sleep 1000"\nstopwaitsecs=2\n`
  const file = home.write('s.conf', mainText(`${webText}${stubborn}`))
  const first = await begin(home, file)
  const before = await untilStatus(home, /^stubborn RUNNING \d+\nweb RUNNING/)
  process.kill(first, 'SIGHUP')
  const [, web = ''] = /web RUNNING (\d+)/.exec(before) ?? []
  await until('the willing one to end', () => !isAlive(Number(web)))
  process.kill(first, 'SIGKILL')
  await until('it to be gone', () => !isAlive(first))
  const second = await begin(home, file)
  await untilStatus(home, /^stubborn RUNNING \d+\nweb RUNNING/)
  await end(home, second)
})

realTest('a socket that another one listens on is not taken: it ends with 2', { skip }, async (home) => {
  const file = home.write('s.conf', mainText(webText))
  const pid = await begin(home, file)
  const other = join(home.directory, 'other')
  const second = await run(holdfast, ['supervisord', '-n', '-c', file], { HOLDFAST_HOME: other })
  assert.equal(second.code, 2)
  assert.match(second.stderr, /^Error: Another program is already listening on a port that one of our HTTP servers/)
  assert.match((await ctl(home, 'status')).stdout, /^web +(STARTING|RUNNING)/)
  await end(home, pid)
})

/** `[supervisord] user` needs root. What belongs to the daemon's user beside its home is below `place`. */
const skipUser = skip || (process.geteuid?.() === 0 ? false : 'needs root')

function placeOf(home: Home, user: string): string {
  chmodSync(home.directory, 0o711)
  const place = join(home.directory, `of-${user}`)
  mkdirSync(place)
  chownSync(place, userByName(user)!.uid, -1)
  return place
}

function userText(user: string): string {
  return mainText(webText).replaceAll('%(here)s/', `%(here)s/of-${user}/`).replace('[supervisord]', `$&\nuser=${user}`)
}

/** Of the parts of a home: whose they are, their mode, and which file it is. */
function owners(home: Home): readonly unknown[] {
  return ['state', 'run', 'log', 'run/daemon.lock', 'log/daemon.log'].map((name) => {
    const { uid, gid, mode, ino } = lstatSync(join(home.directory, name))
    return { name, uid, gid, mode, ino }
  })
}

realTest(
  'as another user it has its home, over its death and another version; who finds it locked has changed nothing',
  { skip: skipUser },
  async (home) => {
    const place = placeOf(home, 'nobody')
    placeOf(home, 'daemon')
    const file = home.write('s.conf', userText('nobody'))
    const others = [file, home.write('daemon.conf', userText('daemon')), home.write('root.conf', mainText(webText))]
    const { uid, gid } = userByName('nobody')!
    const start = async (): Promise<number> => {
      const started = await home.cli('supervisord', '-c', file)
      assert.deepEqual([started.code, started.stdout, started.stderr], [0, '', ''])
      const pid = Number(readFileSync(join(place, 'supervisord.pid'), 'utf8'))
      assert.match(readFileSync(`/proc/${pid}/status`, 'utf8'), new RegExp(`^Uid:\\t${uid}\\t${uid}\\t${uid}`, 'm'))
      return pid
    }
    const untilRefused = async (pid: number): Promise<void> => {
      const before = owners(home)
      for (const other of others)
        for (const words of [['-n'], []]) {
          const second = await home.cli('supervisord', ...words, '-c', other)
          assert.notEqual(second.code, 0)
          assert.match(second.stderr, new RegExp(`a daemon already runs for .*: pid ${pid};`))
        }
      assert.deepEqual(owners(home), before)
      assert.equal((await ctl(home, 'restart', 'web')).stdout, 'web: stopped\nweb: started\n')
    }
    const first = await start()
    for (const each of owners(home)) assert.partialDeepStrictEqual(each, { uid, gid })
    await untilStatus(home, /^web RUNNING/)
    await untilRefused(first)
    const before = await untilStatus(home, /^web RUNNING/)
    process.kill(first, 'SIGKILL')
    await until('it to be gone', () => !isAlive(first))
    const second = await start()
    assert.equal(await untilStatus(home, /^web RUNNING/), before)
    const upgraded = await home.cli('upgrade', root)
    assert.equal(upgraded.code, 0, upgraded.stderr)
    assert.equal(await untilStatus(home, /^web RUNNING/), before)
    await untilRefused(second)
    await end(home, second)
    for (const name of ['s.sock', 'supervisord.pid']) assert(!existsSync(join(place, name)), name)
  },
)

realTest(
  'a home that another user has used stays as it is, until it is given over',
  { skip: skipUser },
  async (home) => {
    placeOf(home, 'nobody')
    const pid = await begin(home, home.write('s.conf', mainText(webText)))
    await end(home, pid)
    const before = owners(home)
    const file = home.write('s.conf', userText('nobody'))
    const refused = await home.cli('supervisord', '-n', '-c', file)
    assert.equal(refused.code, 2)
    assert.deepEqual(owners(home), before)
    const [, advice = ''] =
      /^Error: \S+ was used by another user than nobody; .*: (chown -R .*);/.exec(refused.stderr) ?? []
    assert.equal((await run('/bin/sh', ['-c', advice])).code, 0, refused.stderr)
    const started = await home.cli('supervisord', '-c', file)
    assert.deepEqual([started.code, started.stderr], [0, ''])
    await untilStatus(home, /^web RUNNING/)
    await end(home, Number(readFileSync(join(home.directory, 'of-nobody/supervisord.pid'), 'utf8')))
  },
)

realTest(
  'a file of supervisord beside others: its client drives its programs, and sees no others',
  { skip },
  async (home) => {
    const file = home.write('s.conf', mainText(webText))
    const app = home.declare('app', { db: { command: ['sleep', '86400'] } })
    const daemon = await home.start([file, app])
    await home.untilState('app/db', 'running')
    await untilStatus(home, /^web RUNNING \d+$/)
    assert.equal((await ctl(home, 'stop', 'web')).stdout, 'web: stopped\n')
    assert.match((await home.unit('web/web')).reason, /stopped by (root|supervisorctl)/)
    home.write('s.conf', mainText(`${webText}[program:more]\ncommand=sleep 86400\nstartsecs=0\n`))
    assert.equal((await ctl(home, 'update')).stdout, 'more: added process group\n')
    await home.untilState('more/more', 'running')
    assert.equal((await home.unit('web/web')).state, 'stopped', 'what did not change was left alone')
    home.write('s.conf', mainText(webText))
    assert.equal((await ctl(home, 'update')).stdout, 'more: stopped\nmore: removed process group\n')
    assert.equal((await home.unit('app/db')).state, 'running')
    await daemon.stop()
    assert(!existsSync(join(home.directory, 's.sock')))
  },
)

realTest('by the names of the originals it is each of them', { skip }, async (home) => {
  const file = home.write('s.conf', mainText(webText))
  const environment = { HOLDFAST_HOME: home.directory }
  const link = (name: string): string => {
    const path = join(home.directory, name)
    symlinkSync(holdfast, path)
    return path
  }
  const supervisord = link('supervisord')
  assert.deepEqual(await run(supervisord, ['-c', file], environment), { code: 0, stdout: '', stderr: '' })
  await untilStatus(home, /^web RUNNING/)
  const supervisorctl = link('supervisorctl')
  const [ours, theirs] = [await run(supervisorctl, ['-c', file, 'avail']), await ctl(home, 'avail')]
  assert.deepEqual(ours, theirs)
  const unknown = await run(supervisord, ['--nothing'])
  assert.equal(unknown.stderr, `Error: option --nothing not recognized\nFor help, use ${supervisord} -h\n`)
  unlinkSync(supervisord)
  await run(supervisorctl, ['-c', file, 'shutdown'])
  await until('it to end', async () => (await home.api.info().catch(() => null)) === null)
})
