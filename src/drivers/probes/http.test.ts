import assert from 'node:assert/strict'
import { createServer, type Server } from 'node:http'
import { createServer as createRawServer, type Socket } from 'node:net'
import { it } from 'node:test'
import type { Probe } from '../../core/model.ts'
import { createProbeBench, type ProbeBench } from './test-bench.ts'

type HttpProbe = Extract<Probe, { kind: 'http' }>

const limit = { timeout: 30_000 }

const answers: readonly {
  readonly what: string
  readonly status: number
  readonly body?: string
  readonly headers?: Record<string, string>
  readonly probe?: Partial<HttpProbe>
  readonly isOk: boolean
  readonly output: RegExp
}[] = [
  { what: '200', status: 200, isOk: true, output: /^HTTP 200$/ },
  { what: '503', status: 503, body: 'overloaded', isOk: false, output: /^HTTP 503$/ },
  {
    what: 'a redirect, which is not followed',
    status: 302,
    headers: { location: '/elsewhere' },
    isOk: true,
    output: /^HTTP 302$/,
  },
  {
    what: 'another status than asked for',
    status: 200,
    probe: { statusMin: 204, statusMax: 204 },
    isOk: false,
    output: /^HTTP 200$/,
  },
  {
    what: 'a body that matches',
    status: 200,
    body: 'x\n{"status": "ok"}\n',
    probe: { bodyPattern: '"status": *"ok"' },
    isOk: true,
    output: /^HTTP 200$/,
  },
  {
    what: 'a body that does not match',
    status: 200,
    body: 'starting\nup',
    probe: { bodyPattern: 'ready' },
    isOk: false,
    output: /^HTTP 200, but no line of the body matches ready: starting$/,
  },
  {
    what: 'a failure with a body that is looked at',
    status: 500,
    body: 'no database\nat x',
    probe: { bodyPattern: 'ready' },
    isOk: false,
    output: /^HTTP 500: no database$/,
  },
  { what: 'an empty body', status: 200, probe: { bodyPattern: 'ready' }, isOk: false, output: /an empty body$/ },
  {
    what: 'a line of Windows',
    status: 200,
    body: 'ready\r\n',
    probe: { bodyPattern: '^ready$' },
    isOk: true,
    output: /200/,
  },
  {
    what: 'a pattern nobody can match in linear time',
    status: 200,
    body: 'aa',
    probe: { bodyPattern: '(a)\\1' },
    isOk: false,
    output: /pattern cannot be matched in linear time/,
  },
]

for (const { what, status, body = '', headers = {}, probe = {}, isOk, output } of answers) {
  it(`${what} is told as ${isOk ? 'a success' : 'a failure'}`, limit, () =>
    withServer(
      createServer((_, response) => response.writeHead(status, headers).end(body)),
      async (bench, url) => {
        const answer = await bench.probe(http(url, probe))
        assert.equal(answer.isOk, isOk, answer.output)
        assert.match(answer.output, output)
      },
    ),
  )
}

it('each probe is one GET on a connection of its own, with the headers asked for', limit, async () => {
  const seen: unknown[] = []
  const server = createServer((request, response) => {
    const { method, url, headers } = request
    seen.push([method, url, headers.authorization, headers['user-agent'], headers.connection])
    response.end()
  })
  const connections = new Set<Socket>()
  server.on('connection', (socket) => connections.add(socket))
  await withServer(server, async (bench, url) => {
    const headers = { Authorization: 'secret', 'User-Agent': 'mine' }
    await bench.probe(http(`${url}/health?x=1`, { headers }))
    await bench.probe(http(`${url}/health?x=1`, { headers }))
    assert.deepEqual(seen, [
      ['GET', '/health?x=1', 'secret', 'mine', 'close'],
      ['GET', '/health?x=1', 'secret', 'mine', 'close'],
    ])
    assert.equal(connections.size, 2)
  })
})

it('a body nobody looks for something in is not read', limit, async () => {
  let sent = 0
  const server = createServer((_, response) => {
    response.writeHead(200)
    const more = (): void => {
      while (!response.destroyed && sent < 1e9) {
        sent += 65_536
        if (!response.write(Buffer.alloc(65_536))) return void response.once('drain', more)
      }
    }
    more()
  })
  await withServer(server, async (bench, url) => {
    assert.equal((await bench.probe(http(url))).isOk, true)
    assert(sent < 32 * 1024 * 1024, `${sent} bytes were sent`)
  })
})

it('of an endless body the beginning decides', limit, async () => {
  let sent = 0
  const server = createServer((_, response) => {
    response.writeHead(200)
    response.write('ready\n')
    const more = (): void => {
      while (!response.destroyed) {
        sent += 65_536
        if (!response.write(Buffer.alloc(65_536, 'x'))) return void response.once('drain', more)
      }
    }
    more()
  })
  await withServer(server, async (bench, url) => {
    const before = process.memoryUsage().rss
    assert.equal((await bench.probe(http(url, { bodyPattern: 'ready' }))).isOk, true)
    assert.equal((await bench.probe(http(url, { bodyPattern: 'never' }))).isOk, false)
    assert(sent < 64 * 1024 * 1024 && process.memoryUsage().rss - before < 128 * 1024 * 1024)
  })
})

