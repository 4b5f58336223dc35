import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, existsSync, readdirSync } from 'node:fs'
import { request } from 'node:http'
import { dirname, join } from 'node:path'
import { exitCodes } from '../../src/wire/exit-codes.ts'
import { type Home, holdfast, realTest, type ServiceText } from './harness.ts'
import { eager } from './services.ts'
import { until } from './until.ts'

/** Prints a line for each line of its file, as it grows: what is printed when is up to the test. */
function told(home: Home, name: string): ServiceText {
  const file = home.write(`said/${name}`, '')
  return { command: ['tail', '-n', '+1', '-f', file], 'x-holdfast': eager }
}

/** A dollar of the shell's, and none of Compose's. */
function shell(script: string): readonly string[] {
  return ['sh', '-c', script.replaceAll('$', () => '$$')]
}

async function say(home: Home, name: string, text: string, stream: 'stdout' | 'stderr' = 'stdout'): Promise<void> {
  appendFileSync(join(home.directory, 'said', name), text)
  await home.untilLog(`demo/${name}`, text, stream)
  const loggedMs = Date.now()
  await until('what is said next to have another time: logs know it to 10 ms', () => Date.now() > loggedMs + 10)
}

realTest('logs of several services come in the order of time, marked, in colours that stay', {}, async (home) => {
  await home.start([home.declare('demo', { web: told(home, 'web'), database: told(home, 'database') })])
  await say(home, 'web', 'web 1\n')
  await say(home, 'database', 'database 1\n')
  await say(home, 'web', 'web 2\nweb 3\n')
  const lines = ['web      | web 1', 'database | database 1', 'web      | web 2', 'web      | web 3']
  const expected = lines.map((line) => `${line}\n`).join('')
  assert.equal((await home.cli('logs', 'web', 'database')).stdout, expected)
  assert.equal((await home.cli('logs')).stdout, expected, 'without a name: all')
  assert.equal((await home.cli('logs', '-n', '1')).stdout, `${lines[1]}\n${lines[3]}\n`, 'the last of each')
  assert.equal((await home.cli('logs', '--grep', '^web [12]|base')).stdout, expected.replace(`${lines[3]}\n`, ''))
  const [coloured, again] = [
    await home.cli('logs', '--color', 'always'),
    await home.cli('logs', '--color', 'always', 'web', 'database'),
  ]
  assert.equal(coloured.stdout, again.stdout)
  const marks = coloured.stdout
    .split('\n')
    .map((line) => line.slice(0, line.indexOf('|') + 1))
    .slice(0, -1)
  assert.ok(marks.every((mark) => mark.startsWith('\u001b[')))
  assert.equal(new Set(marks).size, 2)
})

realTest('logs tell when, of which start and what, for people and for programs', {}, async (home) => {
  const script = 'echo "start $$"; printf "\\377\\n" >&2; sleep 0.1; exit 3'
  await home.start([
    home.declare('demo', {
      job: {
        command: shell(script),
        restart: 'on-failure:1',
        'x-holdfast': { ...eager, stable_after: '10s', logs: { stderr: 'own' } },
      },
    }),
  ])
  await home.untilState('demo/job', 'failed')
  const all = (await home.cli('logs', '-o', 'json', 'job')).stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
  assert.deepEqual(all.map(({ stream, line }) => `${stream} ${line.replace(/\d+/, 'N')}`).toSorted(), [
    'stderr \ufffd',
    'stderr \ufffd',
    'stdout start N',
    'stdout start N',
  ])
  const attempts = [...new Set(all.map(({ attempt }) => attempt))]
  assert.equal(attempts.length, 2)
  assert.ok(all.every(({ app, service, unit }) => `${app} ${service} ${unit}` === 'demo job demo/job/1'))
  const times = all.map(({ time }) => Date.parse(time))
  assert.deepEqual(
    times,
    times.toSorted((a, b) => a - b),
  )
  assert.ok(times.every((time) => Math.abs(time - Date.now()) < 60_000))

  const [first] = all.filter(({ stream }) => stream === 'stdout')
  assert.equal((await home.cli('logs', '--previous', '--stream', 'stdout', 'job')).stdout, `${first.line}\n`)
  const timed = await home.cli('logs', '-t', '--stream', 'stdout', 'job')
  assert.equal(timed.stdout.split('\n')[0], `${first.time} ${first.line}`)
  const second = all.find(({ attempt, stream }) => attempt === attempts[1] && stream === 'stdout')
  const since = ['--since', second.time, '--stream', 'stdout']
  assert.equal((await home.cli('logs', ...since, 'job')).stdout, `${second.line}\n`)
  assert.equal((await home.cli('logs', '--until', '1h', 'job')).stdout, '')
  assert.equal(
    (await home.cli('logs', '--since', '1d', '-n', '1', '--stream', 'stdout', 'job')).stdout,
    `${second.line}\n`,
  )
})

