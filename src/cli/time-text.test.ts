import assert from 'node:assert/strict'
import { test } from 'node:test'
import { momentText, plannedText } from './time-text.ts'

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
