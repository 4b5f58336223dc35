import assert from 'node:assert/strict'
import { globSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import type { App, Target } from '../core/model.ts'
import { diffTargets } from '../core/target/diff.ts'
import { readIniComments } from '../formats/ini-comments.ts'
import { type Conversion, convertText } from './convert-fixture.ts'
import { differencesOf, originalAt } from './convert-supervisord.ts'
import { memorySourceReader } from './memory-source-reader.ts'

const main = '/srv/supervisord.conf'

async function good(text: string, more: Readonly<Record<string, string>> = {}): Promise<Conversion> {
  const result = await convertText(main, text, more)
  assert(result !== null, 'the file has errors')
  return result
}

/** All that is declared, in its order; not where. */
function declared({ apps }: Target): readonly unknown[] {
  return Object.values(apps).map(({ source: _, dialect: __, services, ...app }: App) => [app, Object.values(services)])
}

function assertSame({ decoded, converted, again }: Conversion): void {
  assert.deepEqual(converted.notes, [], converted.text)
  assert.deepEqual(declared(again), declared(decoded.target), converted.text)
  assert.deepEqual(diffTargets(decoded.target, again), [])
}

/** The same but for what was left out or changed, which is told. */
function assertAlike({ decoded, converted, again }: Conversion): void {
  if (converted.notes.length === 0) assertSame({ decoded, converted, again })
  for (const { app, service, change } of diffTargets(decoded.target, again)) {
    const isTold = converted.notes.some(({ message }) => message.includes(service) || message.includes(app))
    assert.ok(isTold, `${app}/${service} is ${change}, and nobody says so\n${converted.text}`)
  }
}

// ---- the same plan -----------------------------------------------------------------------------------------------

const same: Readonly<Record<string, string>> = {
  'a listener of events':
    '[eventlistener:l]\ncommand=/bin/l\nevents=PROCESS_STATE,TICK_60,process_state\nbuffer_size=100\nstderr_logfile=NONE\n',
  'a pool of listeners whose answers are printed':
    '[eventlistener:l]\ncommand=/bin/l\nevents=EVENT\nresult_handler=supervisor_stdout:event_handler\nnumprocs=3\nprocess_name=%(program_name)s%(process_num)d\npriority=-10\n',
  'a FastCGI program at a unix socket':
    '[fcgi-program:php]\nsocket=unix:///run/%(program_name)s.sock\nsocket_owner=www-data:www-data\nsocket_mode=0660\nsocket_backlog=64\ncommand=php-cgi\nnumprocs=2\nprocess_name=%(program_name)s_%(process_num)02d\npriority=7\n',
  'a FastCGI program at a port': '[fcgi-program:php]\nsocket=tcp://LocalHost:9000\ncommand=php-cgi\n',
  'a FastCGI program with permissions of nobody else':
    '[fcgi-program:php]\nsocket=unix:///a\nsocket_mode=01700\ncommand=x\n',
  'a FastCGI program within a group, without its socket':
    '[group:g]\nprograms=php\n[fcgi-program:php]\nsocket=unix:///a\ncommand=php-cgi\n',
  'output that is captured and told':
    '[program:a]\ncommand=x\nstdout_capture_maxbytes=1MB\nstdout_events_enabled=true\nstderr_capture_maxbytes=1MB\nstderr_events_enabled=false\n',
  'output to syslog, of one stream, of both, and instead of a file':
    '[program:a]\ncommand=x\nstdout_syslog=true\n[program:b]\ncommand=x\nstdout_syslog=true\nstderr_syslog=true\n[program:c]\ncommand=x\nstdout_logfile=syslog\nredirect_stderr=true\n[program:d]\ncommand=x\nstderr_syslog=true\nstdout_logfile=NONE\n',
  'output to syslog, with a prefix for each process':
    '[program:a]\ncommand=x\nstdout_syslog=true\nnumprocs=2\nprocess_name=a-%(process_num)d\nstderr_logfile=/tmp/%(process_num)d.err\n',
  'output without its colours, also of listeners':
    '[supervisord]\nstrip_ansi=true\n[program:a]\ncommand=x\n[program:b]\ncommand=x\nredirect_stderr=true\nstdout_logfile=NONE\n[eventlistener:l]\ncommand=l\nevents=TICK\n',
  'dependencies between groups':
    '[group:g]\nprograms=a,b\n[program:a]\ncommand=x\ndepends_on=c\n[program:b]\ncommand=x\ndepends_on=a,h:c,h:d\n[program:c]\ncommand=x\n[group:h]\nprograms=c,d\n[program:d]\ncommand=y\n',
  'programs that wait for the end of others':
    '[program:a]\ncommand=x\nautostart=false\ndependent_startup=true\n[program:b]\ncommand=x\nautostart=false\ndependent_startup=true\ndependent_startup_wait_for=a:exited c:running\n[program:c]\ncommand=x\n',
  'a program in two groups, at their priorities':
    '[group:g]\nprograms=a\npriority=3\n[group:h]\nprograms=a,b\n[program:a]\ncommand=%(group_name)s\npriority=4\n[program:b]\ncommand=x\npriority=-1\n',
  'what one process has of its own':
    '[program:a]\ncommand=x --n %(process_num)d\nnumprocs=3\nnumprocs_start=5\nprocess_name=%(program_name)s_%(process_num)02d\ndirectory=/srv/%(process_num)d\nenvironment=N="%(process_num)d",ALL="1"\nstdout_logfile=/tmp/%(process_num)d.log\nstderr_logfile=/tmp/%(process_num)d.err\n',
  'how it is restarted':
    '[program:a]\ncommand=x\nautorestart=false\nexitcodes=0,2,255\nstartsecs=0\nstartretries=100\nrestartpause=5\n',
  'how it is stopped':
    '[program:a]\ncommand=x\nstopsignal=INT QUIT TERM\nstopwaitsecs=1\nkillwaitsecs=9\nstopasgroup=true\n',
  'what the rewrite in Go has':
    '[program-default]\nuser=www\n[program:a]\ncommand=x\nenvFiles=a.env, /etc/b.env\ncron=0 30 4 ? * *\n',
  'logs of every kind':
    '[supervisord]\nchildlogdir=/tmp\nidentifier=shop\n[program:a]\ncommand=x\n[program:b]\ncommand=x\nstdout_logfile=/dev/stdout\nstdout_logfile_maxbytes=0\nredirect_stderr=true\n[program:c]\ncommand=x\nstdout_logfile=NONE\nstderr_logfile=/tmp/c.log\nstderr_logfile_maxbytes=1KB\nstderr_logfile_backups=0\n',
  'servers and the environment of all':
    '[supervisord]\nenvironment=A="$x",B="it\'s"\n[unix_http_server]\nfile=/run/s.sock\n[program:a]\ncommand=sh -c "echo $HOME %%d"\nserverurl=http://127.0.0.1:9001\n',
  'names with capital letters and dots':
    '[program:noVNC]\ncommand=x\n[program:app.web]\ncommand=x\n[group:Big.One]\nprograms=X-1\n[program:X-1]\ncommand=x\ndepends_on=noVNC\n',
}

for (const [what, text] of Object.entries(same)) {
  test(`${what}: the same is declared, and a plan from one to the other is empty`, async () => {
    assertSame(await good(text))
  })
}

/** Values that no option refuses beside any of the others. */
const options: Readonly<Record<string, readonly string[]>> = {
  directory: ['/tmp', '/srv'],
  user: ['www', '1000'],
  umask: ['022', '0'],
  autostart: ['true', 'false'],
  autorestart: ['true', 'false', 'unexpected'],
  exitcodes: ['0', '1,2', '255'],
  startsecs: ['0', '1', '86400'],
  startretries: ['0', '3', '1000'],
  stopsignal: ['TERM', 'USR1', 'INT TERM'],
  stopwaitsecs: ['0', '10', '3600'],
  stopasgroup: ['false', 'true'],
  priority: ['-1', '999', '1'],
  environment: ['A="1"', 'B=\'$x\',C="a b"', 'N="%(process_num)d"'],
  stdout_logfile: ['NONE', 'AUTO', '/tmp/%(program_name)s-%(process_num)d', 'syslog'],
  stdout_logfile_maxbytes: ['0', '1MB', '1000'],
  stdout_logfile_backups: ['0', '3', '999'],
  stdout_capture_maxbytes: ['0', '1MB'],
  stdout_events_enabled: ['true', 'false'],
  stdout_syslog: ['true', 'false'],
  stderr_logfile: ['NONE', 'AUTO', '/tmp/%(program_name)s.err'],
  stderr_logfile_maxbytes: ['0', '1MB'],
  stderr_logfile_backups: ['0', '10'],
  stderr_capture_maxbytes: ['0', '1MB'],
  stderr_events_enabled: ['true', 'false'],
  stderr_syslog: ['true', 'false'],
  redirect_stderr: ['true', 'false'],
  envfiles: ['/etc/a.env'],
  restartpause: ['0', '5'],
  killwaitsecs: ['0', '5'],
}

test('whatever options programs have, the same is declared', async () => {
  const program = fc
    .tuple(
      fc.record(Object.fromEntries(Object.entries(options).map(([key, texts]) => [key, fc.constantFrom(...texts)])), {
        requiredKeys: [],
      }),
      fc.constantFrom(1, 1, 3),
    )
    .map(([own, count]) => ({ ...own, numprocs: `${count}`, process_name: '%(program_name)s_%(process_num)d' }))
  const property = fc.asyncProperty(
    fc.array(program, { minLength: 1, maxLength: 3 }),
    fc.boolean(),
    async (all, isOne) => {
      const sections = all.map((own, n) => {
        const lines = Object.entries(own).map(([key, value]) => `${key}=${value}\n`)
        return `[program:p${n}]\ncommand=/bin/p --n %(process_num)d\n${lines.join('')}`
      })
      const group = isOne ? `[group:all]\nprograms=${all.map((_, n) => `p${n}`).join(',')}\n` : ''
      assertSame(await good(group + sections.join('')))
    },
  )
  await fc.assert(property, { numRuns: 100 })
})

test('instances that lack a variable of the first one have the same environments', async () => {
  const text =
    '[program:a]\ncommand=x\nnumprocs=2\nprocess_name=a%(process_num)d\nenvironment=K%(process_num)d="1",Z="2"\n'
  const { converted, again } = await good(text)
  assert.deepEqual(converted.notes, [])
  const { a } = again.apps.a!.services
  const names = a!.instances.map(({ process }) =>
    Object.keys({ ...a!.process.environment, ...process?.environment }).filter((name) => name.length < 3),
  )
  assert.deepEqual(names, [
    ['Z', 'K0'],
    ['Z', 'K1'],
  ])
})

test('a program with a schedule that is always started again becomes one that is after failures, and that is told', async () => {
  const { converted, again } = await good('[program:a]\ncommand=x\ncron=0 30 4 * * *\nautorestart=true\n')
  assert.equal(again.apps.a!.services.a!.restart.when, 'on-failure')
  assert.deepEqual(
    converted.notes.map(({ origin, message }) => [origin?.line, message]),
    [[4, 'a has a schedule: it is started again after failures, and not after each end (always)']],
  )
})

const root = fileURLToPath(new URL('../../', import.meta.url))
const files = [
  ...readdirSync(`${root}test/fuzz/corpus/ini`).map((name) => `test/fuzz/corpus/ini/${name}`),
  ...globSync('examples/**/*.conf', { cwd: root }),
]

for (const file of files) {
  test(`${file}: what is converted is the same, and no comment is lost`, async () => {
    const text = readFileSync(root + file, 'utf8')
    const beside = globSync('**/*.conf', { cwd: dirname(root + file) })
    const more = beside.map((path) => [
      resolve('/srv', path),
      readFileSync(resolve(dirname(root + file), path), 'utf8'),
    ])
    const result = await convertText(main, text, file.startsWith('examples/') ? Object.fromEntries(more) : {})
    if (result === null) return
    assertAlike(result)
    assertNothingLost(result, text)
  })
}

// ---- comments ----------------------------------------------------------------------------------------------------

function allText({ converted: { text, comments } }: Conversion): string {
  return [...comments.head, ...comments.others, text].join('\n')
}

function assertNothingLost(result: Conversion, text: string): void {
  const all = allText(result)
  for (const comment of readIniComments(text, main)) assert.ok(all.includes(comment.text), `${comment.text}\n${all}`)
}

const commented = `; Of the shop.

[supervisord]
minfds=1024 ; many clients

; All that is sold.
[group:shop] ; the group
programs=web,php ; and no others

[program:web] ; the front
; Behind the proxy.
command=/bin/web ; by its path
stopsignal=QUIT ; finish requests
stopwaitsecs=30 ; slow ones
autorestart=true ; always
stdout_logfile_maxbytes=1MB ; small
environment=A="1", ; the first
  ; between
  B="2"
;numprocs=2

[program:php]
command=/bin/php

[eventlistener:mail]
command=mail
events=PROCESS_STATE ; ends
buffer_size=5 ; few
; The end.
`

test('comments stand where they belong: above and behind services and keys, and at the top what has no place', async () => {
  const { converted } = await good(commented)
  const { comments, text } = converted
  assert.deepEqual(comments, {
    head: ['Of the shop.'],
    others: ['[supervisord]', '  minfds: many clients'],
  })
  for (const expected of [
    /^# All that is sold\.\nname: shop {2}# the group\nservices: {2}# and no others$/m,
    /^ {2}# autorestart: always\n {2}# numprocs=2\n {2}web: {2}# the front$/m,
    /^ {4}# Behind the proxy\.\n {4}command: \[\/bin\/web\] {2}# by its path$/m,
    /^ {4}# between\n {4}environment: {2}# the first$/m,
    /^ {6}# stopsignal: finish requests\n {6}# stopwaitsecs: slow ones\n {6}stop:$/m,
    /^ {8}max_size: 1mb {2}# small$/m,
    /^ {4}events: \[PROCESS_STATE\] {2}# ends\n {4}buffer: 5 {2}# few$/m,
    /^ {2}# The end\.\n {2}mail:$/m,
  ])
    assert.match(text, expected)
})

test('comments of files that are included come along, each file with its head', async () => {
  const { converted } = await good('[include]\nfiles=conf.d/*.conf ; all\n', {
    '/srv/conf.d/a.conf': '# Written by ansible\n\n[program:a]\ncommand=a\n',
    '/srv/conf.d/b.conf': '# Written by ansible\n\n[program:b]\ncommand=b ; this\n',
  })
  assert.equal(converted.text.match(/ {2}# Written by ansible\n {2}[ab]:\n/g)?.length, 2)
  assert.match(converted.text, /command: \[b\] {2}# this/)
  assert.deepEqual(converted.comments.others, ['[include]', '  files: all'])
})

test('values of options that have no place are not told: some are passwords', async () => {
  const { converted } = await good(
    '[unix_http_server]\nfile=/a\nusername=u\npassword=secret ; of the shop\n[program:a]\ncommand=x\n',
  )
  assert.deepEqual(converted.comments.others, ['[unix_http_server]', '  password: of the shop'])
  assert.doesNotMatch(converted.text, /secret/)
})

const comment = fc.constantFrom('', '', '; ', '# ', ';;', ' ; ')

test('wherever comments stand in a file, each stands once in what it is converted to', async () => {
  const lines = commented.split('\n').map((line) => line.replace(/(?:^|\s+)[;#].*$/, ''))
  const drawn = fc.array(fc.tuple(comment, comment, fc.boolean()), { minLength: lines.length, maxLength: lines.length })
  const property = fc.asyncProperty(drawn, async (marks) => {
    const marked = lines.flatMap((line, n) => {
      const [above, behind, isGap] = marks[n]!
      const isBehind = behind !== '' && line !== ''
      const end = isBehind ? ` ${behind.trim()} <b${n}>` : ''
      return [...(above === '' ? [] : [`${above}<a${n}>`]), ...(isGap ? [''] : []), `${line}${end}`]
    })
    const text = marked.join('\n')
    const result = await good(text)
    const all = allText(result)
    const wanted = [...text.matchAll(/<[ab]\d+>/g)].map(([mark]) => mark)
    for (const mark of wanted) assert.equal(all.split(mark).length, 2, `${mark} in\n${text}\nis not once in\n${all}`)
    assertSame(result)
  })
  await fc.assert(property, { numRuns: 60 })
})

// ---- differences -------------------------------------------------------------------------------------------------

function differences(text: string): readonly string[] {
  const original = originalAt(main, memorySourceReader({ files: { [main]: text } }), false)
  assert(original !== null)
  return differencesOf(original).map(({ origin, message }) => `${origin?.line} ${message}`)
}

test('what has no counterpart is told with its place, and what to do instead', () => {
  const told = differences(
    '[unix_http_server]\nfile=/a\n[supervisord]\nlogfile=/b\nnodaemon=true\nuser=www\numask=027\nchildlogdir=/tmp\n[rpcinterface:supervisor]\n[supervisorctl]\n[ctlplugin:x]\n[eventlistener:l]\nevents=TICK\n',
  )
  for (const [index, expected] of [
    /^1 \[unix_http_server\], \[rpcinterface:supervisor\], \[supervisorctl\]: supervisorctl .*; the commands of holdfast do/,
    /^11 \[ctlplugin:x\] extends supervisorctl/,
    /^6 \[supervisord\] user: .* start it as that user, or write user/,
    /^7 \[supervisord\] umask: .* or write x-holdfast\.umask/,
    /^4 \[supervisord\] logfile: there is no activity log: 'holdfast events'/,
    /^5 \[supervisord\] nodaemon: 'holdfast daemon' stays in the foreground/,
  ].entries())
    assert.match(told[index] ?? '', expected)
  assert.equal(told.length, 6)
})

test('logs that are said to be AUTO are told, and what is as it was is not', () => {
  const auto = differences('[program:a]\ncommand=x\nstdout_logfile=AUTO\n')
  assert.match(auto.join(), /^3 stdout_logfile=AUTO: such logs are in the log directory of Holdfast/)
  assert.deepEqual(differences('[supervisord]\nenvironment=A="1"\n[program:a]\ncommand=x\n[group:g]\nprograms=a\n'), [])
})
