import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { eventBytesKept, eventResultBytesMax } from '../../../core/limits.ts'
import type { ProcessState } from '../contract.ts'
import { poolApp, type Scene, sceneOf, sent, snapshotOf, view } from './fixture.ts'
import { parseHubState } from './hub-state.ts'

const violated =
  'has entered the UNKNOWN state and will no longer receive events, this usually indicates the process violated the eventlistener protocol'

const remote = (payload: string) => `type:t\n${payload}`

/** A pool `ear` that wants what is sent to it by hand. */
function remoteScene(more: Parameters<typeof poolApp>[1] = {}): Scene {
  return sceneOf([poolApp('ear', { events: ['REMOTE_COMMUNICATION'], ...more })])
}

function readsEvent(serial: number, payload: string, pool = 'ear', poolSerial = serial): string {
  return sent(serial, poolSerial, pool, 'REMOTE_COMMUNICATION', remote(payload))
}

describe('a listener', () => {
  it('gets one event after the other, each when it has said that it is ready', () => {
    const { hub, listener, lines } = remoteScene()
    const ear = listener('ear')
    hub.remote('t', 'one')
    hub.remote('t', 'two')
    assert.equal(ear.reads(), '')
    ear.says('READY\n')
    assert.equal(ear.reads(), readsEvent(0, 'one'))
    ear.says('RESULT 2\nOK')
    assert.equal(ear.reads(), '')
    ear.says('READY\n')
    assert.equal(ear.reads(), readsEvent(1, 'two'))
    assert.deepEqual(lines.slice(0, 5), [
      'debug ear: ACKNOWLEDGED -> READY',
      'debug event 0 sent to listener ear',
      'debug ear: event was processed',
      'debug ear: BUSY -> ACKNOWLEDGED',
      'debug ear: ACKNOWLEDGED -> READY',
    ])
  })

  it('may say it in pieces, or all at once', () => {
    const { hub, listener } = remoteScene()
    const ear = listener('ear')
    hub.remote('t', 'one')
    hub.remote('t', 'two')
    for (const char of 'READY\n') ear.says(char)
    assert.equal(ear.reads(), readsEvent(0, 'one'))
    for (const char of 'RESULT 2\nO') ear.says(char)
    ear.says('KREADY\n')
    assert.equal(ear.reads(), readsEvent(1, 'two'))
  })

  it('gets nothing before it counts as RUNNING, and then at once', () => {
    const scene = remoteScene()
    const ear = scene.listener('ear', { state: 'STARTING' })
    ear.says('READY\n')
    scene.hub.remote('t', 'one')
    assert.equal(ear.reads(), '')
    scene.becomes(view('ear', 'RUNNING'), 'STARTING')
    assert.equal(ear.reads(), readsEvent(0, 'one'))
  })

  it('that refuses an event gets it again, before what came later', () => {
    const { hub, listener, lines } = remoteScene()
    const ear = listener('ear')
    hub.remote('t', 'one')
    ear.says('READY\n')
    hub.remote('t', 'two')
    ear.reads()
    ear.says('RESULT 4\nFAIL')
    ear.says('READY\n')
    assert.equal(ear.reads(), readsEvent(0, 'one'))
    assert.deepEqual(lines.slice(2, 5), [
      'warn ear: event was rejected',
      'debug ear: BUSY -> ACKNOWLEDGED',
      'debug rebuffering event 0 for pool ear (buf size=1, max=10)',
    ])
  })

  const violations: Readonly<Record<string, { readonly says: readonly string[]; readonly told: readonly string[] }>> = {
    'greets otherwise': { says: ['HELLO!'], told: ['debug ear: ACKNOWLEDGED -> UNKNOWN'] },
    'talks while nobody asks it': {
      says: ['READY\n', 'RESULT 2\nOK', 'READY\n', 'blah'],
      told: ['debug ear: READY -> UNKNOWN'],
    },
    'says a newline too much': {
      says: ['READY\n', 'RESULT 2\nOK\nREADY\n'],
      told: ['debug ear: ACKNOWLEDGED -> UNKNOWN'],
    },
    'is ready twice': { says: ['READY\nREADY\n'], told: ['debug ear: READY -> UNKNOWN'] },
  }
  for (const [what, { says, told }] of Object.entries(violations)) {
    it(`that ${what} gets nothing more`, () => {
      const { hub, listener, lines } = remoteScene()
      const ear = listener('ear')
      hub.remote('t', 'one')
      for (const text of says) ear.says(text)
      assert.deepEqual(lines.slice(-2), [...told, `warn ear: ${violated}`])
      ear.reads()
      ear.says('READY\n')
      hub.remote('t', 'two')
      assert.equal(ear.reads(), '')
    })
  }

  for (const line of ['RESULTAT xx', 'RESULT -2', 'RESULT', `RESULT ${eventResultBytesMax + 1}`, 'x'.repeat(1_024)]) {
    it(`whose result begins with ${line.slice(0, 20)} gets nothing more, and its event waits for another one`, () => {
      const { hub, listener, lines } = remoteScene()
      const ear = listener('ear')
      hub.remote('t', 'one')
      ear.says('READY\n')
      ear.says(`${line}\nOK`)
      assert.deepEqual(lines.slice(-4), [
        `warn ear: bad result line: '${line}'`,
        'debug ear: BUSY -> UNKNOWN',
        `warn ear: ${violated}`,
        'debug rebuffering event 0 for pool ear (buf size=0, max=10)',
      ])
      ear.ends()
      const next = listener('ear', {}, 2)
      next.says('READY\n')
      assert.equal(next.reads(), readsEvent(0, 'one'))
    })
  }

  it('that never ends its line is not listened to for ever', () => {
    const { hub, listener, lines } = remoteScene()
    const ear = listener('ear')
    hub.remote('t', 'one')
    ear.says('READY\n')
    ear.says('x'.repeat(2_000))
    assert.match(lines[2]!, /^warn ear: bad result line: 'x{1024}'$/)
  })

  it('whose result is empty has refused it', () => {
    const { hub, listener } = remoteScene()
    const ear = listener('ear')
    hub.remote('t', 'one')
    ear.says('READY\n')
    ear.reads()
    ear.says('RESULT 0\nREADY\n')
    assert.equal(ear.reads(), readsEvent(0, 'one'))
  })

  it('that dies over an event leaves it to the next one', () => {
    const { hub, listener } = remoteScene()
    const ear = listener('ear')
    hub.remote('t', 'one')
    ear.says('READY\n')
    hub.remote('t', 'two')
    ear.ends()
    const next = listener('ear', {}, 2)
    next.says('READY\n')
    assert.equal(next.reads(), readsEvent(0, 'one'))
  })

  it('that answers and dies at once has dealt with it', () => {
    const { hub, listener } = remoteScene()
    const ear = listener('ear')
    hub.remote('t', 'one')
    ear.says('READY\n')
    ear.says('RESULT 2\nOK')
    ear.ends()
    const next = listener('ear', {}, 2)
    next.says('READY\n')
    assert.equal(next.reads(), '')
  })

  it('that reads slowly gets the rest when it takes more, and no other event before', () => {
    const { hub, listener } = remoteScene()
    const ear = listener('ear')
    ear.takes(10)
    ear.says('READY\n')
    hub.remote('t', 'one')
    hub.remote('t', 'two')
    assert.equal(ear.reads(), readsEvent(0, 'one').slice(0, 10))
    ear.says('RESULT 2\nOKREADY\n')
    assert.equal(ear.reads(), '')
    ear.takes(1_000)
    assert.equal(ear.reads(), readsEvent(0, 'one').slice(10) + readsEvent(1, 'two'))
  })

  it('that does not read is passed over', () => {
    const { hub, listener, lines } = remoteScene()
    const deaf = listener('ear', { unit: 'ear/a/1', name: 'a' })
    const good = listener('ear', { unit: 'ear/b/1', name: 'b' })
    deaf.isGone = true
    deaf.says('READY\n')
    good.says('READY\n')
    hub.remote('t', 'one')
    assert.equal(good.reads(), readsEvent(0, 'one'))
    assert.equal(lines.at(-2), 'debug epipe occurred while sending event 0 to listener a, listener state unchanged')
  })
})

