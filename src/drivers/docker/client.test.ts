import assert from 'node:assert/strict'
import { getEventListeners, once } from 'node:events'
import { rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import { createEngineClient, type EngineClient } from './client.ts'
import { EngineError } from './engine-error.ts'
import { type Answering, type ScriptedEngine, sendJson, startRawEngine, startScriptedEngine } from './test-bench.ts'

const limit = { timeout: 10_000 }

interface Bench {
  readonly engine: ScriptedEngine
  readonly client: EngineClient
}

async function bench(
  context: TestContext,
  answer: Answering,
  apiVersion?: string,
  isReady?: () => boolean,
): Promise<Bench> {
  const engine = await startScriptedEngine(answer, { apiVersion, isReady })
  const client = createEngineClient(engine)
  context.after(async () => {
    client.close()
    await engine.close()
  })
  return { engine, client }
}

/** Whatever broke it off. */
async function closed(socket: Socket): Promise<void> {
  if (!socket.closed) await new Promise((resolve) => socket.on('close', resolve))
}

async function errorOf(promise: Promise<unknown>): Promise<EngineError> {
  const error = await promise.then(
    () => assert.fail('it was done'),
    (thrown: unknown) => thrown,
  )
  assert.ok(error instanceof EngineError, String(error))
  return error
}

describe('the client of the container engine', () => {
  test('speaks the version of the engine, which it asks for once', limit, async (context) => {
    const { engine, client } = await bench(context, (_, response) => sendJson(response, 200, { Id: 'a' }), '1.43')
    await Promise.all([client.containers.inspect('a'), client.containers.inspect('b')])
    await client.containers.inspect('c')
    assert.deepEqual(engine.asked.toSorted(), [
      'GET /_ping',
      'GET /v1.43/containers/a/json',
      'GET /v1.43/containers/b/json',
      'GET /v1.43/containers/c/json',
    ])
  })

  test('speaks no newer version than it knows', limit, async (context) => {
    const { engine, client } = await bench(context, (_, response) => sendJson(response, 200, {}), '1.99')
    await client.containers.inspect('a')
    assert.equal(engine.asked[1], 'GET /v1.47/containers/a/json')
  })

  test('says that an engine is too old, and which version is needed', limit, async (context) => {
    const { client } = await bench(context, (_, response) => sendJson(response, 200, {}), '1.40')
    const error = await errorOf(client.info())
    assert.deepEqual([error.code, error.retry], ['TOO_OLD', false])
    assert.match(error.message, /API 1\.40; at least 1\.41 is needed/)
  })

  test('tells what engine it is', limit, async (context) => {
    const docker = await bench(context, (_, response) => sendJson(response, 200, { Version: '20.10.24' }))
    assert.deepEqual(await docker.client.about(), { name: 'Docker 20.10.24', apiVersion: '1.41' })
    const components = [{ Name: 'Podman Engine' }]
    const podman = await bench(context, (_, response) =>
      sendJson(response, 200, { Version: '4.3.1', Components: components }),
    )
    assert.equal((await podman.client.about()).name, 'Podman 4.3.1')
  })

  test('uses one connection for calls that follow one another', limit, async (context) => {
    const { engine, client } = await bench(context, (_, response) => sendJson(response, 200, {}))
    for (let count = 0; count < 5; count += 1) await client.containers.inspect('a')
    assert.equal(engine.sockets.length, 1)
  })

  test('asks for the version anew when the engine was away', limit, async (context) => {
    const first = await startScriptedEngine((_, response) => sendJson(response, 200, {}))
    const client = createEngineClient(first)
    await client.containers.inspect('a')
    await first.die()
    const error = await errorOf(client.containers.inspect('a'))
    assert.equal(error.retry, true)
    rmSync(first.socketPath, { force: true })
    const second = await startScriptedEngine((_, response) => sendJson(response, 200, {}), {
      apiVersion: '1.42',
      place: first.socketPath,
    })
    context.after(async () => {
      client.close()
      await second.close()
      await first.close()
    })
    await client.containers.inspect('a')
    assert.deepEqual(second.asked, ['GET /_ping', 'GET /v1.42/containers/a/json'])
  })
})

describe('a container engine that is not there', () => {
  test('is found once it is there', limit, async (context) => {
    let isReady = false
    const { client } = await bench(
      context,
      (_, response) => sendJson(response, 200, { Id: 'a' }),
      '1.41',
      () => isReady,
    )
    assert.equal((await errorOf(client.containers.inspect('a'))).status, 503)
    isReady = true
    assert.deepEqual(await client.containers.inspect('a'), { Id: 'a' })
  })

  test('is told by the reason that the system gives', limit, async () => {
    const client = createEngineClient({ socketPath: join(tmpdir(), 'no-such-engine.sock') })
    const error = await errorOf(client.ping())
    assert.deepEqual([error.code, error.status, error.retry], ['ENOENT', null, true])
    assert.match(error.message, /nothing listens at .*no-such-engine\.sock/)
    client.close()
  })

  test('is told apart from one that does not run', limit, async (context) => {
    // A socket that was left behind by a program that is gone.
    const { client, engine } = await bench(context, (_, response) => sendJson(response, 200, {}))
    const stale = await startRawEngine(() => {})
    await stale.die()
    const dead = createEngineClient(stale)
    const error = await errorOf(dead.ping())
    assert.ok(error.code === 'ECONNREFUSED' || error.code === 'ENOENT', error.code)
    assert.equal(error.retry, true)
    await stale.close()
    assert.equal(engine.asked.length, 0)
    client.close()
  })
})

describe('a call', () => {
  test('that the engine does not answer ends at its deadline', limit, async (context) => {
    const { client, engine } = await bench(context, () => {})
    const error = await errorOf(client.containers.inspect('a', { timeoutMs: 50 }))
    assert.deepEqual([error.code, error.retry], ['ETIMEDOUT', true])
    assert.match(error.message, /did not answer within 0\.05 s \(GET \/v1\.41\/containers\/a\/json\)/)
    // It is let go, and the next call gets a connection of its own.
    await closed(engine.sockets[0]!)
  })

  test('whose answer stops half-way ends at its deadline', limit, async (context) => {
    const { client } = await bench(context, (_, response) => {
      response.writeHead(200, { 'content-length': 100 }).write('{"Id":')
    })
    assert.equal((await errorOf(client.containers.inspect('a', { timeoutMs: 50 }))).code, 'ETIMEDOUT')
  })

  test(
    'to an engine that accepts and says nothing ends at the deadline of the first question',
    limit,
    async (context) => {
      const engine = await startRawEngine(() => {})
      const client = createEngineClient(engine)
      context.after(() => engine.close())
      assert.equal((await errorOf(client.ping({ timeoutMs: 50 }))).code, 'ETIMEDOUT')
      client.close()
    },
  )

  test('may be called off, and leaves nothing behind on the signal', limit, async (context) => {
    const abort = new AbortController()
    const { signal } = abort
    const { client } = await bench(context, (_, response, path) => {
      if (path === '/containers/ok/json') sendJson(response, 200, {})
      else abort.abort()
    })
    await client.containers.inspect('ok', { signal })
    assert.equal(getEventListeners(signal, 'abort').length, 0)
    assert.equal((await errorOf(client.containers.inspect('hangs', { signal }))).code, 'ABORTED')
    assert.equal((await errorOf(client.containers.inspect('ok', { signal }))).code, 'ABORTED')
    assert.equal(getEventListeners(signal, 'abort').length, 0)
  })

  test('ends when the client is closed', limit, async (context) => {
    let close = (): void => {}
    const { client } = await bench(context, () => close())
    close = client.close
    assert.equal((await errorOf(client.containers.inspect('a'))).code, 'ABORTED')
  })

  test('whose answer is no JSON, or of another shape, says so', limit, async (context) => {
    const { client } = await bench(context, (_, response, path) => {
      if (path.startsWith('/containers/create')) sendJson(response, 201, [])
      else response.writeHead(200).end('<html>a proxy</html>')
    })
    const error = await errorOf(client.containers.inspect('a'))
    assert.deepEqual(
      [error.code, error.message],
      ['MALFORMED', 'the container engine\'s answer is no JSON: "<html>a proxy</html>"'],
    )
    assert.equal((await errorOf(client.containers.create({ name: 'a', platform: null, body: {} }))).code, 'MALFORMED')
    assert.deepEqual(await client.containers.list({}).catch((error: EngineError) => error.code), 'MALFORMED')
  })

  test('to what speaks no HTTP fails', limit, async (context) => {
    const engine = await startRawEngine((socket) => socket.end('SSH-2.0-none\r\n'))
    const client = createEngineClient(engine)
    context.after(() => engine.close())
    assert.equal((await errorOf(client.ping())).status, null)
    client.close()
  })

  test('takes no answer beyond its limit', limit, async (context) => {
    const { client, engine } = await bench(context, (_, response) => {
      response.writeHead(200)
      const more = (): void =>
        void (
          response.destroyed || (response.write('x'.repeat(65_536)) ? setImmediate(more) : response.once('drain', more))
        )
      more()
    })
    const error = await errorOf(client.containers.inspect('a'))
    assert.deepEqual([error.code, error.retry], ['TOO_LARGE', false])
    await closed(engine.sockets[0]!)
  })

  test(
    'is asked again on a new connection when the engine closed the idle one, unless it changes something',
    limit,
    async (context) => {
      let requests = 0
      const engine = await startRawEngine((socket) => {
        socket.on('data', (data) => {
          requests += 1
          // The second request on a connection meets one that the engine has just given up.
          if (requests === 3 || requests === 5) socket.destroy()
          else socket.write(`HTTP/1.1 200 OK\r\napi-version: 1.41\r\ncontent-length: 2\r\n\r\n{}`)
          void data
        })
      })
      const client = createEngineClient(engine)
      context.after(async () => {
        client.close()
        await engine.close()
      })
      await client.containers.inspect('a')
      await client.containers.inspect('a')
      assert.equal(engine.sockets.length, 2)
      const error = await errorOf(client.containers.start('a'))
      assert.ok(error.code === 'ECONNRESET' || error.code === 'EPIPE', error.code)
      assert.equal(error.retry, true)
    },
  )
})

describe('a refusal of the engine', () => {
  const cases: readonly (readonly [status: number, message: string, code: string, retry: boolean])[] = [
    [404, 'No such container: a', 'NOT_FOUND', false],
    [409, 'container a is not running', 'CONFLICT', true],
    [400, 'invalid reference format', 'BAD_REQUEST', false],
    [401, 'unauthorized', 'DENIED', false],
    [403, 'has active endpoints', 'DENIED', false],
    [429, 'too many requests', 'ENGINE', true],
    [500, 'something', 'ENGINE', true],
    [500, 'write /var/lib: no space left on device', 'ENOSPC', true],
    [500, 'Bind for 0.0.0.0:80 failed: port is already allocated', 'PORT_TAKEN', true],
  ]
  for (const [status, message, code, retry] of cases) {
    test(`${status} ${message} has the code ${code}`, limit, async (context) => {
      const { client } = await bench(context, (_, response) => sendJson(response, status, { message }))
      const error = await errorOf(client.containers.start('a'))
      assert.deepEqual([error.code, error.status, error.message, error.retry], [code, status, message, retry])
    })
  }

  test('in plain text, or with none, is told as well', limit, async (context) => {
    const { client } = await bench(context, (_, response, path) => {
      response.writeHead(503).end(path.includes('silent') ? '' : '  gateway  \n')
    })
    assert.equal((await errorOf(client.containers.inspect('a'))).message, 'gateway')
    assert.equal(
      (await errorOf(client.containers.inspect('silent'))).message,
      'the container engine answered 503 and says nothing about it',
    )
  })

  test('that is long is told by its beginning', limit, async (context) => {
    const { client } = await bench(context, (_, response) => sendJson(response, 500, { message: 'x'.repeat(100_000) }))
    assert.equal((await errorOf(client.containers.inspect('a'))).message.length, 2_000)
  })

  test('to a stream is told before it begins', limit, async (context) => {
    const { client } = await bench(context, (_, response) =>
      sendJson(response, 404, { message: 'No such container: a' }),
    )
    const query = { stdout: true, stderr: true, follow: true, timestamps: false, since: null, until: null, tail: null }
    assert.equal((await errorOf(client.containers.logs('a', query))).code, 'NOT_FOUND')
    assert.equal((await errorOf(client.exec.start('a', { isTty: false }))).code, 'NOT_FOUND')
  })
})

describe('a stream', () => {
  test('may be silent as long as it likes, once it has begun', limit, async (context) => {
    const { client } = await bench(context, (_, response) => {
      response.flushHeaders()
      setTimeout(() => response.end('{"a":1}\n'), 1_500)
    })
    const { texts } = await client.events({ sinceNano: null, filters: {} }, { timeoutMs: 1_000 })
    assert.deepEqual(await Array.fromAsync(texts), ['{"a":1}'])
  })

  test('that does not begin ends at its deadline', limit, async (context) => {
    const { client } = await bench(context, () => {})
    const error = await errorOf(client.events({ sinceNano: null, filters: {} }, { timeoutMs: 50 }))
    assert.equal(error.code, 'ETIMEDOUT')
  })

  test('with an idle limit is given up when nothing comes, however long the reader takes', limit, async (context) => {
    const { client } = await bench(context, (_, response) => void response.write('{"status":"a"}\n{"status":"b"}\n'))
    const { values } = await client.images.pull({ name: 'a', tag: 'b', platform: null }, { idleMs: 1_000 })
    const seen: unknown[] = []
    const error = await errorOf(
      (async () => {
        for await (const value of values) seen.push(value)
      })(),
    )
    assert.deepEqual(seen, [{ status: 'a' }, { status: 'b' }])
    assert.deepEqual([error.code, error.retry], ['ETIMEDOUT', true])
    assert.match(error.message, /nothing came from the container engine for 1 s/)
  })

  test('that breaks off is told from one that ends', limit, async (context) => {
    const { client } = await bench(context, (request, response) => {
      response.write('{"a":1}\n', () => request.socket.destroy())
    })
    const { texts } = await client.events({ sinceNano: null, filters: {} })
    const iterator = texts[Symbol.asyncIterator]()
    assert.equal((await iterator.next()).value, '{"a":1}')
    const error = await errorOf(iterator.next())
    assert.deepEqual([error.code, error.retry], ['CUT', true])
  })

  test('goes with the signal that was given', limit, async (context) => {
    const { client, engine } = await bench(context, (_, response) => response.flushHeaders())
    const abort = new AbortController()
    const { signal } = abort
    const { texts } = await client.events({ sinceNano: null, filters: {} }, { signal })
    const ended = errorOf(Array.fromAsync(texts))
    abort.abort()
    assert.equal((await ended).code, 'ABORTED')
    assert.equal(getEventListeners(signal, 'abort').length, 0)
    for (const socket of engine.sockets.slice(1)) await closed(socket)
  })

  test('that nobody reads on is closed', limit, async (context) => {
    const { client, engine } = await bench(context, (_, response) => void response.write('{"a":1}\n'))
    const { texts } = await client.events({ sinceNano: null, filters: {} })
    for await (const _ of texts) break
    await closed(engine.sockets.at(-1)!)
  })

  test('with a line that is no JSON, or endless, fails', limit, async (context) => {
    const { client } = await bench(context, (_, response, path) => {
      response.end(path.includes('endless') ? 'x'.repeat(2 * 1024 * 1024) : '{"status":"a"}\n{"sta\n')
    })
    const pulled = async (name: string) =>
      await Array.fromAsync((await client.images.pull({ name, tag: null, platform: null })).values)
    assert.equal((await errorOf(pulled('a'))).code, 'MALFORMED')
    assert.equal((await errorOf(pulled('endless'))).code, 'TOO_LARGE')
  })

  test('of an exec is both ways, with what came along with the answer', limit, async (context) => {
    const server = createServer((_, response) => response.setHeader('api-version', '1.41').end('OK'))
    server.on('upgrade', (_, socket) => {
      socket.write(
        'HTTP/1.1 101 UPGRADED\r\ncontent-type: application/vnd.docker.raw-stream\r\nconnection: Upgrade\r\nupgrade: tcp\r\n\r\nhello ',
      )
      socket.on('data', (data: Buffer) => socket.write(data.toString().toUpperCase()))
      socket.on('end', () => socket.end('bye'))
    })
    const socketPath = join(tmpdir(), `hf-exec-${process.pid}.sock`)
    server.listen(socketPath)
    await once(server, 'listening')
    const client = createEngineClient({ socketPath })
    context.after(() => {
      client.close()
      server.close()
    })
    const stream = await client.exec.start('x', { isTty: true })
    stream.end('you ')
    const parts: Buffer[] = []
    for await (const part of stream) parts.push(part as Buffer)
    assert.equal(Buffer.concat(parts).toString(), 'hello YOU bye')
  })

  test('that is sent goes as it comes', limit, async (context) => {
    const bodies: string[] = []
    const { client, engine } = await bench(context, async (request, response) => {
      bodies.push(Buffer.concat(await Array.fromAsync(request as AsyncIterable<Buffer>)).toString())
      response.end('{"stream":"Loaded image: a:1"}\n')
    })
    async function* tar(): AsyncGenerator<Uint8Array> {
      for (let count = 0; count < 40; count += 1) yield Buffer.alloc(50_000, 'x')
    }
    const { values } = await client.images.load(tar())
    assert.deepEqual(await Array.fromAsync(values), [{ stream: 'Loaded image: a:1' }])
    assert.equal(bodies[0]!.length, 2_000_000)
    assert.equal(engine.asked.at(-1), 'POST /v1.41/images/load?quiet=true')
  })

  test('that is sent and fails on our side ends the call', limit, async (context) => {
    const { client } = await bench(context, () => {})
    async function* tar(): AsyncGenerator<Uint8Array> {
      yield Buffer.from('x')
      throw Object.assign(new Error('the file is gone'), { code: 'EIO' })
    }
    const error = await errorOf(client.images.load(tar()))
    assert.equal(error.code, 'EIO')
    assert.match(error.message, /the file is gone/)
  })
})

describe('what is asked for', () => {
  test('is written as the engine wants it', limit, async (context) => {
    const { client, engine } = await bench(context, (_, response) => sendJson(response, 200, {}))
    await client.containers.list({ label: ['io.holdfast.home=a b', 'x'] })
    await client.containers.remove('web/1', { isForced: true, withAnonymousVolumes: false })
    await client.images.inspect('registry:5000/team/app@sha256:00')
    await client.volumes.remove('a volume')
    await client.images.save(['a:1', 'b:2']).then((stream) => stream.close())
    await client
      .events({ sinceNano: 1_700_000_000_000_000_001n, filters: { type: ['container'] } })
      .then((stream) => stream.close())
    assert.deepEqual(engine.asked.slice(1), [
      'GET /v1.41/containers/json?all=true&filters=%7B%22label%22%3A%5B%22io.holdfast.home%3Da%20b%22%2C%22x%22%5D%7D',
      'DELETE /v1.41/containers/web%2F1?force=true&v=false',
      'GET /v1.41/images/registry:5000/team/app@sha256:00/json',
      'DELETE /v1.41/volumes/a%20volume',
      'GET /v1.41/images/get?names=a%3A1&names=b%3A2',
      'GET /v1.41/events?since=1700000000.000000001&filters=%7B%22type%22%3A%5B%22container%22%5D%7D',
    ])
  })
})
