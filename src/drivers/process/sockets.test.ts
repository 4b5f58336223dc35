import assert from 'node:assert/strict'
import { once } from 'node:events'
import { lstatSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs'
import { type AddressInfo, connect, createServer } from 'node:net'
import { join } from 'node:path'
import { it } from 'node:test'
import type { Event, Identity, ListenSocket, UnitSpec } from '../../core/model.ts'
import { type Bench, handleOf, onBench, signalStep, spawnStep, startRun, unitSpec } from './test-bench.ts'
import { inHome } from './test-home.ts'

const limit = { timeout: 30_000 }
const asRoot = { ...limit, skip: process.getuid?.() === 0 ? false : 'only root may change users' }
const server = "require('net').createServer((c) => c.end('served by ' + process.pid)).listen({ fd: 0 })"

function unixAt(path: string, more: { readonly mode?: number; readonly owner?: string } = {}): ListenSocket {
  return { address: { kind: 'unix', path, mode: 0o700, owner: null, ...more }, backlog: null }
}

function tcpAt(port: number, host = '127.0.0.1'): ListenSocket {
  return { address: { kind: 'tcp', host, port }, backlog: 5 }
}

function holding(
  socket: ListenSocket,
  command: readonly string[] = ['sleep', '1000'],
  user: string | null = null,
): UnitSpec {
  return unitSpec(command, { stdin: { kind: 'socket', socket }, user })
}

/** The very socket that a process has as its stdin. */
function stdinOf({ pid }: Identity): string {
  return readlinkSync(`/proc/${pid}/fd/0`)
}

async function answerOf(socket: ListenSocket): Promise<string> {
  const { address } = socket
  const client = address.kind === 'unix' ? connect(address.path) : connect(address.port, address.host)
  const pieces: Buffer[] = []
  client.on('data', (piece) => pieces.push(piece))
  await once(client, 'close')
  return Buffer.concat(pieces).toString()
}

async function end(bench: Bench, unit: string, run: number): Promise<void> {
  bench.perform([signalStep(unit, run, 'KILL')])
  await bench.until((event) => event.kind === 'exited' && event.unit === unit && event.run === run)
}

async function failureOf(bench: Bench, spec: UnitSpec): Promise<Extract<Event, { kind: 'spawn-failed' }>> {
  bench.perform([spawnStep('a/b/1', 1, spec)])
  const event = await bench.until((one) => one.kind === 'spawn-failed' || one.kind === 'spawned')
  assert(event.kind === 'spawn-failed')
  return event
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() as AddressInfo
  probe.close()
  await once(probe, 'close')
  return port
}

it('the runs of an app share one socket as their stdin, and serve whoever connects', limit, () =>
  onBench(async (bench) => {
    const changes: string[] = []
    bench.driver().onSocket((change, url) => changes.push(`${change} ${url}`))
    const socket = unixAt(join(bench.directory, 'fcgi.sock'))
    const first = await startRun(bench, 'a/web/1', 1, holding(socket, [process.execPath, '-e', server]))
    const second = await startRun(bench, 'a/web/2', 2, holding(socket))
    assert.match(stdinOf(first), /^socket:/)
    assert.equal(stdinOf(first), stdinOf(second))
    assert.equal(lstatSync(join(bench.directory, 'fcgi.sock')).mode & 0o777, 0o700)
    assert.equal(await answerOf(socket), `served by ${first.pid}`)
    assert.deepEqual(changes, [`opened unix://${join(bench.directory, 'fcgi.sock')}`])
  }),
)

it('TCP works alike, by a name of this host too', limit, () =>
  onBench(async (bench) => {
    const socket = tcpAt(await freePort(), 'localhost')
    const { pid } = await startRun(bench, 'a/web/1', 1, holding(socket, [process.execPath, '-e', server]))
    assert.equal(await answerOf(socket), `served by ${pid}`)
  }),
)

it('another app, and another socket, has its own', limit, () =>
  onBench(async (bench) => {
    const [one, two] = ['one', 'two'].map((name) => unixAt(join(bench.directory, name)))
    const first = await startRun(bench, 'a/web/1', 1, holding(one!))
    const second = await startRun(bench, 'a/web/2', 2, holding(two!))
    const third = await startRun(bench, 'b/web/1', 3, holding(one!))
    assert.equal(new Set([first, second, third].map(stdinOf)).size, 3)
  }),
)

it('it is open as long as one of them runs, its file stays, and the next run opens it anew', limit, () =>
  onBench(async (bench) => {
    const changes: string[] = []
    bench.driver().onSocket((change) => changes.push(change))
    const socket = unixAt(join(bench.directory, 'fcgi.sock'))
    const first = await startRun(bench, 'a/web/1', 1, holding(socket))
    await startRun(bench, 'a/web/2', 2, holding(socket))
    const before = stdinOf(first)
    await end(bench, 'a/web/1', 1)
    assert.equal(stdinOf(await startRun(bench, 'a/web/1', 3, holding(socket))), before)
    await end(bench, 'a/web/1', 3)
    await end(bench, 'a/web/2', 2)
    assert.deepEqual(changes, ['opened', 'closed'])
    await assert.rejects(answerOf(socket), { code: 'ECONNREFUSED' })
    assert.notEqual(stdinOf(await startRun(bench, 'a/web/1', 4, holding(socket))), before)
  }),
)

it('a start that fails leaves no socket open', limit, () =>
  onBench(async (bench) => {
    const socket = unixAt(join(bench.directory, 'fcgi.sock'))
    assert.equal((await failureOf(bench, holding(socket, ['/no/such']))).code, 'ENOENT')
    await assert.rejects(answerOf(socket), { code: 'ECONNREFUSED' })
  }),
)

it('an address in use fails the start, and says by whom', limit, () =>
  onBench(async (bench) => {
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    const { port } = other.address() as AddressInfo
    const { code, message, retry } = await failureOf(bench, holding(tcpAt(port)))
    other.close()
    assert.deepEqual([code, retry], ['EADDRINUSE', false])
    assert.match(
      message,
      new RegExp(
        `^its socket tcp://127.0.0.1:${port} cannot be opened \\(EADDRINUSE\\): \\S+ \\(pid ${process.pid}\\)`,
      ),
    )
  }),
)

it('what is no socket is not replaced by one', limit, () =>
  onBench(async (bench) => {
    const path = join(bench.directory, 'precious')
    writeFileSync(path, 'data')
    assert.equal((await failureOf(bench, holding(unixAt(path)))).code, 'ENOTSOCK')
    assert.equal(readFileSync(path, 'utf8'), 'data')
  }),
)

for (const [what, socket, code, hint] of [
  ['a folder that is not there', unixAt('/no/such/fcgi.sock'), 'ENOENT', /no folder \/no\/such; create it/],
  ['a path that is too long', unixAt(`/tmp/${'x'.repeat(110)}`), 'ENAMETOOLONG', /107 bytes at most/],
  ['a name that is not in /etc/hosts', tcpAt(9_000, 'no-such-host.invalid'), 'no-host', /not in \/etc\/hosts/],
  ['an address of another host', tcpAt(9_000, '192.0.2.1'), 'EADDRNOTAVAIL', /no such address/],
] as const) {
  it(`${what} fails the start and says what to do`, limit, () =>
    onBench(async (bench) => {
      const failure = await failureOf(bench, holding(socket))
      assert.equal(failure.code, code)
      assert.match(failure.message, hint)
    }),
  )
}

it('the file belongs to whoever the run is, or to whom is named', asRoot, () =>
  onBench(async (bench) => {
    const ofRun = unixAt(join(bench.directory, 'of-run'), { mode: 0o770 })
    const named = unixAt(join(bench.directory, 'named'), { owner: 'root:nogroup' })
    await startRun(bench, 'a/web/1', 1, holding(ofRun, ['sleep', '1000'], 'nobody'))
    await startRun(bench, 'a/web/2', 2, holding(named, ['sleep', '1000'], 'nobody'))
    const facts = ['of-run', 'named'].map((name) => lstatSync(join(bench.directory, name)))
    assert.deepEqual(
      facts.map(({ uid, gid, mode }) => [uid, gid, mode & 0o777]),
      [
        [65_534, 65_534, 0o770],
        [0, 65_534, 0o700],
      ],
    )
  }),
)

it('who takes the place of another daemon has the socket back from a run', limit, () =>
  onBench(async (bench) => {
    const spec = holding(unixAt(join(bench.directory, 'fcgi.sock')))
    const step = spawnStep('a/web/1', 1, spec)
    const first = await startRun(bench, 'a/web/1', 1, spec)
    await bench.takeOver([handleOf(step, first)])
    const second = await startRun(bench, 'a/web/2', 2, spec)
    assert.equal(stdinOf(second), stdinOf(first))
    await end(bench, 'a/web/1', 1)
    await end(bench, 'a/web/2', 2)
    await assert.rejects(answerOf(unixAt(join(bench.directory, 'fcgi.sock'))), { code: 'ECONNREFUSED' })
  }),
)

it('a run that has the socket of an earlier declaration does not give it to the new one', limit, () =>
  onBench(async (bench) => {
    const [one, two] = ['one', 'two'].map((name) => holding(unixAt(join(bench.directory, name))))
    const first = await startRun(bench, 'a/web/1', 1, one!)
    await bench.takeOver([handleOf(spawnStep('a/web/1', 1, two!), first)])
    const second = await startRun(bench, 'a/web/2', 2, two!)
    assert.notEqual(stdinOf(second), stdinOf(first))
    assert(lstatSync(join(bench.directory, 'two')).isSocket())
  }),
)

for (const kind of ['unix', 'tcp'] as const) {
  it(
    `after a death of the daemon the runs that live and those that come share one ${kind} socket`,
    { timeout: 60_000 },
    () =>
      inHome(async (home) => {
        const socket = kind === 'unix' ? unixAt(join(home.directory, 'fcgi.sock')) : tcpAt(await freePort())
        const spec = holding(socket)
        const step = spawnStep('a/web/1', 1, spec)
        const first = home.daemon({ steps: [step] })
        const identity = await first.spawned(1)
        await first.kill()
        const second = home.daemon({ recover: [handleOf(step, identity)], steps: [spawnStep('a/web/2', 2, spec)] })
        assert.equal(stdinOf(await second.spawned(2)), stdinOf(identity))
        await second.end()
      }),
  )
}
