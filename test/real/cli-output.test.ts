import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { displayWidth } from '../../src/cli/table.ts'
import { type Home, holdfast, realTest } from './harness.ts'

const steady = { command: ['sleep', 'infinity'], restart: 'always' }
const healthcheck = { test: ['CMD', 'test', '-e', '/'], interval: '1s' }

/** Every command that reads, and one that changes nothing any more. */
const reading: readonly (readonly string[])[] = [
  ['ps'],
  ['status'],
  ['status', 'web'],
  ['explain'],
  ['explain', 'web'],
  ['history'],
  ['plan', 'other.yaml'],
  ['logs', '-n', '3'],
  ['top', '--once'],
  ['start', 'web'],
  ['reload'],
  ['help'],
  ['help', 'logs'],
  ['help', 'output'],
  ['check', 'other.yaml'],
  ['config', 'show', 'other.yaml'],
  ['version'],
]

async function begin(home: Home): Promise<void> {
  const chatty = { ...steady, command: ['sh', '-c', 'echo hello; exec sleep infinity'] }
  const file = home.declare('demo', {
    web: { ...chatty, healthcheck },
    'a-service-with-a-rather-long-name': chatty,
    broken: { command: ['sh', '-c', 'exit 7'], restart: 'no' },
  })
  home.write('other.yaml', JSON.stringify({ name: 'demo', services: { web: { ...chatty, command: ['sleep', '9'] } } }))
  await home.start([file])
  await home.untilUnit('demo/web', ({ health }) => health === 'healthy')
  await home.untilState('demo/broken', 'exited')
}

function run(home: Home, args: readonly string[], environment: Readonly<Record<string, string>> = {}) {
  const env = { PATH: process.env.PATH, HOME: home.directory, HOLDFAST_HOME: home.directory, ...environment }
  const { stdout, stderr, status } = spawnSync(holdfast, args, { cwd: home.directory, env })
  return { stdout: stdout.toString(), stderr: stderr.toString(), code: status }
}

const escapeSign = String.fromCharCode(27)

realTest(
  'in a pipe there is no colour, without a UTF-8 locale no letter beyond ASCII, whatever is asked',
  {},
  async (home) => {
    await begin(home)
    for (const args of reading) {
      const { stdout, stderr } = run(home, args, { LC_ALL: 'C', TERM: 'xterm-256color' })
      assert.match(stdout + stderr, /^[\n\x20-\x7e]*$/, args.join(' '))
      assert.ok(!run(home, args, { LC_ALL: 'C.UTF-8' }).stdout.includes(escapeSign), args.join(' '))
    }
  },
)

realTest('colour is there where it is asked for, and nowhere with NO_COLOR', {}, async (home) => {
  await begin(home)
  for (const args of [['ps'], ['status', 'web'], ['explain', 'web']]) {
    assert.ok(run(home, args, { FORCE_COLOR: '1' }).stdout.includes(escapeSign), args.join(' '))
    assert.ok(run(home, [...args, '--color=always']).stdout.includes(escapeSign), args.join(' '))
    assert.ok(!run(home, args, { NO_COLOR: '1', FORCE_COLOR: '1' }).stdout.includes(escapeSign), args.join(' '))
  }
})

realTest('formats for programs are data alone, and every item has its line', {}, async (home) => {
  await begin(home)
  for (const args of [['ps'], ['status'], ['status', 'web'], ['explain'], ['history'], ['start', 'web']]) {
    const { items, apiVersion, kind } = JSON.parse(run(home, [...args, '--json']).stdout)
    assert.equal(apiVersion, 'holdfast/v1', args.join(' '))
    assert.match(kind, /^[A-Z]\w+$/)
    const lines = run(home, [...args, '-o', 'ndjson'])
      .stdout.trimEnd()
      .split('\n')
    for (const line of lines) assert.equal(typeof JSON.parse(line), 'object', args.join(' '))
    if (args[0] === 'ps') assert.equal(lines.length, items.length)
  }
  const table = run(home, ['ps']).stdout
  const wide = run(home, ['ps', '-o', 'wide']).stdout
  const titles = (text: string) => text.split('\n')[0]!.split(/ {2,}/)
  for (const title of titles(table)) assert.ok(titles(wide).includes(title), title)
  assert.ok(titles(wide).length > titles(table).length)
})

realTest('whoever stops reading, or cannot be written to, is no reason for a stack trace', {}, async (home) => {
  await begin(home)
  for (const args of [...reading, ['completion', 'bash']]) {
    const line = `"$0" ${args.map((word) => `'${word}'`).join(' ')} | head -c 1 >/dev/null`
    const { stderr } = spawnSync('sh', ['-c', line, holdfast], {
      cwd: home.directory,
      env: { PATH: process.env.PATH, HOLDFAST_HOME: home.directory },
    })
    assert.doesNotMatch(stderr.toString(), /EPIPE|node:internal|at /, args.join(' '))
  }
  const full = spawnSync('sh', ['-c', '"$0" ps > /dev/full', holdfast], {
    env: { PATH: process.env.PATH, HOLDFAST_HOME: home.directory },
  })
  assert.equal(full.status, 1)
  assert.equal(full.stderr.toString(), 'holdfast: the output cannot be written (ENOSPC); write it elsewhere\n')
  for (const closing of ['>&-', '2>&-', '>&- 2>&- <&-']) {
    const { status } = spawnSync('sh', ['-c', `"$0" ps ${closing}`, holdfast], {
      env: { PATH: process.env.PATH, HOLDFAST_HOME: home.directory },
    })
    assert.equal(status, 0, closing)
  }
})

const isTypable = existsSync('/usr/bin/script')

realTest(
  'on a terminal of 40 columns tables fit, and TERM=dumb has no colour',
  { skip: isTypable ? false : 'script(1) is not installed' },
  async (home) => {
    await begin(home)
    for (const [line, environment] of [
      ['ps', { TERM: 'xterm', NO_COLOR: '1' }],
      ['ps', { TERM: 'dumb' }],
      ['explain web', { TERM: 'dumb' }],
      ['help', { TERM: 'dumb' }],
    ] as const) {
      const text = await onTerminal(home, line, { LC_ALL: 'C.UTF-8', ...environment })
      assert.ok(!text.includes(escapeSign), line)
      if (line !== 'ps') continue
      for (const row of text.split(/\r?\n/)) assert.ok(displayWidth(row) <= 40, row)
    }
    assert.ok((await onTerminal(home, 'ps', { TERM: 'xterm' })).includes(escapeSign))
  },
)

async function onTerminal(home: Home, line: string, environment: Readonly<Record<string, string>>): Promise<string> {
  const command = `stty cols 40 rows 24; exec ${holdfast} ${line}`
  const env = {
    PATH: process.env.PATH,
    HOME: home.directory,
    HOLDFAST_HOME: home.directory,
    SHELL: '/bin/sh',
    ...environment,
  }
  const child = spawn('script', ['-qfec', command, '/dev/null'], { env })
  let text = ''
  child.stdout.on('data', (data) => {
    text += data
  })
  await new Promise((resolve) => child.on('close', resolve))
  return text
}
