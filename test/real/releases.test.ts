import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ChangeReport, HistoryList, ReleaseItem, ReleaseList, StatusList } from '../../src/wire/api.ts'
import { type Home, realTest, type ServiceText } from './harness.ts'
import { until } from './until.ts'

const steady = { command: ['sleep', 'infinity'], restart: 'always' }
const givesUp = { restart_budget: { max: 1, within: '10m' } }
/** Dies twice, and then it is given up. */
const crashing = { command: ['sh', '-c', 'exit 3'], restart: 'always', 'x-holdfast': givesUp }

/** Healthy while this file is there. */
function checkedBy(path: string): ServiceText {
  const quick = { interval: '100ms', start_interval: '50ms', timeout: '20s', retries: 2 }
  return { ...steady, healthcheck: { test: ['CMD', 'test', '-e', path], ...quick } }
}

const policy = { healthy_for: '500ms', deadline: '60s' }

/** Writes the file of app `shop`, whose changes have to prove themselves; gives its path. */
function declare(home: Home, services: Readonly<Record<string, ServiceText>>, settings: object = {}): string {
  const text = { name: 'shop', 'x-holdfast': { release: { ...policy, ...settings } }, services }
  return home.write('shop.yaml', JSON.stringify(text, null, 2))
}

async function releaseOf(home: Home): Promise<ReleaseItem> {
  const { code, stdout, stderr } = await home.cli('releases', '-o', 'json')
  assert.equal(code, 0, stderr)
  const [item]: ReleaseList['items'] = JSON.parse(stdout).items
  assert.ok(item !== undefined, 'no app has a release')
  return item
}

function untilStatus(home: Home, status: ReleaseItem['status']): Promise<ReleaseItem> {
  return until(`a release that is ${status}`, async () => {
    const item = await releaseOf(home)
    return item.status === status ? item : null
  })
}

/** What `up ARGS` reported, and the code it ended with. */
async function up(home: Home, ...args: readonly string[]): Promise<ChangeReport & { readonly code: number }> {
  const { code, stdout } = await home.cli('up', '-o', 'json', ...args)
  return { ...JSON.parse(stdout), code }
}

async function commandOf(home: Home): Promise<string> {
  const { stdout } = await home.cli('status', 'shop/web', '-o', 'json')
  const { items }: StatusList = JSON.parse(stdout)
  return items[0]?.argv.join(' ') ?? ''
}

realTest('a change that is well for long enough counts, and up --wait=committed returns then', {}, async (home) => {
  await home.start([declare(home, { web: steady })])
  const first = await untilStatus(home, 'committed')
  declare(home, { web: { ...steady, command: ['sleep', '100000'] } })
  const { code, rejections } = await up(home, '--wait=committed')
  assert.deepEqual([code, rejections], [0, []])
  const { status, release, previous, why } = await releaseOf(home)
  assert.equal(status, 'committed')
  assert.notEqual(release, first.release)
  assert.equal(previous, null)
  assert.match(why, /^all were well for [\d.]+ (ms|s)$/)
  const told = await home.cli('history', '--kind', 'releases', '-o', 'json')
  const { items }: HistoryList = JSON.parse(told.stdout)
  const statuses = items.map((item) => (item.kind === 'release' ? `${item.release} ${item.status}` : item.kind))
  const both = [first.release, release].flatMap((id) => [`${id} trial`, `${id} committed`])
  assert.deepEqual(statuses, both)
})

realTest('a change that crashes is taken back, told by everything, and not tried again', {}, async (home) => {
  await home.start([declare(home, { web: steady, other: steady })])
  const good = await untilStatus(home, 'committed')
  const { pid } = await home.untilState('shop/other', 'running')
  const broken = { web: crashing, other: steady, extra: steady }
  declare(home, broken, { id: 'v2' })
  const waited = await home.cli('up', '--wait=committed')
  assert.equal(waited.code, 5, waited.stdout + waited.stderr)
  assert.match(waited.stdout, /^shop {2}release v2 was rejected {2}/m)
  assert.match(waited.stdout, /why: shop\/web\/1 has failed: gave up: .*exit code 3/)
  assert.match(waited.stdout, new RegExp(`next: ${good.release} runs; v2 is not tried again until something else`))
  assert.equal(await commandOf(home), 'sleep infinity')
  await home.untilState('shop/web', 'running')
  assert.equal((await home.unit('shop/other')).pid, pid, 'what the change left alone goes on')
  await until(
    'what it brought to be gone',
    async () => !(await home.api.units()).some(({ service }) => service === 'extra'),
  )

  const ps = await home.cli('ps')
  assert.match(ps.stderr, new RegExp(`shop: release v2 was rejected \\(.*\\); ${good.release} runs again, until`))
  assert.match(
    (await home.cli('explain', 'shop/web')).stdout,
    new RegExp(`release +${good.release}, reverted: v2 was rejected`),
  )
  assert.match(
    (await home.cli('status', 'shop/web')).stdout,
    new RegExp(`release +${good.release}, reverted: v2 was rejected`),
  )
  assert.match((await home.cli('history', 'shop/web')).stdout, /release reverted/)

  const runs = home.starts().length
  const again = await up(home, '--wait')
  assert.deepEqual([again.code, again.changes, again.rejections.map(({ release }) => release)], [5, [], ['v2']])
  assert.equal((await up(home)).code, 0, 'who does not wait is only told')
  assert.equal((await home.cli('plan')).code, 0, 'nothing would change')
  assert.equal(home.starts().length, runs)

  declare(home, { web: { ...steady, command: ['sleep', '200000'] }, other: steady }, { id: 'v3' })
  assert.equal((await up(home, '--wait=committed')).code, 0)
  assert.deepEqual([(await releaseOf(home)).release, await commandOf(home)], ['v3', 'sleep 200000'])
  assert.equal((await home.cli('ps')).stderr, '')
})

