import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync, statSync } from 'node:fs'
import { request } from 'node:http'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import type { HistoryList, Info } from '../../src/wire/api.ts'
import { type Home, realTest } from './harness.ts'
import { until } from './until.ts'
import { makeVersion } from './versions.ts'

const steady = { command: ['sleep', 'infinity'], restart: 'always' }

interface Answered {
  readonly status: number
  readonly body: { readonly [name: string]: unknown }
  readonly headers: Readonly<Record<string, unknown>>
}

interface Asking {
  readonly method?: 'GET' | 'POST' | 'OPTIONS'
  readonly path?: string
  readonly body?: object
  readonly headers?: Readonly<Record<string, string>>
  readonly key?: string
}

async function listening(home: Home): Promise<{ readonly host: string; readonly port: number }> {
  // The unix socket answers a moment before it.
  const listen = await until('the door over TCP', async () => (await home.api.info()).listen)
  assert.match(listen, /^127\.0\.0\.1:[1-9]\d*$/)
  return { host: '127.0.0.1', port: Number(listen.split(':')[1]) }
}

async function ask(
  home: Home,
  { method = 'GET', path = '/v1/info', body, headers = {}, key }: Asking,
): Promise<Answered> {
  const { promise, resolve, reject } = Promise.withResolvers<Answered>()
  const authorization = key === undefined ? {} : { authorization: `Bearer ${key}` }
  const outgoing = request(
    { ...(await listening(home)), method, path, headers: { ...authorization, ...headers }, agent: false },
    (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk) => {
        text += chunk
      })
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, body: JSON.parse(text), headers: response.headers }),
      )
    },
  )
  outgoing.on('error', reject)
  outgoing.end(body === undefined ? undefined : JSON.stringify(body))
  return promise
}

async function addKey(home: Home, name: string, ...options: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await home.cli('config', 'key', 'add', name, ...options)
  assert.equal(code, 0, stderr)
  assert.match(stdout, /^hf_[\w-]{43}\n$/)
  return stdout.trim()
}

realTest(
  'over TCP only a key opens, for what it is good for, and its name stands in what is done with it',
  {},
  async (home) => {
    await home.start([home.declare('demo', { web: steady })], { arguments: ['--listen', '127.0.0.1:0'] })
    await home.untilState('demo/web', 'running')
    const without = await ask(home, {})
    assert.equal(without.status, 401)
    assert.equal(without.body.code, 'unauthorized')
    assert.equal(without.headers['www-authenticate'], 'Bearer')
    assert.equal((await ask(home, { key: 'hf_guess' })).status, 401)

    const all = await addKey(home, 'ci')
    const read = await addKey(home, 'grafana', '--read-only')
    const path = join(home.directory, 'state/keys.json')
    assert.equal(statSync(path).mode & 0o777, 0o600)
    const file = readFileSync(path, 'utf8')
    assert.ok(!file.includes(all) && !file.includes(read), 'only hashes are kept')
    assert.equal((await home.cli('config', 'key', 'add', 'ci')).code, 1)

    assert.equal((await ask(home, { key: read })).status, 200)
    const stop: Asking = { method: 'POST', path: '/v1/stop', body: { names: ['demo/web'] } }
    const refused = await ask(home, { ...stop, key: read })
    assert.deepEqual([refused.status, refused.body.code], [403, 'forbidden'])
    assert.equal((await ask(home, { ...stop, key: all })).status, 200)
    assert.match((await home.untilState('demo/web', 'stopped')).reason, /stopped by key ci/)
    const history = (await ask(home, { path: '/v1/history?kind=commands', key: read })).body as unknown as HistoryList
    const command = history.items.find((item) => item.kind === 'command' && item.command === 'stop')
    assert.ok(command?.kind === 'command' && command.by === 'key ci', JSON.stringify(command))

    assert.match(
      (await home.cli('config', 'key', 'list')).stdout,
      /^NAME +SCOPE +CREATED\nci +all +.*\ngrafana +read +.*\n$/,
    )
    assert.equal((await home.cli('config', 'key', 'remove', 'ci')).code, 0)
    assert.equal((await ask(home, { key: all })).status, 401)
    assert.equal((await ask(home, { key: read })).status, 200)
  },
)

realTest('pages of browsers are refused over TCP, whatever name they came by', {}, async (home) => {
  await home.start([home.declare('demo', { web: steady })], { arguments: ['--listen', '0'] })
  const key = await addKey(home, 'ci')
  const { port } = await listening(home)
  const status = async (headers: Readonly<Record<string, string>>) => (await ask(home, { key, headers })).status
  assert.equal(await status({ host: `127.0.0.1:${port}` }), 200)
  assert.equal(await status({ host: 'localhost' }), 200)
  assert.equal(await status({ host: `[::1]:${port}` }), 200)
  assert.equal(await status({ host: `evil.example:${port}` }), 403)
  assert.equal(await status({ origin: 'http://evil.example' }), 403)
  const preflight = await ask(home, { method: 'OPTIONS', headers: { 'access-control-request-method': 'POST' } })
  assert.equal(preflight.headers['access-control-allow-origin'], undefined)
  assert.notEqual(preflight.status, 200)
})

realTest('the address is remembered, and an upgrade keeps it open', {}, async (home) => {
  const first = await home.start([home.declare('demo', { web: steady })], { arguments: ['--listen', '127.0.0.1:0'] })
  await home.untilState('demo/web', 'running')
  const key = await addKey(home, 'ci')
  const before = await listening(home)
  const next = await makeVersion(join(home.directory, 'next'), '7.7.7')
  const upgraded = await home.cli('upgrade', next.directory)
  assert.equal(upgraded.code, 0, upgraded.stderr)
  assert.deepEqual(await listening(home), before)
  const info = (await ask(home, { key })).body as unknown as Info
  assert.equal(info.upgrade?.outcome, 'probation')
  await first.stop()
  await home.start([])
  assert.equal((await ask(home, { key })).status, 200)
})

realTest('a port that is taken is told, and everything else goes on', {}, async (home) => {
  const other = createServer().listen(0, '127.0.0.1')
  await once(other, 'listening')
  const { port } = other.address() as AddressInfo
  try {
    await home.start([home.declare('demo', { web: steady })], { arguments: ['--listen', String(port)] })
    assert.equal((await home.api.info()).listen, null)
    assert.match(home.stderr(), /nobody can connect to 127\.0\.0\.1:\d+ \(EADDRINUSE\); it is tried again every 5 s/)
  } finally {
    other.close()
  }
})
