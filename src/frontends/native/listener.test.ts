import assert from 'node:assert/strict'
import { once } from 'node:events'
import { closeSync, mkdtempSync, rmSync } from 'node:fs'
import { createConnection, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { routes } from '../../wire/routes.ts'
import type { ClientLimits } from '../http/clients.ts'
import { createRounds } from '../http/rounds.ts'
import type { Answer, Asked, Handlers } from './exchange.ts'
import { createListener, type Listener } from './listener.ts'

/** No test waits for one of these: who does makes it shorter, and nothing else in the same test may depend on it. */
const limits: ClientLimits = {
  clientsMax: 8,
  bytesHeldMax: 4 * 1024 * 1024,
  requestMsMax: 60_000,
  idleMsMax: 60_000,
  takeMsMax: 60_000,
  patienceMs: 1_000,
}

/** Where others have to state their requests in time: so long that they do, so short that a test can wait for who does not. */
const hurried = { requestMsMax: 1_000 }

interface Scene {
  readonly listener: Listener
  readonly warnings: readonly string[]
  connect(): Promise<Client>
}

interface Client {
  readonly socket: Socket
  /** All that came. */
  text(): string
  write(text: string): void
  /** Resolves when so many answers are complete. */
  answers(count: number): Promise<void>
  /** Resolves when the other side has closed it. */
  readonly closed: Promise<unknown>
}

async function scene(
  context: TestContext,
  handlers: Partial<Handlers>,
  more: Partial<ClientLimits> = {},
): Promise<Scene> {
  const directory = mkdtempSync(join(tmpdir(), 'holdfast-listener-'))
  const path = join(directory, 'socket')
  const warnings: string[] = []
  const all = Object.fromEntries(Object.keys(routes).map((name) => [name, async () => json({ route: name })]))
  const listener = createListener({
    exec: { engine: { snapshot: assert.fail }, exec: { start: assert.fail } },
    handlers: { ...(all as unknown as Handlers), ...handlers },
    callerOf: () => ({ kind: 'user', uid: 1000, name: 'ann' }),
    rounds: createRounds(),
    limits: { ...limits, ...more },
    warn: (text) => warnings.push(text),
  })
  await listener.listen({ kind: 'path', path })
  const sockets: Socket[] = []
  context.after(() => {
    for (const socket of sockets) socket.destroy()
    listener.close()
    rmSync(directory, { recursive: true })
  })
  return {
    listener,
    warnings,
    async connect() {
      const socket = createConnection(path)
      sockets.push(socket)
      socket.on('error', () => {}) // told by `closed`
      // Also after an error: of a request that was cut off something may not have been read.
      const closed = new Promise((resolve) => socket.once('close', resolve))
      await once(socket, 'connect')
      let text = ''
      const progress = new EventTarget()
      socket.on('data', (chunk) => {
        text += chunk.toString('latin1')
        progress.dispatchEvent(new Event('data'))
      })
      const count = (): number => text.split(/HTTP\/1\.1 \d+ /).length - 1
      return {
        socket,
        closed,
        text: () => text,
        write: (more) => void socket.write(more),
        async answers(wanted) {
          while (count() < wanted || !text.endsWith('}')) await once(progress, 'data')
        },
      }
    },
  }
}

function json(body: object): Answer {
  return { kind: 'json', body }
}

function get(path: string): string {
  return `GET ${path} HTTP/1.1\r\nhost: holdfast\r\n\r\n`
}

function post(path: string, body: string): string {
  return `POST ${path} HTTP/1.1\r\nhost: holdfast\r\ncontent-length: ${body.length}\r\n\r\n${body}`
}

test('many requests are answered on one connection, also after one that was refused', async (context) => {
  const { connect } = await scene(context, {})
  const client = await connect()
  for (const [at, path] of ['/v1/info', '/v1/nowhere', '/v1/units?nme=x', '/v1/units'].entries()) {
    client.write(get(path))
    await client.answers(at + 1)
  }
  assert.deepEqual(client.text().match(/HTTP\/1\.1 \d+/g), [
    'HTTP/1.1 200',
    'HTTP/1.1 404',
    'HTTP/1.1 400',
    'HTTP/1.1 200',
  ])
  assert.match(client.text(), /\{"route":"units"\}$/)
})

test('requests that are sent ahead are answered one after the other, in their order', async (context) => {
  const under: number[] = []
  let most = 0
  const slow = async ({ query }: Asked): Promise<Answer> => {
    under.push(1)
    most = Math.max(most, under.length)
    await new Promise((resolve) => setImmediate(resolve))
    under.pop()
    return json({ name: query.get('name') })
  }
  const { connect } = await scene(context, { units: slow })
  const client = await connect()
  client.write([1, 2, 3, 4, 5].map((n) => get(`/v1/units?name=${n}`)).join(''))
  await client.answers(5)
  assert.deepEqual(
    client.text().match(/\{.*?\}/g),
    [1, 2, 3, 4, 5].map((n) => `{"name":"${n}"}`),
  )
  assert.equal(most, 1)
})

test('whoever sends a great many requests ahead is cut off', async (context) => {
  const { connect } = await scene(context, { units: () => new Promise(() => {}) })
  const client = await connect()
  client.write(get('/v1/units').repeat(100))
  await client.closed
  assert.equal(client.text(), '')
})

test('whoever says nothing, or half a request, is cut off after a while; so is a body that does not come', async (context) => {
  const { connect } = await scene(context, {}, { requestMsMax: 150 })
  const [silent, half, bodiless] = [await connect(), await connect(), await connect()]
  half.write('GET /v1/info HTTP/1.1\r\nhost: hold')
  bodiless.write('POST /v1/start HTTP/1.1\r\nhost: holdfast\r\ncontent-length: 100\r\n\r\n{"names"')
  await Promise.all([silent.closed, half.closed, bodiless.closed])
  for (const { text } of [silent, half, bodiless]) assert.equal(text(), '')
})

test('a connection is kept between requests for a while, and half a further request is not waited for that long', async (context) => {
  const { connect } = await scene(context, {}, hurried)
  const answered = async (): Promise<Client> => {
    const client = await connect()
    client.write(get('/v1/info'))
    await client.answers(1)
    return client
  }
  const [kept, half] = [await answered(), await answered()]
  half.write('GET /v1/info HT')
  await half.closed
  kept.write(get('/v1/info'))
  await kept.answers(2)
})

test('an idle connection is closed in the end', async (context) => {
  const { connect } = await scene(context, {}, { ...hurried, idleMsMax: 500 })
  const client = await connect()
  client.write(get('/v1/info'))
  await client.answers(1)
  await client.closed
})

test('who waits for something to come about is not cut off for it', async (context) => {
  const { promise, resolve } = Promise.withResolvers<Answer>()
  const { connect } = await scene(context, { start: () => promise }, hurried)
  const waiting = await connect()
  waiting.write(post('/v1/start', '{"names":["web"]}'))
  const silent = await connect()
  // Its time is over after the other's.
  await silent.closed
  resolve(json({ done: true }))
  await waiting.answers(1)
})

test('an answer that is not taken is given up', async (context) => {
  const much = async () => json({ much: 'x'.repeat(bytesMuch) })
  const { connect } = await scene(context, { units: much }, { ...hurried, takeMsMax: 300 })
  const client = await connect()
  client.socket.pause()
  client.write(get('/v1/units'))
  // Answered in the order of asking: the other one has been given out.
  const other = await connect()
  other.write(get('/v1/info'))
  await other.answers(1)
  // What a request may take is more than there is for taking an answer.
  await (await connect()).closed
  client.socket.resume()
  await client.closed
  assert.ok(client.text().length < bytesMuch)
})

test('of answers that are not taken only so much is kept: whoever takes nothing for longest goes', async (context) => {
  const much = async () => json({ much: 'x'.repeat(bytesMuch) })
  const { connect } = await scene(context, { units: much })
  const clients = [await connect(), await connect()] as const
  for (const client of clients) {
    client.socket.pause()
    client.write(get('/v1/units'))
    // Answered in the order of asking: the first answer of this one tells that the one before has been given out.
    const other = await connect()
    other.write(get('/v1/info'))
    await other.answers(1)
  }
  for (const { socket } of clients) socket.resume()
  await clients[0].closed
  assert.ok(clients[0].text().length < bytesMuch)
  await clients[1].answers(1)
  assert.ok(clients[1].text().length > bytesMuch)
})

const bytesMuch = 3 * 1024 * 1024

test('where all places are taken the longest idle goes, and whoever waits for us stays', async (context) => {
  const { promise, resolve } = Promise.withResolvers<Answer>()
  const more = { clientsMax: 3, patienceMs: 0 }
  const { connect } = await scene(context, { start: () => promise }, more)
  const waiting = await connect()
  waiting.write(post('/v1/start', '{"names":["web"]}'))
  const silent = await connect()
  const idle = await connect()
  idle.write(get('/v1/info'))
  await idle.answers(1)
  const one = await connect()
  one.write(get('/v1/info'))
  await one.answers(1)
  await silent.closed
  const other = await connect()
  other.write(get('/v1/info'))
  await other.answers(1)
  await idle.closed
  resolve(json({ done: true }))
  await waiting.answers(1)
})

test('events are sent as the client takes them, and end with it', async (context) => {
  let given = 0
  const ended = Promise.withResolvers<boolean>()
  async function* events(signal: AbortSignal) {
    try {
      for (;;) {
        yield { event: 'change', id: given === 0 ? null : String(given), data: { n: given, much: 'x'.repeat(10_000) } }
        given += 1
        await new Promise((resolve) => setImmediate(resolve))
      }
    } finally {
      ended.resolve(signal.aborted)
    }
  }
  let asked: Asked | null = null
  const changes = async (question: Asked): Promise<Answer> => {
    asked = question
    return { kind: 'events', events: events(question.signal) }
  }
  const { connect } = await scene(context, { changes }, hurried)
  const client = await connect()
  client.write('GET /v1/changes HTTP/1.1\r\nhost: holdfast\r\nLast-Event-ID: 41\r\n\r\n')
  await once(client.socket, 'data')
  client.socket.pause()
  // Long enough for a thousand of them.
  await (await connect()).closed
  assert.ok(given < 400, `${given} events of 10 KB were made for a client that reads none`)
  assert.equal((asked as Asked | null)?.lastEventId, '41')
  assert.match(client.text(), /content-type: text\/event-stream\r\n/)
  assert.match(client.text(), /\r\nevent: change\ndata: \{"n":0,"much":"x+"\}\n\n\r\n/)
  client.socket.destroy()
  assert.equal(await ended.promise, true)
})

test('a failure of ours is told to the client and to the operator, and is not the end', async (context) => {
  const failing = async () => {
    throw new Error('a bug')
  }
  const { connect, warnings } = await scene(context, { info: failing })
  const client = await connect()
  client.write(get('/v1/info'))
  await client.answers(1)
  assert.match(client.text(), /^HTTP\/1\.1 500 /)
  assert.match(warnings.join(), /an API request failed: Error: a bug\n {4}at /)
  client.write(get('/v1/units'))
  await client.answers(2)
})

test('whoever is refused before the body was read has its connection closed', async (context) => {
  const { connect } = await scene(context, {})
  const client = await connect()
  client.write('POST /v1/nowhere HTTP/1.1\r\nhost: holdfast\r\ncontent-length: 1000000\r\n\r\nx')
  await client.closed
  assert.match(client.text(), /^HTTP\/1\.1 404 [\s\S]*\r\nconnection: close\r\n/i)
})

test('handing over closes who is idle, answers who has connected, lets answers end and tells who still waits', async (context) => {
  const { promise, resolve } = Promise.withResolvers<Answer>()
  const slow = { info: () => promise, start: () => new Promise<never>(() => {}) }
  const { connect, listener } = await scene(context, slow)
  const [idle, answered, waiting] = [await connect(), await connect(), await connect()]
  answered.write(get('/v1/info'))
  waiting.write(post('/v1/start', '{"names":["web"]}'))
  waiting.write(get('/v1/units'))
  idle.write(get('/v1/units'))
  await idle.answers(1)
  const fresh = await connect()
  const handedOver = listener.handOver(2_000)
  await idle.closed
  fresh.write(get('/v1/units'))
  await fresh.answers(1)
  resolve(json({ late: true }))
  const fd = await handedOver
  context.after(() => closeSync(fd))
  await Promise.all([answered.closed, waiting.closed, fresh.closed])
  assert.match(answered.text(), /^HTTP\/1\.1 200 [\s\S]*connection: close\r\n[\s\S]*\{"late":true\}$/i)
  assert.match(waiting.text(), /^HTTP\/1\.1 503 [\s\S]*"code":"too-busy"/)
})
