import assert from 'node:assert/strict'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type ContainersHome, environmentOf, onEngine, runOf, shell } from './docker/bed.ts'
import { until } from './until.ts'

const appUuid = 'aaaabbbbccccddddeeeeffff00001111'

type Json = Readonly<Record<string, unknown>>

function service(composition: Json = {}, more: Json = {}): Json {
  return {
    ...{ id: 11, image_id: 21, image: 'plain:1', environment: {}, labels: {} },
    composition: { stop_grace_period: '1s', ...composition },
    ...more,
  }
}

function stateOf(commit: string, services: Json, release: Json = {}): string {
  const releases = { [commit]: { id: 7, services, volumes: { data: {} }, networks: {}, ...release } }
  return JSON.stringify({
    f00d: { name: 'dev', config: {}, apps: { [appUuid]: { id: 1234, name: 'shop', releases } } },
  })
}

async function begin(home: ContainersHome): Promise<void> {
  const daemon = home.launch([], {
    environment: { DOCKER_HOST: home.host.url },
    arguments: ['--allow-empty', '--balena-locks', locksOf(home)],
  })
  await until('the daemon to answer', async () => {
    assert.equal(daemon.ended(), null, home.stderr())
    return (await home.cli('ps')).code === 0
  })
}

function locksOf(home: ContainersHome): string {
  return join(home.directory, 'locks')
}

async function apply(home: ContainersHome, state: string, ...options: readonly string[]): Promise<void> {
  const { code, stdout, stderr } = await home.cli('apply', ...options, home.write('target.json', state))
  assert.equal(code, 0, `${stdout}${stderr}`)
}

async function untilNetworkGone(home: ContainersHome): Promise<void> {
  await until('its network to be gone', async () => {
    const networks: readonly { readonly Name: string }[] = await home.host.api.get('/networks')
    return networks.every(({ Name }) => Name !== `${appUuid}_default`)
  })
}