describe('a pool', () => {
  it('gives each event to one of its listeners, the first that is ready', () => {
    const { hub, listener } = remoteScene()
    const ears = [1, 2, 3].map((n) => listener('ear', { unit: `ear/ear/${n}`, name: `ear${n}` }))
    ears[1]!.says('READY\n')
    ears[2]!.says('READY\n')
    hub.remote('t', 'one')
    hub.remote('t', 'two')
    hub.remote('t', 'three')
    ears[0]!.says('READY\n')
    assert.deepEqual(
      ears.map((ear) => ear.reads()),
      [readsEvent(2, 'three'), readsEvent(0, 'one'), readsEvent(1, 'two')],
    )
  })

  it('drops the oldest when it is full, and says so', () => {
    const { hub, listener, lines } = remoteScene({ bufferMax: 2 })
    for (const data of ['one', 'two', 'three']) hub.remote('t', data)
    assert.deepEqual(lines, ['error pool ear event buffer overflowed, discarding event 0'])
    const ear = listener('ear')
    ear.says('READY\n')
    assert.equal(ear.reads(), readsEvent(1, 'two'))
  })

  it('keeps a refused event rather than one that is as old, when it is full', () => {
    const { hub, listener, lines } = remoteScene({ bufferMax: 2 })
    const ear = listener('ear')
    hub.remote('t', 'one')
    ear.says('READY\n')
    ear.reads()
    hub.remote('t', 'two')
    hub.remote('t', 'three')
    ear.says('RESULT 2\nNO')
    assert.equal(lines.at(-1), 'error pool ear event buffer overflowed, discarding event 1')
    ear.says('READY\n')
    assert.equal(ear.reads(), readsEvent(0, 'one'))
  })

  it('is bounded in bytes, whatever number it is given', () => {
    const { hub, lines } = remoteScene({ bufferMax: 1_000_000 })
    const quarter = 'x'.repeat(eventBytesKept / 4)
    for (let count = 0; count < 5; count++) hub.remote('t', quarter)
    assert.equal(lines.length, 2, 'three of them are kept')
    hub.remote('t', 'x'.repeat(eventBytesKept + 1))
    assert.equal(lines.length, 5, 'and the largest one alone')
  })

  it('has numbers of its own, and every event one that all pools know it by', () => {
    const scene = sceneOf([
      poolApp('all'),
      poolApp('few', { events: ['REMOTE_COMMUNICATION'] }),
      poolApp('none', { events: ['TICK_3600'] }),
    ])
    scene.hub.daemon('RUNNING')
    scene.hub.remote('t', 'one')
    const [all, few] = ['all', 'few'].map((name) => scene.listener(name))
    for (const ear of [all!, few!]) ear.says('READY\n')
    assert.equal(all!.reads(), sent(0, 0, 'all', 'SUPERVISOR_STATE_CHANGE_RUNNING', ''))
    assert.equal(few!.reads(), readsEvent(1, 'one', 'few', 0))
  })

  it('is not told of what is refused in another one', () => {
    const scene = sceneOf([poolApp('one', { events: ['REMOTE_COMMUNICATION'] }), poolApp('two', { events: ['TICK'] })])
    const [one, two] = ['one', 'two'].map((name) => scene.listener(name))
    for (const ear of [one!, two!]) ear.says('READY\n')
    scene.hub.remote('t', 'x')
    one!.says('RESULT 2\nNO')
    assert.equal(two!.reads(), '')
  })

  it('gets an event once, also where it names what stands above it too', () => {
    const scene = sceneOf([poolApp('ear', { events: ['PROCESS_STATE', 'PROCESS_STATE_FATAL', 'EVENT'] })])
    const ear = scene.listener('ear')
    ear.says('READY\n')
    scene.becomes(view('web', 'FATAL'), 'BACKOFF')
    ear.says('RESULT 2\nOKREADY\n')
    assert.equal(
      ear.reads(),
      sent(0, 0, 'ear', 'PROCESS_STATE_FATAL', 'processname:web groupname:web from_state:BACKOFF'),
    )
  })

  it('hears of groups from its own on, and not of its own end', () => {
    const apps = ['a', 'b'].map((name) => poolApp(name, { events: ['PROCESS_GROUP'] }))
    let snapshot = snapshotOf([])
    const scene = sceneOf([], { engine: { snapshot: () => snapshot, subscribe: () => () => {} } })
    snapshot = snapshotOf(apps)
    for (const name of ['a', 'b', 'web']) scene.group('added', name)
    const heard = () => scene.hub.save().pools.map(({ name, waiting }) => [name, ...waiting.map((one) => one.payload)])
    assert.deepEqual(heard(), [
      ['a', 'groupname:a\n', 'groupname:b\n', 'groupname:web\n'],
      ['b', 'groupname:b\n', 'groupname:web\n'],
    ])
    scene.group('removed', 'b')
    assert.deepEqual(heard(), [['a', 'groupname:a\n', 'groupname:b\n', 'groupname:web\n', 'groupname:b\n']])
  })

  it('changes in place, and goes with its group', () => {
    const scene = remoteScene()
    for (const data of ['one', 'two', 'three']) scene.hub.remote('t', data)
    scene.declare(poolApp('ear', { events: ['REMOTE_COMMUNICATION', 'TICK_5'], bufferMax: 2 }))
    assert.equal(scene.time.armedAt(), 1_005)
    scene.hub.remote('t', 'four')
    assert.deepEqual(
      scene.lines,
      [0, 1].map((n) => `error pool ear event buffer overflowed, discarding event ${n}`),
    )
    scene.declare()
    assert.deepEqual([scene.hub.save().pools, scene.time.armedAt()], [[], null])
  })

  it('ticks only where it wants to', () => {
    const scene = remoteScene()
    assert.equal(scene.time.armedAt(), null)
    scene.declare(poolApp('ear', { events: ['TICK'] }))
    const ear = scene.listener('ear')
    ear.says('READY\n')
    scene.time.setTo(1_005)
    assert.equal(ear.reads(), sent(0, 0, 'ear', 'TICK_5', 'when:1005'))
    scene.hub.close()
    assert.equal(scene.time.armedAt(), null)
  })

  it('accepts every answer where it says so, and prints it where it says that', () => {
    const scene = sceneOf([
      poolApp('any', { result: 'any' }),
      poolApp('print', { events: ['PROCESS_LOG'], result: 'print' }),
    ])
    scene.put(view('web', 'RUNNING', { pid: 7 }))
    const [any, print] = ['any', 'print'].map((name) => scene.listener(name))
    for (const ear of [any!, print!]) ear.says('READY\n')
    scene.hub.output({ unit: 'web/web/1', stream: 'stdout', kind: 'logged', bytes: Buffer.from('hello\n') })
    const payload = 'processname:web groupname:web pid:7 channel:stdout\nhello\n'
    assert.equal(print!.reads(), sent(0, 0, 'print', 'PROCESS_LOG_STDOUT', payload))
    any!.says('RESULT 4\nFAIL')
    print!.says(`RESULT ${payload.length}\n${payload}`)
    assert.deepEqual(scene.printed, ['web stdout | hello\n'])
    assert(scene.lines.includes('debug any: event was processed'))
  })
})

