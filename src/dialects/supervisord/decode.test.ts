import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { App, ProcessSpec, Service } from '../../core/model.ts'
import { printProblem } from '../../formats/format-error.ts'
import { decodeSources } from '../decode-sources.ts'
import { memorySourceReader } from '../memory-source-reader.ts'

const file = '/etc/s/main.conf'

async function decode(text: string, more: Record<string, string> = {}, paths: readonly string[] = [file]) {
  const environment = { PATH: '/bin', HOME: '/root' }
  const reader = memorySourceReader({ files: { [file]: text, ...more }, environment, directories: ['/tmp', '/root'] })
  const { target, problems, supervisord } = await decodeSources(paths, reader, { lenient: false, descriptorsMax: null })
  return {
    apps: target.apps,
    supervisord,
    problems: problems.map((problem) => printProblem(problem).replace(`${file}:`, '')),
  }
}

async function program(lines: string): Promise<Service> {
  const { apps, problems } = await decode(`[program:a]\ncommand=/bin/x\n${lines}\n`)
  assert.deepEqual(problems, [])
  return apps.a!.services.a!
}

function processes(service: Service): readonly ProcessSpec[] {
  return service.instances.map((instance) => ({ ...service.process, ...instance.process }))
}

test('a program that says only its command has the defaults of supervisord', async () => {
  const log = { path: null, bytesMax: 52_428_800, backupsMax: 10, ageMaxMs: 0, compress: false }
  assert.deepEqual(await program(''), {
    name: 'a',
    kind: 'process',
    autostartAgain: true,
    retire: null,
    signalScripts: {},
    process: {
      command: ['/bin/x'],
      commandError: null,
      workingDir: null,
      environment: { SUPERVISOR_ENABLED: '1', SUPERVISOR_PROCESS_NAME: 'a', SUPERVISOR_GROUP_NAME: 'a' },
      envFiles: [],
      inheritEnvironment: true,
      user: null,
      umask: null,
      stdout: log,
      stderr: log,
      stdin: { kind: 'pipe' },
      logger: null,
      limits: null,
      cgroup: false,
    },
    instances: [{ n: 0 }],
    autostart: true,
    restart: {
      when: 'on-failure',
      successExits: [0],
      stableMs: 1_000,
      early: 'always',
      backoff: { shape: 'linear', firstMs: 1_000, factor: 1, maxMs: 3_000, jitter: 0, freeRestarts: 0 },
      budget: { restartsMax: 3, windowMs: null },
    },
    stop: [
      { signal: 'TERM', scope: 'main', waitMs: 10_000 },
      { signal: 'KILL', scope: 'main', waitMs: 10_000 },
    ],
    dependsOn: [],
    priority: 999,
    manualStop: 'until-daemon-restart',
    checks: { readiness: null, liveness: null },
    hooks: { preStart: null, postStop: null },
    schedule: null,
    once: null,
    labels: {},
  })
})

test('a worker as Laravel documents it becomes eight units', async () => {
  const service = await program(
    'process_name=%(program_name)s_%(process_num)02d\nautorestart=true\nstopasgroup=true\nuser=forge\nnumprocs=8\nredirect_stderr=true\nstdout_logfile=/tmp/worker.log\nstopwaitsecs=3600',
  )
  const names = processes(service).map((process) => process.environment.SUPERVISOR_PROCESS_NAME)
  assert.deepEqual(names, ['a_00', 'a_01', 'a_02', 'a_03', 'a_04', 'a_05', 'a_06', 'a_07'])
  assert.deepEqual(
    service.instances.map(({ n, processName }) => [n, processName]),
    names.map((name, n) => [n, name]),
  )
  assert.deepEqual([service.restart.when, service.process.user, service.process.stderr], ['always', 'forge', 'stdout'])
  assert.deepEqual(
    service.stop.map((rung) => [rung.scope, rung.waitMs]),
    [
      ['group', 3_600_000],
      ['group', 3_600_000],
    ],
  )
  assert.equal(service.process.stdout.path, '/tmp/worker.log')
})

test('with stopwaitsecs=0 it is killed at once, and again each second while something lives', async () => {
  const { stop } = await program('stopwaitsecs=0')
  assert.deepEqual(
    stop.map(({ signal, waitMs }) => [signal, waitMs]),
    [
      ['TERM', 0],
      ['KILL', 1_000],
    ],
  )
})

