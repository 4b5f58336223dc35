import assert from 'node:assert/strict'
import { test } from 'node:test'
import { usageList } from './fixture.ts'
import { isApart, type Sample, sharesOf } from './usage.ts'

function sample(
  bootMs: number,
  cpuMs: number,
  options: { readonly pid?: number; readonly busyMs?: number } = {},
): Sample {
  const list = usageList(bootMs, { web: { cpuMs, rssBytes: 1_024 } }, options.busyMs ?? 0)
  return { list, pids: new Map([['web', options.pid ?? 7]]) }
}

test('a share of 1 is one core', () => {
  assert.equal(sharesOf(sample(10_000, 500), sample(12_000, 3_500)).units.get('web')?.cpu, 1.5)
})

test('the first look knows memory, and no share yet', () => {
  assert.deepEqual(sharesOf(null, sample(10_000, 500)).units.get('web'), { cpu: null, memoryBytes: 1_024 })
})

test('a new process starts counting anew', () => {
  assert.equal(sharesOf(sample(10_000, 500), sample(12_000, 700, { pid: 8 })).units.get('web')?.cpu, null)
})

test('processes that ended and took their time with them are no negative load', () => {
  assert.equal(sharesOf(sample(10_000, 500), sample(12_000, 300)).units.get('web')?.cpu, 0)
})

test('the host is busy by all its cores', () => {
  const shares = sharesOf(sample(10_000, 0, { busyMs: 100 }), sample(12_000, 0, { busyMs: 1_100 }))
  assert.equal(shares.hostCpu, 0.25)
})

test('the same look told twice is not compared with itself', () => {
  assert.equal(isApart(sample(10_000, 0), sample(10_000, 0).list), false)
  assert.equal(isApart(sample(10_000, 0), sample(10_500, 0).list), true)
})
