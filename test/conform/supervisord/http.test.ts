import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import {
  askOnce,
  bodyOf,
  call,
  connect,
  get,
  post,
  type RawClient,
} from '../../../src/frontends/supervisord/http/client-fixture.ts'
import { createFakeSupervisord, opening, unixServer } from '../../../src/frontends/supervisord/http/fixture.ts'
import { until } from '../../real/until.ts'

/** What both are asked, and how ours may differ. */
interface Case {
  readonly request: string
  /** With the login that both have; otherwise on a socket without one. */
  readonly isLocked?: true
  /** What of the answer is compared. head: its status and its headers; status: that alone; ours: nothing, it is better. */
  readonly compared: 'all' | 'head' | 'status' | 'ours'
  /** Of ours, where it is another one: status and why. */
  readonly ours?: readonly [status: number, why: string]
  /** What becomes of the connection is not compared: the original says that it closes it, and does not. */
  readonly isLast?: true
}

const login = `Authorization: Basic ${btoa('joe:secret')}`
const getState = '<methodCall><methodName>supervisor.getState</methodName></methodCall>'

function old(request: string): string {
  return request.replace(' HTTP/1.1\r\n', ' HTTP/1.0\r\n')
}

const cases: Readonly<Record<string, Case>> = {
  'a call': { request: call('supervisor.getState'), compared: 'all' },
  'a call of HTTP/1.0': { request: old(call('supervisor.getState')), compared: 'all' },
  'a call of HTTP/1.0 that keeps the connection': {
    request: old(post('/RPC2', getState, 'Connection: keep-alive')),
    compared: 'all',
  },
  'a call that closes the connection': { request: post('/RPC2', getState, 'Connection: close'), compared: 'all' },
  'a call at a longer path': { request: post('/RPC2/more?x=y', getState), compared: 'all' },
  'a fault': { request: call('supervisor.nope'), compared: 'all' },
  'no method': { request: post('/RPC2', '<methodCall></methodCall>'), compared: 'all' },
  'no XML': { request: post('/RPC2', 'garbage'), compared: 'all' },
  'no length': { request: 'POST /RPC2 HTTP/1.1\r\nHost: x\r\n\r\n', compared: 'all' },
  'a call by GET': { request: get('/RPC2'), compared: 'all' },
  'no host': { request: 'GET /RPC2 HTTP/1.1\r\n\r\n', compared: 'all' },
  'nothing there': { request: get('/nope'), compared: 'all' },
  'the head of the page': { request: 'HEAD / HTTP/1.1\r\nHost: x\r\n\r\n', compared: 'head', isLast: true },
  'another method': { request: 'PUT / HTTP/1.1\r\nHost: x\r\n\r\n', compared: 'all' },
  'another method of HTTP/1.0': { request: 'DELETE /x HTTP/1.0\r\n\r\n', compared: 'all' },
  'ok.html': { request: get('/ok.html'), compared: 'all' },
  'ok.html of HTTP/1.0': { request: old(get('/ok.html')), compared: 'all' },
  'ok.html by POST': { request: post('/ok.html', 'x=y'), compared: 'all' },
  'the page': { request: get('/'), compared: 'status' },
  'the page by its name': { request: get('/index.html?message=hello'), compared: 'status' },
  'the end of a log': { request: get('/tail.html?processname=cat'), compared: 'status' },
  styles: { request: get('/stylesheets/supervisor.css'), compared: 'status' },
  'a log of nobody': { request: get('/logtail/nope'), compared: 'all' },
  'a log of no channel': { request: get('/logtail/cat/nope'), compared: 'all' },
  'a log by POST': { request: post('/logtail/cat', ''), compared: 'all' },
  'the activity log by POST': { request: post('/mainlogtail', ''), compared: 'all' },
  'no log': { request: get('/logtail'), compared: 'ours', ours: [404, 'the original has an exception'] },
  'a link that acts': {
    request: get('/index.html?processname=cat&action=stop'),
    compared: 'ours',
    ours: [405, 'the original obeys whoever can make a browser follow a link'],
  },
  'a form that is not of the page': {
    request: post('/index.html', 'processname=cat&action=stop'),
    compared: 'ours',
    ours: [303, 'it leads back to the page, which says that nothing was done'],
  },
  nobody: { request: get('/ok.html'), isLocked: true, compared: 'all', isLast: true },
  'nobody where nothing is': { request: get('/nope'), isLocked: true, compared: 'all', isLast: true },
  'a call of nobody': { request: call('supervisor.getState'), isLocked: true, compared: 'all', isLast: true },
  somebody: { request: get('/ok.html', login), isLocked: true, compared: 'all' },
  'somebody else': {
    request: get('/ok.html', `Authorization: Basic ${btoa('joe:wrong')}`),
    isLocked: true,
    compared: 'all',
    isLast: true,
  },
  'another scheme': {
    request: get('/ok.html', 'Authorization: Bearer x'),
    isLocked: true,
    compared: 'all',
    isLast: true,
  },
  'no base64': { request: get('/ok.html', 'Authorization: Basic a'), isLocked: true, compared: 'all' },
  'no password': {
    request: get('/ok.html', `Authorization: Basic ${btoa('joe')}`),
    isLocked: true,
    compared: 'ours',
    ours: [400, 'the original has an exception'],
  },
}

interface Side {
  readonly open: string
  readonly locked: string
  /** What `cat` printed. */
  readonly logPath: string
}

const skip = existsSync('/usr/bin/supervisord') ? false : 'supervisord is not installed; run scripts/test-deps'