const tookLonger = /^took longer than 300 ms$/

const hostile: readonly { readonly what: string; readonly act: (socket: Socket) => void; readonly output: RegExp }[] = [
  { what: 'never answers', act: () => {}, output: tookLonger },
  {
    what: 'drips its headers',
    act: (socket) => drip(socket, 'HTTP/1.1 200 OK\r\nX: '),
    output: tookLonger,
  },
  {
    what: 'drips its body',
    act: (socket) => drip(socket, 'HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n'),
    output: tookLonger,
  },
  {
    what: 'sends provisional answers without end',
    act: (socket) => drip(socket, '', 'HTTP/1.1 100 Continue\r\n\r\n'),
    output: tookLonger,
  },
  {
    what: 'sends headers without end',
    act: (socket) => void socket.write(`HTTP/1.1 200 OK\r\n${'X: y\r\n'.repeat(100_000)}`),
    output: /Header overflow/,
  },
  { what: 'resets the connection', act: (socket) => void socket.resetAndDestroy(), output: /ECONNRESET|hang up/ },
  { what: 'closes without a word', act: (socket) => void socket.end(), output: /hang up|without an answer/ },
  {
    what: 'speaks something else',
    act: (socket) => void socket.end('SSH-2.0-OpenSSH\r\n'),
    output: /Parse Error|hang up/,
  },
  {
    what: 'changes the protocol',
    act: (socket) => void socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n'),
    output: /./,
  },
]

for (const { what, act, output } of hostile) {
  it(`a server that ${what} fails the probe in time, once, and nothing stays open`, limit, async () => {
    const sockets = new Set<Socket>()
    const server = createRawServer((socket) => {
      sockets.add(socket)
      socket.on('error', () => {})
      socket.once('data', () => act(socket))
    })
    await withServer(server, async (bench, url) => {
      const time = output === tookLonger ? { timeoutMs: 300 } : {}
      const answer = await bench.probe(http(url, { bodyPattern: 'ready' }), time)
      assert.equal(answer.isOk, false)
      assert.match(answer.output, output)
      assert(answer.durationMs < 5_000)
      await Promise.all(
        [...sockets].map((socket) => socket.closed || new Promise((done) => socket.once('close', done))),
      )
      assert.equal(bench.answers.length, 1)
    })
  })
}

it('nobody listening, and a name nobody knows, are told in words', limit, async () => {
  const bench = createProbeBench()
  assert.match((await bench.probe(http('http://127.0.0.1:1/'))).output, /ECONNREFUSED 127\.0\.0\.1:1/)
  assert.match((await bench.probe(http('http://no-such-name.invalid/'))).output, /no-such-name\.invalid|took longer/)
  bench.close()
})

it('a server that does not speak TLS fails a probe by https', limit, async () => {
  const server = createRawServer((socket) => void socket.on('error', () => {}).end('HTTP/1.1 200 OK\r\n\r\n'))
  await withServer(server, async (bench, url) => {
    const answer = await bench.probe(http(url.replace('http:', 'https:')))
    assert.equal(answer.isOk, false)
  })
})

it('after the end nothing is posted, and connections are closed', limit, async () => {
  const server = createRawServer()
  await withServer(server, async (bench, url) => {
    const connected = new Promise<Socket>((done) => server.once('connection', done))
    void bench.probe(http(url))
    const socket = await connected
    socket.on('error', () => {}).resume()
    const closed = new Promise((done) => socket.once('close', done))
    bench.close()
    await closed
    await new Promise((done) => setImmediate(done))
    assert.deepEqual(bench.answers, [])
  })
})

function http(url: string, more: Partial<HttpProbe> = {}): HttpProbe {
  return { kind: 'http', url, headers: {}, statusMin: 200, statusMax: 399, bodyPattern: null, ...more }
}

/** Goes on as long as somebody takes it. */
function drip(socket: Socket, first: string, then = 'x'): void {
  socket.write(first)
  const timer = setInterval(() => socket.write(then), 20)
  socket.once('close', () => clearInterval(timer))
}

async function withServer(
  server: Server | ReturnType<typeof createRawServer>,
  test: (bench: ProbeBench, url: string) => Promise<void>,
): Promise<void> {
  const bench = createProbeBench()
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => sockets.add(socket))
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const address = server.address()
  assert(address !== null && typeof address === 'object')
  try {
    await test(bench, `http://127.0.0.1:${address.port}`)
  } finally {
    bench.close()
    for (const socket of sockets) socket.destroy()
    server.close()
  }
}
