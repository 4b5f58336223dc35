import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import type { ServerResponse } from 'node:http'
import { describe, type TestContext, test } from 'node:test'
import type { EngineEvent, EngineStep } from '../../core/containers/model.ts'
import type { Event } from '../../core/model.ts'
import { plainSettings } from '../../core/target/plain-container.ts'
import { createDockerDriver, type DockerDriver } from './driver.ts'
import { type Answering, type ScriptedEngine, sendJson, startScriptedEngine } from './test-bench.ts'

const limit = { timeout: 10_000 }
const home = 'home-1'

interface Bench {
  readonly engine: ScriptedEngine
  readonly driver: DockerDriver
  readonly events: readonly Event[]
  /** The streams of events that are open, oldest first. */
  readonly streams: readonly ServerResponse[]
  tell(happening: object, atNano: bigint): void
  perform(step: object): Promise<Event>
  until<Kind extends Event['kind']>(kind: Kind, count?: number): Promise<Extract<Event, { kind: Kind }>>
}

/** Containers are described by the path of their inspection; anything else is answered by `answer`. */
async function bench(context: TestContext, answer: Answering = () => {}): Promise<Bench> {
  const streams: ServerResponse[] = []
  const events: Event[] = []
  let changed = Promise.withResolvers<void>()
  const notice = (): void => {
    changed.resolve()
    changed = Promise.withResolvers<void>()
  }
  const answering: Answering = (request, response, path) => {
    if (!path.startsWith('/events')) {
      if (path === '/version') return sendJson(response, 200, { Version: '20.10.24' })
      const id = /^\/containers\/([^/]+)\/json$/.exec(path)?.[1]
      if (id !== undefined && id !== 'gone') return sendJson(response, 200, describedContainer(id))
      if (id === 'gone') return sendJson(response, 404, { message: 'No such container: gone' })
      if (/^\/(containers\/json|networks|images\/json)/.test(path) && request.method === 'GET')
        return sendJson(response, 200, [])
      if (path.startsWith('/volumes') && request.method === 'GET') return sendJson(response, 200, { Volumes: null })
      return answer(request, response, path)
    }
    response.flushHeaders()
    streams.push(response)
    notice()
  }
  const engine = await startScriptedEngine(answering)
  let boot = 1_000
  const driver = createDockerDriver({
    address: engine,
    homeId: home,
    clock: { now: () => ({ bootMs: boot++, wallMs: 1_700_000_000_000 }) },
    warn: () => {},
    environment: {},
  })
  const abort = new AbortController()
  const post = (event: Event): void => {
    events.push(event)
    notice()
  }
  driver.events(post, abort.signal)
  context.after(async () => {
    abort.abort()
    driver.close()
    await engine.close()
  })
  const made: Bench = {
    engine,
    driver,
    events,
    streams,
    tell(happening, atNano) {
      const text = JSON.stringify(happening).replace(/}$/, `,"timeNano":${atNano}}`)
      streams.at(-1)!.write(`${text}\n`)
    },
    perform: (step) =>
      new Promise((resolve) => {
        driver.perform({ why: 'test', ...step } as EngineStep, (event) => {
          post(event)
          if (event.kind !== 'pull-progress') resolve(event)
        })
      }),
    async until(kind, count = 1) {
      for (;;) {
        const found = events.filter((event) => event.kind === kind)
        if (found.length >= count) return found[count - 1] as never
        await changed.promise
      }
    },
  }
  return made
}

function describedContainer(id: string): object {
  return {
    Id: id,
    Name: `/${id}`,
    Image: 'sha256:1',
    Created: '2026-01-01T00:00:00Z',
    RestartCount: 0,
    State: {
      Status: 'running',
      Running: true,
      Pid: 7,
      ExitCode: 0,
      StartedAt: '2026-01-01T00:00:01Z',
      FinishedAt: '0001-01-01T00:00:00Z',
    },
    Config: { Labels: { 'io.holdfast.home': home, 'io.holdfast.unit': 'a/web/1' }, Env: [], Cmd: ['x'] },
    HostConfig: { NetworkMode: 'default', RestartPolicy: { Name: 'no' } },
    NetworkSettings: { Networks: {} },
    Mounts: [],
  }
}

const container = (action: string, id: string, attributes: object = { 'io.holdfast.home': home }) => ({
  Type: 'container',
  Action: action,
  Actor: { ID: id, Attributes: attributes },
})

const look = { kind: 'observe-engine', look: { isEverything: true, adopts: [], images: [] } }

/** Every event before it has been taken once this one shows. */
async function untilTaken(world: Bench): Promise<void> {
  const before = world.events.length
  world.tell(container('destroy', 'the-last'), 9_000_000_000_000_000_000n)
  while (!world.events.slice(before).some((event) => isGone(event, 'the-last')))
    await world.until('engine-news', world.events.filter(({ kind }) => kind === 'engine-news').length + 1)
}

function isGone(event: Event, id: string): boolean {
  return event.kind === 'engine-news' && event.news.containersGone?.includes(id) === true
}

