import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Converted, convertTarget } from '../convert.ts'
import { decodeSources } from '../decode-sources.ts'
import { type MemoryMachine, memorySourceReader } from '../memory-source-reader.ts'
import { onlyAbove } from '../remarks.ts'
import { convertServices } from './convert.ts'

const run = '#!/bin/sh\nexec sleep 1\n'

type Files = Readonly<Record<string, string>>

/** Files below /etc/sv, all executable unless `more.modes` says otherwise. What is printed is read again. */
async function convert(files: Files, more: Partial<MemoryMachine> = {}) {
  const all = Object.fromEntries(Object.entries(files).map(([name, text]) => [`/etc/sv/${name}`, text]))
  const modes = {
    ...Object.fromEntries(Object.keys(all).map((path) => [path, 0o755])),
    '/bin/sh': 0o755,
    ...more.modes,
  }
  const reader = memorySourceReader({ ...more, files: { '/bin/sh': '\x7fELF', ...more.files, ...all }, modes })
  const { app, notes, remarks } = convertServices({ path: '/etc/sv', which: 'below' }, reader)
  const converted = await convertTarget({
    target: { apps: { [app.name]: app } },
    origin: () => null,
    createRemarks: () => onlyAbove((_, path) => remarks(path)),
  })
  const written = memorySourceReader({ files: { '/etc/holdfast.yaml': converted.text } })
  const { target, problems } = await decodeSources(['/etc/holdfast.yaml'], written, {
    lenient: false,
    descriptorsMax: null,
  })
  assert.deepEqual(problems, [], converted.text)
  const told = [...notes, ...converted.notes].map(noteText)
  const service = (name: string) => {
    const found = target.apps.sv?.services[name]
    assert(found !== undefined, `there is a service ${name} in\n${converted.text}`)
    return found
  }
  return { text: converted.text, notes: told, services: Object.keys(target.apps.sv?.services ?? {}), service }
}

function noteText({ origin, message }: Converted['notes'][number]): string {
  return origin === null ? message : `${origin.file.replace('/etc/sv/', '')}:${origin.line}: ${message}`
}

test('a service directory becomes a service that runs its script there, again a second after an early end', async () => {
  const { text, notes } = await convert({ 'web/run': run })
  assert.deepEqual(notes, [])
  assert.equal(
    text,
    `name: sv
services:
  web:
    command: [./run]
    working_dir: /etc/sv/web
    x-holdfast:
      stable_after: 1s
      backoff:
        initial: 1s
        max: 1s
        jitter: 0
        free_restarts: 0
      stop:
        - {signal: TERM, scope: main, wait: 0s}
      manual_stop: until-daemon-restart
      inherit_environment: true
`,
  )
})

test('services come by their names, whatever order their files are in, and loggers are none', async () => {
  const log = '#!/bin/sh\nexec svlogd /var/log/x\n'
  const one = await convert({ 'b/run': run, 'b/log/run': log, 'a/run': run, 'B/run': run })
  const other = await convert({ 'B/run': run, 'a/run': run, 'b/log/run': log, 'b/run': run })
  assert.deepEqual(one.services, ['B', 'a', 'b'])
  assert.equal(one.text, other.text)
})

test('a link to a directory is that directory', async () => {
  const { service } = await convert(
    {},
    {
      files: { '/srv/web/run': run },
      modes: { '/srv/web/run': 0o755 },
      links: { '/etc/sv/www': '/srv/web' },
      directories: ['/etc/sv'],
    },
  )
  assert.equal(service('www').process.workingDir, '/srv/web')
})

test('a file `down` is a service that is not started with the daemon', async () => {
  const { service } = await convert({ 'web/run': run, 'web/down': '' })
  assert.equal(service('web').autostart, false)
})

