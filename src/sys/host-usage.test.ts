import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hostUsage, parseCpus, parseLoad, parseMemory } from './host-usage.ts'

test('what is idle, and what guests use twice, does not count as busy', () => {
  const text = 'cpu  10 2 5 1000 50 1 1 3 7 0\ncpu0 5 1 2 500 25 1 0 1 3 0\ncpu1 5 1 3 500 25 0 1 2 4 0\nintr 99 1 2\n'
  assert.deepEqual(parseCpus(text), { cpus: 2, cpuBusyMs: 220 })
})

test('memory is told in bytes', () => {
  const text = 'MemTotal:       16384 kB\nMemFree:         1024 kB\nMemAvailable:    8192 kB\n'
  assert.deepEqual(parseMemory(text), { memoryTotalBytes: 16384 * 1024, memoryAvailableBytes: 8192 * 1024 })
})

test('the load is that of three times', () => {
  assert.deepEqual(parseLoad('0.52 1.04 0.98 2/431 12345\n'), [0.52, 1.04, 0.98])
})

test('this host tells all of it', () => {
  const { cpus, cpuBusyMs, memoryTotalBytes, memoryAvailableBytes } = hostUsage()
  assert.ok(cpus >= 1 && cpuBusyMs > 0 && memoryTotalBytes > memoryAvailableBytes && memoryAvailableBytes > 0)
})
