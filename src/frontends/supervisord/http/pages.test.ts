import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { HttpServerSettings } from '../../../dialects/supervisord/settings.ts'
import { xmlString } from '../../../formats/xml-rpc/make.ts'
import { RpcFault } from '../contract.ts'
import { timeText } from './actions.ts'
import { askOnce, bodyOf, get, post } from './client-fixture.ts'
import { createFakeSupervisord, type FakeOptions, type FakeSupervisord, opening, unixServer } from './fixture.ts'

interface Scene {
  readonly fake: FakeSupervisord
  ask(request: string): Promise<string>
  /** Presses a button of the page; answers what the page says then. */
  press(action: string, name?: string): Promise<string>
}

const processes = [
  { group: 'web', name: 'web', state: 'RUNNING', description: 'pid 7, uptime 0:00:07' },
  { group: 'jobs', name: 'mail', state: 'FATAL', description: 'Exited too quickly' },
  { group: 'jobs', name: 'new', state: 'STARTING', description: '' },
] as const

async function scene(
  context: TestContext,
  options: FakeOptions = { processes },
  server: Partial<HttpServerSettings> = {},
): Promise<Scene> {
  const fake = createFakeSupervisord(options)
  context.after(() => fake.close())
  await fake.doors.open([unixServer(fake.directory, server)], opening)
  const ask = (request: string): Promise<string> => askOnce(fake.socketPath, request)
  return {
    fake,
    ask,
    async press(action, name) {
      const token = /name="token" value="(\w+)"/.exec(await ask(get('/')))?.[1] ?? ''
      return messageIn(
        await ask(post('/index.html', form({ token, action, ...(name === undefined ? {} : { processname: name }) }))),
      )
    },
  }
}

function form(fields: Readonly<Record<string, string>>): string {
  return new URLSearchParams(fields).toString()
}

function messageIn(answer: string): string {
  const [, message] = /^HTTP\/1\.1 303 .*\r\nLocation: index\.html\?message=(\S+)\r\n/s.exec(answer) ?? []
  assert.ok(message !== undefined, answer)
  return decodeURIComponent(message)
}

function methodsOf({ calls }: FakeSupervisord): readonly string[] {
  return calls.map(({ method }) => method).filter((method) => method !== 'supervisor.getAllProcessInfo')
}