test('the options of holdfast.conf are keys, and what is wrong in it is told', async () => {
  const { service, notes } = await convert({
    'web/run': run,
    'web/holdfast.conf': 'stop_timeout = 30s\nbackoff = 200ms..60s\nlogger = builtin\nstop_timeuot = 1s\n',
  })
  const { stop, restart } = service('web')
  assert.deepEqual(stop, [
    { signal: 'TERM', scope: 'main', waitMs: 30_000 },
    { signal: 'KILL', scope: 'tree', waitMs: 5_000 },
  ])
  const { firstMs, factor, maxMs } = restart.backoff
  assert.deepEqual([firstMs, factor, maxMs, restart.stableMs], [200, 2, 60_000, 1_000])
  assert.match(
    notes.join('\n'),
    /^web\/holdfast.conf:4: there is no option 'stop_timeuot'; did you mean 'stop_timeout'/,
  )
})

test('`check` is a health check, and that it is run by itself now is told once for all', async () => {
  const { service, notes } = await convert({ 'a/run': run, 'a/check': run, 'b/run': run, 'b/check': run })
  assert.deepEqual(service('a').checks.readiness?.probe, { kind: 'exec', command: ['./check'] })
  assert.deepEqual(notes, [
    'a, b: check is run by itself now, where only sv ran it; how often, healthcheck.interval says (30s)',
  ])
})

// ---- hooks -----------------------------------------------------------------------------------------------------

// biome-ignore lint/suspicious/noTemplateCurlyInString: a variable of the shell
const code = 'exec ./finish "${HOLDFAST_EXIT_CODE:--1}"'

for (const [what, finish, expected] of [
  ['looks at none of its arguments', '#!/bin/sh\nrm -f "$PIDFILE" $$\n', /^\.\/finish$/],
  ['looks at its first argument', '#!/bin/sh -e\n[ "$1" = 0 ] || exit\n', /^sh -c exec .*_CODE:--1\}"$/],
  ['looks at its second argument', '#!/usr/bin/env bash\necho "$2"\n', /^sh -c n=0; .*_CODE:--1\}" \$n$/],
  ['hands its arguments on', '#!/bin/sh\n. ../common\n', / \$n$/],
  ['is no shell script', '#!/usr/bin/python3\nimport sys\n', / \$n$/],
] as const) {
  test(`a finish that ${what} gets as many of them`, async () => {
    const { service } = await convert(
      { 'web/run': run, 'web/finish': finish },
      {
        files: { '/usr/bin/env': '', '/usr/bin/python3': '' },
        modes: { '/usr/bin/env': 0o755, '/usr/bin/python3': 0o755 },
      },
    )
    const hook = service('web').hooks.postStop
    assert(hook !== null)
    assert.match(hook.command.join(' '), expected)
    assert.deepEqual([hook.timeoutMs, hook.ignoreFailure], [null, true])
  })
}

test('the dollar signs of the hook survive being read', async () => {
  const { service } = await convert({ 'web/run': run, 'web/finish': '#!/bin/sh\necho $1\n' })
  assert.deepEqual(service('web').hooks.postStop?.command, ['sh', '-c', code])
})

test('control/u is a hook, and of the other control scripts is told what nobody does now', async () => {
  const { service, notes } = await convert(
    {
      'a/run': run,
      'a/control/u': run,
      'a/control/t': run,
      'a/control/h': run,
      'a/control/x': run,
      'a/control/i': run,
    },
    { modes: { '/etc/sv/a/control/i': 0o644 } },
  )
  assert.deepEqual(service('a').hooks.preStart, { command: ['./control/u'], timeoutMs: null, ignoreFailure: true })
  assert.deepEqual(notes, [
    'a/control/h:1: is not run: SIGHUP is sent, where runsv ran this first and sent nothing when it exited with 0',
    'a/control/t:1: is not run: SIGTERM is sent, where runsv ran this first and sent nothing when it exited with 0; where it sends another signal, say that by x-holdfast.stop',
    'a/control/x:1: is not run when it is stopped; what it does may be done by x-holdfast.hooks.post_stop, after the end',
  ])
})

