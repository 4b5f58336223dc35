import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseNamesRequest, parseSignalRequest, parseSourcesRequest } from './requests.ts'

test('a request takes its defaults, and a misspelt field is an error', () => {
  assert.deepEqual(parseNamesRequest({ names: ['web'] }), {
    kind: 'ok',
    value: { names: ['web'], wait: true, timeoutMs: null },
  })
  assert.deepEqual(parseNamesRequest({ names: ['web'], timeout: 3 }), {
    kind: 'bad',
    message: "unknown field 'timeout'; known are names, wait, timeoutMs",
  })
})

test('what is not of the kind it should be is refused', () => {
  const bad = [
    parseNamesRequest(null),
    parseNamesRequest([]),
    parseNamesRequest({ names: [] }),
    parseNamesRequest({ names: [''] }),
    parseNamesRequest({ names: [1] }),
    parseNamesRequest({ names: ['a'], wait: 'yes' }),
    parseNamesRequest({ names: ['a'], timeoutMs: -1 }),
    parseSignalRequest({ names: ['a'] }),
    parseSourcesRequest({ sources: ['relative.yaml'] }),
    parseSourcesRequest({ sources: [] }),
    parseSourcesRequest({ lenient: 1 }),
  ]
  for (const parsed of bad) assert.equal(parsed.kind, 'bad')
})
