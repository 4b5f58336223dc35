import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createPullCount } from './pull-progress.ts'

const line = (id: string, status: string, current?: number, total?: number) => ({
  id,
  status,
  progressDetail: current === undefined ? {} : { current, total },
})

test('a pull is counted from its first layer to its last', () => {
  const count = createPullCount()
  const at = (...lines: readonly unknown[]) => {
    for (const one of lines) count.take(one)
    return count.progress()
  }
  assert.deepEqual(at({ id: 'latest', status: 'Pulling from app' }), { percent: null, bytesDone: 0, bytesTotal: null })
  assert.deepEqual(at(line('a', 'Pulling fs layer'), line('b', 'Pulling fs layer')), {
    percent: null,
    bytesDone: 0,
    bytesTotal: null,
  })
  // b is not known yet: it counts as much as a.
  assert.deepEqual(at(line('a', 'Downloading', 50, 100)), { percent: 12, bytesDone: 50, bytesTotal: null })
  assert.deepEqual(at(line('b', 'Downloading', 150, 300)), { percent: 25, bytesDone: 200, bytesTotal: 400 })
  assert.deepEqual(
    at(line('a', 'Verifying Checksum'), line('a', 'Download complete'), line('b', 'Download complete')),
    {
      percent: 50,
      bytesDone: 400,
      bytesTotal: 400,
    },
  )
  assert.equal(at(line('a', 'Extracting', 100, 100), line('b', 'Extracting', 150, 300)).percent, 81)
  assert.equal(at(line('a', 'Pull complete'), line('b', 'Pull complete')).percent, 100)
})

test('layers that are there already are not in the way', () => {
  const count = createPullCount()
  for (const one of [line('a', 'Already exists'), line('b', 'Pulling fs layer'), line('b', 'Downloading', 10, 100)])
    count.take(one)
  assert.deepEqual(count.progress(), { percent: 5, bytesDone: 10, bytesTotal: 100 })
})

test('the percentage never goes back when a further layer is known, or is fetched again', () => {
  const count = createPullCount()
  for (const one of [line('a', 'Pulling fs layer'), line('a', 'Downloading', 90, 100)]) count.take(one)
  assert.equal(count.progress().percent, 45)
  for (const one of [line('b', 'Pulling fs layer'), line('b', 'Downloading', 1, 10_000)]) count.take(one)
  assert.equal(count.progress().percent, 45)
  count.take(line('a', 'Downloading', 0, 100))
  assert.equal(count.progress().percent, 45)
})

test('lines of another kind say nothing of a layer', () => {
  const count = createPullCount()
  for (const one of [null, 'text', { status: 'Digest: sha256:0' }, { id: 'x', status: 'Retrying in 5 seconds' }, []]) {
    assert.equal(count.take(one), false)
  }
})
