import assert from 'node:assert/strict'
import { test } from 'node:test'
import { defaultSvlogdConfig, parseSvlogdConfig } from './svlogd-config.ts'
import { matchesPattern } from './svlogd-pattern.ts'
import { stampText } from './svlogd-stamp.ts'

const config = (text: string) => parseSvlogdConfig(Buffer.from(text)).config

test('an empty config, and one of unknown lines, is the default', () => {
  assert.deepEqual(config(''), defaultSvlogdConfig)
  assert.deepEqual(config('\n# s5\n s5\nzzz\np\n!\n'), defaultSvlogdConfig)
})

test('sizes and ages have units, and no digits are 0', () => {
  assert.equal(config('s5').sizeMaxBytes, 5)
  assert.equal(config('s5k').sizeMaxBytes, 5 * 1024)
  assert.equal(config('s5m').sizeMaxBytes, 5 * 1024 * 1024)
  assert.equal(config('sx').sizeMaxBytes, 0)
  assert.equal(config('t5').ageMaxSeconds, 5)
  assert.equal(config('t5m').ageMaxSeconds, 300)
  assert.equal(config('t5h').ageMaxSeconds, 18_000)
  assert.deepEqual([config('n3\nN2').filesMax, config('n3\nN2').filesMin], [3, 2])
})

test('the last line of a kind counts, patterns all do', () => {
  const { prefix, processor, patterns } = config('pa\npb \n!one\n!two three\n-*\n+a\ne*x\nE\n')
  assert.equal(prefix, 'b ')
  assert.equal(processor, 'two three')
  assert.deepEqual(
    patterns.map(({ effect, pattern }) => [effect, Buffer.from(pattern).toString()]),
    [
      ['deselect', '*'],
      ['select', 'a'],
      ['tell', '*x'],
      ['hush', ''],
    ],
  )
})

test('an address has four numbers, and a port or that of syslog', () => {
  assert.deepEqual(config('u10.0.0.1').udp, { address: '10.0.0.1', port: 514, isOnly: false })
  assert.deepEqual(config('U10.0.0.1:99').udp, { address: '10.0.0.1', port: 99, isOnly: true })
  assert.deepEqual(config('u300.0.0.1:99x').udp, { address: '44.0.0.1', port: 99, isOnly: false })
})

test('an address that is none is warned of and ignored', () => {
  const { config, warnings } = parseSvlogdConfig(Buffer.from('Uhost\nu1.2.3.4:0\n'))
  assert.equal(config.udp, null)
  assert.deepEqual(warnings, ['unable to scan ip address: host', 'unable to scan port number: 0'])
})

const matches: readonly (readonly [string, string, boolean])[] = [
  ['', '', true],
  ['', 'a', false],
  ['a', 'a', true],
  ['a', 'ab', false],
  ['ab', 'a', false],
  ['*', '', true],
  ['*', 'anything', true],
  ['a*', 'abc', true],
  ['*error*', 'error: x', true],
  ['*error*', 'some error', false],
  ['*: *: pid *', '2005 tcpsvd: info: pid 1977 from', true],
  ['*pid*', '2005 tcpsvd: info: pid 1977 from', false],
  ['+ab', 'aaab', true],
  ['+ab', 'b', false],
  ['+ab', 'aaa', true],
  ['**', 'a*b', true],
  ['**', 'ab', false],
  ['a+', 'a', false],
]

for (const [pattern, line, isMatch] of matches) {
  test(`the pattern ${pattern} ${isMatch ? 'matches' : 'does not match'}: ${line}`, () => {
    const bytes = Buffer.from(`xx${line}ab`)
    assert.equal(matchesPattern(Buffer.from(pattern), bytes, 2, 2 + line.length), isMatch)
  })
}

test('stamps are cut to five digits, and 26 bytes long', () => {
  const time = { unixSeconds: 1_134_897_230, nanoseconds: 9_999 }
  assert.equal(stampText('none', time), '')
  assert.equal(stampText('tai64n', time), '@4000000043a528580000270f ')
  assert.equal(stampText('text', time), '2005-12-18_09:13:50.00000 ')
  assert.equal(stampText('iso', { ...time, nanoseconds: 999_999_999 }), '2005-12-18T09:13:50.99999 ')
})