test('options that are expanded per process differ per process', async () => {
  const service = await program(
    'numprocs=2\nnumprocs_start=8\nprocess_name=p%(process_num)d\ndirectory=/srv/%(process_num)s\nenvironment=PORT="80%(process_num)02d",N="%(numprocs)d"',
  )
  assert.deepEqual(
    processes(service).map((one) => [one.workingDir, one.environment.PORT, one.environment.N]),
    [
      ['/srv/8', '8008', '2'],
      ['/srv/9', '8009', '2'],
    ],
  )
})

test('a command may use the environment, the common one and its own', async () => {
  const { apps, problems } = await decode(
    '[supervisord]\nenvironment=G="%(here)s",S="1"\n[program:a]\ncommand=%(ENV_PATH)s %(ENV_G)s %(ENV_OWN)s %(group_name)s %(host_node_name)s %%\nenvironment=OWN="x",S="2"\n',
  )
  assert.deepEqual(problems, [])
  const { process } = apps.a!.services.a!
  assert.deepEqual(process.command, ['/bin', '/etc/s', 'x', 'a', 'host', '%'])
  assert.deepEqual([process.environment.G, process.environment.S], ['/etc/s', '2'])
})

test('a group is an app of its programs, in its order; the others are apps of their own, of their priority', async () => {
  const { apps, problems } = await decode(
    '[program:z]\ncommand=z\npriority=5\n[program:y]\ncommand=y\n[program:x]\ncommand=x\npriority=7\n[group:g]\nprograms=y,x\npriority=1\n',
  )
  assert.deepEqual(problems, [])
  const shape = ({ name, priority, services }: App) => {
    return [name, priority, Object.values(services).map((service) => `${service.name} ${service.priority}`)]
  }
  assert.deepEqual(Object.values(apps).map(shape), [
    ['g', 1, ['y 999', 'x 7']],
    ['z', 5, ['z 5']],
  ])
  assert.equal(apps.g!.services.y!.process.environment.SUPERVISOR_GROUP_NAME, 'g')
})

test('[include] merges files in order, each with its own directory as here', async () => {
  const { apps, problems } = await decode(
    '[supervisord]\n[include]\nfiles=d/*.conf %(here)s/e/x.ini nope/*\n[program:m]\ncommand=%(here)s/m\n',
    {
      '/etc/s/d/b.conf': '[program:b]\ncommand=%(here)s/b\n[include]\nfiles=../e/*\n',
      '/etc/s/d/a.conf': '[program:a]\ncommand=a\nuser=one\n',
      '/etc/s/e/x.ini': '[program:a]\nuser=two\n',
      '/etc/s/e/y.ini': '[program:y]\ncommand=y\n',
    },
  )
  assert.deepEqual(Object.keys(apps), ['a', 'b', 'm'])
  assert.deepEqual(
    [apps.m!.services.m!.process.command, apps.b!.services.b!.process.command],
    [['/etc/s/m'], ['/etc/s/d/b']],
  )
  assert.equal(apps.a!.services.a!.process.user, 'two')
  assert.equal(apps.b!.source, '/etc/s/d/b.conf')
  assert.deepEqual(problems, [
    '/etc/s/e/x.ini:1:1: warning: program:a: [program:a] stands in /etc/s/d/a.conf as well; where both set a key, this file wins; rename one of them if they are different programs',
    '3:1: warning: include.files: No file matches via include "/etc/s/nope/*"; check the pattern; it is relative to this file',
  ])
})

test('a directory of fragments is one source: a group may stand in another file than its programs', async () => {
  const more = {
    '/c/a.conf': '[group:g]\nprograms=p\n',
    '/c/b.ini': '[program:p]\ncommand=%(here)s/p\n',
    '/c/.hidden.conf': '[x',
    '/c/notes.txt': '',
  }
  const { apps, problems, supervisord } = await decode('', more, ['/c'])
  assert.equal(supervisord[0]!.source, '/c')
  assert.deepEqual(problems, [])
  assert.deepEqual(apps.g!.services.p!.process.command, ['/c/p'])
})

