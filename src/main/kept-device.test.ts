import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { readDeviceFacts } from './device-facts.ts'
import { ensureKeptDevice, keepStated, readKeptDevice } from './kept-device.ts'

function stateDirectory(context: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'holdfast-device-'))
  context.after(() => rmSync(directory, { recursive: true }))
  return directory
}

test('what is made at random once is kept, for its owner only', (context) => {
  const directory = stateDirectory(context)
  assert.equal(readKeptDevice(directory), null)
  const made = ensureKeptDevice(directory)
  assert.match(made.uuidElse, /^[0-9a-f]{32}$/)
  assert.match(made.serviceKeys.secret, /^[0-9a-f]{64}$/)
  assert.deepEqual(ensureKeptDevice(directory), made)
  assert.equal(statSync(join(directory, 'balena/device.json')).mode & 0o077, 0)
})

test('the first state says for good what the device is called', (context) => {
  const directory = stateDirectory(context)
  keepStated(directory, { uuid: 'a', name: null })
  keepStated(directory, { uuid: 'b', name: 'first' })
  keepStated(directory, { uuid: 'c', name: 'second' })
  const { uuid, nameAtInit } = readKeptDevice(directory)!
  assert.deepEqual([uuid, nameAtInit], ['a', 'first'])
})

test('a damaged file is as good as none', (context) => {
  const directory = stateDirectory(context)
  const { uuidElse } = ensureKeptDevice(directory)
  for (const text of ['{', 'null', '{}', '{"uuidElse":1}']) {
    writeFileSync(join(directory, 'balena/device.json'), text)
    assert.equal(readKeptDevice(directory), null, text)
  }
  assert.notEqual(ensureKeptDevice(directory).uuidElse, uuidElse)
})

test('a config.json says more of the device than what is kept of it', (context) => {
  const directory = stateDirectory(context)
  keepStated(directory, { uuid: 'kept', name: 'first' })
  const configFile = join(directory, 'config.json')
  const config = {
    uuid: 'said',
    deviceType: 'up-board',
    apiEndpoint: 'https://api',
    deviceApiKey: 'k',
    listenPort: '48485',
  }
  writeFileSync(configFile, JSON.stringify(config))
  writeFileSync(join(directory, 'device-type.json'), '{"slug": "other", "arch": "rpi"}')
  const osRelease = join(directory, 'os-release')
  writeFileSync(osRelease, 'ID="balena-os"\nPRETTY_NAME="balenaOS 6.5.44"\nVERSION_ID=6.5.44\n')
  const places = { stateDirectory: directory, configFile, lockRoot: '/locks' }
  const environment = { HOST_OS_VERSION_PATH: osRelease, DOCKER_HOST: 'unix:///run/engine.sock' }
  const { facts, troubles } = readDeviceFacts(places, environment)
  assert.deepEqual(troubles, [])
  assert.deepEqual(
    [facts.uuid, facts.nameAtInit, facts.deviceType, facts.arch, facts.apiPort, facts.lockRoot, facts.engineSocket],
    ['said', 'first', 'up-board', 'rpi', 48_485, '/locks', '/run/engine.sock'],
  )
  assert.deepEqual(facts.cloud, { apiEndpoint: 'https://api', deviceApiKey: 'k' })
  assert.deepEqual([facts.os.slug, facts.os.name, facts.os.version], ['balena-os', 'balenaOS 6.5.44', '6.5.44'])
})

test('without any file a device has a type and an architecture, and belongs to no cloud', (context) => {
  const directory = stateDirectory(context)
  const places = { stateDirectory: directory, configFile: null, lockRoot: null }
  const { facts } = readDeviceFacts(places, { HOST_OS_VERSION_PATH: join(directory, 'none') })
  assert.match(facts.deviceType, /^generic-[a-z0-9]+$/)
  assert.deepEqual([facts.uuid, facts.cloud, facts.serviceKeys, facts.os.name], [null, null, null, ''])
  assert.equal(facts.lockRoot, '/tmp/balena-supervisor/services')
})

test('a config.json that cannot be read is told, and nothing of it is known', (context) => {
  const directory = stateDirectory(context)
  const configFile = join(directory, 'config.json')
  const troubles = () => readDeviceFacts({ stateDirectory: directory, configFile, lockRoot: null }, {}).troubles
  assert.match(troubles()[0]!, /config\.json cannot be read \(ENOENT\): the uuid and the keys in it are not known/)
  writeFileSync(configFile, '{')
  assert.match(troubles()[0]!, /cannot be read \(it is no JSON\)/)
})
