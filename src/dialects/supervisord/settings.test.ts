import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { App, LogSpec, ProcessSpec } from '../../core/model.ts'
import { type Decoded, decodeSources } from '../decode-sources.ts'
import { memorySourceReader } from '../memory-source-reader.ts'
import type { SupervisordSettings } from './settings.ts'

const file = '/etc/s/main.conf'

async function decode(text: string, more: Record<string, string> = {}): Promise<Decoded> {
  const environment = { PATH: '/bin', HOME: '/root' }
  const directories = ['/tmp', '/var/log', '/root']
  const reader = memorySourceReader({ files: { [file]: text, ...more }, environment, directories })
  return await decodeSources([file], reader, { lenient: false, descriptorsMax: null })
}

async function settings(text: string): Promise<SupervisordSettings> {
  return (await decode(text)).supervisord[0]!
}

/** The app and the process of `[program:a]`, or of the one section that is there. */
async function first(text: string): Promise<{ readonly app: App; readonly process: ProcessSpec }> {
  const { target, problems } = await decode(text)
  assert.deepEqual(problems, [])
  const [app] = Object.values(target.apps)
  return { app: app!, process: Object.values(app!.services)[0]!.process }
}

test('a file that says nothing of the daemon gives its defaults', async () => {
  const { groups, ...main } = await settings('[program:a]\ncommand=x\n')
  assert.deepEqual(main, {
    source: file,
    hasMain: false,
    identifier: 'supervisor',
    logfile: null,
    logfileBytesMax: 52_428_800,
    logfileBackupsMax: 10,
    loglevel: 'info',
    pidfile: null,
    umask: 0o022,
    nodaemon: false,
    silent: false,
    minfds: 1024,
    minprocs: 200,
    nocleanup: false,
    childlogdir: null,
    user: null,
    directory: null,
    servers: [],
    hasRpcInterface: false,
    notices: [],
    error: '.ini file does not include supervisord section',
  })
  assert.deepEqual(
    groups.map(({ name, priority, processes }) => [name, priority, processes.length]),
    [['a', 999, 1]],
  )
})

test('paths of the daemon start in the directory of its file or at home', async () => {
  const { logfile, pidfile, childlogdir } = await settings(
    '[supervisord]\nlogfile=x.log\npidfile=~/x.pid\nchildlogdir=~\n',
  )
  assert.deepEqual([logfile, pidfile, childlogdir], ['/etc/s/x.log', '/root/x.pid', '/root'])
  const { logfile: none, servers } = await settings(
    '[supervisord]\nlogfile=NONE\n[unix_http_server]\nfile=run/../x.sock\nholdfast_web_actions=get\n',
  )
  assert.equal(none, 'none')
  assert.deepEqual(servers, [
    {
      section: 'unix_http_server',
      address: { kind: 'unix', path: '/etc/s/x.sock', mode: 0o700, owner: null },
      login: null,
      webActionsByGet: true,
    },
  ])
})

test('a source that is no supervisord file has no settings', async () => {
  const reader = memorySourceReader({ files: { '/d/holdfast.yaml': 'services: {a: {command: x}}\n' } })
  const decoded = await decodeSources(['/d/holdfast.yaml'], reader, { lenient: false, descriptorsMax: null })
  assert.deepEqual(decoded.supervisord, [])
})

for (const [servers, url] of [
  ['[inet_http_server]\nport=9001\n[unix_http_server]\nfile=/run/x.sock\n', 'unix:///run/x.sock'],
  ['[inet_http_server]\nport=*:9001\n', 'http://localhost:9001'],
  ['[inet_http_server]\nport=10.0.0.1:9001\n', 'http://10.0.0.1:9001'],
  ['', undefined],
] as const) {
  test(`programs find the daemon at ${url ?? 'nothing where nothing listens'}`, async () => {
    const { process } = await first(`[program:a]\ncommand=x\n${servers}`)
    assert.equal(process.environment.SUPERVISOR_SERVER_URL, url)
  })
}

