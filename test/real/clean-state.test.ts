import assert from 'node:assert/strict'
import { readlinkSync, renameSync } from 'node:fs'
import { getPriority } from 'node:os'
import { join } from 'node:path'
import type { UnitItem } from '../../src/wire/api.ts'
import { type Home, realTest } from './harness.ts'
import { descriptorsOf, environmentOf, readProc, readProcess } from './processes.ts'
import { sleeper } from './services.ts'
import { until } from './until.ts'

/** Everything that a launcher, a manager or a careless shell could leave on us, and services must not get. */
const dirty = {
  environment: {
    NODE_OPTIONS: '--max-old-space-size=200',
    NODE_ENV: 'production',
    npm_config_cache: '/nowhere',
    NOTIFY_SOCKET: '/nowhere',
    WATCHDOG_USEC: '1',
    LISTEN_FDS: '1',
    INVOCATION_ID: 'x',
    JOURNAL_STREAM: '8:1',
    SECRET_OF_THE_DAEMON: 'x',
    PATH: `/nowhere/node_modules/.bin:${process.env.PATH}`,
  },
  wrapper: [
    'sh',
    '-c',
    'trap "" INT USR1 PIPE; ulimit -Sn 777; echo 300 >/proc/self/oom_score_adj; umask 022; exec "$@" 7</dev/null',
    'sh',
  ],
}

realTest('a service starts in the same clean state each time, also after an adoption', {}, async (home) => {
  const file = home.declare('app', { web: { ...sleeper, environment: { OWN: 'own' } } })
  const first = await home.start([file], dirty)
  const states = [stateOf(await pidAfter(home, null))]
  states.push(stateOf(await killedAndRestarted(home)))
  await first.crash()
  await home.start([file], dirty)
  states.push(stateOf(await killedAndRestarted(home)))

  const [state, ...others] = states
  for (const other of others) assert.deepEqual(other, state)
  const { environment, ...rest } = state!
  assert.deepEqual(Object.keys(environment).sort(), [
    'FIXTURE_DIR',
    'HOLDFAST_ROLE',
    'HOLDFAST_UNIT',
    'HOME',
    'LANG',
    'LOGNAME',
    'OWN',
    'PATH',
    'SHELL',
    'USER',
  ])
  // Where npm runs this test, PATH has what npm put there.
  const isNpms = (folder: string) => folder.endsWith('/node_modules/.bin') || folder.endsWith('/node-gyp-bin')
  const path = (process.env.PATH ?? '').split(':').filter((folder) => !isNpms(folder))
  assert.equal(environment.PATH, path.join(':'))
  assert.match(environment.HOLDFAST_UNIT ?? '', /^[0-9a-f]+\/app\/web\/1$/)
  // Where this test was made nicer than usual, so is what it starts.
  const nice = String(getPriority())
  assert.deepEqual(rest, {
    descriptors: { 0: '/dev/null', 1: 'the pipe', 2: 'the pipe' },
    softDescriptors: '777',
    status: { Umask: '0022', SigBlk: '0000000000000000', SigIgn: '0000000000000000', SigCgt: '0000000000000000' },
    leadsSession: true,
    terminal: '0',
    nice,
    oomScoreAdj: '0',
    workingDir: home.directory,
  })
})

realTest('services get a soft limit of descriptors lower than what the daemon needs for them', {}, async (home) => {
  const file = home.declare('app', { many: { ...sleeper, scale: 60 } })
  await home.start([file], { wrapper: ['sh', '-c', 'ulimit -Sn 40; exec "$@"', 'sh'] })
  const last = await home.untilState('app/many/60', 'running')
  assert.match(readProc(last.pid!, 'limits') ?? '', /Max open files +40 /)
})

realTest('env_file is read again at each start, and one that is missing is explained', {}, async (home) => {
  const envFile = home.write('web.env', 'SETTING=one\n')
  const file = home.declare('app', {
    web: { ...sleeper, env_file: [envFile], 'x-holdfast': { backoff: { initial: '20ms', max: '20ms' } } },
  })
  await home.start([file])
  assert.equal(environmentOf(await pidAfter(home, null))?.SETTING, 'one')
  home.write('web.env', 'SETTING=two\n')
  assert.equal(environmentOf(await killedAndRestarted(home))?.SETTING, 'two')
  home.write('web.env', 'SETTING="unclosed\n')
  process.kill((await home.unit('app/web')).pid!, 'SIGKILL')
  const broken = await home.untilUnit('app/web', ({ reason }) => reason.includes(envFile))
  assert.equal(broken.pid, null)
  // At once, because it may just be read.
  renameSync(home.write('web.env.new', 'SETTING=three\n'), envFile)
  await home.cli('start', 'web')
  assert.equal(environmentOf(await pidAfter(home, null))?.SETTING, 'three')
})