for (const [lines, expected] of [
  ['numprocs=1.5', "3:1: program:a.numprocs: invalid literal for int() with base 10: '1.5'"],
  ['autostart=maybe', "3:1: program:a.autostart: not a valid boolean value: 'maybe'"],
  ['autorestart=x', "3:1: program:a.autorestart: invalid 'autorestart' value 'x'"],
  ['exitcodes=0,256', "3:1: program:a.exitcodes: not a valid list of exit codes: '0,256'"],
  ['stopsignal=FOO', "3:1: program:a.stopsignal: value 'FOO' is not a valid signal name"],
  ['stopsignal=99', "3:1: program:a.stopsignal: value '99' is not a valid signal number"],
  ['umask=9', '3:1: program:a.umask: 9 can not be converted to an octal type'],
  [
    'stdout_logfile_maxbytes=5M',
    "3:1: program:a.stdout_logfile_maxbytes: invalid literal for int() with base 10: '5m'",
  ],
  [
    'stdout_logfile=/nope/x.log',
    '3:1: program:a.stdout_logfile: The directory named as part of the path /nope/x.log does not exist',
  ],
  ['numprocs=2', '3:1: program:a.process_name: %(process_num) must be present within process_name when numprocs > 1'],
  ['process_name=a:b', "3:1: program:a.process_name: Invalid name: 'a:b' because of character: ':'"],
  [
    'stopasgroup=true\nkillasgroup=false',
    '4:1: program:a.killasgroup: Cannot set stopasgroup=true and killasgroup=false',
  ],
  ['environment=A=', "3:1: program:a.environment: Unexpected end of key/value pairs in value 'A='"],
  [
    'directory=%(nope)s',
    "3:1: program:a.directory: Format string '%(nope)s' for 'program:a.directory' contains names ('nope') which cannot be expanded. Available names: ENV_HOME, ENV_PATH, group_name, here, host_node_name, numprocs, process_num, program_name",
  ],
  [
    'directory=%Y',
    "3:1: program:a.directory: Format string '%Y' for 'program:a.directory' is badly formatted: unsupported format character 'Y' (0x59) at index 1",
  ],
  ['[program:b]', '3:1: program:b.command: program section program:b does not specify a command'],
  ['[program:b:c]\ncommand=x', "3:1: program:b:c: Invalid name: 'b:c' because of character: ':'"],
  ['depends_on=b', '3:1: program:a.depends_on: depends_on names unknown program b; did you mean'],
  ['depends_on=b:a', '3:1: program:a.depends_on: depends_on names unknown program b:a'],
  ['cron=* * *', "3:1: program:a.cron: the schedule '* * *' has not five or six fields"],
  [
    'dependent_startup=true\ndependent_startup_wait_for=b',
    "4:1: program:a.dependent_startup_wait_for: 'b' is not something to wait for; write name:running or name:exited",
  ],
  [
    '[eventlistener:e]\ncommand=x\nevents=TICK_6',
    "5:1: eventlistener:e.events: Unknown event type TICK_6 in [eventlistener:e] events; did you mean 'TICK_5'?",
  ],
  [
    '[fcgi-program:f]\ncommand=x\nsocket=unix://x',
    '5:1: fcgi-program:f.socket: the path of the socket is not absolute: x; write unix:///absolute/path',
  ],
  ['[unix_http_server]', '3:1: unix_http_server.file: section [unix_http_server] has no file value'],
  [
    '[unix_http_server]\nfile=/x\nholdfast_web_actions=x',
    "5:1: unix_http_server.holdfast_web_actions: not a known way to take actions of the web page: 'x'; write post or get",
  ],
  ['[group:g]\nprograms=zz', '4:1: group:g.programs: [group:g] names unknown program or fcgi-program zz'],
  ['[include]', '3:1: include.files: .ini file has [include] section, but no files setting'],
  ['nonsense', "3:1: Source contains parsing errors: '/etc/s/main.conf' [line  3]: 'nonsense\\n'"],
] as const) {
  test(`${lines.replaceAll('\n', '; ')} is refused in supervisord's words`, async () => {
    const { problems } = await decode(`[program:a]\ncommand=/bin/x\n${lines}\n`)
    assert.equal(problems.length, 1)
    assert(problems[0]!.startsWith(expected), problems[0])
  })
}