it('output tells the process that printed it, however early or late it comes', () => {
  const scene = sceneOf([poolApp('ear', { events: ['PROCESS_LOG', 'PROCESS_STATE'] })])
  const print = (text: string): void =>
    scene.hub.output({ unit: 'web/web/1', stream: 'stdout', kind: 'logged', bytes: Buffer.from(text) })
  const live = (pid: number): void => {
    scene.becomes(view('web', 'STARTING'), 'BACKOFF')
    print('early')
    print('and more')
    scene.spawned(view('web', 'STARTING', { pid }))
    scene.becomes(view('web', 'BACKOFF'), 'STARTING')
    print('late')
  }
  live(7)
  live(8)
  const told = (pid: number): string[] => [
    'PROCESS_STATE_STARTING processname:web groupname:web from_state:BACKOFF tries:0',
    `PROCESS_LOG_STDOUT processname:web groupname:web pid:${pid} channel:stdout\nearly`,
    `PROCESS_LOG_STDOUT processname:web groupname:web pid:${pid} channel:stdout\nand more`,
    'PROCESS_STATE_BACKOFF processname:web groupname:web from_state:STARTING tries:0',
    `PROCESS_LOG_STDOUT processname:web groupname:web pid:${pid} channel:stdout\nlate`,
  ]
  assert.deepEqual(heardBy(scene, 'ear'), [...told(7), ...told(8)])
})