test('serverurl says another place, AUTO the usual one, and environment= has the last word', async () => {
  const server = '[unix_http_server]\nfile=/run/x.sock\n'
  const url = async (lines: string) =>
    (await first(`[program:a]\ncommand=x\n${lines}\n${server}`)).process.environment.SUPERVISOR_SERVER_URL
  assert.equal(await url('serverurl=http://h:1'), 'http://h:1')
  assert.equal(await url('serverurl= Auto'), 'unix:///run/x.sock')
  assert.equal(await url('serverurl='), undefined)
  assert.equal(await url('environment=SUPERVISOR_SERVER_URL="u"'), 'u')
})

test('an event listener is told of its events by its stdin, before other groups', async () => {
  const { app, process } = await first(
    '[eventlistener:l]\ncommand=x\nevents=process_state, TICK_60\nstdout_capture_maxbytes=1KB\nstdout_events_enabled=true\nstdout_syslog=true\nstderr_events_enabled=true\n',
  )
  assert.deepEqual(app.listener, { events: ['PROCESS_STATE', 'TICK_60'], bufferMax: 1_024, result: 'ok' })
  assert.deepEqual([app.priority, app.services.l!.priority, process.stdin], [-1, 999, { kind: 'events' }])
  assert.equal(process.stdout.handling, undefined)
  assert.deepEqual((process.stderr as LogSpec).handling, {
    isAnsiStripped: false,
    syslog: null,
    captureBytesMax: 0,
    isTold: true,
  })
})

test('the handler of supervisor-stdout prints what its listener answers', async () => {
  const { app } = await first(
    '[eventlistener:l]\ncommand=x\nevents=PROCESS_LOG\nbuffer_size=100\nresult_handler=supervisor_stdout:event_handler\n',
  )
  assert.deepEqual(app.listener, { events: ['PROCESS_LOG'], bufferMax: 100, result: 'print' })
})

test('a FastCGI program has its socket as stdin', async () => {
  const { app, process } = await first(
    '[fcgi-program:f]\ncommand=x\nsocket=unix:///run/a/../%(program_name)s.sock\nsocket_owner=www:web\nsocket_mode=0660\npriority=3\n',
  )
  const address = { kind: 'unix', path: '/run/f.sock', mode: 0o660, owner: 'www:web' }
  assert.deepEqual(process.stdin, { kind: 'socket', socket: { address, backlog: null } })
  assert.deepEqual([app.priority, app.services.f!.priority], [3, 3])
  const { process: tcp } = await first('[fcgi-program:f]\ncommand=x\nsocket=tcp://H:9\nsocket_backlog=5\n')
  assert.deepEqual(tcp.stdin, {
    kind: 'socket',
    socket: { address: { kind: 'tcp', host: 'h', port: 9 }, backlog: 5 },
  })
})

test('what is done with output on its way is said where anything is', async () => {
  const { process } = await first(
    '[supervisord]\nstrip_ansi=true\n[program:a]\ncommand=x\nprocess_name=p\nstdout_syslog=true\nstdout_capture_maxbytes=1KB\nstderr_logfile=NONE\n',
  )
  assert.deepEqual(process.stdout.handling, {
    isAnsiStripped: true,
    syslog: { ident: 'supervisord', prefix: 'p ' },
    captureBytesMax: 1_024,
    isTold: false,
  })
  assert.equal((process.stderr as LogSpec).handling, undefined)
})

test('AUTO logs in childlogdir have names that stay, and differ between groups', async () => {
  const text = (group: string) => `[supervisord]\nchildlogdir=/var/log\nidentifier=me\n[program:a]\ncommand=x\n${group}`
  const path = async (group = '') => (await first(text(group))).process.stdout.path
  const name = await path()
  assert.match(name!, /^\/var\/log\/a-stdout---me-[a-z]{8}\.log$/)
  assert.equal(await path(), name)
  assert.notEqual(await path('[group:g]\nprograms=a\n'), name)
  const { supervisord } = await decode(text(''))
  assert.equal(supervisord[0]!.groups[0]!.processes[0]!.stdout.logfile, 'AUTO')
})

