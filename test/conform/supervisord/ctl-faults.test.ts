import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { printResponse } from '../../../src/formats/xml-rpc/print.ts'
import { makePipe } from '../../../src/sys/pipe.ts'
import { built, holdfast } from '../../real/harness.ts'
import { type Client, createOriginal, createOurs, normalise } from './ctl-bench.ts'
import { missing } from './ctl-conform.ts'

/** A server that no supervisord is: whoever logs in says by the name how each call but the first is answered. */
function createMockery(): Server {
  return createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      const method = /<methodName>supervisor\.(\w+)</.exec(Buffer.concat(parts).toString())?.[1] ?? ''
      answer(request, response, method)
    })
  })
}

function answer(request: IncomingMessage, response: ServerResponse, method: string): unknown {
  const login = Buffer.from(request.headers.authorization?.split(' ')[1] ?? '', 'base64').toString()
  const [kind = '', number = ''] = login.split(':')[0]!.split('-')
  const isFirst = method === 'getVersion'
  if (kind === 'version') return send(response, printResponse({ kind: 'value', value: text(number) }))
  if (kind === 'nothing') return request.socket.destroy()
  if (kind === 'status') return send(response, '<html>no</html>', Number(number))
  if (kind === 'fault' && (!isFirst || number === '1')) {
    return send(response, printResponse({ kind: 'fault', code: Number(number), message: `NAME: it's "${method}"` }))
  }
  if (kind === 'failed' && method === 'reloadConfig') return send(response, reloaded)
  if (kind === 'failed' && method === 'getAllProcessInfo')
    return send(response, printResponse({ kind: 'value', value: list() }))
  if (kind === 'failed' && !isFirst) return send(response, printResponse({ kind: 'value', value: results(number) }))
  return send(response, printResponse({ kind: 'value', value: text('3.0') }))
}

function send(response: ServerResponse, body: string, status = 200): void {
  response.writeHead(status, { 'content-type': 'text/xml', 'content-length': Buffer.byteLength(body) })
  response.end(body)
}

const text = (value: string) => ({ kind: 'string', value }) as const
const list = (...values: ReturnType<typeof text>[]) => ({ kind: 'array', values }) as const
const changes = { kind: 'array', values: [list(), list(text('changed')), list(text('gone'))] } as const
const reloaded = printResponse({ kind: 'value', value: { kind: 'array', values: [changes] } })

/** Two processes with that status. */
function results(status: string) {
  const result = (name: string) =>
    ({
      kind: 'struct',
      members: [
        ['name', text(name)],
        ['group', text('g')],
        ['status', { kind: 'int', value: Number(status) }],
        ['description', text(`NAME: ${name}`)],
      ],
    }) as const
  return { kind: 'array', values: [result('g'), result('other')] } as const
}

const commands = [
  ...['start x', 'start x:*', 'start all', 'stop x', 'stop x:*', 'stop all', 'restart x y', 'signal HUP x'],
  ...['signal HUP x:*', 'signal HUP all', 'clear x y', 'clear x:*', 'clear all', 'tail x', 'tail x stderr', 'maintail'],
  ...['pid', 'pid x y', 'pid all', 'status', 'version', 'avail', 'reread', 'update', 'add x y', 'remove x y', 'fg x'],
]

const faults = [1, 2, 6, 10, 11, 20, 21, 30, 40, 50, 60, 70, 90, 91, 92, 99]

interface Clients {
  readonly original: Client
  readonly ours: Client
  /** The same call of both; what they say is equal. */
  compare(login: string, words: readonly string[], stdin?: string): Promise<void>
}

