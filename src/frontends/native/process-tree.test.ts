import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import { lookAtProcess, type ProcessLook, processesTold, processTree } from './process-tree.ts'

/** `pid` below `parentPid`. */
function made(pairs: Readonly<Record<number, number>>): (pid: number) => ProcessLook | null {
  return (pid) => {
    const parentPid = pairs[pid]
    return parentPid === undefined ? null : { pid, parentPid, command: `c${pid}`, state: 'S', rssBytes: 1 }
  }
}

test('each process stands after its parent, and what left its parent below the first one', () => {
  const look = made({ 10: 1, 13: 10, 12: 11, 11: 10, 20: 1 })
  const tree = processTree([10, 13, 12, 11, 20, 99], look)
  assert.deepEqual(
    tree.map(({ pid, depth }) => [pid, depth]),
    [
      [10, 0],
      [13, 1],
      [11, 1],
      [12, 2],
      [20, 1],
    ],
  )
})

test('a unit of many processes costs no more than so many looks', () => {
  let looks = 0
  const look = (pid: number): ProcessLook => {
    looks += 1
    return { pid, parentPid: 1, command: '', state: 'S', rssBytes: 0 }
  }
  const pids = Array.from({ length: processesTold + 10 }, (_, at) => at + 1)
  assert.equal(processTree(pids, look).length, processesTold)
  assert.equal(looks, processesTold)
  assert.deepEqual(processTree([], look), [])
})

test('a real process is told by its command line, its parent and its memory; one that is gone is not', async () => {
  const child = spawn('cat', ['-'], { stdio: ['pipe', 'pipe', 'ignore'] })
  const { pid = -1 } = child
  // Just after its start it may have no command line yet: what it has copied tells that it runs.
  child.stdin.write('x')
  await once(child.stdout, 'data')
  const found = lookAtProcess(pid)
  assert.equal(found?.command, 'cat -')
  assert.equal(found?.parentPid, process.pid)
  assert.ok((found?.rssBytes ?? 0) > 0)
  child.kill('SIGKILL')
  await once(child, 'exit')
  assert.equal(lookAtProcess(pid), null)
})