it('output of what is not in the table is no event', () => {
  const scene = sceneOf([poolApp('ear')])
  scene.hub.output({ unit: 'shop/web/1', stream: 'stdout', kind: 'logged', bytes: Buffer.from('x') })
  assert.deepEqual(scene.hub.save().pools[0]!.waiting, [])
})

describe('listeners of other apps than those of supervisord', () => {
  const shop = (state: ProcessState) => view('shop', state, { dialect: 'compose', pid: 7 })

  it('hear of everything, those of supervisord of its groups only', () => {
    const scene = sceneOf([poolApp('theirs', {}, 'compose'), poolApp('ours')])
    scene.group('added', 'shop', 'compose')
    scene.becomes(shop('EXITED'), 'RUNNING', { isExpected: true, pid: 7 })
    scene.becomes(view('web', 'EXITED'), 'RUNNING', { pid: 8 })
    scene.hub.output({ unit: 'shop/shop/1', stream: 'stdout', kind: 'logged', bytes: Buffer.from('x') })
    scene.hub.output({ unit: 'web/web/1', stream: 'stdout', kind: 'logged', bytes: Buffer.from('y') })
    const ofWeb = [
      'PROCESS_STATE_EXITED processname:web groupname:web from_state:RUNNING expected:0 pid:8',
      'PROCESS_LOG_STDOUT processname:web groupname:web pid:8 channel:stdout\ny',
    ]
    assert.deepEqual(heardBy(scene, 'ours'), ofWeb)
    assert.deepEqual(heardBy(scene, 'theirs'), [
      'PROCESS_GROUP_ADDED groupname:shop',
      'PROCESS_STATE_EXITED processname:shop groupname:shop from_state:RUNNING expected:1 pid:7',
      ofWeb[0],
      'PROCESS_LOG_STDOUT processname:shop groupname:shop pid:7 channel:stdout\nx',
      ofWeb[1],
    ])
  })

  it('all hear of what is of no app', () => {
    const scene = sceneOf([poolApp('theirs', {}, 'compose'), poolApp('ours')])
    scene.hub.remote('t', 'one')
    scene.hub.daemon('RUNNING')
    scene.time.setTo(1_005)
    const all = ['REMOTE_COMMUNICATION type:t\none', 'SUPERVISOR_STATE_CHANGE_RUNNING ', 'TICK_5 when:1005']
    assert.deepEqual([heardBy(scene, 'ours'), heardBy(scene, 'theirs')], [all, all])
  })

  it('a pool that goes over to another dialect keeps what waits, and hears as that does from then on', () => {
    const scene = sceneOf([poolApp('ear', {}, 'compose')])
    scene.becomes(shop('RUNNING'), 'STARTING')
    scene.declare(poolApp('ear'))
    scene.becomes(shop('EXITED'), 'RUNNING')
    assert.deepEqual(heardBy(scene, 'ear'), [
      'PROCESS_STATE_RUNNING processname:shop groupname:shop from_state:STARTING pid:7',
    ])
  })
})

