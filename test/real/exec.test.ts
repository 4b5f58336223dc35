import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, existsSync, readFileSync, readSync, writeSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { spawn as spawnInTerminal } from '../../src/sys/spawn.ts'
import { openTerminal, resizeTerminal } from '../../src/sys/terminal.ts'
import { createFrameParser, printJsonFrame } from '../../src/wire/exec-frames.ts'
import { type Home, holdfast, realTest } from './harness.ts'
import { until } from './until.ts'

const isRoot = process.geteuid?.() === 0

const steady = { command: ['sleep', '1000'], environment: { COLOUR: 'blue' } }

async function withWeb(home: Home, service: object = {}): Promise<void> {
  await home.start([home.declare('shop', { web: { ...steady, ...service } })])
  await home.untilState('shop/web', 'running')
}

/** `holdfast exec` with these bytes on its stdin. */
function exec(home: Home, words: readonly string[], input: string | Buffer = '') {
  const child = spawn(holdfast, ['exec', ...words], { env: { ...process.env, HOLDFAST_HOME: home.directory } })
  child.stdin.on('error', () => {})
  child.stdin.end(input)
  return child
}

async function ended(child: ReturnType<typeof exec>) {
  const out: Buffer[] = []
  const err: Buffer[] = []
  child.stdout.on('data', (bytes) => out.push(bytes))
  child.stderr.on('data', (bytes) => err.push(bytes))
  const [code, signal] = await once(child, 'close')
  return { code, signal, stdout: Buffer.concat(out), stderr: Buffer.concat(err).toString() }
}

realTest(
  'a command runs beside a unit: its output, its errors and its exit code are those of the client',
  {},
  async (home) => {
    await withWeb(home)
    const result = await home.cli('exec', 'web', 'sh', '-c', 'echo out; echo err >&2; exit 7')
    assert.deepEqual(result, { code: 7, stdout: 'out\n', stderr: 'err\n' })
    assert.equal((await home.cli('exec', 'web', 'true')).code, 0)
    const killed = await home.cli('exec', 'web', 'sh', '-c', 'kill -KILL $$')
    assert.deepEqual(killed, { code: 137, stdout: '', stderr: 'holdfast: ended by SIGKILL\n' })
    const missing = await home.cli('exec', 'web', 'no-such-program')
    assert.equal(missing.code, 127)
    assert.match(missing.stderr, /^holdfast: no-such-program is in no folder of PATH/)
    assert.equal((await home.cli('exec', 'web', '/etc/passwd')).code, 126)
  },
)

realTest(
  'it has the environment, the directory, the umask and the limits of the unit, and what is asked for on top',
  {},
  async (home) => {
    home.write('web.env', 'FROM_FILE=yes\n')
    await withWeb(home, {
      working_dir: home.directory,
      env_file: [join(home.directory, 'web.env')],
      'x-holdfast': { umask: '0027' },
      ulimits: { nofile: { soft: 123, hard: 456 } },
    })
    const script = 'echo $COLOUR $FROM_FILE $MORE; pwd; umask; ulimit -n; echo $HOLDFAST_UNIT'
    const { stdout } = await home.cli('exec', '-e', 'MORE=more', 'web', 'sh', '-c', script)
    assert.equal(stdout, `blue yes more\n${home.directory}\n0027\n123\n\n`)
    assert.equal((await home.cli('exec', '-w', '/usr', 'web', 'pwd')).stdout, '/usr\n')
    assert.equal((await home.cli('exec', '-w', 'run', 'web', 'pwd')).stdout, `${join(home.directory, 'run')}\n`)
  },
)

realTest(
  'it runs as the user of the unit, or as another one',
  { skip: isRoot ? false : 'only root can be others' },
  async (home) => {
    await withWeb(home, { user: 'nobody' })
    assert.equal((await home.cli('exec', 'web', 'id', '-un')).stdout, 'nobody\n')
    assert.equal((await home.cli('exec', '-u', '12:34', 'web', 'sh', '-c', 'id -u; id -g')).stdout, '12\n34\n')
  },
)

realTest('large input and output pass through as they are, at their own pace', {}, async (home) => {
  await withWeb(home)
  const bytes = Buffer.alloc(5_000_000, 'nothing is lost \n')
  const { stdout, code } = await ended(exec(home, ['-i', 'web', 'cat'], bytes))
  assert.equal(code, 0)
  assert.ok(stdout.equals(bytes), `${stdout.length} of ${bytes.length} bytes`)
  const slow = await ended(exec(home, ['-i', 'web', 'sh', '-c', 'sleep 0.3; wc -c'], bytes))
  assert.equal(slow.stdout.toString().trim(), '5000000')
  const deaf = await ended(exec(home, ['-i', 'web', 'true'], bytes))
  assert.deepEqual([deaf.code, deaf.stderr], [0, ''])
  // Without -i there is nothing to be read.
  assert.equal((await ended(exec(home, ['web', 'cat'], 'not for it'))).stdout.toString(), '')
})

