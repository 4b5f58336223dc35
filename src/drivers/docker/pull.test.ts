import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import type { PullProgress } from '../../core/containers/model.ts'
import { createEngineClient } from './client.ts'
import { EngineError } from './engine-error.ts'
import { emptyMemory } from './memory.ts'
import { pullImage } from './pull.ts'
import type { StepContext, StepOutcome } from './step-context.ts'
import { type Answering, type ScriptedEngine, sendJson, startScriptedEngine } from './test-bench.ts'

interface Bench {
  readonly engine: ScriptedEngine
  readonly told: readonly PullProgress[]
  pull(
    image: string,
    options?: { readonly bytesExpected?: number; readonly config?: unknown; readonly stallMs?: number },
  ): Promise<StepOutcome | EngineError>
}

/** `answer` is asked for what pulls. The clock goes on by a second with each look at it. */
async function bench(context: TestContext, answer: Answering, rootDirectory = '/no/such/directory'): Promise<Bench> {
  const engine = await startScriptedEngine((request, response, path) => {
    if (path === '/info') return sendJson(response, 200, { DockerRootDir: rootDirectory })
    if (path.startsWith('/images/create')) return answer(request, response, path)
    sendJson(response, 200, { Id: 'sha256:1', RepoTags: [], RepoDigests: [], Size: 1, Config: {} })
  })
  const client = createEngineClient(engine)
  const directory = mkdtempSync(join(tmpdir(), 'hf-pull-'))
  context.after(async () => {
    client.close()
    await engine.close()
    rmSync(directory, { recursive: true })
  })
  let bootMs = 0
  const told: PullProgress[] = []
  const step: StepContext = {
    ...{ client, homeId: 'home-1', memory: emptyMemory(), warn: () => {}, signal: new AbortController().signal },
    nowBootMs: () => (bootMs += 100),
  }
  return {
    engine,
    told,
    async pull(image, { bytesExpected = 0, config = {}, stallMs = 60_000 } = {}) {
      writeFileSync(join(directory, 'config.json'), JSON.stringify(config))
      const asked = { kind: 'pull', resource: 'r', image, platform: null, bytesExpected, why: 'test' } as const
      const means = {
        environment: { DOCKER_CONFIG: directory },
        tell: (one: PullProgress) => told.push(one),
        stallMs,
      }
      return await pullImage(step, asked, means).catch((error: unknown) => {
        assert.ok(error instanceof EngineError, String(error))
        return error
      })
    },
  }
}

function failure(outcome: StepOutcome | EngineError): EngineError {
  assert.ok(outcome instanceof EngineError)
  return outcome
}

test('a pull that is silent for too long is given up, and may be tried again', async (context) => {
  const world = await bench(context, (_, response) => void response.write('{"status":"Pulling from app","id":"1"}\n'))
  const error = failure(await world.pull('app:1', { stallMs: 100 }))
  assert.deepEqual([error.code, error.retry], ['ETIMEDOUT', true])
  assert.match(error.message, /^app:1 could not be pulled: nothing came from the container engine for 0\.1 s/)
})

test('a failure in the middle of the stream is told by its cause', async (context) => {
  const causes: readonly (readonly [string, string, boolean])[] = [
    ['write /var/lib/docker/tmp: no space left on device', 'ENOSPC', true],
    ['unexpected EOF', 'ENGINE', true],
    ['manifest unknown', 'NOT_FOUND', false],
    ['unauthorized: authentication required', 'DENIED', false],
  ]
  for (const [text, code, retry] of causes) {
    const world = await bench(context, (_, response) => {
      response.end(
        `{"status":"Pulling from app"}\n${JSON.stringify({ errorDetail: { message: text }, error: text })}\n`,
      )
    })
    const error = failure(await world.pull('app:1'))
    assert.deepEqual([error.code, error.retry], [code, retry], text)
    assert.ok(error.message.startsWith(`app:1 could not be pulled: ${text}`))
  }
})

test('what registries ask for goes along, and only to them', async (context) => {
  const headers: unknown[] = []
  const world = await bench(context, (request, response) => {
    headers.push(request.headers['x-registry-auth'])
    response.end('{"status":"done"}\n')
  })
  const config = { auths: { 'registry.example': { auth: Buffer.from('user:secret').toString('base64') } } }
  await world.pull('registry.example/app:1', { config })
  await world.pull('other.example/app:1', { config })
  const expected = { username: 'user', password: 'secret', serveraddress: 'registry.example' }
  assert.deepEqual(JSON.parse(Buffer.from(String(headers[0]), 'base64url').toString()), expected)
  assert.equal(headers[1], undefined)
})

test('an image is asked for by its digest where it has one', async (context) => {
  const world = await bench(context, (_, response) => response.end('{}\n'))
  const digest = `sha256:${'a'.repeat(64)}`
  for (const image of ['app:1', `app@${digest}`, `registry.example:5000/team/app:1@${digest}`]) await world.pull(image)
  const asked = world.engine.asked.filter((path) => path.startsWith('POST'))
  const encoded = encodeURIComponent(digest)
  assert.deepEqual(asked, [
    'POST /v1.41/images/create?fromImage=app&tag=1',
    `POST /v1.41/images/create?fromImage=app&tag=${encoded}`,
    `POST /v1.41/images/create?fromImage=registry.example%3A5000%2Fteam%2Fapp&tag=${encoded}`,
  ])
})

test('progress is told at most twice a second', async (context) => {
  const world = await bench(context, (_, response) => {
    response.write('{"status":"Pulling fs layer","id":"a"}\n')
    for (let current = 1; current <= 20; current += 1) {
      response.write(`{"status":"Downloading","id":"a","progressDetail":{"current":${current},"total":20}}\n`)
    }
    response.end()
  })
  const outcome = await world.pull('app:1')
  assert.ok(!(outcome instanceof EngineError) && outcome.failure === undefined)
  // Each line takes 100 ms by this clock, and those that are told 200.
  assert.ok(world.told.length >= 3 && world.told.length <= 5, String(world.told.length))
})

test('an image that is not there after all is a failure', async (context) => {
  const engine = await startScriptedEngine((_, response, path) => {
    if (path === '/info') sendJson(response, 200, {})
    else if (path.startsWith('/images/create')) response.end('{}\n')
    else sendJson(response, 404, { message: 'No such image' })
  })
  const client = createEngineClient(engine)
  context.after(async () => {
    client.close()
    await engine.close()
  })
  const signal = new AbortController().signal
  const step = { client, homeId: 'h', memory: emptyMemory(), warn: () => {}, signal, nowBootMs: () => 0 }
  const asked = { kind: 'pull', resource: 'r', image: 'app:1', platform: null, bytesExpected: 0, why: 'test' } as const
  const { failure: told, news } = await pullImage(step, asked, { environment: {}, tell: () => {} })
  assert.deepEqual([told?.code, told?.retry], ['NOT_FOUND', true])
  assert.deepEqual(news.images, [{ reference: 'app:1', image: null }])
})

test('more than there is room for is not even asked for', async (context) => {
  const world = await bench(context, (_, response) => response.end('{}\n'), tmpdir())
  const error = failure(await world.pull('app:1', { bytesExpected: 2 ** 50 }))
  assert.deepEqual([error.code, error.retry], ['ENOSPC', true])
  assert.equal(
    world.engine.asked.some((path) => path.startsWith('POST')),
    false,
  )
})