// ---- logs ------------------------------------------------------------------------------------------------------

const svlogd = '#!/bin/sh\nexec chpst -u log svlogd -tt ./main\n'

test('the limits of svlogd are those of the logs, and where it kept them is told', async () => {
  const { service, notes } = await convert({
    'web/run': run,
    'web/log/run': svlogd,
    'web/log/main/config': 's100k\nn20\nt3600\n!gzip -9\n',
  })
  const { stdout, stderr } = service('web').process
  assert.deepEqual(stdout, { path: null, bytesMax: 102_400, backupsMax: 20, ageMaxMs: 3_600_000, compress: true })
  assert.equal(stderr, 'stdout')
  assert.deepEqual(notes, [
    "web/log/run:2: svlogd kept the output of web in /etc/sv/web/log/main: what is there stays, and from now on the output of web is in Holdfast's logs (holdfast logs web)",
  ])
})

test('without a config the limits are what svlogd has, also where its script does more than to exec it', async () => {
  const { service, notes } = await convert({
    'web/run': run,
    'web/log/run': '#!/bin/sh\n# where\nmkdir -p /var/log/web\nexec svlogd /var/log/web /var/log/all\n',
  })
  const { bytesMax, backupsMax } = service('web').process.stdout
  assert.deepEqual([bytesMax, backupsMax], [1_000_000, 10])
  assert.match(notes.join('\n'), /^web\/log\/run:4: svlogd kept .* in \/var\/log\/web, and in \/var\/log\/all: /)
})

test('what of a config the logs cannot do is told with its line', async () => {
  const { service, notes } = await convert({
    'web/run': run,
    'web/log/run': svlogd,
    'web/log/main/config': '# all\nn0\nu10.0.0.1\nptag: \n!./tell\n-debug*\n+debug: *\n',
  })
  assert.equal(service('web').process.stdout.backupsMax, 999)
  assert.deepEqual(
    notes.filter((note) => note.includes('/config:')),
    [
      'web/log/main/config:2: at most 1000 files are kept of a log, so max_files is 1000',
      'web/log/main/config:3: nothing is sent to 10.0.0.1:514',
      'web/log/main/config:4: lines have no prefix `tag: `',
      'web/log/main/config:5: `./tell` is not run on rotated files',
      'web/log/main/config:6: every line is kept, whatever these patterns select',
    ],
  )
})

test('of any other logger is told what it ran', async () => {
  const { service, notes } = await convert({ 'web/run': run, 'web/log/run': '#!/bin/sh\nexec logger -t web\n' })
  assert.equal(service('web').process.stdout.bytesMax, 10 * 1024 * 1024)
  assert.deepEqual(notes, [
    "web/log/run:2: log/run, `exec logger -t web`, is not run: the output of web is in Holdfast's logs (holdfast logs web)",
  ])
})

// ---- dependencies ----------------------------------------------------------------------------------------------

test('a run script that asks sv for others waits for them, and each line is told', async () => {
  const { text, service, notes } = await convert({
    'web/run': '#!/bin/sh\nsv check db >/dev/null || exit 1\nsv -w 5 start /etc/sv/cache/ 2>&1 || exit 1\nexec ./web\n',
    'db/run': run,
    'db/check': run,
    'cache/run': run,
  })
  assert.deepEqual(
    service('web').dependsOn.map((one) => `${one.service} ${one.condition}`),
    ['cache started', 'db healthy'],
  )
  assert.match(
    text,
    /^ {4}# run:2: sv check db >\/dev\/null \|\| exit 1\n {4}# run:3: sv -w 5 .*\n {4}depends_on:\n {6}cache:\n/m,
  )
  assert.deepEqual(notes.slice(0, -1), [
    'web/run:2: web waits for db by depends_on: remove `sv check db >/dev/null || exit 1`, since sv knows nothing of db any more',
    'web/run:3: web waits for cache by depends_on: remove `sv -w 5 start /etc/sv/cache/ 2>&1 || exit 1`, since sv knows nothing of cache any more',
  ])
})