describe('what the engine tells', () => {
  test('of one container within a moment is looked at once', limit, async (context) => {
    const world = await bench(context)
    await world.perform(look)
    await world.until('engine-observed')
    while (world.streams.length === 0) await new Promise(setImmediate)
    for (const action of ['create', 'start', 'health_status: healthy']) world.tell(container(action, 'web'), 1n)
    const { news } = await world.until('engine-news')
    assert.equal(news.containers?.[0]?.id, 'web')
    assert.equal(world.engine.asked.filter((path) => path.endsWith('/containers/web/json')).length, 1)
  })

  test(
    'of an end comes with the time of the engine, its code, and whether memory was the reason',
    limit,
    async (context) => {
      const world = await bench(context)
      await world.perform(look)
      while (world.streams.length === 0) await new Promise(setImmediate)
      world.tell(container('oom', 'web'), 1_700_000_000_000_000_000n)
      const attributes = { 'io.holdfast.home': home, exitCode: '137' }
      world.tell(container('die', 'web', attributes), 1_700_000_000_000_000_001n)
      world.tell(container('start', 'web'), 1_700_000_000_000_000_002n)
      world.tell(container('die', 'web', { ...attributes, exitCode: '1' }), 1_700_000_000_000_000_003n)
      const at = '2023-11-14T22:13:20.00000000'
      const expected = [
        { kind: 'container-died', id: 'web', at: `${at}1Z`, exitCode: 137, isOutOfMemory: true },
        { kind: 'container-died', id: 'web', at: `${at}3Z`, exitCode: 1, isOutOfMemory: false },
      ]
      await world.until('container-died', 2)
      assert.deepEqual(
        world.events.filter(({ kind }) => kind === 'container-died'),
        expected,
      )
    },
  )

  test('of containers of others is passed over', limit, async (context) => {
    const world = await bench(context)
    await world.perform(look)
    while (world.streams.length === 0) await new Promise(setImmediate)
    world.tell(container('die', 'foreign', {}), 1n)
    world.tell(container('start', 'other-home', { 'io.holdfast.home': 'home-2' }), 2n)
    await untilTaken(world)
    assert.equal(world.events.filter(({ kind }) => kind === 'container-died').length, 0)
    assert.equal(
      world.engine.asked.some((path) => /foreign|other-home/.test(path)),
      false,
    )
  })

  test('of one that is gone by then says that it is gone', limit, async (context) => {
    const world = await bench(context)
    await world.perform(look)
    while (world.streams.length === 0) await new Promise(setImmediate)
    world.tell(container('die', 'gone'), 1n)
    const { news } = await world.until('engine-news')
    assert.deepEqual(news, { containersGone: ['gone'] })
  })

  test('is listened to again from where it broke off, and both is told', limit, async (context) => {
    const world = await bench(context)
    await world.perform(look)
    while (world.streams.length === 0) await new Promise(setImmediate)
    world.tell(container('destroy', 'web'), 1_700_000_000_000_000_041n)
    await world.until('engine-news')
    world.streams[0]!.destroy()
    assert.match((await world.until('engine-doubt')).why, /events broke off/)
    assert.match((await world.until('engine-doubt', 2)).why, /there again/)
    world.streams[1]!.destroy()
    assert.match((await world.until('engine-doubt', 3)).why, /events broke off/)
    const asked = world.engine.asked.filter((path) => path.includes('/events'))
    assert.equal(new URL(asked[0]!.slice(4), 'http://x').searchParams.get('since'), '1700000000.000000000')
    assert.equal(new URL(asked[1]!.slice(4), 'http://x').searchParams.get('since'), '1700000000.000000042')
  })

  test('is not asked for while nothing happens', limit, async (context) => {
    context.mock.timers.enable({ apis: ['setTimeout', 'setInterval'] })
    const world = await bench(context)
    await world.perform(look)
    while (world.streams.length === 0) await new Promise(setImmediate)
    const asked = world.engine.asked.length
    const told = world.events.length
    context.mock.timers.tick(24 * 3_600_000)
    world.tell(container('die', 'foreign', {}), 1n)
    for (let rounds = 0; rounds < 50; rounds += 1) await new Promise(setImmediate)
    assert.deepEqual([world.engine.asked.length, world.events.length], [asked, told])
  })

  test('that is no JSON is a doubt, and it is listened to anew', limit, async (context) => {
    const world = await bench(context)
    await world.perform(look)
    while (world.streams.length === 0) await new Promise(setImmediate)
    world.streams[0]!.write('no json\n')
    assert.match((await world.until('engine-doubt')).why, /is no JSON/)
    await world.until('engine-doubt', 2)
  })
})