onEngine('target states on an engine', {}, (bed) => {
  bed.test(
    'a container has the name, networks, volumes, variables and labels that the original agent gives it',
    async (home) => {
      await begin(home)
      const composition = { volumes: ['data:/data'], ports: ['18080:80'], mem_limit: '64m', restart: 'on-failure:3' }
      const api = { labels: { 'io.balena.features.supervisor-api': '1' }, environment: { LEVEL: 'debug' } }
      await apply(home, stateOf('deadbeef', { main: service(composition, api) }), '--wait')
      const { Name, HostConfig, NetworkSettings, Config } = await home.untilContainer('shop/main')
      assert.equal(Name, '/main_21_7_deadbeef')
      assert.deepEqual(Object.keys(NetworkSettings.Networks).toSorted(), [`${appUuid}_default`, 'supervisor0'])
      assert.deepEqual(HostConfig.RestartPolicy, { Name: 'on-failure', MaximumRetryCount: 3 })
      assert.deepEqual(
        [HostConfig.Memory, HostConfig.IpcMode, HostConfig.ShmSize, Config.Tty],
        [67_108_864, 'shareable', 67_108_864, true],
      )
      const { BALENA_APP_ID, RESIN_SERVICE_NAME, LEVEL, BALENA_SUPERVISOR_ADDRESS } = environmentOf({ Config })
      assert.deepEqual([BALENA_APP_ID, RESIN_SERVICE_NAME, LEVEL], ['1234', 'main', 'debug'])
      assert.equal(BALENA_SUPERVISOR_ADDRESS, 'http://10.114.104.1:48484')
      assert.equal(Config.Labels['io.balena.service-name'], 'main')
      const { Labels } = await home.host.api.get('/volumes/1234_data')
      assert.equal(Labels['io.balena.app-uuid'], appUuid)
      const { IPAM } = await home.host.api.get('/networks/supervisor0')
      assert.equal(IPAM.Config[0].Subnet, '10.114.104.0/25')
      assert.deepEqual(
        await home.changesBy(() => apply(home, stateOf('deadbeef', { main: service(composition, api) }), '--wait')),
        [],
      )
    },
  )

  bed.test(
    'another commit alone is a renaming; what a service says changes that container, and no other',
    async (home) => {
      await begin(home)
      const other = service({}, { id: 12, image_id: 22 })
      await apply(home, stateOf('one', { main: service(), other }), '--wait')
      const before = runOf(await home.untilContainer('shop/main'))
      const renamed = await home.changesBy(async () => {
        await apply(home, stateOf('two', { main: service(), other }), '--wait')
        await home.untilContainer('shop/main', (each) => each.Name === '/main_21_7_two')
        await home.untilContainer('shop/other', (each) => each.Name === '/other_22_7_two')
      })
      assert.deepEqual(renamed.toSorted(), ['container rename main_21_7_two', 'container rename other_22_7_two'])
      assert.equal(runOf(await home.untilContainer('shop/main')), before)
      await apply(home, stateOf('two', { main: service({}, { environment: { A: '1' } }), other }), '--wait')
      const changed = await home.untilContainer('shop/main', (each) => environmentOf(each).A === '1')
      assert.notEqual(runOf(changed), before)
      assert.equal((await home.untilContainer('shop/other')).Name, '/other_22_7_two')
    },
  )

  bed.test('a container of the original agent is taken over, and runs on', async (home) => {
    const composition = { volumes: ['data:/data'], command: shell('sleep 3600') }
    await begin(home)
    await apply(home, stateOf('one', { main: service(composition) }), '--wait')
    const made = await home.untilContainer('shop/main')
    // As it would be without our marks: what we made is told by its labels alone.
    const { api } = home.host
    await apply(home, JSON.stringify({ f00d: { name: 'dev', config: {}, apps: {} } }))
    await until('it to be gone', async () => (await home.containers('shop/main')).length === 0)
    await untilNetworkGone(home)
    const labels = Object.entries<string>(made.Config.Labels).filter(([name]) => !name.startsWith('io.holdfast.'))
    await api.post('/networks/create', { Name: `${appUuid}_default`, Labels: { 'io.balena.supervised': 'true' } })
    const body = { ...made.Config, Labels: Object.fromEntries(labels), HostConfig: made.HostConfig, Hostname: '' }
    const { Id } = await api.post('/containers/create?name=main_21_7_one', {
      ...body,
      NetworkingConfig: { EndpointsConfig: { [`${appUuid}_default`]: { Aliases: ['main'] } } },
    })
    await api.post(`/containers/${Id}/start`)
    const before = runOf(await api.get(`/containers/${Id}/json`))
    await apply(home, stateOf('two', { main: service(composition) }), '--wait')
    const after = await until('it to be ours', async () => {
      const found = await api.get(`/containers/${Id}/json`).catch(() => null)
      return found !== null && found.Name === '/main_21_7_two' ? found : null
    })
    assert.equal(runOf(after), before)
    assert.equal((await home.unit('shop/main')).state, 'running')
  })

  bed.test('while somebody holds an update lock nothing is ended, and --force goes on', async (home) => {
    await begin(home)
    await apply(home, stateOf('one', { main: service() }), '--wait')
    const before = await home.untilContainer('shop/main')
    const directory = join(locksOf(home), '1234/main')
    mkdirSync(directory, { recursive: true })
    writeFileSync(join(directory, 'updates.lock'), '')
    const next = stateOf('two', { main: service({}, { environment: { A: '1' } }) })
    await apply(home, next)
    await until('the lock to be told', async () =>
      /updates\.lock/.test(JSON.stringify(await home.explain('shop/main'))),
    )
    assert.equal(runOf(await home.container('shop/main')), runOf(before))
    await apply(home, next, '--force')
    await home.untilContainer('shop/main', (each) => environmentOf(each).A === '1')
    rmSync(directory, { recursive: true, force: true })
  })

  bed.test('without its app a container and its networks go, and its volume stays', async (home) => {
    await begin(home)
    await apply(home, stateOf('one', { main: service({ volumes: ['data:/data'] }) }), '--wait')
    await home.untilContainer('shop/main')
    await apply(home, JSON.stringify({ f00d: { name: 'dev', config: {}, apps: {} } }))
    await until('it to be gone', async () => (await home.containers('shop/main')).length === 0)
    await untilNetworkGone(home)
    assert.equal((await home.host.api.get('/volumes/1234_data')).Name, '1234_data')
  })
})
