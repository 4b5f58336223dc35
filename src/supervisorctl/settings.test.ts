import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { readSettings } from './settings.ts'

/** Beside a program in DIR/bin, with that in DIR/etc/supervisord.conf. */
function read(context: TestContext, config: string, ...args: readonly string[]) {
  const directory = mkdtempSync(join(tmpdir(), 'holdfast-ctl-'))
  context.after(() => rmSync(directory, { recursive: true }))
  mkdirSync(join(directory, 'etc'))
  writeFileSync(join(directory, 'etc/supervisord.conf'), config)
  const found = readSettings(args, {
    program: join(directory, 'bin/supervisorctl'),
    environment: { HOME: '/home/me', WHO: 'somebody' },
  })
  if (found.kind !== 'settings') return found
  return JSON.parse(JSON.stringify(found.settings).replaceAll(directory, 'DIR'))
}

const config = `[supervisorctl]
serverurl=unix://%(here)s/../s.sock
username=%(ENV_WHO)s
password=secret
history_file=~/history
`

test('what the file beside the program says holds, with names expanded and paths made whole', (context) => {
  assert.deepEqual(read(context, config, 'status', '-i'), {
    serverUrl: 'unix://DIR/s.sock',
    username: 'somebody',
    password: 'secret',
    prompt: 'supervisor',
    historyFile: '/home/me/history',
    isInteractive: false,
    plugins: [],
    words: ['status', '-i'],
  })
})

test('the command line wins over the file', (context) => {
  const settings = read(context, config, '-s', 'http://host:1', '-uyou', '-p', 'x', '-r', 'h')
  const { serverUrl, username, password, historyFile, isInteractive } = settings
  assert.deepEqual([serverUrl, username, password, historyFile], ['http://host:1', 'you', 'x', 'h'])
  assert.equal(isInteractive, true)
})

test('a line that is none is a mistake that names its file', (context) => {
  const found = read(context, 'nonsense\n', 'status')
  assert.match(found.message, /^File contains no section headers\.\nfile: '.*supervisord\.conf', line: 1\n/)
})

test('sections of plugins are known by name, because their commands are none here', (context) => {
  assert.deepEqual(read(context, `${config}[ctlplugin:cache]\nsupervisor.ctl_factory=x:y\n`, 'status').plugins, [
    'cache',
  ])
})
