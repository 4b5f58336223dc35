import assert from 'node:assert/strict'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type {
  HistoryList,
  OutcomeList,
  PurgeReport,
  ResourceList,
  StatusList,
  WideUnitList,
} from '../../src/wire/api.ts'
import { type Schema, violations } from '../schema/checker.ts'
import { type ContainersHome, onEngine, runOf, type Services, shell } from './docker/bed.ts'
import { startRegistry } from './docker/registry.ts'
import { root } from './harness.ts'
import { sleeper } from './services.ts'
import { until } from './until.ts'

const plain = { image: 'plain:1', restart: 'unless-stopped', stop_grace_period: '2s' }

const schema: Schema = JSON.parse(readFileSync(join(root, 'schema/api.schema.json'), 'utf8'))

/** What the command prints with -o json, which is as the schema says. */
async function json<T>(home: ContainersHome, code: number, ...words: readonly string[]): Promise<T> {
  const result = await home.cli(...words, '-o', 'json')
  assert.equal(result.code, code, `${words.join(' ')}: ${result.stdout}${result.stderr}`)
  const document: { readonly kind: string } = JSON.parse(result.stdout)
  assert.deepEqual(violations(schema, { $ref: `#/$defs/${document.kind}` }, document), [])
  return document as T
}

onEngine('what people see and say of containers', {}, (bed) => {
  bed.test('status tells everything of a container, and ps and resources what they have of it', async (home) => {
    await bed.host().importImage('checked:1', { healthcheck: '--interval=300ms CMD echo all is well' })
    const file = home.compose(
      'shop',
      {
        web: {
          ...plain,
          image: 'checked:1',
          ports: ['127.0.0.1:18123:80'],
          networks: { front: { aliases: ['shop'] } },
          volumes: ['data:/data', './etc:/etc/app:ro'],
          mem_limit: '64m',
        },
        own: sleeper,
      },
      { networks: { front: {} }, volumes: { data: {} } },
    )
    await home.begin([file])
    assert.equal((await home.cli('up', '--wait=healthy')).code, 0)
    const found = await home.container('shop/web')

    const text = (await home.cli('status', '-n', '0', 'web')).stdout
    for (const line of [
      /^shop\/web\/1 {2}.* running, healthy /,
      /readiness +healthy\n.* took .*: all is well\n.*the engine tells changes: echo all is well\n/,
      /process +\d+ .*sh -c/,
      /memory .* of 64 MiB/,
      new RegExp(
        `image +checked:1 \\([0-9a-f]{12}\\)\\n +container +shop-web-1 \\(${found.Id.slice(0, 12)}\\), created `,
      ),
      /networks +shop_front \(as shop\)\n +ports +127\.0\.0\.1:18123:80\/tcp\n +mounts +\/data: volume shop_data\n +\/etc\/app: .*\/etc, read-only\n/,
      /engine +Docker [\w.+]+, API 1\.\d+\n/,
    ]) {
      assert.match(text, line)
    }
    const [web] = (await json<StatusList>(home, 0, 'status', 'web')).items
    assert.equal(web?.container?.present?.id, found.Id)
    assert.equal(web?.usage?.memoryMaxBytes, 64 * 1024 * 1024)
    assert.ok((web?.usage?.rssBytes ?? 0) > 0 && (web?.processes.length ?? 0) >= 1, 'its processes are seen')
    assert.equal(web?.processes[0]?.pid, found.State.Pid)

    const { items } = JSON.parse((await home.cli('ps', '-o', 'json')).stdout) as WideUnitList
    assert.deepEqual(items.map(({ service, kind }) => `${service} ${kind}`).toSorted(), [
      'own process',
      'web container',
    ])
    assert.match((await home.cli('ps', '-o', 'wide')).stdout, /IMAGE +COMMAND.*\n.*checked:1 +sh -c/)
    const resources = await json<ResourceList>(home, 0, 'resources')
    assert.deepEqual(
      resources.items.map(
        ({ kind, name, state, isOurs, neededBy }) => `${kind} ${name} ${state} ${isOurs} ${neededBy}`,
      ),
      [
        'image checked:1 present false shop/web',
        'volume shop_data present true shop/web',
        'network shop_front present true shop/web',
      ],
    )
    assert.match((await home.cli('status')).stdout, /\n {2}engine +Docker /)
    assert.match((await home.cli('top', '--once')).stdout, /shop\/web .* running +healthy +\S+ +[\d.]+ \S+B/)
  })

  bed.test('a held update lock is named, ends what waits with 8, and --force overrides it', async (home) => {
    const lock = join(home.directory, 'updates.lock')
    const locked = { ...plain, 'x-holdfast': { lock } }
    const declare = (more: object = {}): string => home.compose('shop', { web: { ...locked, ...more }, own: sleeper })
    await home.begin([declare()])
    const before = await home.untilContainer('shop/web')
    await home.untilState('shop/web', 'running')
    writeFileSync(lock, '')

    const stopped = await home.cli('stop', 'web')
    assert.equal(stopped.code, 8)
    assert.match(
      stopped.stdout,
      /^shop\/web\/1 {2}still {2}.*running .*the update lock .*updates\.lock is held; .*--force\n {2}next: stopped as soon as the lock is free\n$/,
    )
    assert.match((await home.cli('status', '-n', '0', 'web')).stdout, /held by +.*updates\.lock/)
    const { items } = await json<OutcomeList>(home, 8, 'restart', 'web')
    assert.deepEqual(
      items.map(({ unit, result }) => `${unit} ${result}`),
      ['shop/web/1 locked'],
    )
    assert.equal(runOf(await home.container('shop/web')), runOf(before))

    declare({ environment: { VERSION: '2' } })
    const waiting = await home.cli('up', '--wait')
    assert.equal(waiting.code, 8, waiting.stdout + waiting.stderr)
    assert.equal(runOf(await home.container('shop/web')), runOf(before))
    const forced = await home.cli('up', '--wait', '--force')
    assert.equal(forced.code, 0, forced.stdout + forced.stderr)
    const after = await home.container('shop/web')
    assert.notEqual(after.Id, before.Id)
    assert.ok(!existsSync(lock), 'what was overridden is gone')

    writeFileSync(lock, '')
    assert.equal((await home.cli('stop', '--force', 'web')).code, 0)
    assert.equal((await home.container('shop/web')).State.Running, false)
    assert.match((await home.cli('history')).stdout, /override locks +by .*: shop/)
  })

  bed.test('a purge asks first, removes for good what volumes hold, and starts again what it stopped', async (home) => {
    const services = { web: { ...plain, volumes: ['data:/data', 'old:/old'] }, own: sleeper }
    const declare = (web: Services[string], volumes: object): string =>
      home.compose('shop', { ...services, web }, { volumes })
    await home.begin([declare(services.web, { data: {}, old: {} })])
    await home.untilState('shop/web', 'running')
    assert.equal((await home.cli('exec', 'web', 'touch', '/data/precious')).code, 0)
    declare({ ...plain, volumes: ['data:/data'] }, { data: {}, theirs: { external: true, name: 'theirs' } })
    await bed.host().api.post('/volumes/create', { Name: 'theirs' })
    await home.up()
    const before = await home.container('shop/web')
    await home.untilState('shop/web', 'running')

    const asked = await home.cli('purge', 'shop/data')
    assert.equal(asked.code, 2)
    assert.match(
      asked.stderr,
      /shop\/data: this removes what this volume holds, for good, and stops shop\/web\/1 until that is done; say that it is meant with: .*purge --yes shop\/data/,
    )
    assert.equal(runOf(await home.container('shop/web')), runOf(before))
    for (const name of ['shop/theirs', 'shop/dta']) assert.equal((await home.cli('purge', '--yes', name)).code, 4)

    const report = await json<PurgeReport>(home, 0, 'purge', '--yes', 'shop')
    assert.deepEqual(report.items.map(({ name, result }) => `${name} ${result}`).toSorted(), [
      'shop/data purged',
      'shop/old purged',
    ])
    assert.deepEqual(
      report.outcomes.map(({ unit, state }) => `${unit} ${state}`),
      ['shop/web/1 running'],
    )
    const after = await home.container('shop/web')
    assert.notEqual(after.Id, before.Id)
    const { Volumes } = await bed.host().api.get('/volumes')
    assert.deepEqual(Volumes.map(({ Name }: { readonly Name: string }) => Name).toSorted(), ['shop_data', 'theirs'])
    assert.equal((await home.cli('exec', 'web', 'test', '-e', '/data/precious')).code, 1)
    const { items } = await json<HistoryList>(home, 0, 'history', '--kind', 'commands')
    const purges = items.filter((item) => item.kind === 'command' && item.command === 'purge')
    assert.deepEqual(
      purges.map((item) => item.kind === 'command' && `${item.by} ${item.detail}`),
      ['root (uid 0) shop_data, shop_old'],
    )
  })

  bed.test('while an image is pulled, up --wait says how far it is, and for programs nothing', async (home) => {
    const host = bed.host()
    const registry = await startRegistry(host)
    try {
      const push = async (name: string, sizeBytes: number): Promise<string> => {
        await host.importImage(name, { sizeBytes })
        const reference = await registry.push(name)
        await host.api.remove(`/images/${name}`)
        return reference
      }
      const [large, larger] = [await push('large:1', 4_000_000), await push('larger:1', 4_000_000)]
      await home.begin([home.compose('shop', { own: sleeper })])
      registry.slow(2_000_000)
      home.compose('shop', { own: sleeper, web: { ...plain, image: large } })
      const { code, stdout, stderr } = await home.cli('up', '--wait')
      assert.equal(code, 0, stdout + stderr)
      assert.match(stdout, /\+ shop\/web {2}added: started\n {4}image: .*large:1\n/)
      assert.match(stderr, /^image .*\/large:1 {2}being pulled: \d+ %, [\d.]+ [KM]iB of [\d.]+ MiB$/m)
      home.compose('shop', { own: sleeper, web: { ...plain, image: larger } })
      const quiet = await home.cli('up', '--wait', '-o', 'json')
      assert.deepEqual([quiet.code, quiet.stderr], [0, ''])
    } finally {
      await registry.close()
    }
  })

  bed.test('a plan tells what is changed in place, and nothing of what stays', async (home) => {
    const declare = (more: object): string => home.compose('shop', { web: { ...plain, ...more }, own: sleeper })
    await home.begin([declare({ environment: { KEY: 'hush' } })])
    const before = await home.untilContainer('shop/web')
    await home.untilState('shop/web', 'running')
    declare({ environment: { KEY: 'hush' }, restart: 'always', container_name: 'front' })
    const plan = await home.cli('plan')
    assert.equal(plan.code, 7)
    assert.match(
      plan.stdout,
      /^~ shop\/web {2}changed: would be applied without a restart\n {4}container_name: shop-web-1 (→|->) front\n {4}restart: unless-stopped (→|->) always\n~ 1 changed {2}= 1 unchanged\n$/,
    )
    await home.up()
    assert.equal(runOf(await home.container('shop/web')), runOf(before))

    declare({ environment: { KEY: 'secret' }, restart: 'always', container_name: 'front', command: shell('sleep 100') })
    const other = await home.cli('plan')
    assert.match(
      other.stdout,
      /would be stopped and started again\n {4}environment\.KEY: changed \(its value is not shown\)\n {4}command: unset (→|->) sh -c 'sleep 100'\n/,
    )
    assert.doesNotMatch(other.stdout, /hush|secret|io\.holdfast|com\.docker/)
  })

  bed.test('an engine that cannot be reached is told wherever somebody looks', async (home) => {
    const environment = { DOCKER_HOST: 'unix:///nowhere/docker.sock' }
    await home.begin([home.compose('shop', { web: plain, own: sleeper })], { environment })
    await home.untilState('shop/own', 'running')
    const why = /the container engine does not answer \(\w+\): .*; (asked again in|it is being asked again)/
    await until('the engine to be asked', async () => why.test((await home.cli('explain', 'web')).stdout))
    for (const words of [['status', 'web'], ['status'], ['explain', 'web']]) {
      assert.match((await home.cli(...words)).stdout, why, words.join(' '))
    }
    const { code, stdout, stderr } = await home.cli('resources')
    assert.equal(code, 0)
    assert.match(stdout, /image +plain:1 +unknown /)
    assert.match(stderr, why)
  })
})
