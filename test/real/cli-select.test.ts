import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Home, holdfast, realTest } from './harness.ts'
import { until } from './until.ts'

const steady = { command: ['sleep', 'infinity'], restart: 'always' }

function declare(home: Home, tier = 'front'): readonly string[] {
  return [
    home.declare('shop', {
      web: { ...steady, scale: 2, labels: { tier } },
      db: { ...steady, labels: ['tier=back', 'primary'] },
    }),
    home.declare('mail', { web: { ...steady, labels: { tier: 'front', canary: true } } }),
  ]
}

async function names(home: Home, ...args: readonly string[]): Promise<readonly string[]> {
  const { code, stdout, stderr } = await home.cli('ps', '-o', 'name', ...args)
  assert.equal(code, 0, stderr)
  return stdout.trimEnd().split('\n')
}

realTest('patterns and labels select what every command is for', {}, async (home) => {
  await home.start(declare(home))
  for (const unit of ['shop/web/1', 'shop/web/2', 'shop/db/1', 'mail/web/1']) await home.untilState(unit, 'running')
  assert.deepEqual(await names(home, 'w*'), ['shop/web/1', 'shop/web/2', 'mail/web/1'])
  assert.deepEqual(await names(home, 'shop/*'), ['shop/web/1', 'shop/web/2', 'shop/db/1'])
  assert.deepEqual(await names(home, 'web/[2-9]', 'd?'), ['shop/web/2', 'shop/db/1'])
  assert.deepEqual(await names(home, '-l', 'tier=front'), ['shop/web/1', 'shop/web/2', 'mail/web/1'])
  assert.deepEqual(await names(home, '-l', 'tier=front,canary=true'), ['mail/web/1'])
  assert.deepEqual(await names(home, '-l', 'primary'), ['shop/db/1'])
  assert.deepEqual(await names(home, 'shop/', '-l', 'tier!=back'), ['shop/web/1', 'shop/web/2'])
  assert.equal((await home.cli('ps', 'web')).code, 4, 'a bare name of two apps')

  const list = JSON.parse((await home.cli('ps', 'db', '--json')).stdout)
  assert.deepEqual(list.items[0].labels, { tier: 'back', primary: '' })

  const select = ['-l', 'tier=front', 'shop/*']
  const units = ['shop/web/1', 'shop/web/2']
  for (const [command, before] of [
    ['stop', []],
    ['start', []],
    ['restart', []],
    ['signal', ['CONT']],
  ] as const) {
    const { code, stdout, stderr } = await home.cli(command, ...before, ...select, '-o', 'name')
    assert.equal(code, 0, stderr)
    assert.deepEqual(stdout.trimEnd().split('\n'), units, command)
  }
  for (const command of ['status', 'explain']) {
    const { stdout } = await home.cli(command, ...select, '-o', 'name')
    assert.deepEqual(stdout.trimEnd().split('\n'), units, command)
  }
  assert.equal((await home.cli('wait', ...select, '-t', '5')).code, 0)
  const history = await home.cli('history', ...select, '-o', 'json', '--kind', 'transitions')
  const told = JSON.parse(history.stdout).items.map(({ unit }: { unit: string }) => unit)
  assert.deepEqual([...new Set(told)].toSorted(), units)
  assert.equal((await home.cli('logs', ...select)).code, 0)
})

realTest('labels may change while everything runs on, and outlive the daemon', {}, async (home) => {
  const sources = declare(home)
  const daemon = await home.start(sources)
  const { pid } = await home.untilState('shop/web/1', 'running')
  declare(home, 'edge')
  const plan = await home.cli('plan')
  assert.equal(plan.code, 7)
  assert.match(
    plan.stdout,
    /shop\/web {2}changed: would be applied without a restart\n +labels.tier: front (→|->) edge\n/,
  )
  assert.equal((await home.cli('up')).code, 0)
  assert.deepEqual(await names(home, '-l', 'tier=edge'), ['shop/web/1', 'shop/web/2'])
  assert.equal((await home.unit('shop/web/1')).pid, pid)
  await daemon.crash()
  await home.start([])
  assert.deepEqual(await names(home, '-l', 'tier=edge'), ['shop/web/1', 'shop/web/2'])
  assert.equal((await home.unit('shop/web/1')).pid, pid)
})

realTest(
  'the names for completion are there with the daemon, follow what is declared, and go with it',
  {},
  async (home) => {
    const daemon = await home.start(declare(home))
    const path = join(home.directory, 'run/names')
    const lines = (): readonly string[] => readFileSync(path, 'utf8').trimEnd().split('\n')
    assert.deepEqual(
      lines().filter((line) => !line.startsWith('label')),
      [
        'service db',
        'app shop/',
        'app mail/',
        'unit shop/web',
        'unit shop/db',
        'unit mail/web',
        'unit shop/web/1',
        'unit shop/web/2',
      ],
    )
    const bash = spawnSync('bash', ['-c', bashScript], {
      env: { PATH: process.env.PATH, HOLDFAST_HOME: home.directory },
    })
    if (bash.error === undefined) assert.equal(bash.stdout.toString(), 'db\n', bash.stderr.toString())
    home.declare('mail', { web: steady, imap: steady })
    assert.equal((await home.cli('up')).code, 0)
    await until('the new name to be there', () => lines().includes('service imap'))
    await daemon.stop()
    assert.equal(existsSync(path), false)
  },
)

const bashScript = `source <(${holdfast} completion bash)
  compopt() { :; }
  COMP_LINE='holdfast stop d' COMP_POINT=15 COMP_WORDS=(holdfast stop d) COMP_CWORD=2
  _holdfast; printf '%s\\n' "\${COMPREPLY[@]}"`