test('no dependency is written that could never hold', async () => {
  const asking = (line: string) => `#!/bin/sh\n${line}\n# sv check down\nexec sleep 1\n`
  const { services, service, notes } = await convert({
    'a/run': asking('sv check b'),
    'b/run': asking('sv check a'),
    'c/run': asking('sv start idle gone'),
    'd/run': asking('sv d . && exit'),
    'e/run': asking('sv restart a'),
    'f/run': asking('for s in x y; do sv u $s && sv check $s; done'),
    'idle/run': run,
    'idle/down': '',
  })
  const waiting = services.filter((name) => service(name).dependsOn.length > 0)
  assert.deepEqual(waiting, ['a'])
  const asks = 'asks sv, which knows nothing of what Holdfast runs from this file'
  assert.deepEqual(notes.slice(1), [
    `b/run:2: \`sv check a\` ${asks}; a waits for b already`,
    `c/run:2: \`sv start idle gone\` ${asks}; idle is not started by itself, so nothing waits for it`,
    `c/run:2: \`sv start idle gone\` ${asks}; gone is none of these services`,
    `d/run:2: \`sv d . && exit\` ${asks}; it means this service itself`,
    `e/run:2: \`sv restart a\` ${asks}; nothing in this file does the same to a`,
    `f/run:2: \`for s in x y; do sv u $s && sv check $s; done\` ${asks}`,
  ])
})

test('words that only look like sv are none', async () => {
  const { notes } = await convert({
    'a/run': '#!/bin/sh\ncd /etc/sv && ls\necho csv check b\nrsv check b\nsv_dir=/etc/sv\n[ -d /etc/sv ] || exit 1\n',
    'b/run': run,
  })
  assert.deepEqual(notes, [])
})

// ---- what cannot run, and names --------------------------------------------------------------------------------

test('a service that cannot run is written all the same, and told', async () => {
  const { services, notes } = await convert(
    { 'a/finish': run, 'b/run': run, 'c/run': '#!/nowhere\n' },
    { modes: { '/etc/sv/b/run': 0o644 } },
  )
  assert.deepEqual(services, ['a', 'b', 'c'])
  assert.deepEqual(notes, [
    "a/run:1: there is no such file, so there is nothing to run; write it: '#!/bin/sh' and 'exec' with the command",
    'b/run:1: is not executable; chmod +x /etc/sv/b/run',
    'c/run:1: has the interpreter /nowhere, which is not there (ENOENT); install it, or write the path of one that is there',
  ])
})

test('a finish that cannot be executed is no hook', async () => {
  const { service, notes } = await convert({ 'a/run': run, 'a/finish': run }, { modes: { '/etc/sv/a/finish': 0o644 } })
  assert.equal(service('a').hooks.postStop, null)
  assert.deepEqual(notes, ['a/finish:1: is not executable; it is not run after run; chmod +x /etc/sv/a/finish'])
})

test('names that the format does not take are changed, also where others wait for them', async () => {
  const { services, service, notes } = await convert({
    'tty@1/run': run,
    'x-ray/run': run,
    'on/run': '#!/bin/sh\nsv check tty@1 || exit 1\n',
  })
  assert.deepEqual(services, ['on', 'tty-1', 'x_ray'])
  assert.deepEqual(
    service('on').dependsOn.map((one) => one.service),
    ['tty-1'],
  )
  assert.deepEqual(
    notes.filter((note) => note.includes('is called')),
    [
      'tty@1:1: the service tty@1 is called tty-1: names have letters, digits, ., - and _',
      'x-ray:1: the service x-ray is called x_ray: names have letters, digits, ., - and _',
    ],
  )
})
