import assert from 'node:assert/strict'
import { environmentOf, onEngine, runOf, shell } from './docker/bed.ts'
import { sleeper } from './services.ts'
import { until } from './until.ts'

const plain = { image: 'plain:1', restart: 'unless-stopped', stop_grace_period: '2s' }

onEngine('containers and processes of one declaration', {}, (bed) => {
  bed.test(
    'a process that depends on a container starts when that is healthy; SIGTERM lets the container be, ^C ends both',
    async (home) => {
      const file = home.compose('shop', {
        data: {
          ...plain,
          command: shell('trap exit TERM; while [ ! -e /tmp/ready ]; do sleep 0.1; done; sleep 3600 & wait'),
          healthcheck: { test: ['CMD', 'test', '-e', '/tmp/ready'], interval: '200ms' },
        },
        web: { ...sleeper, depends_on: { data: { condition: 'service_healthy' } } },
      })
      const daemon = await home.begin([file])
      const data = await home.untilContainer('shop/data')
      assert.equal(data.Name, '/shop-data-1')
      assert.equal((await home.unit('shop/web')).pid, null)
      await home.host.api
        .post(`/containers/${data.Id}/exec`, { Cmd: ['touch', '/tmp/ready'] })
        .then(({ Id }) => home.host.api.post(`/exec/${Id}/start`, { Detach: true }))
      await home.untilState('shop/web', 'running')
      assert.equal((await home.container('shop/data')).State.Health.Status, 'healthy')
      assert.equal((await home.unit('shop/data')).state, 'running')
      const before = runOf(data)
      await daemon.stop()
      assert.equal(runOf(await home.untilContainer('shop/data')), before, 'a service manager ends the daemon alone')

      const next = await home.begin([file])
      await home.untilState('shop/web', 'running')
      assert.equal(runOf(await home.container('shop/data')), before)
      next.kill('SIGINT')
      assert.deepEqual(await next.exit, { code: 0, signal: null })
      const left = await home.containers('shop/data')
      assert.ok(left.every((each) => !each.State.Running))
    },
  )

  bed.test(
    'a change of the environment makes that one anew and lets the other be; nothing to do is nothing done',
    async (home) => {
      const declare = (version: string): string =>
        home.compose('shop', {
          data: plain,
          web: { ...plain, depends_on: ['data'], environment: { VERSION: version } },
        })
      await home.begin([declare('first')])
      const data = await home.untilContainer('shop/data')
      const web = await home.untilContainer('shop/web')
      assert.deepEqual(await home.changesBy(() => home.up()), [])

      declare('second')
      const changes = await home.changesBy(async () => {
        await home.up()
        const second = await home.untilContainer('shop/web', (each) => each.Id !== web.Id)
        assert.equal(environmentOf(second).VERSION, 'second')
        await home.untilState('shop/web', 'running')
      })
      assert.equal(runOf(await home.container('shop/data')), runOf(data))
      assert.deepEqual(
        changes.filter((change) => change.includes('data')),
        [],
      )
      assert.equal(changes.filter((change) => change.startsWith('container create')).length, 1)
      assert.deepEqual(await home.changesBy(() => home.up()), [])
    },
  )

  bed.test('another container name alone is a renaming: the container runs on', async (home) => {
    const declare = (name: string): string => home.compose('shop', { web: { ...plain, container_name: name } })
    await home.begin([declare('one')])
    const before = await home.untilContainer('shop/web')
    declare('other')
    const changes = await home.changesBy(async () => {
      await home.up()
      await home.untilContainer('shop/web', (each) => each.Name === '/other')
    })
    assert.equal(runOf(await home.container('shop/web')), runOf(before))
    assert.deepEqual(changes, ['container rename other'])
  })

  bed.test('start, stop and restart by command are of the same container, and a stop lasts', async (home) => {
    await home.begin([home.compose('shop', { web: plain })])
    const before = await home.untilContainer('shop/web')
    assert.equal((await home.cli('stop', 'shop/web')).code, 0)
    assert.equal((await home.container('shop/web').catch(() => null))?.State.Running ?? false, false)
    await home.up()
    assert.equal((await home.unit('shop/web')).state, 'stopped')
    assert.equal((await home.cli('start', 'shop/web')).code, 0)
    const after = await home.untilContainer('shop/web')
    assert.notEqual(runOf(after), runOf(before))
    assert.equal((await home.cli('restart', 'shop/web')).code, 0)
    assert.notEqual(runOf(await home.untilContainer('shop/web')), runOf(after))
  })

  bed.test('what is stopped, killed, renamed or removed by hand comes back as it is declared', async (home) => {
    await home.begin([home.compose('shop', { stopped: plain, killed: plain, renamed: plain, removed: plain })])
    const [stopped, killed, renamed, removed] = await Promise.all(
      ['stopped', 'killed', 'renamed', 'removed'].map((name) => home.untilContainer(`shop/${name}`)),
    )
    const { api } = home.host
    await api.post(`/containers/${stopped.Id}/stop?t=1`)
    await api.post(`/containers/${killed.Id}/kill`)
    await api.post(`/containers/${renamed.Id}/rename?name=elsewhere`)
    await api.remove(`/containers/${removed.Id}?force=1`)
    await home.untilContainer('shop/stopped', (each) => runOf(each) !== runOf(stopped))
    await home.untilContainer('shop/killed', (each) => runOf(each) !== runOf(killed))
    assert.equal(
      runOf(await home.untilContainer('shop/renamed', (each) => each.Name === '/shop-renamed-1')),
      runOf(renamed),
    )
    await home.untilContainer('shop/removed', (each) => each.Id !== removed.Id)
    for (const name of ['stopped', 'killed', 'renamed', 'removed']) await home.untilState(`shop/${name}`, 'running')
  })

  bed.test('a container that is stopped by command and then started by hand is stopped again', async (home) => {
    await home.begin([home.compose('shop', { web: { ...plain, restart: 'unless-stopped' } })])
    await home.untilContainer('shop/web')
    assert.equal((await home.cli('stop', 'shop/web')).code, 0)
    const [stopped] = await home.containers('shop/web')
    if (stopped === undefined) return
    await home.host.api.post(`/containers/${stopped.Id}/start`)
    await until('it to be stopped again', async () => {
      const found = await home.containers('shop/web')
      return found.every((each) => !each.State.Running) && (await home.unit('shop/web')).state === 'stopped'
    })
  })

  bed.test(
    'an image that is removed behind our back ends nothing, and what comes back as the same is let be',
    async (home) => {
      const id = await home.host.importImage('loose:1')
      await home.begin([home.compose('shop', { web: { ...plain, image: 'loose:1' } })])
      const before = runOf(await home.untilContainer('shop/web'))
      const changes = await home.changesBy(async () => {
        await home.host.api.remove('/images/loose:1?force=1')
        await until('an explanation that names the image', async () =>
          (await home.explain('shop/web')).why.includes('loose:1'),
        )
        await home.host.api.post(`/images/${id}/tag?repo=loose&tag=1`)
        await until('nothing to be done', async () => (await home.explain('shop/web')).isAtTarget)
      })
      assert.deepEqual(changes, [`image untag ${id}`, 'image tag loose:1'])
      assert.equal(runOf(await home.container('shop/web')), before)
    },
  )

  bed.test('what nobody declared here is not touched: containers, networks, volumes, images', async (home) => {
    const { api } = home.host
    await api.post('/networks/create', { Name: 'foreign' })
    await api.post('/volumes/create', { Name: 'foreign' })
    const { Id } = await api.post('/containers/create?name=foreign', {
      Image: 'plain:1',
      Labels: { 'io.holdfast.home': 'another', 'io.holdfast.unit': 'shop/web/1', 'com.docker.compose.project': 'shop' },
      HostConfig: { NetworkMode: 'foreign', Binds: ['foreign:/data'] },
    })
    await api.post(`/containers/${Id}/start`)
    const before = runOf(await api.get(`/containers/${Id}/json`))
    const file = home.compose('shop', { web: { ...plain, volumes: ['own:/data'] } }, { volumes: { own: {} } })
    const daemon = await home.begin([file])
    await until('its own container', async () => (await home.unit('shop/web')).state === 'running')
    home.compose('shop', {})
    await home.up()
    await until('its own container to be gone', async () => (await home.containers('shop/web')).length === 1)
    await daemon.stop()
    assert.equal(runOf(await api.get(`/containers/${Id}/json`)), before)
    await api.get('/networks/foreign')
    await api.get('/volumes/foreign')
    await api.get('/images/plain:1/json')
  })

  bed.test('what containers write is kept in order and whole, over restarts of theirs and of ours', async (home) => {
    const say = 'i=0; while [ $i -lt 500 ]; do echo "line $i of $HOSTNAME"; i=$((i+1)); done; echo done >&2'
    const file = home.compose('shop', {
      talker: { ...plain, command: shell(`${say}; trap exit TERM; sleep 3600 & wait`) },
    })
    const daemon = await home.begin([file])
    await home.untilLog('shop/talker', 'line 499')
    await daemon.crash()
    const [running] = await home.containers('shop/talker')
    await home.host.api.post(`/containers/${running.Id}/restart?t=1`)
    await home.begin([file])
    await until('both runs in the log', () => home.log('shop/talker').toString().split('line 499').length === 3)
    assert.equal((await home.cli('restart', 'shop/talker')).code, 0)
    await until('three runs in the log', () => home.log('shop/talker').toString().split('line 499').length === 4)
    const numbers = [
      ...home
        .log('shop/talker')
        .toString()
        .matchAll(/line (\d+) of/g),
    ].map((match) => Number(match[1]))
    assert.deepEqual(
      numbers,
      Array.from({ length: 1500 }, (_, index) => index % 500),
    )
  })
})
