import assert from 'node:assert/strict'
import { test } from 'node:test'
import { aheadText, localTimes, momentText, nextText, pastText, plannedText } from './time-text.ts'

const noonMs = new Date(2026, 2, 3, 12, 0, 0).getTime()

test('a moment of this day is told by its time, another one with its date', () => {
  assert.equal(momentText(noonMs + 61_000, noonMs), '12:01:01')
  assert.equal(momentText(noonMs - 23 * 3_600_000, noonMs), '13:00:00')
  assert.equal(momentText(noonMs + 48 * 3_600_000, noonMs), '2026-03-05 12:00:00')
})

test('a planned moment has seconds only where they say something', () => {
  assert.equal(plannedText(noonMs + 3_600_000, noonMs), '13:00')
  assert.equal(plannedText(noonMs + 3_630_000, noonMs), '13:00:30')
  assert.equal(plannedText(noonMs + 48 * 3_600_000, noonMs), '2026-03-05 12:00')
})

test('what is past tells how long ago, what is ahead how soon, and what is late that it is about to happen', () => {
  assert.equal(pastText(noonMs - 60_000, noonMs), '11:59:00 (1 min ago)')
  assert.equal(aheadText(noonMs + 4_000, noonMs), '12:00:04 (in 4 s)')
  assert.equal(aheadText(noonMs + 4 * 3_600_000, noonMs), '16:00 (in 4 h)')
  assert.equal(aheadText(noonMs - 1, noonMs), 'now')
})

test('what happens next is told with its time, counted from when it is read', () => {
  const upcoming = { what: 'tried again', at: new Date(noonMs + 4_000).toISOString(), more: ', the 3rd of 10 tries' }
  const next = 'tried again in 7 s, the 3rd of 10 tries'
  assert.equal(nextText({ next, upcoming }, noonMs), 'tried again at 12:00:04 (in 4 s), the 3rd of 10 tries')
  assert.equal(nextText({ next: 'nothing', upcoming: null }, noonMs), 'nothing')
})

test('times within a text are those of the terminal', () => {
  const text = `unexpected (exit code 1), at ${new Date(noonMs - 1_000).toISOString()}`
  assert.equal(localTimes(text, noonMs), 'unexpected (exit code 1), at 11:59:59')
})