for (const [lines, expected] of [
  ['autostrat=true', "warning: program:a.autostrat: unknown option 'autostrat' is ignored; did you mean 'autostart'?"],
  ['pidfile=/x', "warning: program:a.pidfile: unknown option 'pidfile' is ignored"],
  [
    'restart_when_binary_changed=true',
    'warning: program:a.restart_when_binary_changed: this version of Holdfast does not act on it: files are not watched; restart it when you install',
  ],
  [
    'dependent_startup_wait_for=b:running',
    'warning: program:a.dependent_startup_wait_for: it counts only together with dependent_startup=true',
  ],
  [
    '[eventlistener:e]\ncommand=x\nevents=TICK_5\nresult_handler=my.module:handler',
    'warning: eventlistener:e.result_handler: the result handler my.module:handler is Python and cannot be loaded: every result counts as done',
  ],
  [
    '[fcgi-program:f]\ncommand=x\nsocket=tcp://h:1\n[group:g]\nprograms=f',
    'warning: fcgi-program:f.socket: as a member of [group:g] it gets no socket: it runs as a plain program',
  ],
  [
    '[rpcinterface:twiddler]\nsupervisor.rpcinterface_factory=t:make',
    'warning: rpcinterface:twiddler.supervisor.rpcinterface_factory: t:make is Python and cannot be loaded: the interface is left out',
  ],
  [
    '[supervisord]\nlogfle=/x',
    "warning: supervisord.logfle: unknown option 'logfle' is ignored; did you mean 'logfile'?",
  ],
  [
    'stdout_logfile=syslog',
    'warning: program:a.stdout_logfile: For [program:a], stdout_logfile=syslog but this is deprecated and will be removed.  Use stdout_syslog=true to enable syslog instead.',
  ],
  ['[progam:b]\ncommand=x', "warning: progam:b: unknown section [progam:b] is ignored; did you mean 'program:'?"],
  ['environment=A=$HOME', 'warning: program:a.environment: the value of A ends at the first character'],
  [
    'redirect_stderr=true\nstderr_logfile=/tmp/x',
    'warning: program:a.stderr_logfile: For [program:a], redirect_stderr=true but stderr_logfile has also been set to a filename, the filename has been ignored',
  ],
  [
    'stdout_logfile_maxbytes=0',
    'warning: program:a.stdout_logfile_maxbytes: For [program:a], AUTO logging used for stdout_logfile without rollover',
  ],
] as const) {
  test(`${lines.replaceAll('\n', '; ')} is a warning, and the program is read`, async () => {
    const { apps, problems } = await decode(`[program:a]\ncommand=/bin/x\n${lines}\n`)
    assert.equal(problems.length, 1)
    assert(problems[0]!.includes(expected), problems[0])
    assert.deepEqual(apps.a!.services.a!.process.command, ['/bin/x'])
  })
}

test('a command that cannot be split is a warning, and fails when it is started', async () => {
  const { apps, problems } = await decode('[program:a]\ncommand=sh -c "foo ; bar"\n')
  assert.match(problems[0]!, /^2:1: warning: program:a.command: can't parse command 'sh -c "foo': No closing quotation/)
  assert.deepEqual(apps.a!.services.a!.process.commandError, `can't parse command 'sh -c "foo': No closing quotation`)
})

test('[DEFAULT] gives every program what it does not say itself', async () => {
  const { apps } = await decode(
    '[DEFAULT]\nuser=www\nautostart=false\n[program:a]\ncommand=x\n[program:b]\ncommand=y\nuser=root\n',
  )
  assert.deepEqual(
    [apps.a!.services.a!.process.user, apps.b!.services.b!.process.user, apps.b!.services.b!.autostart],
    ['www', 'root', false],
  )
})

test('a group and a program of the same name cannot both be apps', async () => {
  const { problems } = await decode('[program:a]\ncommand=x\n[program:b]\ncommand=y\n[group:a]\nprograms=b\n')
  assert.match(problems[0]!, /the group 'a' is declared more than once/)
})

test('what warns of one process warns of all, and keeps none of them from being read', async () => {
  const { apps, problems } = await decode(
    '[program:a]\ncommand=x "%(process_num)s\nnumprocs=3\nprocess_name=%(process_num)s\nstdout_logfile_maxbytes=0\n',
  )
  assert.equal(problems.length, 2)
  assert.equal(apps.a!.services.a!.instances.length, 3)
})

test('a program in two groups runs in both, and what is wrong with it is told once', async () => {
  const groups = '[group:g]\nprograms=a\n[group:h]\nprograms=a\n'
  const { apps, problems } = await decode(`[program:a]\ncommand=x\nstartsecs=x\nstdout_logfile_maxbytes=0\n${groups}`)
  assert.deepEqual(Object.keys(apps), ['g', 'h'])
  assert.equal(problems.length, 2)
})

test('numbers that multiply are refused before anything is made of them', async () => {
  const large = `environment=A="${'x'.repeat(20_000)}"\nprocess_name=%(process_num)s`
  const { problems } = await decode(`[program:a]\ncommand=x\nnumprocs=9000\n${large}\n`)
  assert.match(
    problems[0]!,
    /^3:1: program:a.numprocs: with these the commands and environments of all processes are larger/,
  )
  const many = await decode('[program:a]\ncommand=x\nnumprocs=10001\nprocess_name=%(process_num)s\n')
  assert.match(
    many.problems[0]!,
    /^3:1: program:a.numprocs: with these there are more processes than one daemon supervises, 10000/,
  )
})
