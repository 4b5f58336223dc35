import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { type IncomingMessage, request } from 'node:http'
import { join } from 'node:path'
import type { HistoryItem, HistoryList, ShutdownReport } from '../../src/wire/api.ts'
import { routes } from '../../src/wire/routes.ts'
import { parseServerSentEvents, type ReceivedEvent } from '../../src/wire/server-sent-events.ts'
import { type Home, holdfast, realTest } from './harness.ts'
import { sleeper } from './services.ts'
import { until } from './until.ts'
import { makeVersion } from './versions.ts'

const crashing = { command: ['sh', '-c', 'exit 3'], restart: 'no' }
const user = new RegExp(`^\\S+ \\(uid ${process.getuid?.()}\\)$`)

async function historyOf(home: Home, ...args: readonly string[]): Promise<readonly HistoryItem[]> {
  const { code, stdout, stderr } = await home.cli('history', '-n', 'all', '-o', 'json', ...args)
  assert.equal(code, 0, stderr)
  const { items }: HistoryList = JSON.parse(stdout)
  return items
}

/** `started`, `stop by`, `web running → stopping`: what a test looks at. */
function sentence(item: HistoryItem): string {
  switch (item.kind) {
    case 'daemon':
      return item.what
    case 'release':
      return `release of ${item.app} ${item.status}`
    case 'command':
      return `${item.command} ${item.units.join(' ')}`.trimEnd()
    case 'transition': {
      const exit = item.exit === null ? '' : ` ${item.exit.code ?? item.exit.signal}`
      return `${item.unit} ${item.from} → ${item.to}${exit}`
    }
  }
}

/** The stream of a route, from after the event that came last. */
async function openStream(home: Home, route: 'events' | 'changes', lastEventId: string | null) {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const headers = lastEventId === null ? {} : { 'last-event-id': lastEventId }
    const socketPath = join(home.directory, 'run/holdfast.sock')
    const asking = request({ socketPath, path: routes[route].path, headers, agent: false }, resolve)
    asking.on('error', reject)
    asking.end()
  })
  assert.equal(response.statusCode, 200)
  assert.match(response.headers['content-type'] ?? '', /^text\/event-stream/)
  const events = parseServerSentEvents(response)
  return {
    async next(isMeant: (event: ReceivedEvent) => boolean = () => true): Promise<ReceivedEvent> {
      for (;;) {
        const { value, done } = await events.next()
        assert.ok(done !== true, 'the stream ended')
        if (isMeant(value)) return value
      }
    },
    close: () => response.destroy(),
  }
}

realTest('the history tells who did what, over a death of the daemon, in order', {}, async (home) => {
  const daemon = await home.start([home.declare('shop', { web: sleeper, db: sleeper, job: crashing })])
  await home.untilState('shop/web', 'running')
  await home.untilState('shop/db', 'running')
  await home.untilState('shop/job', 'exited')
  assert.equal((await home.cli('stop', 'web')).code, 0)
  const first = await historyOf(home)
  await daemon.crash()
  await home.start([])
  const all = await historyOf(home)

  assert.deepEqual(all.slice(0, first.length), first)
  assert.deepEqual(
    all.map(({ seq }) => seq),
    all.map((_, index) => index + 1),
  )
  const told = all.map(sentence)
  assert.deepEqual(told.slice(0, 2), ['started', 'set-target'])
  const order = [
    'shop/job/1 running → exited 3',
    'stop shop/web/1',
    'shop/web/1 running → stopping',
    'shop/web/1 stopping → stopped TERM',
    'started',
  ]
  assert.deepEqual(
    order.map((each) => told.lastIndexOf(each)),
    order.map((each) => told.lastIndexOf(each)).toSorted((a, b) => a - b),
  )
  for (const each of order) assert.ok(told.includes(each), `${each} is not in\n${told.join('\n')}`)

  const stop = all.find((item) => item.kind === 'command' && item.command === 'stop')
  assert.match(stop?.kind === 'command' ? stop.by : '', user)
  const again = all.findLast((item) => item.kind === 'daemon')
  assert.match(again?.kind === 'daemon' ? again.detail : '', /the one before it ended without a word/)
  assert.deepEqual((await historyOf(home, 'web', '--kind', 'commands')).map(sentence), [
    'set-target',
    'stop shop/web/1',
  ])
  assert.equal((await home.cli('history', 'nobody')).code, 4)
})

realTest('who follows events and comes back after a death has missed nothing', {}, async (home) => {
  const daemon = await home.start([home.declare('shop', { web: sleeper, db: sleeper })])
  await home.untilState('shop/web', 'running')
  await home.untilState('shop/db', 'running')
  const before = await openStream(home, 'events', null)
  await home.cli('stop', 'web')
  const stopped = await before.next(({ data }) => JSON.parse(data).to === 'stopped')
  await home.cli('restart', 'db')
  const all = await historyOf(home)
  await daemon.crash()
  await home.start([])
  const after = await openStream(home, 'events', stopped.id)
  const missed = all.filter(({ seq }) => seq > Number(stopped.id))
  assert.ok(missed.length >= 4)
  for (const item of missed) {
    const event = await after.next()
    assert.deepEqual([event.id, event.event, JSON.parse(event.data)], [String(item.seq), item.kind, item])
  }
  const restarted = await after.next()
  assert.equal(JSON.parse(restarted.data).what, 'started')
  after.close()
  before.close()
})

