import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { job, nothing, target, unit } from '../../test/contract/store.ts'
import { StoreError } from '../engine/ports.ts'
import { createFaultyStore, type Loss } from './faulty.ts'
import { createMemoryStore } from './memory.ts'

describe('a faulty store', () => {
  test('fails exactly the commit it was told to, and leaves nothing of it', () => {
    const store = createFaultyStore(createMemoryStore)
    store.failCommit(2, 'SQLITE_IOERR')
    store.commit({ ...nothing, runsReserved: 1 })
    assert.throws(() => store.commit({ ...nothing, runsReserved: 2 }), { name: 'StoreError', code: 'SQLITE_IOERR' })
    assert.equal(store.load().stored?.runsReserved, 1)
    store.commit({ ...nothing, runsReserved: 3 })
    assert.equal(store.load().stored?.runsReserved, 3)
    assert.equal(store.commits, 2)
  })

  test('with a full disk fails every commit until there is room', () => {
    const store = createFaultyStore(createMemoryStore)
    store.fillDisk()
    assert.throws(() => store.commit(nothing), StoreError)
    assert.throws(() => store.commit(nothing), StoreError)
    store.freeDisk()
    store.commit({ ...nothing, target })
    assert.deepEqual(store.load().stored?.target, target)
  })

  const losses: readonly { loss: Loss; runs: readonly number[]; bootId: string }[] = [
    { loss: { kind: 'process' }, runs: [1, 2, 3], bootId: 'boot-3' },
    { loss: { kind: 'machine', commitsLost: 1 }, runs: [1, 2], bootId: 'boot-2' },
    { loss: { kind: 'machine', commitsLost: 3 }, runs: [], bootId: '' },
    { loss: { kind: 'emptied' }, runs: [], bootId: '' },
  ]
  for (const { loss, runs, bootId } of losses) {
    test(`after a crash (${JSON.stringify(loss)}) holds what survives it, now and after the next`, () => {
      const store = createFaultyStore(createMemoryStore)
      for (const n of [1, 2, 3]) {
        const jobs = [{ unit: 'app/b/1', job: job(n) }]
        store.commit({ ...nothing, bootId: `boot-${n}`, runsReserved: n, jobs, put: [unit(`app/a/${n}`, n)] })
      }
      store.crash(loss)
      store.crash({ kind: 'process' })
      const { stored } = store.load()
      assert.equal(stored?.runsReserved, 3)
      assert.deepEqual(stored?.jobs, [{ unit: 'app/b/1', job: job(3) }])
      assert.equal(stored?.bootId, bootId)
      assert.deepEqual(
        stored?.units.map(({ run }) => run?.n),
        runs,
      )
    })
  }
})
