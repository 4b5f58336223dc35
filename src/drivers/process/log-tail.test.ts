import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { LogAppender } from '../../engine/ports.ts'
import { createLogTail } from './log-tail.ts'

const piece = (text: string) => Buffer.from(text)

it('what a log does not take at once is written in order, and whoever waits is told', async () => {
  const log = fakeLog([2, 'stuck', 'stuck', 100])
  const { promise, resolve } = Promise.withResolvers<void>()
  const tail = createLogTail(log.appender, { attempt: 7, now: () => 5, onFree: resolve })
  tail.write(piece('abc'))
  tail.write(piece('def'))
  assert.deepEqual([tail.isStuck(), log.text()], [true, 'ab'])
  await promise
  assert.deepEqual([tail.isStuck(), log.text(), log.attempts], [false, 'abcdef', [7]])
})

it('it is closed when what waited is written', async () => {
  const log = fakeLog(['stuck', 100])
  const { promise, resolve } = Promise.withResolvers<void>()
  const tail = createLogTail(log.appender, { attempt: 1, now: () => 5, onFree: resolve })
  tail.write(piece('last words'))
  tail.close()
  assert.equal(log.isClosed(), false)
  await promise
  assert.deepEqual([log.isClosed(), log.text()], [true, 'last words'])
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