realTest('who follows changes gets everything, then differences, and after a death everything', {}, async (home) => {
  const daemon = await home.start([home.declare('shop', { web: sleeper, db: sleeper })])
  await home.untilState('shop/web', 'running')
  await home.untilState('shop/db', 'running')
  const stream = await openStream(home, 'changes', null)
  const snapshot = await stream.next()
  assert.equal(snapshot.event, 'snapshot')
  assert.deepEqual(JSON.parse(snapshot.data).items, await home.api.units())
  await home.cli('stop', 'web')
  const change = await stream.next(({ data }) => data.includes('"state":"stopped"'))
  assert.equal(change.event, 'change')
  assert.deepEqual(JSON.parse(change.data).put, [await home.unit('shop/web')])
  stream.close()
  await home.cli('stop', 'db')
  const again = await openStream(home, 'changes', change.id)
  const difference = await again.next()
  assert.equal(difference.event, 'change')
  assert.deepEqual(JSON.parse(difference.data).put, [await home.unit('shop/db')])
  again.close()
  await daemon.crash()
  await home.start([])
  const other = await openStream(home, 'changes', difference.id)
  assert.equal((await other.next()).event, 'snapshot')
  other.close()
})

realTest('holdfast events goes on over an upgrade of the daemon, and says so', {}, async (home) => {
  await home.start([home.declare('shop', { web: sleeper })])
  await home.untilState('shop/web', 'running')
  const child = spawn(holdfast, ['events', '-o', 'ndjson'], {
    env: { ...process.env, HOLDFAST_HOME: home.directory },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const said = { out: '', talk: '' }
  child.stdout.on('data', (chunk: Buffer) => {
    said.out += chunk
  })
  child.stderr.on('data', (chunk: Buffer) => {
    said.talk += chunk
  })
  try {
    const restart = async (): Promise<void> => {
      assert.equal((await home.cli('restart', 'web')).code, 0)
    }
    await until('the first event', async () => {
      await restart()
      return said.out.includes('"command":"restart"')
    })
    const next = await makeVersion(join(home.directory, 'versions', '7.7.7'), '7.7.7')
    const upgraded = await home.cli('upgrade', next.directory)
    assert.equal(upgraded.code, 0, upgraded.stderr)
    await until('the upgrade to be told', () => said.out.includes('"what":"upgraded"'))
    await restart()
    const count = (await historyOf(home)).at(-1)!.seq
    await until('the latest event', () => said.out.includes(`"seq":${count},`))
    const seqs = said.out
      .split('\n')
      .slice(0, -1)
      .map((line): number => JSON.parse(line).seq)
    assert.deepEqual(
      seqs,
      seqs.map((_, index) => seqs[0]! + index),
    )
    const talk = /broke off the connection; waiting for it\nholdfast: it is back after .*; going on where it was/
    await until('it to say so', () => talk.test(said.talk))
  } finally {
    child.kill('SIGKILL')
  }
})

realTest('a daemon that is asked to end says what it stops, and ends', {}, async (home) => {
  const daemon = await home.start([home.declare('shop', { web: sleeper, db: sleeper })])
  await home.untilState('shop/web', 'running')
  await home.untilState('shop/db', 'running')
  const report: ShutdownReport = JSON.parse(await post(home, routes.shutdown.path))
  assert.deepEqual([report.pid, report.units, report.isUnderWay], [daemon.pid, ['shop/web/1', 'shop/db/1'], false])
  assert.deepEqual(await daemon.exit, { code: 0, signal: null })
  await home.start([])
  const all = await historyOf(home)
  const command = all.find((item) => item.kind === 'command' && item.command === 'shutdown')
  assert.match(command?.kind === 'command' ? command.by : '', user)
  const lives = all.flatMap((item) => (item.kind === 'daemon' ? `${item.what}: ${item.detail}` : []))
  assert.match(lives.join('\n'), /^started: [^;]*\nended: everything has ended\nstarted: [^;]*$/)
})

realTest('a daemon with nothing to stop answers before it ends', {}, async (home) => {
  const daemon = await home.start([home.declare('shop', { web: sleeper })])
  assert.equal((await home.cli('stop', 'web')).code, 0)
  const report: ShutdownReport = JSON.parse(await post(home, routes.shutdown.path))
  assert.deepEqual(report.units, [])
  assert.deepEqual(await daemon.exit, { code: 0, signal: null })
})

function post(home: Home, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socketPath = join(home.directory, 'run/holdfast.sock')
    const asking = request({ socketPath, path, method: 'POST', agent: false }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () => resolve(Buffer.concat(chunks).toString()))
    })
    asking.on('error', reject)
    asking.end()
  })
}
