import assert from 'node:assert/strict'
import { test } from 'node:test'
import { chooseHome, homeOfFile, shellWord, typed } from './home.ts'

function home(option: string | undefined, environment: Record<string, string>, uid: number) {
  const choice = chooseHome({ option, environment, uid })
  assert.equal(choice.kind, 'home')
  return choice.home
}

test('--home wins over HOLDFAST_HOME, and both keep everything below one directory', () => {
  const chosen = home('/a b', { HOLDFAST_HOME: '/other' }, 0)
  assert.deepEqual(
    [chosen.stateDirectory, chosen.runDirectory, chosen.logDirectory, chosen.socketPath],
    ['/a b/state', '/a b/run', '/a b/log', '/a b/run/holdfast.sock'],
  )
  assert.equal(typed(chosen, 'holdfast ps'), "holdfast ps --home '/a b'")
  const inherited = home(undefined, { HOLDFAST_HOME: '/other', HOLDFAST_COMMAND: 'bin/holdfast' }, 0)
  assert.equal(inherited.name, '/other')
  assert.equal(typed(inherited, 'ps'), 'bin/holdfast ps')
  assert.equal(inherited.optionElsewhere, '--home /other')
})

test('root has the directories of the system, others their own', () => {
  assert.equal(home(undefined, {}, 0).stateDirectory, '/var/lib/holdfast')
  const plain = home(undefined, { HOME: '/home/ann' }, 1000)
  assert.deepEqual(
    [plain.stateDirectory, plain.runDirectory],
    ['/home/ann/.local/state/holdfast', '/home/ann/.local/state/holdfast/run'],
  )
  const full = home(undefined, { HOME: '/home/ann', XDG_STATE_HOME: '/s', XDG_RUNTIME_DIR: '/run/user/1000' }, 1000)
  assert.deepEqual([full.logDirectory, full.runDirectory], ['/s/holdfast/log', '/run/user/1000/holdfast'])
})

test('the daemon of a configuration file has its run and log directories where the system has them', () => {
  const usual = chooseHome({ option: undefined, environment: {}, uid: 0 })
  assert(usual.kind === 'home')
  const option = homeOfFile(usual.home, '0f3a')
  assert.equal(option, '/var/lib/holdfast-supervisord/0f3a')
  const choice = chooseHome({ option, environment: {}, uid: 0 })
  assert(choice.kind === 'home')
  assert.equal(choice.home.runDirectory, '/run/holdfast-supervisord/0f3a')
  assert.equal(choice.home.logDirectory, '/var/log/holdfast-supervisord/0f3a')
})

test('a home whose socket has a path too long for the kernel is refused with the limit', () => {
  const choice = chooseHome({ option: `/${'x'.repeat(90)}`, environment: {}, uid: 0 })
  assert.equal(choice.kind, 'bad')
  assert.match(choice.message, /has 109 bytes, and Linux allows 107: .*; choose a home with a shorter path/)
  assert.equal(chooseHome({ option: `/${'x'.repeat(88)}`, environment: {}, uid: 0 }).kind, 'home')
})

test('a user without any home is told to name one', () => {
  const choice = chooseHome({ option: undefined, environment: {}, uid: 1000 })
  assert.equal(choice.kind, 'bad')
  assert.match(choice.message, /--home DIR/)
})

test('a program found by PATH is called by its name', () => {
  const environment = { HOME: '/h', PATH: '/usr/bin:/opt/bin', HOLDFAST_COMMAND: '/opt/bin/holdfast' }
  assert.equal(home(undefined, environment, 1000).program, 'holdfast')
})

test('words are quoted as a shell reads them back', () => {
  assert.deepEqual(['a-b', "it's", ''].map(shellWord), ['a-b', "'it'\\''s'", "''"])
})
