import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import type { Target } from '../core/model.ts'
import { diffTargets } from '../core/target/diff.ts'
import { unitSpecs } from '../core/target/units.ts'
import { type Converted, convertTarget } from './convert.ts'
import { type DecodedWithOrigins, decodeWithOrigins } from './decode-sources.ts'
import { memorySourceReader } from './memory-source-reader.ts'
import { createRemarks } from './remarks.ts'

interface Result {
  readonly decoded: DecodedWithOrigins
  readonly converted: Converted
  readonly again: Target
}

const options = { lenient: false, descriptorsMax: null }

/** null: the file has errors. */
async function convert(
  path: string,
  text: string,
  more: Readonly<Record<string, string>> = {},
): Promise<Result | null> {
  const files = { ...more, [path]: text }
  const reader = memorySourceReader({
    files,
    environment: { HOME: '/root', PATH: '/bin' },
    directories: ['/tmp', '/var/log'],
  })
  const decoded = await decodeWithOrigins([path], reader, options)
  if (decoded.problems.some(({ severity }) => severity === 'error')) return null
  const lines = (file: string) => (file === path ? text.split('\n') : null)
  const converted = await convertTarget({
    target: decoded.target,
    origin: decoded.origin,
    createRemarks: () => createRemarks({ apps: decoded.target.apps, origin: decoded.origin, linesOf: lines }),
  })
  const written = memorySourceReader({ files: { '/etc/holdfast.yaml': converted.text } })
  const { target: again, problems } = await decodeWithOrigins(['/etc/holdfast.yaml'], written, options)
  if (converted.services > 0) assert.deepEqual(problems, [], converted.text)
  return { decoded, converted, again }
}

async function good(text: string): Promise<Result> {
  const result = await convert('/srv/supervisord.conf', text)
  assert(result !== null, 'the file has errors')
  return result
}

const corpus = new URL('../../test/fuzz/corpus/', import.meta.url)

for (const [kind, path] of [
  ['ini', '/srv/shop/supervisord.conf'],
  ['yaml', '/srv/shop/holdfast.yaml'],
] as const) {
  for (const name of readdirSync(new URL(kind, corpus))) {
    test(`${kind}/${name} is converted to what declares the same units, or says what it does not`, async () => {
      const text = readFileSync(new URL(`${kind}/${name}`, corpus), 'utf8')
      const result = await convert(path, text, { '/srv/shop/conf.d/more.conf': '[program:more]\ncommand=/bin/more\n' })
      if (result === null) return
      const { decoded, converted, again } = result
      if (converted.notes.length > 0) return
      assert.deepEqual([...unitSpecs(again)], [...unitSpecs(decoded.target)], converted.text)
      assert.deepEqual(
        diffTargets(decoded.target, again).filter(({ restarts }) => restarts),
        [],
      )
    })
  }
}

const everything = `; of the program
[program:web]
; of the command
command=/bin/web --port=80%(process_num)02d "a b"
process_name=%(program_name)s_%(process_num)02d
numprocs=3
numprocs_start=4
directory=/srv/web
user=www-data
umask=022
autostart=false
autorestart=unexpected
exitcodes=0,2
startsecs=5
startretries=7
stopsignal=QUIT
stopwaitsecs=3
stopasgroup=true
priority=20
environment=A="x$y",N="%(process_num)d"
stdout_logfile=/tmp/web-%(process_num)d.log
stdout_logfile_maxbytes=1MB
stdout_logfile_backups=2
stderr_logfile=/tmp/web-%(process_num)d.err
stderr_logfile_maxbytes=0
[program:plain]
command=/bin/plain
[group:back]
programs=one,two
priority=5
[program:one]
command=/bin/one
redirect_stderr=true
[program:two]
command=/bin/two
stdout_logfile=NONE
`

test('a file with every option is carried over as it is: a daemon with either restarts and changes nothing', async () => {
  const { decoded, converted, again } = await good(everything)
  assert.deepEqual(converted.notes, [])
  assert.deepEqual([converted.apps, converted.services], [3, 4])
  assert.deepEqual([...unitSpecs(again)], [...unitSpecs(decoded.target)])
  assert.deepEqual(
    diffTargets(decoded.target, again).filter((change) => change.restarts || change.change !== 'changed'),
    [],
  )
})

test('a changed option makes a changed plan', async () => {
  const { decoded } = await good(everything)
  const { again } = await good(everything.replace('startsecs=5', 'startsecs=6').replace('--port', '--Port'))
  assert.deepEqual(
    diffTargets(decoded.target, again)
      .filter(({ restarts }) => restarts)
      .map(({ service }) => service),
    ['web'],
  )
})

test('comments above sections and options stand above services and keys', async () => {
  const { converted } = await good(everything)
  assert.match(converted.text, /^ {2}# of the program\n {2}web:\n {4}# of the command\n {4}command: \[\/bin\/web/m)
})

test('what cannot be said is left out and told with its place, and the rest is converted', async () => {
  const { converted, again } = await good(
    `[program:bad]\ncommand=/bin/sh -c "x\n[program:none]\ncommand=x\nnumprocs=0\n[program:user]\ncommand=x\nuser=a b\n[program:good]\ncommand=/bin/good\n`,
  )
  assert.deepEqual(Object.keys(again.apps), ['good'])
  assert.deepEqual(
    converted.notes.map(({ origin, message }) => [origin?.line, message]),
    [
      [1, "bad is left out: can't parse command '/bin/sh -c \"x': No closing quotation"],
      [3, 'none is left out: it has no processes'],
      [6, "user is left out: 'a b' is not a user"],
    ],
  )
})

test('names that the format refuses are changed, and that is told', async () => {
  const { converted, again } = await good('[program:Web+1]\ncommand=x\n[program:web1]\ncommand=y\n')
  assert.deepEqual(Object.keys(again.apps), ['web1', 'web1-2'])
  assert.match(converted.notes[0]!.message, /^the app Web\+1 is called web1: names of apps have lower case letters/)
  assert.ok(converted.notes.some(({ message }) => message.startsWith('the service Web+1 is called Web-1')))
})

test('what would come out otherwise is told', async () => {
  const { converted } = await good(
    '[program:a]\ncommand=x\numask=1777\n[program:b]\ncommand=x\nstdout_logfile_backups=5000\n',
  )
  assert.deepEqual(
    converted.notes.map(({ message }) => message),
    ["a is left out: '1777' is not an octal mask", "b is left out: '5001' is not a whole number from 1 to 1000"],
  )
})

test('what is read back otherwise, though nothing is wrong with it, is told with its fields', async () => {
  const { converted } = await good(
    '[program:a]\ncommand=x\nnumprocs=2\nprocess_name=a%(process_num)d\nenvironment=K%(process_num)d="1"\n',
  )
  assert.deepEqual(
    converted.notes.map(({ message }) => message),
    ['a/a is not the same: instances[1].process.environment.K0'],
  )
})