realTest(
  'it is no run of the unit: the unit neither ends nor restarts with it, and what it prints is not in the log',
  {},
  async (home) => {
    await withWeb(home)
    const before = await home.unit('shop/web')
    await home.cli('exec', 'web', 'echo', 'hello')
    const after = await home.unit('shop/web')
    assert.deepEqual([after.pid, after.restarts], [before.pid, 0])
    assert.ok(!existsSync(home.logPath('shop/web')) || !home.log('shop/web').includes('hello'))
  },
)

realTest('when the client goes, or the daemon ends, the command ends', {}, async (home) => {
  const daemon = await (async () => {
    const started = await home.start([home.declare('shop', { web: steady })])
    await home.untilState('shop/web', 'running')
    return started
  })()
  const running = () => home.processes().filter(({ command }) => command.startsWith('sleep 777'))
  for (const words of [
    ['sleep', '777'],
    ['sh', '-c', 'trap "" HUP; sleep 777; sleep 777'],
  ]) {
    const child = exec(home, ['web', ...words])
    await until('it to run', () => running().length > 0)
    child.kill('SIGKILL')
    await until('it to be gone', () => running().length === 0)
  }
  const child = exec(home, ['web', 'sleep', '777'])
  const end = ended(child)
  await until('it to run', () => running().length > 0)
  await daemon.stop()
  // It was sent a signal over which nobody waits.
  await until('it to be gone', () => running().length === 0)
  const { code, stderr } = await end
  assert.equal(code, 69)
  assert.match(stderr, /broke off/)
})

realTest('signals go through to the command', {}, async (home) => {
  await withWeb(home)
  const child = exec(home, [
    'web',
    'sh',
    '-c',
    'trap "echo got it; exit 5" INT; echo ready; while :; do sleep 0.1; done',
  ])
  const end = ended(child)
  await once(child.stdout, 'data')
  child.kill('SIGINT')
  assert.equal((await end).code, 5)
})

realTest('what cannot be is refused with what to do', {}, async (home) => {
  await home.start([
    home.declare('shop', { web: { ...steady, 'x-holdfast': { autostart: false } }, api: { ...steady, scale: 2 } }),
  ])
  await home.untilState('shop/api/2', 'running')
  const stopped = await home.cli('exec', 'web', 'true')
  assert.deepEqual([stopped.code, stopped.stdout], [3, ''])
  assert.match(stopped.stderr, /shop\/web\/1 is not running \(stopped\); start it with: holdfast start shop\/web\/1/)
  const unknown = await home.cli('exec', 'nobody', 'true')
  assert.deepEqual([unknown.code, /no service is called 'nobody'/.test(unknown.stderr)], [4, true])
  const many = await home.cli('exec', 'api', 'true')
  assert.deepEqual([many.code, /name one of shop\/api\/1/.test(many.stderr)], [2, true])
  const noTerminal = await home.cli('exec', '-t', 'api/1', 'true')
  assert.deepEqual([noTerminal.code, /-t needs a terminal/.test(noTerminal.stderr)], [2, true])
  assert.equal((await home.cli('exec', '--env', '=x', 'api/1', 'true')).code, 2)
})

realTest(
  'over TCP a key opens it, and one for reading does not; an upgrade to something else is refused',
  {},
  async (home) => {
    await home.start([home.declare('shop', { web: steady })], { arguments: ['--listen', '127.0.0.1:0'] })
    await home.untilState('shop/web', 'running')
    const addKey = async (...words: readonly string[]): Promise<string> =>
      (await home.cli('config', 'key', 'add', ...words)).stdout.trim()
    const all = await addKey('ci')
    const read = await addKey('grafana', '--read-only')
    const port = Number((await home.api.info()).listen?.split(':')[1])
    const ask = (headers: Readonly<Record<string, string>>): Promise<{ status: number; said: string }> => {
      return new Promise((resolve, reject) => {
        const upgrade = { connection: 'Upgrade', upgrade: 'holdfast-exec', ...headers }
        const asking = request({
          host: '127.0.0.1',
          port,
          method: 'POST',
          path: '/v1/exec',
          headers: upgrade,
          agent: false,
        })
        asking.on('error', reject)
        asking.on('response', (response) => {
          response.on('data', (bytes) => resolve({ status: response.statusCode ?? 0, said: String(bytes) }))
        })
        asking.on('upgrade', (response, socket) => {
          const parser = createFrameParser()
          let said = ''
          socket.write(printJsonFrame('begin', { name: 'web', command: ['echo', 'hello'] }))
          socket.on('data', (bytes) => {
            for (const { kind, bytes: content } of parser.take(bytes)) said += `${kind} ${content} `
          })
          socket.on('end', () => {
            socket.destroy()
            resolve({ status: response.statusCode ?? 0, said })
          })
        })
        asking.end()
      })
    }
    const answered = await ask({ authorization: `Bearer ${all}` })
    const exit = JSON.stringify({ code: 0, why: '' })
    assert.deepEqual(answered, { status: 101, said: `started {"unit":"shop/web/1"} stdout hello\n exit ${exit} ` })
    assert.equal((await ask({})).status, 401)
    const refused = await ask({ authorization: `Bearer ${read}` })
    assert.deepEqual([refused.status, JSON.parse(refused.said).code], [403, 'forbidden'])
    assert.equal((await ask({ authorization: `Bearer ${all}`, origin: 'http://evil' })).status, 403)
    const other = await ask({ authorization: `Bearer ${all}`, upgrade: 'websocket' })
    assert.deepEqual([other.status, /send Upgrade: holdfast-exec/.test(other.said)], [400, true])
  },
)

