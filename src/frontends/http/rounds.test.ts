import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as nextRound } from 'node:timers/promises'
import { createRounds } from './rounds.ts'

test('of many who ask at once a few are answered in each round of the loop, in their order', async () => {
  const rounds = createRounds()
  const order: number[] = []
  let round = 0
  const answeredIn: number[] = []
  const all = Promise.all(
    Array.from({ length: 20 }, async (_, at) => {
      await rounds.next()
      order.push(at)
      answeredIn.push(round)
    }),
  )
  for (; order.length < 20; round += 1) {
    assert.ok(round < 100, 'every round answers somebody')
    await nextRound()
  }
  await all
  assert.deepEqual(
    order,
    Array.from({ length: 20 }, (_, at) => at),
  )
  for (let at = 0; at < round; at += 1) assert.ok(answeredIn.filter((each) => each === at).length <= 5)
})

test('a dear answer has its round for itself', async () => {
  const rounds = createRounds()
  const answeredIn: number[] = []
  let round = 0
  const ask = async (): Promise<void> => {
    await rounds.next()
    answeredIn.push(round)
    const untilMs = performance.now() + 3
    while (performance.now() < untilMs);
  }
  const all = Promise.all([ask(), ask(), ask()])
  for (; answeredIn.length < 3; round += 1) {
    assert.ok(round < 100, 'every round answers somebody')
    await nextRound()
  }
  await all
  assert.equal(new Set(answeredIn).size, 3)
})
