import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { ProcessLimits } from '../../core/model.ts'
import { noProcessLimits } from '../../core/target/plain.ts'
import { type ChainRequest, chain } from './chain.ts'
import { isFailure } from './failure.ts'

const command = ['web', '--port', '80']
const ourselves = { name: 'root', uid: 0, gid: 0, home: '/root', shell: '/bin/sh', groups: null }
const nobody = { name: 'nobody', uid: 65534, gid: 65533, home: '/', shell: '/bin/sh', groups: [65533, 5] }

const plain: ChainRequest = {
  program: '/usr/bin/web',
  command,
  account: ourselves,
  limits: null,
  join: [],
  workingDir: '/srv',
  environment: { PATH: '/bin' },
  nice: 0,
}

/** The words of the chain without the folders of the tools. */
function words(request: Partial<ChainRequest>, limits: Partial<ProcessLimits> | null = null): readonly string[] {
  const made = chain({ ...plain, limits: limits && { ...noProcessLimits, ...limits }, ...request })
  assert(!isFailure(made), JSON.stringify(made))
  return made.argv.map((word) => word.replace(/^\/(usr\/)?s?bin\/(?!web)/, ''))
}

it('without anything asked for the program is started itself, by the name it was given', () => {
  assert.deepEqual(chain(plain), { path: '/usr/bin/web', argv: command })
})

it('everything that is asked for comes in the order in which it is still allowed', () => {
  const limits = {
    ulimits: { nofile: { soft: 10, hard: 20 }, core: { soft: 0, hard: null } },
    nice: -3,
    ionice: { class: 'realtime', level: 2 },
    cpuAffinity: [0, 2, 65],
  } as const
  assert.deepEqual(words({ account: nobody, nice: 2 }, limits), [
    ...['nice', '-n', '-5'],
    ...['ionice', '-c', '1', '-n', '2'],
    ...['taskset', '20000000000000005'],
    ...['prlimit', '--nofile=10:20', '--core=0:unlimited', '--'],
    ...['setpriv', '--reuid=65534', '--regid=65533', '--groups=65533,5', '--'],
    ...['/usr/bin/web', '--port', '80'],
  ])
})

it('the root is changed while it is allowed, and the user given up by the same program', () => {
  assert.deepEqual(words({ account: nobody }, { chroot: '/jail' }), [
    ...['setpriv', '--regid=65533', '--groups=65533,5', '--'],
    ...['unshare', '--root=/jail', '--wd=/srv', '--setuid=65534', '--'],
    ...['/usr/bin/web', '--port', '80'],
  ])
  assert.deepEqual(words({}, { chroot: '/jail' }), [
    ...['unshare', '--root=/jail', '--wd=/srv', '--'],
    ...['/usr/bin/web', '--port', '80'],
  ])
})

it('what needs no setting is left out', () => {
  assert.deepEqual(words({ nice: 4 }, { nice: 4 }), command)
  assert.deepEqual(words({ account: { ...nobody, groups: [] } }).slice(0, 5), [
    ...['setpriv', '--reuid=65534', '--regid=65533', '--clear-groups', '--'],
  ])
})

it('joining comes first, and variables that a shell would drop are given again', () => {
  const all = words({ join: ['/one', '/two'], environment: { 'a.b': 'c d', HOME: '/' } }, { oomScoreAdj: -5 })
  const script = all[2] ?? ''
  assert.deepEqual(all.toSpliced(2, 1), [
    'sh',
    '-c',
    'sh',
    '/one',
    '/two',
    '-5',
    'env',
    'a.b=c d',
    '/usr/bin/web',
    '--port',
    '80',
  ])
  assert.match(script, /^unset PWD OLDPWD SHLVL$/m)
  assert.match(script, /echo 0 >"\$1" && echo 0 >"\$2" && echo "\$3" >\/proc\/self\/oom_score_adj/)
  assert.match(words({ join: ['/one'], environment: { PWD: '/' } })[2] ?? '', /^unset OLDPWD SHLVL$/m)
})
