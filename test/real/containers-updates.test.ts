import assert from 'node:assert/strict'
import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type ContainersHome, environmentOf, onEngine, runOf } from './docker/bed.ts'
import type { EngineJson } from './docker/engine-api.ts'
import { until } from './until.ts'

const plain = { image: 'plain:1', restart: 'unless-stopped', stop_grace_period: '2s' }

onEngine('updates of containers', {}, (bed) => {
  bed.test('handed over by file: old and new run side by side until the new one says so', async (home) => {
    const done = join(home.directory, 'handed-over')
    const declare = (version: string): string =>
      home.compose('shop', {
        web: {
          ...plain,
          environment: { VERSION: version },
          'x-holdfast': { update: { strategy: 'hand-over', timeout: '1m', done_files: done } },
        },
      })
    await home.begin([declare('first')])
    const old = await home.untilContainer('shop/web')
    declare('second')
    await home.declareUp()
    const both = await untilRunning(home, 2)
    assert.ok(both.some((each) => each.Id === old.Id))
    writeFileSync(done, '')
    const next = await home.untilContainer('shop/web', (each) => each.Id !== old.Id)
    await until('the old one to be gone', () => isGone(home, old.Id))
    await until('the file to be removed', () => !existsSync(done))
    assert.ok(both.some((each) => runOf(each) === runOf(next)))
    assert.deepEqual(await home.changesBy(() => home.up()), [])
  })

  bed.test('handed over by health: the old one ends when the new one is healthy, and not before', async (home) => {
    const declare = (version: string): string =>
      home.compose('shop', {
        web: {
          ...plain,
          environment: { VERSION: version },
          healthcheck: { test: ['CMD', 'test', '-e', '/tmp/ready'], interval: '200ms', start_period: '60s' },
          'x-holdfast': { update: { strategy: 'hand-over', timeout: '1m' } },
        },
      })
    await home.begin([declare('first')])
    const old = await home.untilContainer('shop/web')
    await run(home, old.Id, ['touch', '/tmp/ready'])
    declare('second')
    await home.declareUp()
    const both = await untilRunning(home, 2)
    const next = both.find((each) => each.Id !== old.Id)
    await until('the new one to be probed several times', async () => {
      const { State } = await home.host.api.get(`/containers/${next.Id}/json`)
      return State.Health.Log.length >= 4
    })
    assert.ok(!(await isGone(home, old.Id)), 'the new one is not healthy yet')
    await run(home, next.Id, ['touch', '/tmp/ready'])
    await until('the old one to be gone', () => isGone(home, old.Id))
    assert.equal(runOf(await home.untilContainer('shop/web')), runOf(next))
  })

  bed.test('an update lock that somebody else made holds back the change until it is gone', async (home) => {
    const lock = join(home.directory, 'updates.lock')
    const declare = (version: string): string =>
      home.compose('shop', {
        web: { ...plain, environment: { VERSION: version }, 'x-holdfast': { lock } },
        data: { ...plain, environment: { VERSION: version } },
      })
    await home.begin([declare('first')])
    const old = await home.untilContainer('shop/web')
    const data = await home.untilContainer('shop/data')
    assert.ok(!existsSync(lock))
    writeFileSync(lock, '')
    declare('second')
    await home.declareUp()
    await until('an explanation that names the lock', async () => (await home.explain('shop/web')).why.includes(lock))
    assert.equal(runOf(await home.container('shop/web')), runOf(old))
    assert.equal(runOf(await home.container('shop/data')), runOf(data), 'the lock of one holds back the app')
    rmSync(lock)
    await home.untilContainer('shop/web', (each) => each.Id !== old.Id)
    await home.untilContainer('shop/data', (each) => each.Id !== data.Id)
    await until('our own lock to be given back', () => !existsSync(lock))
  })

  bed.test('a change that does not become well is taken back, and not tried again by itself', async (home) => {
    const declare = (version: string, probe: string): string =>
      home.compose(
        'shop',
        {
          web: {
            ...plain,
            environment: { VERSION: version },
            healthcheck: { test: ['CMD', probe], interval: '200ms', retries: 1 },
          },
        },
        { 'x-holdfast': { release: { healthy_for: '500ms', deadline: probe === 'false' ? '6s' : '1m' } } },
      )
    await home.begin([declare('good', 'true')])
    await home.commit()
    declare('bad', 'false')
    const changes = await home.changesBy(async () => {
      await home.declareUp()
      await home.untilContainer('shop/web', (each) => environmentOf(each).VERSION === 'bad')
      await home.untilContainer(
        'shop/web',
        (each) => environmentOf(each).VERSION === 'good' && each.State.Health.Status === 'healthy',
      )
    })
    assert.equal(changes.filter((change) => change.startsWith('container create')).length, 2)
    assert.deepEqual(await home.changesBy(() => home.declareUp()), [])
  })

  bed.test('what a volume holds survives its app, and goes with what is asked to be purged', async (home) => {
    const file = home.compose(
      'shop',
      { web: { ...plain, volumes: ['kept:/data'] }, other: plain },
      { volumes: { kept: {} } },
    )
    await home.begin([file])
    const web = await home.untilContainer('shop/web')
    await run(home, web.Id, ['sh', '-c', 'echo precious >/data/file'])
    home.compose('shop', { other: plain })
    await home.up()
    await until('the container to be gone', () => isGone(home, web.Id))
    const { Volumes }: EngineJson = await home.host.api.get('/volumes')
    assert.equal(Volumes.length, 1)
    home.compose('shop', { web: { ...plain, volumes: ['kept:/data'] }, other: plain }, { volumes: { kept: {} } })
    await home.up()
    const again = await home.untilContainer('shop/web')
    assert.equal(await run(home, again.Id, ['cat', '/data/file']), 'precious\n')

    const purged = await home.cli('purge', '--yes', 'shop/kept')
    assert.equal(purged.code, 0, purged.stdout + purged.stderr)
    const fresh = await home.untilContainer('shop/web', (each) => each.Id !== again.Id)
    assert.equal(await run(home, fresh.Id, ['ls', '/data']), '')
  })
})

async function untilRunning(home: ContainersHome, count: number): Promise<readonly EngineJson[]> {
  return await until(`${count} running containers`, async () => {
    const all: EngineJson[] = await home.host.api.get('/containers/json')
    return all.length === count ? Promise.all(all.map(({ Id }) => home.host.api.get(`/containers/${Id}/json`))) : null
  })
}

async function isGone(home: ContainersHome, id: string): Promise<boolean> {
  const found = await home.host.api.get(`/containers/${id}/json`).catch(() => null)
  return found === null
}

/** Runs a command in a container, and gives what it printed on its standard output. */
async function run(home: ContainersHome, id: string, command: readonly string[]): Promise<string> {
  const { api } = home.host
  const { Id } = await api.post(`/containers/${id}/exec`, { Cmd: command, AttachStdout: true, Tty: true })
  const headers = { 'content-type': 'application/json' }
  const answer = await api.stream({ method: 'POST', path: `/exec/${Id}/start`, headers, body: '{"Tty":true}' })
  const chunks: Buffer[] = []
  for await (const chunk of answer as AsyncIterable<Buffer>) chunks.push(chunk)
  assert.equal((await api.get(`/exec/${Id}/json`)).ExitCode, 0, `${command}: ${Buffer.concat(chunks)}`)
  return Buffer.concat(chunks).toString().replaceAll('\r\n', '\n')
}
