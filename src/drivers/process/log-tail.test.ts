import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { LogAppender } from '../../engine/ports.ts'
import { createLogTail } from './log-tail.ts'

const piece = (text: string) => Buffer.from(text)
const plain = { isAnsiStripped: false, now: () => 5 }

it('what a log does not take at once is written in order, and whoever waits is told', async () => {
  const log = fakeLog([2, 'stuck', 'stuck', 100])
  const { promise, resolve } = Promise.withResolvers<void>()
  const tail = createLogTail(log.appender, { ...plain, attempt: 7, onFree: resolve })
  tail.write(piece('abc'))
  tail.write(piece('def'))
  assert.deepEqual([tail.isStuck(), log.text()], [true, 'ab'])
  await promise
  assert.deepEqual([tail.isStuck(), log.text(), log.attempts], [false, 'abcdef', [7]])
})

it('it is closed when what waited is written', async () => {
  const log = fakeLog(['stuck', 100])
  const { promise, resolve } = Promise.withResolvers<void>()
  const tail = createLogTail(log.appender, { ...plain, attempt: 1, onFree: resolve })
  tail.write(piece('last words'))
  tail.close()
  assert.equal(log.isClosed(), false)
  await promise
  assert.deepEqual([log.isClosed(), log.text()], [true, 'last words'])
})

it('terminal sequences are left out of the log alone, and what only looks like the beginning of one is not', () => {
  const log = fakeLog([])
  const tail = createLogTail(log.appender, { ...plain, attempt: 1, isAnsiStripped: true, onFree: () => {} })
  const pieces = ['a\x1b[3', '1mb\x1b', '[0mc\x1b'].map(piece)
  for (const one of pieces) tail.write(one)
  assert.deepEqual([log.text(), Buffer.concat(pieces).toString()], ['abc', 'a\x1b[31mb\x1b[0mc\x1b'])
  tail.close()
  assert.deepEqual([log.text(), log.isClosed()], ['abc\x1b', true])
})

/** Takes so many bytes each time. */
function fakeLog(takes: readonly (number | 'stuck')[]) {
  let written = ''
  let isClosed = false
  let next = 0
  const attempts: number[] = []
  const appender: LogAppender = {
    write(pieces) {
      const takesNow = takes[next++] ?? 100
      if (takesNow === 'stuck') return { bytes: 0, retryMs: 1 }
      const all = Buffer.concat(pieces.map(({ bytes }) => bytes))
      const taken = all.subarray(0, takesNow)
      written += taken.toString()
      return { bytes: taken.length }
    },
    begin: (attempt) => void attempts.push(attempt),
    close: () => {
      isClosed = true
    },
  }
  return { appender, attempts, text: () => written, isClosed: () => isClosed }
}