realTest('a change that does not become healthy in time is taken back', {}, async (home) => {
  const flag = join(home.directory, 'ready')
  writeFileSync(flag, '')
  await home.start([declare(home, { web: checkedBy(flag) })])
  await untilStatus(home, 'committed')
  declare(home, { web: checkedBy(join(home.directory, 'never')) }, { deadline: '5s' })
  const { code, rejections } = await up(home, '--wait=committed')
  assert.equal(code, 5)
  assert.match(rejections[0]?.why ?? '', /^not well within 5 s: shop\/web\/1 is unhealthy: .*exit code 1/)
  await home.untilUnit('shop/web', (unit) => unit.health === 'healthy')
})

realTest('a trial goes on after a death of the daemon, and what was rejected stays so', {}, async (home) => {
  const flag = join(home.directory, 'ready')
  const file = declare(home, { web: steady })
  const first = await home.start([file])
  await untilStatus(home, 'committed')
  const before = await home.untilState('shop/web', 'running')
  declare(home, { web: { ...checkedBy(flag), command: ['sleep', '100000'] } })
  await up(home)
  const { pid } = await home.untilUnit('shop/web', (unit) => unit.state === 'running' && unit.pid !== before.pid)
  assert.equal((await releaseOf(home)).status, 'trial')
  await first.crash()
  const second = await home.start([])
  assert.equal((await releaseOf(home)).status, 'trial')
  writeFileSync(flag, '')
  const { release } = await untilStatus(home, 'committed')
  assert.equal((await home.unit('shop/web')).pid, pid)

  declare(home, { web: crashing })
  assert.equal((await up(home, '--wait=committed')).code, 5)
  await second.crash()
  await home.start([])
  await home.untilState('shop/web', 'running')
  const { status, release: runs, rejected } = await releaseOf(home)
  assert.deepEqual([status, runs], ['reverted', release])
  assert.equal((await up(home, '--wait')).code, 5)
  assert.equal(await commandOf(home), 'sleep 100000')
  assert.match(rejected?.why ?? '', /^shop\/web\/1 has failed: /)
})

realTest('a death of the daemon in the very trial of a broken release does not save it', {}, async (home) => {
  const first = await home.start([declare(home, { web: steady })])
  await untilStatus(home, 'committed')
  const failing = { ...crashing, 'x-holdfast': { backoff: { initial: '200ms', max: '200ms' } } }
  declare(home, { web: failing }, { deadline: '4s' })
  await up(home)
  await home.untilUnit('shop/web', (unit) => unit.restarts >= 2)
  await first.crash()
  await home.start([])
  const { rejected } = await untilStatus(home, 'reverted')
  assert.match(rejected?.why ?? '', /^not well (for 500 ms )?within 4 s: shop\/web\/1 /)
  await home.untilState('shop/web', 'running')
  assert.equal(await commandOf(home), 'sleep infinity')
})

realTest(
  'with revert: false it stays and is told, and it is the end of a first release that fails',
  {},
  async (home) => {
    await home.start([declare(home, { web: steady })])
    await untilStatus(home, 'committed')
    declare(home, { web: crashing }, { revert: false })
    const { code, rejections } = await up(home, '--wait=committed')
    assert.equal(code, 5)
    const [rejection] = rejections
    assert.equal(rejection?.runs, rejection?.release)
    assert.equal((await home.unit('shop/web')).state, 'failed')
    const { status, previous } = await releaseOf(home)
    assert.equal(status, 'failed')
    assert.notEqual(previous, null)
    declare(home, { web: steady })
    assert.equal((await up(home, '--wait=committed')).code, 0)
  },
)
