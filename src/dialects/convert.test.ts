import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { diffTargets } from '../core/target/diff.ts'
import { unitSpecs } from '../core/target/units.ts'
import { convertTarget } from './convert.ts'
import { type Conversion, convertText } from './convert-fixture.ts'
import { onlyAbove } from './remarks.ts'

async function good(text: string): Promise<Conversion> {
  const result = await convertText('/srv/supervisord.conf', text)
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
      const result = await convertText(path, text, {
        '/srv/shop/conf.d/more.conf': '[program:more]\ncommand=/bin/more\n',
      })
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

test('names of services that the format refuses are changed, and that is told; those of apps stay', async () => {
  const { converted, again } = await good('[program:Web+1]\ncommand=x\n[program:web1]\ncommand=y\ndepends_on=Web+1\n')
  assert.deepEqual(Object.keys(again.apps), ['Web+1', 'web1'])
  assert.deepEqual(
    converted.notes.map(({ message }) => message),
    ['the service Web+1 is called Web-1: names have letters, digits, ., - and _'],
  )
  const [need] = again.apps.web1!.services.web1!.dependsOn
  assert.deepEqual([need?.app, need?.service], ['Web+1', 'Web-1'])
})

test('what waits for a service that is left out waits for it no more, and that is told', async () => {
  const { converted, again } = await good('[program:a]\ncommand=x "\n[program:b]\ncommand=y\ndepends_on=a\n')
  assert.deepEqual(again.apps.b!.services.b!.dependsOn, [])
  assert.deepEqual(
    converted.notes.map(({ origin, message }) => [origin?.line, message]),
    [
      [1, "a is left out: can't parse command 'x \"': No closing quotation"],
      [5, 'b does not wait for a, which is left out'],
    ],
  )
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
  const { decoded } = await good('[program:a]\ncommand=x\nnumprocs=2\nprocess_name=a%(process_num)d\n')
  const { a } = decoded.target.apps
  const [first, second] = a!.services.a!.instances
  const service = { ...a!.services.a!, instances: [first!, { ...second!, process: { umask: 0 } }] }
  const { notes } = await convertTarget({
    target: { apps: { a: { ...a!, services: { a: service } } } },
    origin: () => null,
    createRemarks: () => onlyAbove(() => []),
  })
  assert.deepEqual(
    notes.map(({ message }) => message),
    ['a/a is not the same: instances[1].process.umask'],
  )
})
