import assert from 'node:assert/strict'
import { once } from 'node:events'
import {
  appendFileSync,
  closeSync,
  existsSync,
  linkSync,
  openSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import type { HttpServerSettings } from '../../../dialects/supervisord/settings.ts'
import { xmlBoolean } from '../../../formats/xml-rpc/make.ts'
import { askOnce, call, connect, get, post, type RawClient } from './client-fixture.ts'
import {
  createFakeSupervisord,
  type FakeOptions,
  type FakeSupervisord,
  inetServer,
  opening,
  unixServer,
} from './fixture.ts'

function create(context: TestContext, options: FakeOptions = {}): FakeSupervisord {
  const fake = createFakeSupervisord(options)
  context.after(() => fake.close())
  return fake
}

async function opened(
  context: TestContext,
  options: FakeOptions = {},
  server: Partial<HttpServerSettings> = {},
): Promise<FakeSupervisord> {
  const fake = create(context, options)
  assert.deepEqual(await fake.doors.open([unixServer(fake.directory, server)], opening), [])
  return fake
}

async function client(context: TestContext, { socketPath }: FakeSupervisord): Promise<RawClient> {
  const connected = await connect(socketPath)
  context.after(() => connected.socket.destroy())
  return connected
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

const isOk = /^HTTP\/1\.1 200 OK\r\n/

test('a unix socket has its mode, is told to be open to all, and goes with the server', async (context) => {
  const fake = create(context)
  const address = { kind: 'unix', path: fake.socketPath, mode: 0o640, owner: null } as const
  await fake.doors.open([unixServer(fake.directory, { address })], opening)
  assert.equal(statSync(fake.socketPath).mode & 0o7777, 0o640)
  assert.deepEqual(fake.lines, [
    "info RPC interface 'supervisor' initialized",
    "critical Server 'unix_http_server' running without any HTTP authentication checking",
  ])
  assert.match(await askOnce(fake.socketPath, get('/ok.html')), isOk)
  fake.doors.close()
  assert.equal(existsSync(fake.socketPath), false)
})

test('an owner that does not exist is refused, a server that cannot be opened leaves nothing behind', async (context) => {
  const fake = create(context)
  const address = { kind: 'unix', path: fake.socketPath, mode: 0o700, owner: 'nobody-of-that-name' } as const
  assert.deepEqual(await fake.doors.open([unixServer(fake.directory, { address })], opening), [
    { section: 'unix_http_server', message: 'Invalid sockchown value nobody-of-that-name' },
  ])
  assert.equal(existsSync(fake.socketPath), false)
})

test('a socket of a directory that is not there is refused as supervisord refuses it', async (context) => {
  const fake = create(context)
  const path = join(fake.directory, 'no/s.sock')
  assert.deepEqual(
    await fake.doors.open([unixServer('', { address: { kind: 'unix', path, mode: 0o700, owner: null } })], opening),
    [
      {
        section: 'unix_http_server',
        message: 'Cannot open an HTTP server: socket.error reported errno.ENOENT (2)',
      },
    ],
  )
})

test('a stale socket is removed, a living one and a file are not', async (context) => {
  const fake = create(context)
  const server = createServer().listen(`${fake.socketPath}.other`)
  await once(server, 'listening')
  linkSync(`${fake.socketPath}.other`, fake.socketPath)
  const [living] = await fake.doors.open([unixServer(fake.directory)], opening)
  assert.match(living!.message, /^Another program is already listening on a port that one of our HTTP servers/)
  assert.ok(existsSync(fake.socketPath))
  server.close()
  await once(server, 'close')
  assert.deepEqual(await fake.doors.open([unixServer(fake.directory)], opening), [])
  assert.ok(fake.lines.includes(`warn Unlinking stale socket ${fake.socketPath}`))
  assert.match(await askOnce(fake.socketPath, get('/ok.html')), isOk)

  await fake.doors.open([], opening)
  writeFileSync(fake.socketPath, 'mine')
  const [file] = await fake.doors.open([unixServer(fake.directory)], opening)
  assert.match(file!.message, /is there already, and is no socket$/)
  assert.equal(statSync(fake.socketPath).size, 4)
})

test('over TCP whoever asks is supervisorctl, over a unix socket the user whom the kernel names', async (context) => {
  const fake = create(context)
  const port = await freePort()
  assert.deepEqual(await fake.doors.open([unixServer(fake.directory), inetServer(port)], opening), [])
  for (const where of [fake.socketPath, port]) assert.match(await askOnce(where, call('supervisor.getState')), isOk)
  const [byUnix, byTcp] = fake.calls.map(({ asked }) => asked.who)
  assert.equal(byUnix?.kind === 'user' && byUnix.uid, process.getuid?.())
  assert.deepEqual(byTcp, { kind: 'client', name: 'supervisorctl' })
})

test('a port that is taken is refused, and so is an address that is wanted twice', async (context) => {
  const fake = create(context)
  const taken = createServer().listen(0, '127.0.0.1')
  await once(taken, 'listening')
  const { port } = taken.address() as AddressInfo
  context.after(() => taken.close())
  const failures = await fake.doors.open(
    [inetServer(port), unixServer(fake.directory), unixServer(fake.directory, { section: 'unix_http_server:b' })],
    opening,
  )
  assert.deepEqual(
    failures.map(({ section }) => section),
    ['inet_http_server', 'unix_http_server:b'],
  )
  for (const { message } of failures) assert.match(message, /^Another program is already listening/)
})

test('what stays at its address is kept with its clients, under the login and the mode of now', async (context) => {
  const fake = await opened(context)
  const { ino } = statSync(fake.socketPath)
  const kept = await client(context, fake)
  kept.write(get('/ok.html'))
  await kept.until(/\r\n\r\nOK$/)
  const address = { kind: 'unix', path: fake.socketPath, mode: 0o600, owner: null } as const
  await fake.doors.open([unixServer(fake.directory, { address, login: { username: 'a', password: 'b' } })], opening)
  assert.equal(statSync(fake.socketPath).ino, ino)
  assert.equal(statSync(fake.socketPath).mode & 0o7777, 0o600)
  kept.write(get('/ok.html'))
  await kept.until(/HTTP\/1\.1 401 Unauthorized\r\n/)
})

test('a socket whose name somebody removed is opened again; one that is not wanted any more goes', async (context) => {
  const fake = await opened(context)
  rmSync(fake.socketPath)
  await fake.doors.open([unixServer(fake.directory)], opening)
  assert.match(await askOnce(fake.socketPath, get('/ok.html')), isOk)
  const kept = await client(context, fake)
  await fake.doors.open([], opening)
  await kept.closed
  assert.equal(existsSync(fake.socketPath), false)
})

test('another image goes on with the sockets: who waits in them is answered, who follows a log is ended', async (context) => {
  const { promise, resolve } = Promise.withResolvers<void>()
  const fake = await opened(context, {
    methods: { 'supervisor.startProcess': () => promise.then(() => xmlBoolean(true)) },
  })
  writeFileSync(fake.process('cat').stdoutPath!, 'hello\n')
  const [waiting, following] = [await client(context, fake), await client(context, fake)]
  waiting.write(call('supervisor.startProcess'))
  following.write(get('/logtail/cat'))
  await following.until(/hello/)
  const handedOver = fake.doors.handOver(10_000)
  await following.until(/0\r\n\r\n$/)
  resolve()
  await waiting.until(/\r\nConnection: close\r\n[\s\S]*<boolean>1</)
  const carried = await handedOver
  assert.deepEqual(
    carried.map(({ address }) => address),
    [unixServer(fake.directory).address],
  )
  const late = await client(context, fake)
  late.write(get('/ok.html'))

  const next = create(context)
  await next.doors.open([unixServer(fake.directory)], { ...opening, carried })
  await late.until(/\r\n\r\nOK$/)
  next.doors.close()
  assert.equal(existsSync(fake.socketPath), false)
})

/** Its start never comes about. */
async function waitingForStart(
  context: TestContext,
): Promise<{ readonly fake: FakeSupervisord; readonly waiting: RawClient }> {
  const { promise: called, resolve } = Promise.withResolvers<void>()
  const startProcess = (): Promise<never> => {
    resolve()
    return new Promise(() => {})
  }
  const fake = await opened(context, { methods: { 'supervisor.startProcess': startProcess } })
  const waiting = await client(context, fake)
  waiting.write(call('supervisor.startProcess'))
  await called
  return { fake, waiting }
}

test('whoever still waits when another image has to go on is told so', async (context) => {
  const { fake, waiting } = await waitingForStart(context)
  await fake.doors.handOver(0)
  await waiting.until(/^HTTP\/1\.1 503 /)
})

test('whoever is refused hears it, also when there is a body on the way', async (context) => {
  const fake = await opened(context, {}, { login: { username: 'joe', password: 'secret' } })
  const body = 'x'.repeat(900_000)
  const refused = await askOnce(fake.socketPath, post('/RPC2', body))
  assert.match(refused, /^HTTP\/1\.1 401 Unauthorized\r\n[\s\S]*\r\nWWW-Authenticate: Basic realm="default"\r\n/)
  const login = `Authorization: Basic ${btoa('joe:secret')}`
  assert.match(await askOnce(fake.socketPath, post('/RPC2', body.repeat(2), login)), /^HTTP\/1\.1 413 /)
  assert.match(await askOnce(fake.socketPath, get('/ok.html', login)), isOk)
  assert.deepEqual(fake.calls, [])
  assert.ok(!fake.lines.join('\n').includes('secret'))
})

test('a request of a page of another site is refused, of a program it is not', async (context) => {
  const fake = await opened(context)
  const body = '<methodCall><methodName>supervisor.getState</methodName></methodCall>'
  assert.match(await askOnce(fake.socketPath, post('/RPC2', body, 'Origin: http://evil.example')), /^HTTP\/1\.1 403 /)
  assert.equal(fake.calls.length, 0)
  assert.match(await askOnce(fake.socketPath, post('/RPC2', body)), isOk)
})

test('a bug in a method is answered, written down, and not the end', async (context) => {
  const bug = (): never => {
    throw new TypeError('a bug')
  }
  const fake = await opened(context, { methods: { 'supervisor.getState': bug } })
  assert.match(await askOnce(fake.socketPath, call('supervisor.getState')), /^HTTP\/1\.1 500 Internal Server Error\r\n/)
  assert.match(
    fake.lines.join('\n'),
    /critical Handling POST \/RPC2 raised an unexpected exception: TypeError: a bug\n/,
  )
  assert.match(await askOnce(fake.socketPath, call('supervisor.getPID')), isOk)
})

test('requests that are sent ahead are answered in their order, on one connection', async (context) => {
  const fake = await opened(context)
  const ahead = await client(context, fake)
  ahead.write(call('supervisor.getVersion') + get('/nope') + get('/ok.html') + call('supervisor.nope'))
  await ahead.until(/UNKNOWN_METHOD/)
  assert.deepEqual(ahead.text().match(/HTTP\/1\.1 \d+/g), [
    'HTTP/1.1 200',
    'HTTP/1.1 404',
    'HTTP/1.1 200',
    'HTTP/1.1 200',
  ])
})

test('a method is told when nobody waits for its answer any more', async (context) => {
  const { promise: aborted, resolve } = Promise.withResolvers<void>()
  const { fake, waiting } = await waitingForStart(context)
  fake.calls[0]!.asked.signal.addEventListener('abort', () => resolve())
  waiting.socket.destroy()
  await aborted
})

test('500 clients who say nothing, or half of something, are no trouble to the next one', async (context) => {
  const limits = { clientsMax: 64, requestMsMax: 60_000, patienceMs: 0 }
  const fake = await opened(context, { limits })
  const half = ['', 'GET /ok.ht', 'POST /RPC2 HTTP/1.1\r\nContent-Length: 100\r\n\r\n<methodCall>']
  const clients = await Promise.all(Array.from({ length: 500 }, () => client(context, fake)))
  for (const [at, { write }] of clients.entries()) write(half[at % half.length]!)
  for (let n = 0; n < 3; n += 1) assert.match(await askOnce(fake.socketPath, call('supervisor.getState')), isOk)
})

test('a connection stays open between two requests, however long, and also with half a request', async (context) => {
  const fake = await opened(context, { limits: { requestMsMax: 1_000 } })
  const idle = await client(context, fake)
  idle.write(get('/ok.html'))
  await idle.until(/\r\n\r\nOK$/)
  // Each of these is cut off after the time that a request may take.
  await (await client(context, fake)).closed
  idle.write('GET /ok')
  for (let n = 0; n < 2; n += 1) await (await client(context, fake)).closed
  idle.write('.html HTTP/1.1\r\n\r\n')
  await idle.until(/\r\n\r\nOK[\s\S]*\r\n\r\nOK$/)
})

test('a server that could not be opened is opened when that is possible', async (context) => {
  const fake = create(context, { retryMs: 10 })
  writeFileSync(fake.socketPath, 'in the way')
  assert.equal((await fake.doors.open([unixServer(fake.directory)], opening)).length, 1)
  rmSync(fake.socketPath)
  await fake.written(/^info Server 'unix_http_server' could be opened now$/)
  assert.match(await askOnce(fake.socketPath, get('/ok.html')), isOk)
})

test('of a log that is followed no more is read than the client takes', async (context) => {
  const fake = await opened(context)
  const path = fake.process('cat').stdoutPath!
  writeFileSync(path, 'begin\n')
  const following = await client(context, fake)
  following.write(get('/logtail/cat'))
  await following.until(/begin/)
  following.socket.pause()
  appendFileSync(path, 'x'.repeat(2 * megabyte))
  for (let n = 0; n < 50; n += 1) assert.match(await askOnce(fake.socketPath, get('/ok.html')), isOk)
  // What was read by now would come as it was.
  const file = openSync(path, 'r+')
  writeSync(file, `${'z'.repeat(megabyte - 4)}end\n`, megabyte + 'begin\n'.length)
  closeSync(file)
  following.socket.resume()
  await following.until(/end\r?\n/)
  assert.equal(following.text().replace(/[^z]/g, '').length, megabyte - 4)
})

const megabyte = 1024 * 1024

test('the activity log is followed too, and with HTTP/1.0 as it is', async (context) => {
  const fake = await opened(context)
  const following = await client(context, fake)
  following.write('GET /mainlogtail HTTP/1.0\r\n\r\n')
  await following.until(/\r\n\r\ninfo RPC interface 'supervisor' initialized\n/)
  assert.doesNotMatch(following.text(), /chunked|X-Accel/)
  await askOnce(fake.socketPath, get('/mark.html'))
  await following.until(/"GET \/mark.html HTTP\/1.1" 404 /)
})
