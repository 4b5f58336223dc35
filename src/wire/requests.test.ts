import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  parseApplyRequest,
  parseExecRequest,
  parseNamesRequest,
  parsePurgeRequest,
  parseSignalRequest,
  parseSourcesRequest,
} from './requests.ts'

test('a request takes its defaults, and a misspelt field is an error', () => {
  assert.deepEqual(parseNamesRequest({ names: ['web'] }), {
    kind: 'ok',
    value: { names: ['web'], labels: [], wait: true, waitFor: 'running', timeoutMs: null, force: false },
  })
  assert.deepEqual(parseNamesRequest({ names: ['web'], timeout: 3 }), {
    kind: 'bad',
    message: "unknown field 'timeout'; known are names, labels, wait, waitFor, timeoutMs, force",
  })
})

test('of a state that is applied only its text has to be said', () => {
  assert.deepEqual(parseApplyRequest({ state: '{}' }), {
    kind: 'ok',
    value: {
      ...{ state: '{}', name: 'the state', force: false, dryRun: false, loadedImages: {} },
      ...{ waitFor: null, timeoutMs: null },
    },
  })
})

test('a purge is of volumes that are named, asks nothing, and is waited for', () => {
  assert.deepEqual(parsePurgeRequest({ names: ['shop/data'] }), {
    kind: 'ok',
    value: { names: ['shop/data'], dryRun: false, force: false, wait: true, timeoutMs: null },
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
    parseNamesRequest({ names: ['a'], force: 'yes' }),
    parseSourcesRequest({ force: 1 }),
    parsePurgeRequest({}),
    parsePurgeRequest({ names: [] }),
    parsePurgeRequest({ names: ['a'], dryRun: 'yes' }),
    parsePurgeRequest({ names: ['a'], force: 1 }),
    parsePurgeRequest({ names: ['a'], wait: null }),
    parsePurgeRequest({ names: ['a'], timeoutMs: -1 }),
    parsePurgeRequest({ names: ['a'], yes: true }),
    parseSignalRequest({ names: ['a'] }),
    parseSourcesRequest({ sources: ['relative.yaml'] }),
    parseSourcesRequest({ sources: [] }),
    parseSourcesRequest({ lenient: 1 }),
    parseSourcesRequest({ waitFor: true }),
    parseSourcesRequest({ sinceStart: 1 }),
    parseSourcesRequest({ timeoutMs: 0.5 }),
    parseApplyRequest({}),
    parseApplyRequest({ state: {} }),
    parseApplyRequest({ state: '{}', name: '' }),
    parseApplyRequest({ state: '{}', force: 'yes' }),
    parseApplyRequest({ state: '{}', waitFor: 'well' }),
    parseApplyRequest({ state: '{}', timeoutMs: -1 }),
    parseApplyRequest({ state: '{}', dry: true }),
    parseApplyRequest({ state: '{}', loadedImages: { web: 'latest' } }),
    parseSourcesRequest({ loadedImages: [`sha256:${'a'.repeat(64)}`] }),
    parseSourcesRequest({ loadedImages: { '': `sha256:${'a'.repeat(64)}` } }),
  ]
  for (const parsed of bad) assert.equal(parsed.kind, 'bad')
})

test('of a command beside a unit its name and words have to be said, and a terminal has a size', () => {
  const plain = { environment: {}, user: null, workingDir: null, terminal: null, input: false }
  const named = { name: 'web', command: ['ls', ''] }
  assert.deepEqual(parseExecRequest(named), { kind: 'ok', value: { ...named, ...plain } })
  const terminal = { rows: 25, columns: 80 }
  assert.deepEqual(parseExecRequest({ ...named, terminal }), { kind: 'ok', value: { ...named, ...plain, terminal } })
  for (const wrong of [
    { name: 'web', command: [] },
    { name: '', command: ['ls'] },
    { ...named, terminal: { rows: 0, columns: 80 } },
    { ...named, environment: { 'A=B': 'c' } },
    { ...named, environment: ['A=b'] },
    { ...named, tty: true },
  ]) {
    assert.equal(parseExecRequest(wrong).kind, 'bad', JSON.stringify(wrong))
  }
})