async function begin(context: TestContext): Promise<Clients> {
  await built()
  const directory = mkdtempSync(join(tmpdir(), 'holdfast-ctl-'))
  const environment = { PATH: '/usr/bin:/bin', HOME: directory, LANG: 'C.UTF-8', HOLDFAST_HOME: directory }
  const server = createMockery()
  await new Promise<void>((resolve) => server.listen(join(directory, 's.sock'), resolve))
  const original = createOriginal(environment)
  const ours = createOurs(holdfast)
  context.after(() => {
    original.end()
    server.close()
    server.closeAllConnections()
    rmSync(directory, { recursive: true })
  })
  return {
    original,
    ours,
    async compare(login, words, stdin = '') {
      const args = ['-s', `unix://${directory}/s.sock`, '-u', login, '-p', 'x', ...words]
      const call = { stdin, cwd: directory, env: environment }
      const [theirs, mine] = await Promise.all([
        original.run({ ...call, args }),
        ours.run({ ...call, args: ['supervisorctl', ...args] }),
      ])
      const normal = (said: string): string => normalise(said, { directory, port: 0 })
      const what = `${login}: ${words.join(' ')} ${stdin}`
      assert.equal(normal(mine.stdout), normal(theirs.stdout), what)
      assert.equal(mine.code, theirs.code, what)
    },
  }
}

test('whatever fault a server answers, our supervisorctl says of it what the original says', {
  skip: missing,
}, async (context) => {
  const clients = await begin(context)
  const session = [...commands, 'shutdown', 'y', 'reload', 'y'].join('\n')
  await inTurns(faults.flatMap((code) => [() => clients.compare(`fault-${code}`, [], session)]))
})

test('whatever became of several processes, our supervisorctl says of it what the original says', {
  skip: missing,
}, async (context) => {
  const clients = await begin(context)
  const session = ['start all', 'start g:*', 'stop all', 'signal HUP all', 'clear all', 'update'].join('\n')
  await inTurns([...faults, 80].map((code) => () => clients.compare(`failed-${code}`, [], session)))
})

test('the exit codes after faults are those of the original', { skip: missing }, async (context) => {
  const clients = await begin(context)
  const lines = [
    'start x',
    'start x:*',
    'stop x',
    'signal HUP x',
    'clear x',
    'pid x',
    'shutdown',
    'reload',
    'fg x',
    'add x',
  ]
  const pairs = [6, 10, 50, 70].flatMap((code) => lines.map((line) => [code, line] as const))
  await inTurns(
    pairs.map(
      ([code, line]) =>
        () =>
          clients.compare(`fault-${code}`, line.split(' ')),
    ),
  )
})

test('of a server that is none, our supervisorctl says what the original says', {
  skip: missing,
}, async (context) => {
  const clients = await begin(context)
  const logins = ['version-4.0', 'fault-1', 'nothing', 'status-500', 'status-404']
  const lines = ['status', 'start x', 'version']
  await inTurns(logins.flatMap((login) => lines.map((line) => () => clients.compare(login, line.split(' ')))))
})

test('Ctrl-C ends a session whose command has no answer yet', async (context) => {
  await built()
  const directory = mkdtempSync(join(tmpdir(), 'holdfast-ctl-'))
  const path = join(directory, 's.sock')
  const silent = createServer()
  context.after(() => {
    silent.close()
    silent.closeAllConnections()
    rmSync(directory, { recursive: true })
  })
  await new Promise<void>((resolve) => silent.listen(path, resolve))
  const session = spawn(holdfast, ['supervisorctl', '-s', `unix://${path}`], { stdio: ['pipe', 'pipe', 'pipe'] })
  let said = ''
  for (const stream of [session.stdout, session.stderr]) stream.on('data', (part: Buffer) => (said += part.toString()))
  await once(silent, 'request')
  session.kill('SIGINT')
  const [code, signal] = await once(session, 'close')
  assert.deepEqual([code, signal, said], [0, null, '\n'])
})

test('where nobody reads what it says, our supervisorctl does what it was told, and says nothing of it', async () => {
  await built()
  const pipe = makePipe()
  assert.ok(typeof pipe === 'object')
  closeSync(pipe.read)
  const { status, stderr } = spawnSync(holdfast, ['supervisorctl', 'help'], { stdio: ['ignore', pipe.write, 'pipe'] })
  closeSync(pipe.write)
  assert.deepEqual([status, stderr.toString()], [0, ''])
})

/** As many at once as there are processors to be had. */
async function inTurns(works: readonly (() => Promise<void>)[]): Promise<void> {
  const waiting = [...works]
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await next()
  }
  await Promise.all([work(), work(), work()])
}
