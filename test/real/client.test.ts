import assert from 'node:assert/strict'
import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  connect,
  Forbidden,
  type Holdfast,
  HoldfastError,
  type LogLine,
  Refused,
  type UnitChange,
  type UnitList,
  Unreachable,
} from '../../src/client/index.ts'
import { type Home, realTest } from './harness.ts'
import { makeVersion } from './versions.ts'

const steady = { command: ['sleep', 'infinity'], restart: 'always' }

function client(home: Home): Holdfast {
  return connect({ home: home.directory })
}

/** The first of them that is as wanted. */
async function first<T>(items: AsyncIterable<T>, isWanted: (item: T) => boolean): Promise<T> {
  for await (const item of items) if (isWanted(item)) return item
  throw new Error('they ended before')
}

realTest(
  'a client asks and commands by names of routes, and errors are told apart by their class',
  {},
  async (home) => {
    await assert.rejects(client(home).info(), Unreachable)
    await home.start([home.declare('demo', { web: steady })])
    const daemon = client(home)
    const { items } = await daemon.wait({ name: ['web'], for: 'running' })
    assert.equal(items[0]?.state, 'running')
    const [outcome] = (await daemon.stop({ names: ['web'] })).items
    assert.equal(outcome?.result, 'done')
    assert.equal((await daemon.units({ name: 'demo/web' })).items[0]?.state, 'stopped')
    const refused = await daemon.restart({ names: ['nobody'] }).catch((error: unknown) => error)
    assert.ok(refused instanceof Refused && refused instanceof HoldfastError)
    assert.equal(refused.code, 'no-such-service')
    const aborted = daemon.wait({ name: ['web'], for: 'running' }, { signal: AbortSignal.abort() })
    await assert.rejects(aborted, { name: 'AbortError' })
    daemon.close()
  },
)

realTest('many calls at once are answered, over connections that are kept', {}, async (home) => {
  await home.start([home.declare('demo', { web: steady })])
  const daemon = client(home)
  const all = await Promise.all(Array.from({ length: 200 }, () => daemon.units()))
  assert.ok(all.every(({ kind }) => kind === 'UnitList'))
  daemon.close()
})

realTest(
  'changes begin with all units, and go on after the daemon was killed and after it was upgraded',
  {},
  async (home) => {
    const file = home.declare('demo', { web: steady, other: steady })
    const before = await home.start([file])
    await home.untilState('demo/web', 'running')
    const daemon = client(home)
    const known = new Map<string, string>()
    const apply = (news: UnitList | UnitChange): void => {
      if (news.kind === 'UnitList') known.clear()
      for (const { unit, state } of news.kind === 'UnitList' ? news.items : news.put) known.set(unit, state)
      for (const unit of news.kind === 'UnitList' ? [] : news.removed) known.delete(unit)
    }
    const changes = daemon.changes()[Symbol.asyncIterator]()
    const untilWeb = async (state: string): Promise<void> => {
      while (known.get('demo/web/1') !== state) apply((await changes.next()).value)
    }
    await untilWeb('running')
    assert.deepEqual([...known.keys()].sort(), ['demo/other/1', 'demo/web/1'])
    await daemon.stop({ names: ['web'] })
    await untilWeb('stopped')

    await before.crash()
    await home.start([])
    await daemon.stop({ names: ['web'] })
    await untilWeb('stopped')

    const next = await makeVersion(join(home.directory, 'next'), '7.7.7')
    assert.equal((await home.cli('upgrade', next.directory)).code, 0)
    await daemon.start({ names: ['web'] })
    await untilWeb('running')
    await changes.return?.()
    daemon.close()
  },
)

realTest('events resume after a break without one missing or twice', {}, async (home) => {
  const first = await home.start([home.declare('demo', { web: steady })])
  await home.untilState('demo/web', 'running')
  const daemon = client(home)
  const events = daemon.events({ after: 0 })[Symbol.asyncIterator]()
  const seen: number[] = []
  const untilSeq = async (seq: number): Promise<void> => {
    while ((seen.at(-1) ?? 0) < seq) {
      const { value } = await events.next()
      assert.ok(value.kind !== 'EventGap', JSON.stringify(value))
      seen.push(value.seq)
    }
  }
  const latest = async (): Promise<number> => (await daemon.history({ tail: 1 })).items.at(-1)?.seq ?? 0
  await untilSeq(await latest())
  await first.crash()
  await home.start([])
  await home.untilState('demo/web', 'running')
  await daemon.restart({ names: ['web'] })
  await untilSeq(await latest())
  assert.deepEqual(
    seen,
    Array.from({ length: seen.length }, (_, at) => (seen[0] ?? 0) + at),
  )
  await events.return?.()
  daemon.close()
})

realTest('logs come as lines, also as they are printed', {}, async (home) => {
  const path = join(home.directory, 'said')
  appendFileSync(path, '')
  await home.start([
    home.declare('demo', {
      web: { command: ['tail', '-f', path] },
      other: { command: ['sh', '-c', 'echo one; exec sleep infinity'] },
    }),
  ])
  await home.untilState('demo/web', 'running')
  await home.untilLog('demo/other', 'one')
  const daemon = client(home)
  const all: LogLine[] = []
  for await (const line of daemon.logs({ name: ['other'] })) all.push(line)
  assert.deepEqual(
    all.map(({ unit, stream, line }) => [unit, stream, line]),
    [['demo/other/1', 'stdout', 'one']],
  )
  const stop = new AbortController()
  const following = first(daemon.logs({ name: ['web', 'other'], follow: true }, stop), ({ line }) =>
    line.includes('größer'),
  )
  appendFileSync(path, 'much größer\n')
  assert.equal((await following).line, 'much größer')
  daemon.close()
})

realTest('the published client works over TCP with a key, on the Node of whoever imports it', {}, async (home) => {
  await home.start([home.declare('demo', { web: steady })], { arguments: ['--listen', '0'] })
  const { listen } = await home.api.info()
  const key = (await home.cli('config', 'key', 'add', 'ci', '--read-only')).stdout.trim()
  const published: typeof import('../../src/client/index.ts') = await import(
    new URL('../../dist/client.js', import.meta.url).href
  )
  const daemon = published.connect({ url: `http://${listen}`, key })
  assert.equal((await daemon.info()).listen, listen)
  const refused = await daemon.stop({ names: ['web'] }).catch((error: unknown) => error)
  assert.ok(refused instanceof published.Forbidden)
  await assert.rejects(connect({ url: `http://${listen}`, key: 'no' }).info(), Forbidden)
  assert.throws(() => connect({ url: 'ftp://x', key }), /no address of a daemon/)
  const list = await first(daemon.changes(), ({ kind }) => kind === 'UnitList')
  assert.equal(list.kind === 'UnitList' && list.items.length, 1)
  daemon.close()
})