const needsRoot = process.getuid?.() === 0 ? false : 'changing the user of a service needs root'

realTest('user sets uid, gid and the supplementary groups of the group database', { skip: needsRoot }, async (home) => {
  const passwd = home.write('passwd', 'root:x:0:0::/root:/bin/sh\nworker:x:4711:4712::/:/bin/sh\n')
  const group = home.write('group', 'root:x:0:\nworker:x:4712:\nvideo:x:4713:worker\naudio:x:4714:root,worker\n')
  const file = home.declare('app', {
    named: { ...sleeper, user: 'worker' },
    grouped: { ...sleeper, user: 'worker:video' },
    nobody: { ...sleeper, user: 'nosuch', restart: 'no' },
  })
  const mounts = `mount --bind ${passwd} /etc/passwd && mount --bind ${group} /etc/group && exec "$@"`
  await home.start([file], { wrapper: ['unshare', '--mount', 'sh', '-c', mounts, 'sh'] })
  const named = await becomeUser(home, 'app/named')
  assert.deepEqual(fieldsOf(named.pid!, ['Uid', 'Gid', 'Groups']), {
    Uid: '4711\t4711\t4711\t4711',
    Gid: '4712\t4712\t4712\t4712',
    Groups: '4712 4713 4714',
  })
  const grouped = await becomeUser(home, 'app/grouped')
  assert.deepEqual(fieldsOf(grouped.pid!, ['Uid', 'Gid']), {
    Uid: '4711\t4711\t4711\t4711',
    Gid: '4713\t4713\t4713\t4713',
  })
  assert.equal(fieldsOf(named.pid!, ['CapEff']).CapEff, '0000000000000000')
  const nobody = await home.untilUnit('app/nobody', ({ reason }) => reason.includes('nosuch'))
  assert.equal(nobody.pid, null)
})

async function becomeUser(home: Home, name: string): Promise<UnitItem> {
  const unit = await home.untilState(name, 'running')
  await untilAsleep(unit.pid!)
  return unit
}

/**
 * A change of user is a step of its own before the program begins, the kernel lets the starter go on a moment before it shows the
 * new program's environment, and until the program sleeps its loader has files open.
 */
async function untilAsleep(pid: number): Promise<void> {
  await until(`${pid} to be itself and to sleep`, () => {
    const found = readProcess(pid)
    return found !== null && /^\S*sleep 86400$/.test(found.command) && found.state === 'S'
  })
}

async function pidAfter(home: Home, before: number | null): Promise<number> {
  const { pid } = await home.untilUnit('app/web', (unit) => unit.state === 'running' && unit.pid !== before)
  await untilAsleep(pid!)
  return pid!
}

async function killedAndRestarted(home: Home): Promise<number> {
  const { pid } = await home.untilState('app/web', 'running')
  process.kill(pid!, 'SIGKILL')
  return await pidAfter(home, pid)
}

/** What a program can see of the state it was started in, but for the numbers of its run. */
function stateOf(pid: number) {
  const { HOLDFAST_RUN, HOLDFAST_ATTEMPT, ...environment } = environmentOf(pid) ?? {}
  assert.match(HOLDFAST_RUN ?? '', /^\d+$/)
  assert.equal(HOLDFAST_ATTEMPT, HOLDFAST_RUN)
  const descriptors = [...descriptorsOf(pid)].map(([fd, target]) => [
    fd,
    target.includes('/fifo/') ? 'the pipe' : target,
  ])
  const stat = readProc(pid, 'stat') ?? ''
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return {
    environment,
    descriptors: Object.fromEntries(descriptors),
    softDescriptors: /Max open files +(\d+)/.exec(readProc(pid, 'limits') ?? '')?.[1],
    status: fieldsOf(pid, ['Umask', 'SigBlk', 'SigIgn', 'SigCgt']),
    leadsSession: readProcess(pid)?.session === pid && readProcess(pid)?.group === pid,
    terminal: fields[4],
    nice: fields[16],
    oomScoreAdj: readProc(pid, 'oom_score_adj')?.trim(),
    workingDir: readlinkSync(join('/proc', String(pid), 'cwd')),
  }
}

function fieldsOf(pid: number, names: readonly string[]): Readonly<Record<string, string>> {
  const status = readProc(pid, 'status') ?? ''
  return Object.fromEntries(
    names.map((name) => [name, new RegExp(`^${name}:\\s*(.*)$`, 'm').exec(status)?.[1]?.trim() ?? 'missing']),
  )
}
