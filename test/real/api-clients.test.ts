import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createConnection, type Socket } from 'node:net'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { type Home, realTest } from './harness.ts'
import { readProc } from './processes.ts'
import { until } from './until.ts'

const steady = { command: ['sleep', 'infinity'], restart: 'always' }
const many = 100
/** More than a client's connection holds, so that whoever does not read it makes us wait. */
const chatty = { command: ['sh', '-c', 'yes 0123456789abcdef0123456789abcdef | head -c 3000000; exec sleep infinity'] }
/** Besides what the kernel holds for them. */
const growthKbMax = 96 * 1024

/** Each stands for a hundred clients that do not do as they should. */
const stuckOnes: Readonly<Record<string, (path: string) => Socket>> = {
  'says nothing': (path) => asking(path, ''),
  'sends half a header': (path) => asking(path, 'GET /v1/units HTTP/1.1\r\nhost: hold'),
  'never reads its answers': (path) => asking(path, request('/v1/units').repeat(12)).pause(),
  'reads events one byte a second': (path) => byByte(path, request('/v1/changes')),
  'follows a log and stops reading': (path) => asking(path, request('/v1/logs?name=demo/chatty&follow=true')).pause(),
}

function request(path: string): string {
  return `GET ${path} HTTP/1.1\r\nhost: holdfast\r\n\r\n`
}

function asking(path: string, text: string): Socket {
  const socket = createConnection(path)
  socket.on('error', () => {}) // it is cut off in the end, or finds no place
  socket.write(text)
  return socket
}

function byByte(path: string, text: string): Socket {
  const onread = {
    buffer: Buffer.alloc(1),
    callback: () => {
      setTimeout(() => socket.resume(), 1_000).unref()
      return false
    },
  }
  const socket = createConnection({ path, onread })
  socket.on('error', () => {})
  socket.write(text)
  return socket
}

function stick(home: Home, context: TestContext): readonly Socket[] {
  const path = join(home.directory, 'run/holdfast.sock')
  const sockets = Object.values(stuckOnes).flatMap((open) => Array.from({ length: many }, () => open(path)))
  context.after(() => {
    for (const socket of sockets) socket.destroy()
  })
  return sockets
}

/** Milliseconds of the quickest of a few: what it costs, not what else the machine does. One below `enoughMs` is the last. */
async function quickest(times: number, work: (at: number) => Promise<unknown>, enoughMs = 0): Promise<number> {
  let least = Number.POSITIVE_INFINITY
  for (let at = 0; at < times && least >= enoughMs; at += 1) {
    const begin = performance.now()
    await work(at)
    least = Math.min(least, performance.now() - begin)
  }
  return least
}

function rssKb(pid: number): number {
  return Number(/^VmRSS:\s+(\d+)/m.exec(readProc(pid, 'status') ?? '')?.[1])
}

/** Each unit once: its first restart waits for nothing. */
async function respawn(home: Home, unit: string): Promise<void> {
  const before = await home.unit(unit)
  process.kill(before.pid ?? -1, 'SIGKILL')
  await home.untilUnit(unit, ({ pid, state }) => state === 'running' && pid !== before.pid)
}

realTest(
  '500 stuck and slow clients neither stop nor slow the others, and cost little memory',
  {},
  async (home, context) => {
    const units = Object.fromEntries(Array.from({ length: 100 }, (_, at) => [`unit-${at}`, steady]))
    const daemon = await home.start([home.declare('demo', { web: steady, chatty, ...units })])
    await until('all units to run', async () => (await home.api.units()).every(({ state }) => state === 'running'))
    const ps = async (): Promise<void> => assert.equal((await home.cli('ps')).code, 0)
    const respawnFrom = (first: number) => (at: number) => respawn(home, `demo/unit-${first + at}`)
    const usualMs = { ps: await quickest(5, ps), respawn: await quickest(5, respawnFrom(0)) }
    const limitMs = { ps: usualMs.ps * 2 + 100, respawn: usualMs.respawn * 2 + 100 }
    const usualKb = rssKb(daemon.pid)

    const sockets = stick(home, context)
    await Promise.all(sockets.map((socket) => (socket.connecting ? once(socket, 'connect') : null)))
    // They have been heard, each kind of them, when somebody who comes later is answered.
    await home.api.units()
    const stuckMs = {
      ps: await quickest(20, ps, limitMs.ps),
      respawn: await quickest(20, respawnFrom(50), limitMs.respawn),
    }
    assert.ok(stuckMs.ps < limitMs.ps, `ps: ${stuckMs.ps} ms instead of ${usualMs.ps}`)
    assert.ok(stuckMs.respawn < limitMs.respawn, `respawn: ${stuckMs.respawn} ms instead of ${usualMs.respawn}`)
    const grownKb = rssKb(daemon.pid) - usualKb
    context.diagnostic(
      `ps ${stuckMs.ps} instead of ${usualMs.ps} ms, respawn ${stuckMs.respawn} instead of ${usualMs.respawn} ms, ${grownKb} KB`,
    )
    assert.ok(grownKb < growthKbMax, `${grownKb} KB for them`)
  },
)

realTest('with more stuck clients than there are places, the next one still gets in', {}, async (home, context) => {
  await home.start([home.declare('demo', { web: steady, chatty })])
  await home.untilState('demo/web', 'running')
  stick(home, context)
  stick(home, context)
  const { code, stderr } = await home.cli('ps')
  assert.equal(code, 0, stderr)
  assert.equal((await home.cli('restart', 'demo/web')).code, 0)
})
