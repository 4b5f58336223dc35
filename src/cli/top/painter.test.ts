import assert from 'node:assert/strict'
import { test } from 'node:test'
import { modelAfter, nowMs, told } from './fixture.ts'
import type { Model } from './model.ts'
import { createPainter } from './painter.ts'
import { update } from './update.ts'

/** A terminal whose line is as slow as the test says, and a clock that goes on when it says so. */
function createCanvas() {
  const written: string[] = []
  const timers = new Set<{ readonly ms: number; readonly call: () => void }>()
  let taken: ((isTaken: boolean) => void) | null = null
  let isGone = false
  const painter = createPainter(
    {
      write(text) {
        written.push(text)
        return new Promise((resolve) => {
          taken = resolve
        })
      },
      after(ms, call) {
        const timer = { ms, call }
        timers.add(timer)
        return () => timers.delete(timer)
      },
    },
    () => {
      isGone = true
    },
  )
  return {
    painter,
    written,
    isGone: () => isGone,
    /** The kernel takes what was written. */
    async take(isTaken = true): Promise<void> {
      taken?.(isTaken)
      await Promise.resolve()
      await Promise.resolve()
    },
    pass(ms: number): void {
      for (const timer of [...timers]) {
        if (timer.ms > ms) continue
        timers.delete(timer)
        timer.call()
      }
    },
  }
}

function later(model: Model, seconds: number): Model {
  return update(model, { kind: 'tick' }, nowMs + seconds * 1_000).model
}

const model = modelAfter(told)

test('while the terminal has not shown the last picture, only the newest one waits', async () => {
  const { painter, written, take } = createCanvas()
  painter.paint(model)
  painter.paint(later(model, 1))
  await take()
  painter.paint(later(model, 2))
  assert.equal(written.length, 1)
  painter.ready()
  assert.equal(written.length, 2)
  assert.match(written[1]!, /2/)
  await take()
  painter.ready()
  assert.equal(written.length, 2)
})

test('a terminal that never answers is drawn on all the same, and not asked again', async () => {
  const { painter, written, take, pass } = createCanvas()
  painter.paint(model)
  await take()
  painter.paint(later(model, 1))
  assert.equal(written.length, 1)
  pass(1_500)
  assert.equal(written.length, 2)
  await take()
  painter.paint(later(model, 2))
  assert.equal(written.length, 3)
  assert.deepEqual(
    written.map((text) => text.endsWith('\u001b[5n')),
    [true, false, false],
  )
})

test('an answer that was lost stops the pictures for some seconds only', async () => {
  const { painter, written, take, pass } = createCanvas()
  painter.paint(model)
  await take()
  painter.ready()
  painter.paint(later(model, 1))
  await take()
  painter.paint(later(model, 2))
  pass(1_500)
  assert.equal(written.length, 2)
  pass(10_000)
  assert.equal(written.length, 3)
})

test('at the end the answer is waited for, and nothing more is drawn', async () => {
  const { painter, written, take } = createCanvas()
  painter.paint(model)
  painter.paint(later(model, 1))
  let isSettled = false
  const settled = painter.settled(2_000).then(() => {
    isSettled = true
  })
  await take()
  assert.equal(isSettled, false)
  painter.ready()
  await settled
  assert.equal(written.length, 1)
})

test('at the end a terminal that does not answer is waited for no longer than said', async () => {
  const { painter, take, pass } = createCanvas()
  painter.paint(model)
  await take()
  painter.ready()
  painter.paint(later(model, 1))
  const settled = painter.settled(2_000)
  pass(2_000)
  await settled
})

test('a terminal that is gone is told, and nobody waits for it', async () => {
  const { painter, take, isGone } = createCanvas()
  painter.paint(model)
  await take(false)
  assert.equal(isGone(), true)
  await painter.settled(2_000)
})

test('after something else has drawn, the whole screen is sent', async () => {
  const { painter, written, take } = createCanvas()
  painter.paint(model)
  await take()
  painter.ready()
  painter.forget()
  painter.paint(model)
  assert.equal(written[1], written[0])
})