realTest('a question after logs that makes no sense is refused, and says what does', {}, async (home) => {
  await home.start([home.declare('demo', { web: told(home, 'web'), other: told(home, 'other') })])
  const cases: readonly (readonly [readonly string[], RegExp])[] = [
    [
      ['--since', 'yesterday'],
      /since: 'yesterday' is no time; write 2026-02-28T13:00:00Z, seconds since 1970, or .* 10m/,
    ],
    [['--until', '2026-13-99'], /until: '2026-13-99' is no time/],
    [['--tail', '-1'], /--tail is a number of lines, not '-1'/],
    [['--grep', '(', 'web'], /--grep: Invalid regular expression/],
    [['-f', '--previous', 'web'], /--follow has no end, and --previous has one: leave one away/],
    [['-f', '--until', '1m', 'web'], /--until has one/],
    [['--stream', 'stderr', 'web'], /demo\/web\/1 writes stderr into stdout/],
  ]
  for (const [args, message] of cases) {
    const result = await home.cli('logs', ...args)
    assert.match(result.stderr, message)
    assert.equal(result.stdout, '')
    const refused = args.includes('stderr') ? exitCodes.noSuchService : exitCodes.usage
    assert.equal(result.code, refused, args.join(' '))
  }
  assert.deepEqual(await answer(home, ''), [400, 'raw are the bytes of one unit'])
  assert.deepEqual(await answer(home, '?name=web&tail=x'), [400, "tail is a number of lines, not 'x'"])
  assert.deepEqual(await answer(home, '?name=web&format=xml'), [400, "format is raw or chunks or events, not 'xml'"])
  assert.deepEqual(await answer(home, '?name=web&previous=true&follow=true'), [
    400,
    'a start that is over is not followed',
  ])
})

realTest('following goes on over rotation and compression, and ends when its reader does', {}, async (home) => {
  const script = 'i=0; while [ $i -lt 20000 ]; do i=$((i+1)); echo "line $i"; done; exec sleep 1000'
  await home.start([
    home.declare('demo', {
      web: {
        command: shell(script),
        'x-holdfast': { logs: { max_size: '16k', max_files: 100, compress: true } },
      },
    }),
  ])
  const follower = spawn(holdfast, ['logs', '-f', 'web'], { env: { ...process.env, HOLDFAST_HOME: home.directory } })
  const chunks: Buffer[] = []
  follower.stdout.on('data', (chunk: Buffer) => chunks.push(chunk))
  const expected = Array.from({ length: 20_000 }, (_, n) => `line ${n + 1}\n`).join('')
  await until('all lines to come', () => Buffer.concat(chunks).length >= expected.length)
  assert.ok(Buffer.concat(chunks).toString() === expected)
  follower.stdout.destroy()
  const folder = dirname(home.logPath('demo/web'))
  await until('rotated parts to be compressed', () => {
    const plain = readdirSync(folder).filter((name) => /\.log\.\d+$/.test(name))
    return plain.length === 1 && plain[0] === 'web-1.log.1'
  })
  assert.ok((await home.cli('logs', 'web')).stdout === expected)
  assert.equal((await home.cli('logs', '-n', '15000', 'web')).stdout.split('\n').length, 15_001)

  const head = spawn('sh', ['-c', '"$0" logs | head -n 1', holdfast], {
    env: { ...process.env, HOLDFAST_HOME: home.directory },
  })
  let told = ''
  head.stderr.on('data', (chunk: Buffer) => {
    told += chunk
  })
  assert.deepEqual(await once(head, 'close'), [0, null])
  assert.equal(told, '')
  follower.kill('SIGTERM')
})

realTest('what goes to /dev/stdout appears on the daemon’s own standard output', {}, async (home) => {
  await home.start([
    home.declare('demo', {
      web: {
        command: ['sh', '-c', 'echo passed through; exec sleep 1000'],
        'x-holdfast': { logs: { stdout: '/dev/stdout' } },
      },
    }),
  ])
  // The harness gives the daemon one file for both of its outputs.
  await until('the line', () => /^passed through$/m.test(home.stderr()))
  assert.equal(existsSync(home.logPath('demo/web')), false)
  assert.equal((await home.cli('logs', 'web')).stdout, '')
})

function answer(home: Home, query: string): Promise<readonly [number | undefined, string]> {
  const { promise, resolve, reject } = Promise.withResolvers<readonly [number | undefined, string]>()
  const socketPath = join(home.directory, 'run/holdfast.sock')
  const asking = request({ socketPath, path: `/v1/logs${query}`, agent: false }, (response) => {
    const chunks: Buffer[] = []
    response.on('data', (chunk: Buffer) => chunks.push(chunk))
    response.on('end', () => resolve([response.statusCode, JSON.parse(Buffer.concat(chunks).toString()).message]))
  })
  asking.on('error', reject)
  asking.end()
  return promise
}
