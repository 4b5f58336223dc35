import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inetServer, unixServer } from './fixture.ts'
import { isForeign } from './origin.ts'

const open = inetServer(9001)
const locked = inetServer(9001, { login: { username: 'a', password: 'b' } })
const unix = unixServer('/run')

test('programs are not foreign, whatever they call the host', () => {
  for (const server of [open, locked, unix]) assert.equal(isForeign({ headers: { host: 'what.ever' }, server }), false)
})

test('a page of another site is foreign', () => {
  const pages = [
    { host: 'localhost:9001', origin: 'http://evil.example' },
    { host: 'localhost:9001', origin: 'http://localhost:9002' },
    { host: 'localhost:9001', origin: 'null' },
    { host: 'localhost:9001', origin: 'http://localhost:9001', 'sec-fetch-site': 'cross-site' },
    { host: 'localhost:9001', 'sec-fetch-site': 'same-site' },
    { origin: 'http://evil.example' },
  ]
  for (const headers of pages) {
    for (const server of [open, locked, unix])
      assert.equal(isForeign({ headers, server }), true, JSON.stringify(headers))
  }
})

test('a page of ours is not, also behind a proxy', () => {
  const pages = [
    { host: 'localhost:9001', origin: 'http://localhost:9001' },
    { host: '127.0.0.1:9001', origin: 'http://127.0.0.1:9001', 'sec-fetch-site': 'same-origin' },
    { host: '127.0.0.1:9001', origin: 'https://status.example', 'sec-fetch-site': 'same-origin' },
    { host: '127.0.0.1:9001', origin: 'https://127.0.0.1:9001' },
  ]
  for (const headers of pages) assert.equal(isForeign({ headers, server: open }), false, JSON.stringify(headers))
})

test('a name that leads here by now counts only where a login is asked for', () => {
  const headers = { host: 'evil.example:9001', origin: 'http://evil.example:9001' }
  assert.equal(isForeign({ headers, server: open }), true)
  assert.equal(isForeign({ headers: { ...headers, 'sec-fetch-site': 'same-origin' }, server: open }), true)
  assert.equal(isForeign({ headers, server: locked }), false)
  assert.equal(isForeign({ headers, server: unix }), false)
})
