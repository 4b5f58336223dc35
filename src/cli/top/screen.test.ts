import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createEmulator } from './emulator.ts'
import { ago, modelAfter, shop, told, unitList } from './fixture.ts'
import { difference, toFrame } from './screen.ts'
import type { Line } from './spans.ts'
import { update } from './update.ts'
import { view } from './view.ts'

const size = { columns: 20, rows: 4 }

const line: fc.Arbitrary<Line> = fc.array(
  fc.record({
    text: fc.string({
      unit: fc.constantFrom('a', 'b', ' ', ' ', '●', '世', 'e\u0301', '😀', '\u202e', '\u0007'),
      maxLength: 12,
    }),
    style: fc.constantFrom('', '', '1', '7', '1;32'),
  }),
  { maxLength: 4 },
)
const picture = fc.array(line, { maxLength: size.rows + 1 })

test('a terminal that takes the differences shows the picture, from any picture to any other', () => {
  fc.assert(
    fc.property(picture, picture, (first, second) => {
      const terminal = createEmulator(size)
      const one = toFrame(first, size, true)
      const two = toFrame(second, size, true)
      terminal.take(difference(null, one))
      assert.deepEqual(terminal.frame(), one)
      terminal.take(difference(one, two))
      assert.deepEqual(terminal.frame(), two)
    }),
    { numRuns: 2_000 },
  )
})

test('nothing is sent for what did not change', () => {
  const frame = toFrame([[{ text: 'same', style: '1' }]], size, true)
  assert.equal(difference(frame, frame), '')
})

test('only the cells that differ are sent', () => {
  const before = toFrame([[{ text: 'up 11 s   web', style: '' }]], size, true)
  const after = toFrame([[{ text: 'up 12 s   web', style: '' }]], size, true)
  assert.equal(difference(before, after), '\u001b[1;5H2')
})

test('another size clears the screen', () => {
  const before = toFrame([], size, true)
  const after = toFrame([[{ text: 'x', style: '' }]], { columns: 21, rows: 4 }, true)
  assert.ok(difference(before, after).startsWith('\u001b[m\u001b[2J'))
})

test('without UTF-8 nothing but ASCII is sent', () => {
  const frame = toFrame([[{ text: '● grün 世', style: '' }]], size, false)
  assert.equal(frame.rows[0]!.chars.join('').trimEnd(), '? gr?n ?')
})

test('what turns the direction of writing never reaches the terminal', () => {
  const frame = toFrame([[{ text: 'a\u202eb\u200bc', style: '' }]], size, true)
  assert.equal(frame.rows[0]!.chars.join('').trimEnd(), 'abc')
})

test('a second later, with every unit a second older, a screen of 80 by 24 costs less than 400 bytes', () => {
  const young = Array.from({ length: 40 }, (_, at) => ({
    ...shop[0]!,
    unit: `shop/web/${at + 1}`,
    since: ago(10_000),
  }))
  const before = modelAfter([...told, { kind: 'units', list: unitList(young) }])
  const after = update(before, { kind: 'tick' }, before.nowMs + 1_000).model
  const frames = [before, after].map((model) => toFrame(view(model), model.size, true))
  const bytes = Buffer.byteLength(difference(frames[0]!, frames[1]!))
  assert.ok(bytes > 0 && bytes < 400, `${bytes} bytes`)
  assert.ok(Buffer.byteLength(difference(null, frames[0]!)) < 3_000)
})