const declared = `[supervisord]
environment=G="1"
[unix_http_server]
file=/run/x.sock
[program:a]
command=x
environment=A="1"
[eventlistener:a]
command=x
events=TICK_5,TICK_60
[fcgi-program:a]
command=x
socket=unix:///run/a.sock
`

for (const [kind, from, to, isChange] of [
  ['program', 'command=x', 'command=y', true],
  ['program', 'G="1"', 'G="2"', true],
  ['program', 'A="1"', 'G="1",A="1"', false],
  ['program', 'A="1"', 'A="1"\npriority=998', true],
  ['program', 'A="1"', 'A="1"\nserverurl=http://h', true],
  ['program', 'A="1"', 'A="1"\nserverurl=AUTO', false],
  ['program', 'A="1"', 'A="1"\nautorestart=true', true],
  ['program', 'A="1"', 'A="1"\nstdout_logfile=AUTO', false],
  ['program', 'A="1"', 'A="1"\numask=077', true],
  ['program', 'A="1"', 'A="1"\ncron=@daily', true],
  ['program', '/run/x.sock', '/run/y.sock', false],
  ['program', '[supervisord]', '[supervisord]\nchildlogdir=/tmp', false],
  ['eventlistener', 'TICK_5,TICK_60', 'TICK_60,TICK_5', false],
  ['eventlistener', 'TICK_60', 'TICK_3600', true],
  ['eventlistener', 'TICK_60', 'TICK_60\nbuffer_size=7', true],
  ['fcgi-program', 'a.sock', 'b.sock', true],
  ['fcgi-program', 'a.sock', 'a.sock\nsocket_mode=0777', false],
] as const) {
  test(`${JSON.stringify(to)} for ${from} ${isChange ? 'changes' : 'does not change'} the group of ${kind}`, async () => {
    const others = ['program', 'eventlistener', 'fcgi-program'].filter((one) => one !== kind)
    const only = others.reduce((text, one) => text.replace(new RegExp(`\\[${one}:a\\]\\n(?:[^[].*\\n)*`), ''), declared)
    const hash = async (text: string) => (await settings(text)).groups[0]!.hash
    assert.equal((await hash(only)) !== (await hash(only.replace(from, to))), isChange)
  })
}

test('clients are told of processes in the order of supervisord, the units keep theirs', async () => {
  const lines = 'numprocs=11\nprocess_name=p%(process_num)d\ncommand=x\n'
  const { target, supervisord } = await decode(`[program:z]\n${lines}[program:a]\ncommand=x\n[group:g]\nprograms=z,a\n`)
  const names = supervisord[0]!.groups[0]!.processes.map(({ service, n, name }) => `${service}/${n} ${name}`)
  assert.deepEqual(names.slice(0, 4), ['z/0 p0', 'z/1 p1', 'z/10 p10', 'z/2 p2'])
  assert.equal(names.at(-1), 'a/0 a')
  assert.deepEqual(
    target.apps.g!.services.z!.instances.slice(0, 3).map(({ n }) => n),
    [0, 1, 2],
  )
})

test('legacy reads environment= as supervisord did before 4.3', async () => {
  const text = `[program:a]\ncommand=x\nenvironment=A="x"y,B='a\\b'\n`
  assert.deepEqual((await first(text)).process.environment.A, 'xy')
  const { target } = await decode(`[supervisord]\nholdfast_environment_parser=legacy\n${text.replace('"x"y', `"'x'"`)}`)
  const { environment } = target.apps.a!.services.a!.process
  assert.deepEqual([environment.A, environment.B], ['x', 'a\\b'])
})
