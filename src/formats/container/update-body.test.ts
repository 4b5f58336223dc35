import assert from 'node:assert/strict'
import { test } from 'node:test'
import { containerUpdateBody } from './update-body.ts'

test('says only what is to be changed', () => {
  assert.deepEqual(containerUpdateBody({}), {})
  assert.deepEqual(containerUpdateBody({ nanoCpus: 1_500_000_000, cpuset: '0' }), {
    NanoCpus: 1_500_000_000,
    CpusetCpus: '0',
  })
})

test('every limit has its word', () => {
  const body = containerUpdateBody({
    memoryBytes: 1,
    memoryReservationBytes: 2,
    memorySwapBytes: 3,
    cpuShares: 4,
    cpuQuotaUs: 5,
    cpuPeriodUs: 6,
    pidsMax: 7,
    blkioWeight: 8,
  })
  assert.deepEqual(body, {
    Memory: 1,
    MemoryReservation: 2,
    MemorySwap: 3,
    CpuShares: 4,
    CpuQuota: 5,
    CpuPeriod: 6,
    PidsLimit: 7,
    BlkioWeight: 8,
  })
})

test('swap that is not declared is twice the memory, as the engine would choose it', () => {
  assert.deepEqual(containerUpdateBody({ memoryBytes: 64, memorySwapBytes: null }), { Memory: 64, MemorySwap: 128 })
  assert.deepEqual(containerUpdateBody({ memoryBytes: 64 }), { Memory: 64 })
  assert.deepEqual(containerUpdateBody({ memoryBytes: 64, memorySwapBytes: -1 }), { Memory: 64, MemorySwap: -1 })
  assert.deepEqual(containerUpdateBody({ memorySwapBytes: null }), {})
})

test('no limit of processes is 0, since nothing said would change nothing', () => {
  assert.deepEqual(containerUpdateBody({ pidsMax: null }), { PidsLimit: 0 })
})

test('a count of retries is only said where it counts', () => {
  assert.deepEqual(containerUpdateBody({ restart: { name: 'always', retriesMax: 3 } }), {
    RestartPolicy: { Name: 'always', MaximumRetryCount: 0 },
  })
  assert.deepEqual(containerUpdateBody({ restart: { name: 'on-failure', retriesMax: 3 } }), {
    RestartPolicy: { Name: 'on-failure', MaximumRetryCount: 3 },
  })
})

test('what cannot be changed in place is a mistake of ours', () => {
  assert.throws(() => containerUpdateBody({ environment: {} }), /environment of a container is not changed in place/)
})
