import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { after, before, describe, test } from 'node:test'
import { isAlive } from '../processes.ts'
import { until } from '../until.ts'
import { type EngineJson, progressOf } from './engine-api.ts'
import { type DockerHost, noDocker, startDockerHost } from './host.ts'
import { startRegistry } from './registry.ts'

/** Only what the tests of containers build on: that the bed is there, and that nothing of it stays. */
describe('a test engine', { skip: noDocker }, () => {
  let host: DockerHost
  before(async () => {
    host = await startDockerHost({ isLiveRestore: true })
  })
  after(() => host.close())

  const run = async (name: string, settings: EngineJson): Promise<string> => {
    const { Id } = await host.api.post(`/containers/create?name=${name}`, settings)
    await host.api.post(`/containers/${Id}/start`)
    return Id
  }

  test('containers reach each other by name, are reached through published ports, and live on while dockerd is away', async () => {
    const image = await host.importImage('web', {
      cmd: ['sh', '-c', 'mkdir /w; echo hello >/w/index.html; exec httpd -f -p 80 -h /w'],
      healthcheck: '--interval=1s CMD wget -q -O /dev/null localhost',
      expose: ['80'],
    })
    assert.match(image, /^sha256:/)
    await host.api.post('/networks/create', { Name: 'between' })
    const web = await run('web', {
      Image: 'web',
      HostConfig: { NetworkMode: 'between', PortBindings: { '80/tcp': [{ HostPort: '8080' }] } },
    })
    const asking = await run('asking', {
      Image: 'web',
      Cmd: ['sh', '-c', 'until wget -q -O - web; do sleep 0.1; done'],
      HostConfig: { NetworkMode: 'between' },
    })
    assert.equal((await host.api.post(`/containers/${asking}/wait`)).StatusCode, 0)
    const answer = await until('the published port', () => fetch(`http://${host.engineAddress}:8080`).catch(() => null))
    assert.equal(await answer.text(), 'hello\n')

    const before = (await host.api.get(`/containers/${web}/json`)).State
    await host.kill()
    assert.ok(isAlive(before.Pid))
    await host.start()
    assert.equal((await host.api.get(`/containers/${web}/json`)).State.StartedAt, before.StartedAt)
    await host.empty()
    assert.deepEqual(await host.api.get('/containers/json?all=1'), [])
    assert.deepEqual(await host.api.get('/images/json?all=1'), [])
  })

  test('an image pushed to the registry is pulled again, but not while it is cut off', async () => {
    const registry = await startRegistry(host)
    await host.importImage('large', { sizeBytes: 3_000_000 })
    const name = await registry.push('large:latest')
    await host.empty()
    const pull = async () =>
      await progressOf(await host.api.stream({ method: 'POST', path: `/images/create?fromImage=${name}` }))
    registry.cut()
    await assert.rejects(pull())
    registry.mend()
    await pull()
    assert.ok((await host.api.get(`/images/${name}/json`)).Size > 3_000_000)
    await registry.restart()
    await host.empty()
    await pull()
    await registry.close()
  })
})

test('nothing of an engine is left when it is closed', { skip: noDocker }, async () => {
  const host = await startDockerHost({ diskBytes: 128 * 1024 * 1024 })
  await host.importImage('sleeper')
  const { Id } = await host.api.post('/containers/create', { Image: 'sleeper' })
  await host.api.post(`/containers/${Id}/start`)
  const { Pid } = (await host.api.get(`/containers/${Id}/json`)).State
  const dockerd = host.pid()
  await host.close()
  assert.deepEqual([isAlive(Pid), isAlive(dockerd), existsSync(host.directory)], [false, false, false])
})