test('the page shows each process with its state, its description and what can be done to it', async (context) => {
  const { ask } = await scene(context)
  const page = bodyOf(await ask(get('/')))
  assert.equal(page, bodyOf(await ask(get('/index.html'))))
  const rows = page.split('<tr>').slice(2)
  const shown = rows.map((row) => ({
    state: /<span class="(\w+)">(\w+)</.exec(row)?.slice(1),
    name: /tail\.html\?processname=([^"]+)">([^<]+)</.exec(row)?.slice(1),
    buttons: [...row.matchAll(/<button name="action" value="(\w+)"/g)].map(([, action]) => action),
    links: [...row.matchAll(/<a href="(logtail[^"]+)"/g)].map(([, link]) => link),
  }))
  assert.deepEqual(shown, [
    {
      state: ['statusrunning', 'running'],
      name: ['web', 'web'],
      buttons: ['restart', 'stop', 'clearlog'],
      links: ['logtail/web', 'logtail/web/stderr'],
    },
    {
      state: ['statuserror', 'fatal'],
      name: ['jobs%3Amail', 'jobs:mail'],
      buttons: ['start', 'clearlog'],
      links: ['logtail/jobs%3Amail', 'logtail/jobs%3Amail/stderr'],
    },
    {
      state: ['statusnominal', 'starting'],
      name: ['jobs%3Anew', 'jobs:new'],
      buttons: ['clearlog'],
      links: ['logtail/jobs%3Anew', 'logtail/jobs%3Anew/stderr'],
    },
  ])
  assert.match(page, /pid 7, uptime 0:00:07/)
  assert.match(page, /value="restartall"[\s\S]*value="stopall"[\s\S]*1 running, 1 fatal, 1 starting/)
})

test('a button does what it says, and the page says that it did', async (context) => {
  const { fake, press } = await scene(context)
  assert.equal(await press('stop', 'web'), 'Process web stopped')
  assert.equal(await press('start', 'web'), 'Process web started')
  assert.equal(await press('restart', 'web'), 'Process web restarted')
  assert.equal(await press('restart', 'jobs:mail'), 'Process jobs:mail restarted')
  assert.equal(await press('clearlog', 'jobs:mail'), 'Log for jobs:mail cleared')
  assert.match(await press('stopall'), /^All stopped at \w{3} \w{3} [ \d]\d \d\d:\d\d:\d\d \d{4}$/)
  assert.match(await press('restartall'), /^All restarted at /)
  assert.match(await press('refresh'), /^Page refreshed at /)
  assert.deepEqual(
    methodsOf(fake).map((method) => method.replace('supervisor.', '')),
    [
      ...[
        'stopProcess',
        'startProcess',
        'stopProcess',
        'startProcess',
        'stopProcess',
        'startProcess',
        'clearProcessLogs',
      ],
      ...['stopAllProcesses', 'stopAllProcesses', 'startAllProcesses'],
    ],
  )
  assert.equal(fake.process('new').state, 'RUNNING')
})

test('what fails is said in the words of supervisord', async (context) => {
  const faults = [
    [20, 'NO_FILE', 'ERROR: Process web: no such file'],
    [21, 'NOT_EXECUTABLE', 'ERROR: Process web: file not executable'],
    [40, 'ABNORMAL_TERMINATION', 'ERROR: Process web: abnormal termination'],
    [50, 'SPAWN_ERROR', 'ERROR: Process web: spawn error'],
    [60, 'ALREADY_STARTED', 'ERROR: Process web: already started'],
    [10, 'BAD_NAME', 'No such process named web'],
    [6, 'SHUTDOWN_STATE', 'ERROR: Process web: unexpected rpc fault [6] SHUTDOWN_STATE: web'],
  ] as const
  let next: readonly [number, string, string] = faults[0]
  const startProcess = (): never => {
    throw new RpcFault(next[0], next[1], 'web')
  }
  const { press } = await scene(context, { processes, methods: { 'supervisor.startProcess': startProcess } })
  for (const fault of faults) {
    next = fault
    assert.equal(await press('start', 'web'), fault[2])
    assert.equal(await press('restart', 'web'), fault[2])
  }
  assert.equal(await press('stop', 'web'), 'ERROR: Process web: unexpected rpc fault [70] NOT_RUNNING: web')
  assert.equal(await press('stop', 'web:*'), 'No such process named web:*')
})

test('a link starts and stops nothing, and says what to do', async (context) => {
  const { fake, ask } = await scene(context)
  const answer = await ask(get('/index.html?processname=web&action=stop'))
  assert.match(answer, /^HTTP\/1\.1 405 [\s\S]*\r\nAllow: POST\r\n[\s\S]*holdfast_web_actions = get/)
  assert.match(await ask(get('/?action=refresh')), /^HTTP\/1\.1 303 /)
  assert.deepEqual(methodsOf(fake), [])
})

test('a form that is not of our page does nothing', async (context) => {
  const { fake, ask } = await scene(context)
  assert.match(messageIn(await ask(post('/index.html', form({ action: 'stopall' })))), /^Nothing was done/)
  assert.match(messageIn(await ask(post('/', form({ action: 'stopall', token: '' })))), /^Nothing was done/)
  const token = /name="token" value="(\w+)"/.exec(await ask(get('/')))![1]!
  const body = form({ action: 'stopall', token })
  assert.match(await ask(post('/', body, 'Origin: http://evil.example')), /^HTTP\/1\.1 403 [\s\S]*another page/)
  assert.deepEqual(methodsOf(fake), [])
  assert.match(messageIn(await ask(post('/', body, 'Origin: http://localhost'))), /^All stopped/)
})

test('links start and stop where the file says so', async (context) => {
  const { fake, ask } = await scene(context, { processes }, { webActionsByGet: true })
  assert.equal(messageIn(await ask(get('/index.html?processname=web&action=stop'))), 'Process web stopped')
  assert.equal(messageIn(await ask(post('/index.html', 'processname=web&action=start'))), 'Process web started')
  assert.match(await ask(get('/?action=format')), /^HTTP\/1\.1 400 /)
  assert.match(await ask(get('/?action=start')), /^HTTP\/1\.1 400 /)
  assert.deepEqual(methodsOf(fake), ['supervisor.stopProcess', 'supervisor.startProcess'])
})

test('nothing that is shown is taken for HTML', async (context) => {
  const evil = '"><script>alert(1)</script>&\''
  const { ask } = await scene(context, {
    processes: [{ group: evil, name: 'x', state: 'EXITED', description: evil }],
    methods: { 'supervisor.readProcessStdoutLog': () => xmlString(evil) },
  })
  const inUrl = encodeURIComponent(evil)
  for (const target of [`/?message=${inUrl}`, `/tail.html?processname=${inUrl}&limit=${inUrl}`]) {
    const answer = await ask(get(target))
    assert.match(answer, /^HTTP\/1\.1 200 /)
    assert.match(answer, /\r\nContent-Security-Policy: default-src 'none'; /)
    assert.doesNotMatch(bodyOf(answer), /<script|"">/)
    assert.match(bodyOf(answer), /&quot;&gt;&lt;script&gt;alert\(1\)&lt;\/script&gt;&amp;&#39;/)
  }
})

test('the end of what a process printed is shown, at least a kilobyte', async (context) => {
  const { fake, ask } = await scene(context)
  assert.match(await ask(get('/tail.html?processname=web&limit=5')), /<pre>what web printed\n<\/pre>/)
  await ask(get('/tail.html?processname=web&limit=4096'))
  assert.deepEqual(
    fake.calls.map(({ params }) => params.map((each) => 'value' in each && each.value)),
    [
      ['web', -1024, 0],
      ['web', -4096, 0],
    ],
  )
  assert.match(await ask(get('/tail.html')), /No process name found/)
  assert.match(await ask(get('/tail.html?processname=no')), /ERROR: unexpected rpc fault \[10\] BAD_NAME: no/)
})

test('while it shuts down the page says so', async (context) => {
  const getAllProcessInfo = (): never => {
    throw new RpcFault(6, 'SHUTDOWN_STATE')
  }
  const { ask } = await scene(context, { methods: { 'supervisor.getAllProcessInfo': getAllProcessInfo } })
  assert.match(await ask(get('/')), /^HTTP\/1\.1 200 [\s\S]*The processes cannot be shown: SHUTDOWN_STATE/)
})

test('times are told as C tells them', () => {
  assert.equal(timeText(new Date(2026, 10, 2, 3, 4, 5)), 'Mon Nov  2 03:04:05 2026')
  assert.equal(timeText(new Date(2026, 10, 22, 13, 4, 5)), 'Sun Nov 22 13:04:05 2026')
})
