import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { it } from 'node:test'
import { bootNow } from './boot-clock.ts'
import { lockFile } from './flock.ts'
import { kill } from './kill.ts'
import { peerOf } from './peer.ts'
import { descriptorLimit, setSoftDescriptorLimit } from './rlimit.ts'
import { signalName, signalNumber } from './signals.ts'
import { groupIdByName, groupsOf, userById, userByName } from './users.ts'
import { decodeEnding } from './wait.ts'

it('a wait status tells codes, signals and core dumps apart', () => {
  assert.deepEqual(decodeEnding(0), { kind: 'code', code: 0 })
  assert.deepEqual(decodeEnding(7 << 8), { kind: 'code', code: 7 })
  assert.deepEqual(decodeEnding(15), { kind: 'signal', signal: 'TERM', core: false })
  assert.deepEqual(decodeEnding(11 | 0x80), { kind: 'signal', signal: 'SEGV', core: true })
  assert.deepEqual(decodeEnding(36), { kind: 'signal', signal: 'RTMIN+2', core: false })
})

it('signal names and numbers are each other’s inverse', () => {
  for (let number = 1; number <= 64; number++) {
    if (number !== 32 && number !== 33) assert.equal(signalNumber(signalName(number)), number)
  }
  assert.equal(signalNumber('SIGTERM'), 15)
  assert.equal(signalNumber('RTMIN'), 34)
  for (const wrong of ['', 'NOPE', 'RTMIN+31', '15']) assert.equal(signalNumber(wrong), null)
})

it('a locked file is refused to others until it is closed', () => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-lock-'))
  const path = join(folder, 'lock')
  const first = lockFile(path)
  assert(typeof first === 'number')
  assert.equal(lockFile(path), 'EAGAIN')
  closeSync(first)
  const second = lockFile(path)
  assert(typeof second === 'number')
  closeSync(second)
  rmSync(folder, { recursive: true })
})

it('the other side of a unix socket is known', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-peer-'))
  const server = createServer().listen(join(folder, 'socket'))
  await once(server, 'listening')
  const client = connect(join(folder, 'socket'))
  const [accepted] = (await once(server, 'connection')) as [Socket & { _handle: { fd: number } }]
  assert.deepEqual(peerOf(accepted._handle.fd), {
    pid: process.pid,
    uid: process.getuid?.(),
    gid: process.getgid?.(),
  })
  assert.equal(peerOf(0x7fff_0000), 'EBADF')
  for (const one of [client, accepted]) one.destroy()
  server.close()
  rmSync(folder, { recursive: true })
})

it('the boot clock runs with the boot it names', () => {
  const before = bootNow()
  const uptimeMs = Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]) * 1000
  const after = bootNow()
  assert.match(before.bootId, /^[0-9a-f-]{36}$/)
  assert.equal(after.bootId, before.bootId)
  // It is told in hundredths of a second.
  assert(before.bootMs - 10 <= uptimeMs && uptimeMs <= after.bootMs + 1, `${uptimeMs} and ${after.bootMs}`)
})

it('the soft limit of descriptors can be lowered and given back', () => {
  const { soft, hard } = descriptorLimit()
  assert.equal(setSoftDescriptorLimit(64), null)
  assert.deepEqual(descriptorLimit(), { soft: 64, hard })
  assert.equal(setSoftDescriptorLimit(soft), null)
  assert.deepEqual(descriptorLimit(), { soft, hard })
})

it('users and groups are found by name and number, and those that are not there are null', () => {
  const root = userByName('root')
  assert.deepEqual([root?.uid, root?.gid], [0, 0])
  assert.deepEqual(userById(0), root)
  assert.equal(groupIdByName('root'), 0)
  assert(groupsOf('root', 0).includes(0))
  assert.equal(userByName('nobody-of-this-name'), null)
  assert.equal(userById(4_000_000_000), null)
  assert.equal(groupIdByName('no-group-of-this-name'), null)
})

it('nothing sends a signal to our own group or to everybody', () => {
  for (const pid of [0, -1, 1.5]) assert.throws(() => kill(pid, 0), RangeError)
})

it('a boundary kills at the asked crossing, and each crossing is written down', () => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-boundary-'))
  const log = join(folder, 'log')
  const script = `
    import { boundary } from '${join(import.meta.dirname, 'boundary.ts')}'
    for (const name of ['one', 'two', 'three']) boundary(name)`
  const run = (env: Record<string, string>) =>
    spawnSync(process.execPath, ['--input-type=module', '-e', script], { env, encoding: 'utf8' }).signal
  assert.equal(run({ HOLDFAST_BOUNDARY_LOG: log, HOLDFAST_DIE_AT: '2' }), 'SIGKILL')
  assert.equal(readFileSync(log, 'utf8'), 'one\ntwo\n')
  assert.equal(run({}), null)
  assert.equal(readFileSync(log, 'utf8'), 'one\ntwo\n')
  rmSync(folder, { recursive: true })
})