it('what waits, and what a listener was busy with, is told by the next image of the daemon, with numbers that go on', () => {
  const before = sceneOf([poolApp('ear', { events: ['REMOTE_COMMUNICATION', 'TICK_5'] })])
  const busy = before.listener('ear')
  busy.says('READY\n')
  before.hub.remote('t', 'öne')
  before.hub.remote('t', 'two')
  const text = JSON.stringify(before.hub.save())
  before.hub.close()
  const state = parseHubState(JSON.parse(text))
  assert(state !== null)
  // Before the files are read again nothing is declared.
  const after = sceneOf([], { saved: state })
  after.declare(poolApp('ear', { events: ['REMOTE_COMMUNICATION', 'TICK_5'] }))
  after.hub.remote('t', 'three')
  const ear = after.listener('ear', {}, 2)
  const heard = [0, 1, 2].map(() => {
    ear.says('READY\n')
    const text = ear.reads()
    ear.says('RESULT 2\nOK')
    return text
  })
  assert.deepEqual(heard, [readsEvent(0, 'öne'), readsEvent(1, 'two'), readsEvent(2, 'three')])
})

it('what is no saved state begins anew', () => {
  const pool = { name: 'a', nextSerial: 1, waiting: [{ serial: 0, poolSerial: 0, name: 'TICK_5', payload: '' }] }
  const whole = { version: 1, nextSerial: 1, ticks: { 5: 10 }, pools: [pool] }
  assert.deepEqual(parseHubState(whole), whole)
  for (const other of [
    undefined,
    null,
    [],
    { ...whole, version: 2 },
    { ...whole, ticks: { 5: 'x' } },
    { ...whole, pools: [null] },
    { ...whole, pools: [{ ...pool, waiting: [{ ...pool.waiting[0], payload: 1 }] }] },
  ])
    assert.equal(parseHubState(other), null)
})

/** What waits for the listeners of a pool. */
function heardBy(scene: Scene, pool: string): readonly string[] | undefined {
  const found = scene.hub.save().pools.find(({ name }) => name === pool)
  return found?.waiting.map(({ name, payload }) => `${name} ${payload.trim()}`)
}
