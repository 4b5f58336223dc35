import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isLoopback, parseTcpAddress, printTcpAddress } from './tcp-address.ts'

const taken: readonly (readonly [string, string, boolean])[] = [
  ['8700', '127.0.0.1:8700', true],
  ['localhost:8700', '127.0.0.1:8700', true],
  ['127.0.0.1:0', '127.0.0.1:0', true],
  ['192.0.2.7:65535', '192.0.2.7:65535', false],
  ['0.0.0.0:80', '0.0.0.0:80', false],
  ['[::1]:8700', '[::1]:8700', true],
  ['[2001:db8::1]:8700', '[2001:db8::1]:8700', false],
]
for (const [text, printed, isLocal] of taken) {
  test(`--listen takes ${text}`, () => {
    const address = parseTcpAddress(text)
    assert.ok(address !== null)
    assert.equal(printTcpAddress(address), printed)
    assert.deepEqual(parseTcpAddress(printed), address)
    assert.equal(isLoopback(address), isLocal)
  })
}

for (const text of [
  '',
  ':8700',
  '65536',
  '-1',
  '8700x',
  'example.org:80',
  '::1:8700',
  '[127.0.0.1]:80',
  '1.2.3:80',
  '[::1]',
]) {
  test(`--listen does not take '${text}'`, () => {
    assert.equal(parseTcpAddress(text), null)
  })
}
