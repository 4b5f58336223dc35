import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parsePortText, printPort, spreadPorts } from './port-text.ts'

for (const [text, expected] of [
  ['3000', ['3000']],
  ['3000-3001', ['3000', '3001']],
  ['8000:80', ['8000:80']],
  ['9090-9091:8080-8081/udp', ['9090:8080/udp', '9091:8081/udp']],
  ['127.0.0.1:8001:8001', ['127.0.0.1:8001:8001']],
  ['127.0.0.1::80', ['127.0.0.1::80']],
  ['::1:6000:6000', ['[::1]:6000:6000']],
  ['[::1]:6001:6001', ['[::1]:6001:6001']],
  ['0:80', ['80']],
] as const) {
  test(`${text} is ${expected.join(' and ')}, which reads back`, () => {
    const parsed = parsePortText(text)
    assert.ok(parsed.kind === 'ports')
    const printed = spreadPorts(parsed).map((port) => printPort(port, false))
    assert.deepEqual(printed, expected)
    for (const [index, one] of printed.entries()) {
      const again = parsePortText(one)
      assert.deepEqual(again.kind === 'ports' && spreadPorts(again), [spreadPorts(parsed)[index]])
    }
  })
}

for (const text of [
  '',
  'x',
  '80:',
  'a:80:80',
  '1.2.3.4:80',
  '80/foo',
  '70000',
  '0',
  '2-1',
  '1-2:3-5',
  '1-3:80',
  '1'.repeat(1_000),
]) {
  test(`'${text.slice(0, 20)}' is no port`, () => {
    assert.equal(parsePortText(text).kind, 'fault')
  })
}
