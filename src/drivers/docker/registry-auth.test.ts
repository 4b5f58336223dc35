import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { registryAuth } from './registry-auth.ts'

function home(context: TestContext, config: unknown): { readonly HOME: string } {
  const directory = mkdtempSync(join(tmpdir(), 'hf-auth-'))
  context.after(() => rmSync(directory, { recursive: true }))
  mkdirSync(join(directory, '.docker'))
  writeFileSync(join(directory, '.docker/config.json'), typeof config === 'string' ? config : JSON.stringify(config))
  return { HOME: directory }
}

async function authOf(...asked: Parameters<typeof registryAuth>): Promise<unknown> {
  const header = await registryAuth(...asked)
  return header === null ? null : JSON.parse(Buffer.from(header, 'base64url').toString())
}

const base64 = (text: string) => Buffer.from(text).toString('base64')

test('credentials are found in each of the forms that clients write', async (context) => {
  const environment = home(context, {
    auths: {
      'one.example:5000': { auth: base64('user:pass:word\0') },
      'https://two.example/v2/': { username: 'u', password: 'p' },
      'three.example': { auth: base64('00000000-0000-0000-0000-000000000000:'), identitytoken: 'token' },
      'empty.example': {},
    },
  })
  assert.deepEqual(await authOf('one.example:5000', environment), {
    username: 'user',
    password: 'pass:word',
    serveraddress: 'one.example:5000',
  })
  assert.deepEqual(await authOf('two.example', environment), {
    username: 'u',
    password: 'p',
    serveraddress: 'two.example',
  })
  assert.deepEqual(await authOf('three.example', environment), {
    identitytoken: 'token',
    serveraddress: 'three.example',
  })
  assert.equal(await authOf('empty.example', environment), null)
  assert.equal(await authOf('one.example', environment), null)
  assert.equal(await authOf(null, environment), null)
})

test('Docker Hub is known by its old address', async (context) => {
  const environment = home(context, { auths: { 'https://index.docker.io/v1/': { auth: base64('me:secret') } } })
  const expected = { username: 'me', password: 'secret', serveraddress: 'https://index.docker.io/v1/' }
  assert.deepEqual(await authOf(null, environment), expected)
  assert.deepEqual(await authOf('docker.io', environment), expected)
})

test('DOCKER_CONFIG comes before HOME, and without either there is nothing', async (context) => {
  const { HOME } = home(context, { auths: { a: { auth: base64('u:home') } } })
  const other = home(context, { auths: { a: { auth: base64('u:other') } } })
  const answer = (await authOf('a', { HOME, DOCKER_CONFIG: join(other.HOME, '.docker') })) as {
    readonly password: string
  }
  assert.equal(answer.password, 'other')
  assert.equal(await registryAuth('a', {}), null)
  assert.equal(await registryAuth('a', { HOME: '/no/such/home' }), null)
})

test('a login that came later counts', async (context) => {
  const environment = home(context, {})
  assert.equal(await authOf('a', environment), null)
  writeFileSync(
    join(environment.HOME, '.docker/config.json'),
    JSON.stringify({ auths: { a: { auth: base64('u:p') } } }),
  )
  assert.notEqual(await authOf('a', environment), null)
})

test('what only a helper program knows is said, with what to do', async (context) => {
  const environment = home(context, {
    auths: { 'store.example': {} },
    credsStore: 'secretservice',
    credHelpers: { 'own.example': 'ecr-login' },
  })
  await assert.rejects(registryAuth('store.example', environment), {
    code: 'DENIED',
    retry: false,
    message:
      /^the credentials for store\.example are kept by the program docker-credential-secretservice .*docker login store\.example/,
  })
  await assert.rejects(registryAuth('own.example', environment), { message: /docker-credential-ecr-login/ })
  // Nobody logged in there.
  assert.equal(await registryAuth('public.example', environment), null)
})

test('a damaged file is said to be one', async (context) => {
  await assert.rejects(registryAuth('a', home(context, '{"auths":')), {
    code: 'MALFORMED',
    message: /config\.json is no JSON/,
  })
})