describe('a step', () => {
  const spec = {
    ...{ containerName: 'web', image: 'app:1', platform: null, pull: 'missing', adopts: null, lockFiles: [] },
    strategy: { kind: 'download-then-kill' },
    settings: {
      ...plainSettings,
      networks: ['one', 'two'].map((engineName) => ({
        ...{ network: engineName, engineName, aliases: [], ipv4: null, ipv6: null, linkLocalIps: [] },
        ...{ macAddress: null, driverOpts: {} },
      })),
    },
  }
  const create = {
    kind: 'create-container',
    resource: 'r',
    unit: 'a/web/1',
    spec,
    imageId: 'sha256:1',
    specHash: 'h',
    containers: {},
  }

  test('that cannot join a network leaves no container behind', limit, async (context) => {
    const world = await bench(context, (_, response, path) => {
      if (path.startsWith('/containers/create')) sendJson(response, 201, { Id: 'web', Warnings: null })
      else if (path === '/networks/two/connect') sendJson(response, 500, { message: 'no address is left' })
      else if (path.startsWith('/containers/web')) response.writeHead(204).end()
    })
    const outcome = await world.perform(create)
    assert.ok(outcome.kind === 'engine-failed')
    assert.equal(outcome.message, 'no address is left')
    assert.ok(world.engine.asked.includes('DELETE /v1.41/containers/web?force=false&v=true'))
  })

  test('that asks for what cannot be asked of this engine fails with the reason', limit, async (context) => {
    const world = await bench(context)
    const networkMode = { kind: 'service', service: 'vpn' } as const
    const outcome = await world.perform({ ...create, spec: { ...spec, settings: { ...spec.settings, networkMode } } })
    assert.ok(outcome.kind === 'engine-failed')
    assert.equal(outcome.code, 'BAD_REQUEST')
    assert.match(outcome.message, /service vpn, which has no container/)
  })

  test('that removes what is being removed waits for that', limit, async (context) => {
    let removed = false
    const engineAnswer: Answering = (request, response, path) => {
      if (request.method === 'DELETE')
        sendJson(response, 409, { message: 'removal of container gone-soon is already in progress' })
      else if (path.startsWith('/containers/gone-soon/wait')) {
        removed = true
        sendJson(response, 200, { StatusCode: 0 })
      }
    }
    const world = await bench(context, engineAnswer)
    const step = { kind: 'remove-container', resource: 'r', id: 'gone-soon', isForced: false }
    const outcome = await world.perform(step)
    // It is still described, so it is not gone whatever the wait said.
    assert.equal(removed, true)
    assert.equal(outcome.kind, 'engine-failed')
  })

  test('has its one outcome when the engine hangs up, and says that it may pass', limit, async (context) => {
    const world = await bench(context, (request) => request.socket.destroy())
    const outcome = await world.perform({ kind: 'start-container', resource: 'r', unit: 'a/web/1', id: 'web' })
    assert.ok(outcome.kind === 'engine-failed' && outcome.retry)
    assert.equal(outcome.news.containers?.[0]?.id, 'web')
    assert.equal(world.events.filter((event) => 'resource' in event && event.resource === 'r').length, 1)
  })

  test('fails when the engine describes a container in a way that is not understood', limit, async (context) => {
    const engine = await startScriptedEngine((_, response, path) => {
      if (path === '/version') sendJson(response, 200, { Version: '1' })
      else if (path.startsWith('/containers/json'))
        sendJson(response, 200, [{ Id: 'a', Labels: { 'io.holdfast.home': home } }])
      else if (path.startsWith('/containers/a')) sendJson(response, 200, 'a text')
      else sendJson(response, 200, path.startsWith('/volumes') ? {} : [])
    })
    context.after(() => engine.close())
    const driver = createDockerDriver({
      address: engine,
      homeId: home,
      clock: { now: () => ({ bootMs: 1, wallMs: 1 }) },
      warn: () => {},
      environment: {},
    })
    context.after(driver.close)
    const outcome = await new Promise<Event>((resolve) => driver.perform({ ...look, why: '' } as EngineStep, resolve))
    assert.ok(outcome.kind === 'engine-observe-failed')
    assert.equal(outcome.code, 'MALFORMED')
    assert.match(outcome.message, /description of the container/)
  })

  test('posts nothing after the driver is closed', limit, async (context) => {
    const world = await bench(context)
    const posted: EngineEvent['kind'][] = []
    world.driver.perform({ kind: 'start-container', resource: 'r', unit: 'u', id: 'web', why: '' }, ({ kind }) =>
      posted.push(kind as never),
    )
    while (!world.engine.asked.some((path) => path.endsWith('/start'))) await new Promise(setImmediate)
    world.driver.close()
    for (let rounds = 0; rounds < 20; rounds += 1) await new Promise(setImmediate)
    assert.deepEqual(posted, [])
  })

  test('without an engine fails with what is wrong, as often as it is tried', limit, async (context) => {
    const world = await bench(context)
    await world.engine.die()
    rmSync(world.engine.socketPath, { force: true })
    for (let count = 0; count < 3; count += 1) {
      const outcome = await world.perform(look)
      assert.ok(outcome.kind === 'engine-observe-failed')
      assert.deepEqual([outcome.code, outcome.retry], ['ENOENT', true])
    }
    assert.equal(world.events.filter(({ kind }) => kind === 'engine-doubt').length, 1)
  })
})
