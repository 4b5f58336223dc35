import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkSequence, sequenceLine } from './sequence.ts'

const run = (pid: number, lines: number) => [
  `web ${pid} begin`,
  ...Array.from({ length: lines }, (_, index) => sequenceLine('web', pid, index + 1)),
  `web ${pid} end ${lines}`,
]
const check = (lines: readonly string[]) =>
  checkSequence({ log: Buffer.from(lines.map((line) => `${line}\n`).join('')), name: 'web' })

test('whole runs one after the other are as printed', () => {
  assert.deepEqual(check([...run(7, 3), ...run(8, 0)]), [
    { pid: 7, lines: 3, isEnded: true },
    { pid: 8, lines: 0, isEnded: true },
  ])
})

test('a lost, doubled, changed or strange line, a lost end and a lost begin are found', () => {
  const whole = run(7, 3)
  assert.throws(() => check(whole.toSpliced(2, 1)), /byte 64 /)
  assert.throws(() => check(whole.toSpliced(2, 0, whole[2]!)))
  assert.throws(() => check(whole.toSpliced(2, 1, whole[2]!.replace('f', 'g'))))
  assert.throws(() => check(whole.toSpliced(2, 0, 'strange')))
  assert.throws(() => check(whole.slice(0, -1)), /last end is missing/)
  assert.throws(() => check([...whole.slice(0, -1), ...run(8, 1)]), /end is missing/)
  assert.throws(() => check(whole.slice(1)), /line of no run/)
  assert.throws(() => check([...whole, whole[1]!]), /line of no run/)
})

test('a lost byte is found, also the last one', () => {
  const log = Buffer.from(
    run(7, 3)
      .map((line) => `${line}\n`)
      .join(''),
  )
  for (const at of [0, 20, 70, log.length - 1])
    assert.throws(() => checkSequence({ log: Buffer.concat([log.subarray(0, at), log.subarray(at + 1)]), name: 'web' }))
})
