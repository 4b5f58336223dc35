import assert from 'node:assert/strict'
import { once } from 'node:events'
import { statSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { type Home, realTest } from './harness.ts'
import { descriptorsOf } from './processes.ts'
import { until } from './until.ts'
import { makeVersion } from './versions.ts'

/** Accepts from its stdin, as php-fpm's children and every FastCGI program do. */
const server = "require('net').createServer((c) => c.end('pid ' + process.pid)).listen({ fd: 0 })"

/** Two processes of one program, behind one socket. */
function install(home: Home): string {
  home.write('server.cjs', server)
  return home.write(
    'supervisord.conf',
    `[supervisord]

[fcgi-program:web]
command=${process.execPath} %(here)s/server.cjs
socket=unix://%(here)s/%(program_name)s.sock
socket_mode=0770
process_name=%(program_name)s_%(process_num)d
numprocs=2
startsecs=0
autorestart=true
`,
  )
}

async function pidOf(home: Home, n: number): Promise<number> {
  const { pid } = await home.untilUnit(`web/web/${n}`, ({ state, pid }) => state === 'running' && pid !== null)
  assert(pid !== null)
  return pid
}

/** The very socket that a process has as its stdin. */
function socketOf(pid: number): string | undefined {
  return descriptorsOf(pid).get(0)
}

async function answerOf(home: Home): Promise<string> {
  const client = connect(join(home.directory, 'web.sock'))
  const pieces: Buffer[] = []
  client.on('data', (piece) => pieces.push(piece))
  await once(client, 'close')
  return Buffer.concat(pieces).toString()
}

/** A process is ended, and the one that follows it has the socket of before. */
async function replace(home: Home, n: number, socket: string | undefined): Promise<void> {
  const before = await pidOf(home, n)
  process.kill(before, 'SIGKILL')
  const { pid } = await home.untilUnit(`web/web/${n}`, (unit) => unit.state === 'running' && unit.pid !== before)
  assert.equal(socketOf(pid!), socket)
}

realTest(
  'an fcgi-program serves over the socket that its processes share, over a death of the daemon',
  {},
  async (home) => {
    const file = install(home)
    const first = await home.start([file])
    const pids = [await pidOf(home, 0), await pidOf(home, 1)]
    const socket = socketOf(pids[0]!)
    assert.match(socket ?? '', /^socket:/)
    assert.equal(socketOf(pids[1]!), socket)
    assert.equal(statSync(join(home.directory, 'web.sock')).mode & 0o777, 0o770)
    assert(pids.map((pid) => `pid ${pid}`).includes(await answerOf(home)))

    await first.crash()
    assert(pids.map((pid) => `pid ${pid}`).includes(await answerOf(home)), 'nobody notices that the daemon is gone')
    await home.start([file])
    assert.deepEqual([await pidOf(home, 0), await pidOf(home, 1)], pids)
    await replace(home, 0, socket)
    await replace(home, 1, socket)
    assert.match(await answerOf(home), /^pid \d+$/)

    // With the last of them the socket is closed, and opened anew with the first.
    assert.equal((await home.cli('stop', 'web')).code, 0)
    await assert.rejects(answerOf(home), { code: 'ECONNREFUSED' })
    assert.equal((await home.cli('start', 'web')).code, 0)
    assert.notEqual(socketOf(await pidOf(home, 0)), socket)
    await until('an answer', async () => (await answerOf(home)).startsWith('pid '))
  },
)

realTest('after an upgrade in place the next process shares the socket of those before it', {}, async (home) => {
  await home.start([install(home)])
  const socket = socketOf(await pidOf(home, 0))
  await pidOf(home, 1)
  const next = await makeVersion(join(home.directory, 'versions', '7.7.7'), '7.7.7')
  const result = await home.cli('upgrade', next.directory)
  assert.equal(result.code, 0, result.stderr)
  await replace(home, 0, socket)
  await replace(home, 1, socket)
})
