import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RouteName } from '../../wire/routes.ts'
import { type Client, Refused, Unreachable } from '../client.ts'
import { runFeed } from './feed.ts'
import { info, shop, unitItem, unitList, usageList } from './fixture.ts'
import type { Message } from './model.ts'

/** A daemon that answers as the test says. */
interface Daemon {
  readonly asked: RouteName[]
  answers: Partial<Record<RouteName, object | Error>>
  /** What the stream of changes says; it ends, or breaks, when this returns. */
  changes: () => AsyncGenerator<Buffer>
}

const noRoute = new Refused({
  apiVersion: 'holdfast/v1',
  kind: 'Error',
  code: 'no-such-route',
  message: 'there is no such route',
  hint: '',
})

function createDaemon(change: Partial<Daemon> = {}): Daemon {
  const answers = { info, usage: usageList(10_000, {}), units: unitList(shop) }
  return { asked: [], answers, changes: never, ...change }
}

async function* never(): AsyncGenerator<Buffer> {
  await new Promise(() => {})
}

function clientOf(daemon: Daemon): Client {
  return {
    async ask<T>(route: RouteName): Promise<T> {
      daemon.asked.push(route)
      const answer = daemon.answers[route]
      if (answer === undefined || answer instanceof Error) throw answer ?? noRoute
      return answer as T
    },
    async stream(route) {
      daemon.asked.push(route)
      const answer = daemon.answers[route]
      if (answer instanceof Error) throw answer
      return daemon.changes()
    },
  }
}

/** Runs the feed until the messages so far are what is waited for. */
async function messagesUntil(daemon: Daemon, isThere: (messages: readonly Message[]) => boolean) {
  const over = new AbortController()
  const messages: Message[] = []
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const post = (message: Message): void => {
    messages.push(message)
    if (isThere(messages)) resolve()
  }
  const running = runFeed({ client: clientOf(daemon), intervalMs: 250, post, signal: over.signal })
  const deadline = setTimeout(() => reject(new Error(`so far: ${JSON.stringify(messages)}`)), 10_000)
  try {
    await Promise.race([promise, running])
    return messages
  } finally {
    clearTimeout(deadline)
    over.abort()
  }
}

function has(kind: Message['kind'], times = 1) {
  return (messages: readonly Message[]): boolean => messages.filter((each) => each.kind === kind).length >= times
}

function event(list: object): Buffer {
  return Buffer.from(`event: change\ndata: ${JSON.stringify(list)}\n\n`)
}

test('units come by the stream of changes, and are not asked for beside it', async () => {
  const changes = async function* (): AsyncGenerator<Buffer> {
    yield event(unitList(shop))
    yield event({ ...unitList([]), kind: 'UnitChange', put: [unitItem('a/b/1')], removed: [] })
    yield* never()
  }
  const daemon = createDaemon({ changes })
  const messages = await messagesUntil(daemon, has('units', 2))
  assert.deepEqual(
    messages.flatMap((each) => (each.kind === 'units' ? each.list.kind : [])),
    ['UnitList', 'UnitChange'],
  )
  assert.equal(daemon.asked.includes('units'), false)
})

test('of a daemon without a stream of changes, units are asked for again and again', async () => {
  const daemon = createDaemon()
  daemon.answers.changes = noRoute
  await messagesUntil(daemon, has('units', 3))
  assert.equal(daemon.asked.filter((route) => route === 'changes').length, 1)
})

test('a daemon that does not tell the usage is there all the same', async () => {
  const daemon = createDaemon()
  delete daemon.answers.usage
  const messages = await messagesUntil(daemon, has('info', 2))
  assert.equal(has('lost')(messages), false)
})

test('when the stream breaks off because the daemon is away that is told, and it is tried again', {
  timeout: 20_000,
}, async () => {
  let tries = 0
  const changes = async function* (): AsyncGenerator<Buffer> {
    tries += 1
    if (tries === 1) throw new Unreachable('no daemon answers')
    yield event(unitList(shop))
    yield* never()
  }
  const messages = await messagesUntil(createDaemon({ changes }), has('units'))
  assert.deepEqual(
    messages.flatMap((each) => (each.kind === 'lost' ? each.why : [])),
    ['no daemon answers'],
  )
})

test('usage that nobody answers is asked for until somebody does', async () => {
  const daemon = createDaemon()
  daemon.answers.usage = new Unreachable('no daemon answers')
  const messages = await messagesUntil(daemon, (each) => {
    if (has('lost', 2)(each)) daemon.answers.usage = usageList(10_000, {})
    return has('usage')(each)
  })
  assert.ok(has('lost', 2)(messages))
})
