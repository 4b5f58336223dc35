import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { it } from 'node:test'
import { kill } from './kill.ts'
import { childrenOf, isDying, ownPidNamespace, parseStat, readDescriptors, readEnvironment, readStat } from './proc.ts'
import { spawn as spawnSession } from './spawn.ts'

// Fields 6 to 52 of proc(5): each holds its own number, but for the three that are looked at.
const rest = Array.from({ length: 47 }, (_, index) => ({ 6: 5, 22: 4711, 52: 2304 })[index + 6] ?? index + 6).join(' ')

for (const comm of ['sleep', 'a b', 'a) S 1 (b', '', '((', 'x\n)']) {
  it(`a stat line is read whatever the process calls itself: ${JSON.stringify(comm)}`, () => {
    assert.deepEqual(parseStat(`42 (${comm}) Z 1 4 ${rest}\n`), {
      pid: 42,
      comm,
      state: 'Z',
      ppid: 1,
      pgid: 4,
      sid: 5,
      startTicks: 4711,
      exitStatus: 2304,
    })
  })
}

it('our own process is found as it is', () => {
  const stat = readStat(process.pid)
  assert.equal(stat?.pid, process.pid)
  assert.equal(stat?.ppid, process.ppid)
  assert.match(ownPidNamespace(), /^\d+$/)
  const environment = readEnvironment(process.pid)
  assert(typeof environment !== 'string' && environment.includes(`PATH=${process.env.PATH}`))
  assert(Array.isArray(readDescriptors(process.pid)))
})

it('a process that is not there is no error', () => {
  const pid = 2 ** 22 + 1
  assert.equal(readStat(pid), null)
  assert.deepEqual(childrenOf(pid), [])
  assert.equal(readEnvironment(pid), 'ENOENT')
})

it('a process shows its environment from its beginning, also while its program is still loaded', () => {
  const devNull = openSync('/dev/null', 'r+')
  const request = { argv: ['sleep', '1000'], workingDir: '/', stdin: devNull, stdout: devNull, stderr: devNull }
  for (let time = 0; time < 100; time++) {
    const pid = spawnSession({ ...request, path: '/bin/sleep', environment: ['MARK=here'] })
    assert(typeof pid === 'number')
    const environment = readEnvironment(pid)
    kill(pid, 9)
    assert.deepEqual(environment, ['MARK=here', ''])
  }
  closeSync(devNull)
})

it('what was killed is dying from that moment on, and what lives is not', async () => {
  const child = spawn('sleep', ['1000'])
  await once(child, 'spawn')
  const pid = child.pid ?? 0
  assert.equal(isDying(pid), false)
  assert.equal(isDying(process.pid), false)
  process.kill(pid, 'SIGKILL')
  assert.equal(isDying(pid), true)
  await once(child, 'exit')
  assert.equal(isDying(pid), true)
})