test('what is asked by HTTP is answered as supervisord answers it', { skip }, async (context) => {
  const original = await startOriginal(context)
  const ours = await startOurs(context)
  for (const [name, each] of Object.entries(cases)) {
    await context.test(name, async () => {
      const [theirs, own] = await Promise.all([ask(original, each), ask(ours, each)])
      if (each.ours !== undefined) assert.equal(own.status, each.ours[0], each.ours[1])
      else if (each.compared === 'status') assert.equal(own.status, theirs.status)
      else if (each.compared === 'head') assert.deepEqual({ ...own, body: '' }, { ...theirs, body: '' })
      else assert.deepEqual(own, theirs)
    })
  }
  await context.test('a log that is followed', async (followed) => {
    const [theirs, own] = await Promise.all([original, ours].map((side) => followLog(followed, side)))
    assert.deepEqual(own, theirs)
  })
})

interface Seen {
  readonly status: number
  readonly head: string
  readonly body: string
  readonly connection: 'kept' | 'closed' | 'not looked at'
}

async function ask(side: Side, { request, isLocked, isLast }: Case): Promise<Seen> {
  const path = isLocked === true ? side.locked : side.open
  const answer = await askOnce(path, request)
  const connection = isLast === true ? 'not looked at' : await connectionAfter(path, request, answer)
  return { status: Number(answer.slice(9, 12)), head: headOf(answer), body: bodyOf(answer), connection }
}

/** Whether a second request on the connection is answered. */
async function connectionAfter(path: string, request: string, answer: string): Promise<'kept' | 'closed'> {
  const client = await connect(path)
  client.write(request)
  await client.until(new RegExp(`^[\\s\\S]{${answer.length}}`))
  const heard = client.until(/HTTP\/1\.\d [\s\S]*HTTP\/1\.\d /).then(() => 'kept' as const)
  client.write(get('/again', login))
  const connection = await Promise.race([heard, client.closed.then(() => 'closed' as const)])
  client.socket.destroy()
  return connection
}

/** Without what is another one each time, and the version, which is always that of Node. */
function headOf(answer: string): string {
  return answer
    .slice(0, answer.indexOf('\r\n\r\n'))
    .replace(/^HTTP\/1\.\d /, '')
    .replace(/\r\n(Date|Last-Modified): [A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} [\d:]{8} GMT(?=\r\n)/g, '\r\n$1: TIME')
}

async function followLog(context: TestContext, { open, logPath }: Side): Promise<readonly string[]> {
  const clients: RawClient[] = []
  context.after(() => {
    for (const { socket } of clients) socket.destroy()
  })
  const follow = async (request: string): Promise<RawClient> => {
    const client = await connect(open)
    clients.push(client)
    client.write(request)
    await client.until(/\r\n\r\n[\s\S]/)
    return client
  }
  const [plain, named] = [await follow(get('/logtail/cat')), await follow(get('/logtail/cat:cat/stdout'))]
  writeFileSync(logPath, 'more\n', { flag: 'a' })
  // Both: what is in a file that is replaced before somebody looked is told to nobody.
  await plain.until(/more\n\r\n/)
  await named.until(/more\n\r\n/)
  // Made anew, as rotation does it, and at once: who looks in between sees no file, or an empty one.
  writeFileSync(`${logPath}.new`, 'anew\n')
  renameSync(`${logPath}.new`, logPath)
  await plain.until(/anew\n\r\n/)
  await named.until(/anew\n\r\n/)
  return clients.map(({ text }) => `${headOf(text())}\n${bodyOf(text())}`)
}

async function startOurs(context: TestContext): Promise<Side> {
  const fake = createFakeSupervisord()
  context.after(() => fake.close())
  const locked = join(fake.directory, 'locked.sock')
  const servers = [
    unixServer(fake.directory),
    unixServer(fake.directory, {
      section: 'unix_http_server:locked',
      address: { kind: 'unix', path: locked, mode: 0o700, owner: null },
      login: { username: 'joe', password: sha },
    }),
  ]
  assert.deepEqual(await fake.doors.open(servers, opening), [])
  const logPath = fake.process('cat').stdoutPath!
  writeFileSync(logPath, 'hello\n')
  return { open: fake.socketPath, locked, logPath }
}

/** Of `secret`. */
const sha = '{SHA}e5e9fa1ba31ecd1ae84f75caaa474f3a663f05f4'

async function startOriginal(context: TestContext): Promise<Side> {
  const directory = mkdtempSync(join(tmpdir(), 'holdfast-conform-http-'))
  const side = {
    open: join(directory, 's.sock'),
    locked: join(directory, 'l.sock'),
    logPath: join(directory, 'cat.log'),
  }
  writeFileSync(
    join(directory, 'supervisord.conf'),
    `[supervisord]
logfile=${directory}/supervisord.log
pidfile=${directory}/supervisord.pid
childlogdir=${directory}
[unix_http_server]
file=${side.open}
[unix_http_server:locked]
file=${side.locked}
username=joe
password=${sha}
[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
[program:cat]
command=sh -c 'echo hello; exec sleep 1000'
stdout_logfile=${side.logPath}
`,
  )
  const daemon = spawn('/usr/bin/supervisord', ['-n', '-c', join(directory, 'supervisord.conf')], {
    cwd: directory,
    stdio: 'ignore',
  })
  context.after(async () => {
    const gone = once(daemon, 'exit')
    daemon.kill('SIGTERM')
    await gone
    rmSync(directory, { recursive: true, force: true })
  })
  await until('supervisord to listen and its program to say hello', () => {
    if (daemon.exitCode !== null) throw new Error(`supervisord ended with ${daemon.exitCode}`)
    return existsSync(side.locked) && existsSync(side.logPath) && readFileSync(side.logPath, 'utf8') === 'hello\n'
  })
  return side
}
