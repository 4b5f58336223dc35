import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readStat } from './proc.ts'
import { parseRow, readProcessRow, readProcessTable } from './process-table.ts'
import { processUsage } from './process-usage.ts'

test('a name with spaces and parentheses moves no field', () => {
  const fields = Array.from({ length: 49 }, (_, index) => String(index + 4)).join(' ')
  const row = parseRow(`42 (a) R (b c) S ${fields}\n`)
  assert.deepEqual([row.pid, row.ppid, row.startTicks, row.cpuMs], [42, 4, 22, (14 + 15 + 16 + 17) * 10])
  assert.equal(row.rssBytes % 24, 0)
})

test('a row says of a process what its other files say', () => {
  const row = readProcessRow(process.pid)
  const stat = readStat(process.pid)
  const usage = processUsage(process.pid)
  assert.ok(row !== null && stat !== null && usage !== null)
  assert.deepEqual([row.pid, row.ppid, row.startTicks], [process.pid, stat.ppid, stat.startTicks])
  // The kernel counts pages of each thread in lots, and we run meanwhile.
  assert.ok(Math.abs(row.rssBytes - usage.rssBytes) < usage.rssBytes / 5, `${row.rssBytes} and ${usage.rssBytes}`)
  assert.ok(usage.cpuMs - row.cpuMs < 100)
})

test('what is not there is left out', () => {
  const gone = 2 ** 22 + 1
  assert.equal(readProcessRow(gone), null)
  assert.deepEqual([...readProcessTable([process.pid, gone]).keys()], [process.pid])
})