realTest('options of the command are not ours', {}, async (home) => {
  await withWeb(home)
  assert.equal((await home.cli('exec', 'web', 'echo', '-i', '--help', '--', '-t')).stdout, '-i --help -- -t\n')
})

realTest(
  'with a terminal it has one of its own, as large as ours, which follows; Ctrl-C and Ctrl-D go through',
  {},
  async (home, context) => {
    await withWeb(home)
    const screen = await openScreen(home, context, ['exec', '-it', 'web', 'sh'])
    screen.type('stty size; tty\n')
    await screen.until(/25 90\r\n\/dev\/pts\/\d+\r\n/)
    screen.resize(30, 100)
    screen.type('until [ "$(stty size)" = "30 100" ]; do sleep 0.05; done; stty size\n')
    await screen.until(/30 100\r\n/)
    screen.type('trap "echo caught" INT; sleep 777\n')
    // Before that the trap would be followed by the sleep.
    await until('it to sleep', () => home.processes().some(({ command }) => command === 'sleep 777'))
    screen.type('\x03')
    await screen.until(/caught/)
    screen.type('echo $TERM; exit 9\n')
    assert.equal(await screen.exitCode(), 9)
    await screen.until(/xterm\r\n/)
    const second = await openScreen(home, context, ['exec', '-it', 'web', 'cat'])
    second.type('line\n')
    await second.until(/line\r\nline\r\n/)
    second.type('\x04')
    assert.equal(await second.exitCode(), 0)
  },
)

/** A command line in a terminal of 25 lines with 90 columns. */
async function openScreen(home: Home, context: TestContext, words: readonly string[]) {
  const terminal = openTerminal()
  assert.ok(typeof terminal !== 'string', String(terminal))
  resizeTerminal(terminal.master, { rows: 25, columns: 90 })
  const environment = { ...process.env, HOLDFAST_HOME: home.directory, TERM: 'xterm', PS1: '$ ' }
  const codeFile = join(home.directory, `code.${Math.random()}`)
  const { slave: stdin, slave: stdout, slave: stderr, path } = terminal
  const pid = spawnInTerminal({
    path: '/bin/sh',
    argv: ['sh', '-c', '"$@"; echo $? > "$0.new"; mv "$0.new" "$0"', codeFile, holdfast, ...words],
    environment: Object.entries(environment).map(([name, value]) => `${name}=${value}`),
    ...{ workingDir: '/', stdin, stdout, stderr, terminal: path },
  })
  assert.equal(typeof pid, 'number')
  closeSync(terminal.slave)
  context.after(() => closeSync(terminal.master))
  let text = ''
  const buffer = Buffer.alloc(64 * 1024)
  const read = (): string => {
    try {
      for (;;) text += buffer.toString('latin1', 0, readSync(terminal.master, buffer))
    } catch {
      // Nothing now, or nobody is there any more.
      return text
    }
  }
  return {
    type: (keys: string) => void writeSync(terminal.master, keys),
    resize: (rows: number, columns: number) => void resizeTerminal(terminal.master, { rows, columns }),
    until: (pattern: RegExp) =>
      until(`${pattern} on the screen`, () => pattern.test(read())).catch((error) => {
        throw new Error(`${error}; it shows ${JSON.stringify(text)}`)
      }),
    exitCode: async () => {
      await until('it to end', () => {
        read()
        return existsSync(codeFile)
      })
      return Number(readFileSync(codeFile, 'utf8'))
    },
  }
}
