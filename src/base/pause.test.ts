import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { test } from 'node:test'
import { pauseFor } from './pause.ts'

test('a pause leaves nothing behind on a signal that lives on', async () => {
  const { signal } = new AbortController()
  for (let count = 0; count < 5; count += 1) await pauseFor(1, signal)
  assert.equal(getEventListeners(signal, 'abort').length, 0)
})

test('a pause ends at once when its signal is aborted, or was', { timeout: 5_000 }, async () => {
  const abort = new AbortController()
  const pause = pauseFor(3_600_000, abort.signal)
  abort.abort()
  await pause
  await pauseFor(3_600_000, abort.signal)
  assert.equal(getEventListeners(abort.signal, 'abort').length, 0)
})
