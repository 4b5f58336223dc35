import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseNamesRequest, parseSignalRequest, parseSourcesRequest } from './requests.ts'

test('a request takes its defaults, and a misspelt field is an error', () => {
  assert.deepEqual(parseNamesRequest({ names: ['web'] }), {
    kind: 'ok',
    value: { names: ['web'], labels: [], wait: true, waitFor: 'running', timeoutMs: null },
  })
  assert.deepEqual(parseNamesRequest({ names: ['web'], timeout: 3 }), {
    kind: 'bad',
    message: "unknown field 'timeout'; known are names, labels, wait, waitFor, timeoutMs",
  })
})

test('labels may stand in place of names, or beside them', () => {
  const read = (body: object) => {
    const parsed = parseSignalRequest({ signal: 'HUP', ...body })
    return parsed.kind === 'ok' ? parsed.value : parsed.kind
  }
  assert.deepEqual(read({ labels: ['tier=front'] }), { names: [], labels: ['tier=front'], signal: 'HUP' })
  assert.deepEqual(read({ names: ['a'], labels: ['b'] }), { names: ['a'], labels: ['b'], signal: 'HUP' })
  assert.equal(read({ names: [], labels: [] }), 'bad')
  assert.equal(read({ labels: [''] }), 'bad')
  assert.equal(read({ labels: 'tier' }), 'bad')
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
    parseNamesRequest({ names: ['a'], waitFor: 'well' }),
    parseSignalRequest({ names: ['a'] }),
    parseSourcesRequest({ sources: ['relative.yaml'] }),
    parseSourcesRequest({ sources: [] }),
    parseSourcesRequest({ lenient: 1 }),
    parseSourcesRequest({ waitFor: true }),
    parseSourcesRequest({ sinceStart: 1 }),
    parseSourcesRequest({ timeoutMs: 0.5 }),
  ]
  for (const parsed of bad) assert.equal(parsed.kind, 'bad')
})
