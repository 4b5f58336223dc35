import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { LogSpec } from '../../core/model.ts'
import { problemsOf, service } from './fixture.ts'

const unix = { kind: 'unix', path: '/srv/My Shop/php.sock', mode: 0o700, owner: null }

for (const [lines, socket] of [
  ['{unix: php.sock}', { address: unix, backlog: null }],
  [
    '{unix: php.sock, mode: 0660, owner: "www-data:www", backlog: 64}',
    { address: { ...unix, mode: 0o660, owner: 'www-data:www' }, backlog: 64 },
  ],
  ['{tcp: "[::1]:9000", backlog: 5}', { address: { kind: 'tcp', host: '::1', port: 9000 }, backlog: 5 }],
  ['{tcp: 9000}', { address: { kind: 'tcp', host: '127.0.0.1', port: 9000 }, backlog: null }],
] as const) {
  test(`a socket may be stdin: ${lines}`, async () => {
    const { process } = await service(`x-holdfast: {stdin: {socket: ${lines}}}`)
    assert.deepEqual(process.stdin, { kind: 'socket', socket })
  })
}

const plain: LogSpec = { path: null, bytesMax: 10 * 1024 * 1024, backupsMax: 3, ageMaxMs: 0, compress: false }
const nothing = { isAnsiStripped: false, syslog: null, captureBytesMax: 0, isTold: false }

test('what is done with output is said of both streams, or of one', async () => {
  const { process } = await service(
    'x-holdfast: {logs: {stderr: {path: own, capture: 0, syslog: {ident: web, prefix: "err: "}}, strip_ansi: true, capture: 1m, events: yes}}',
  )
  const both = { ...nothing, isAnsiStripped: true, isTold: true }
  assert.deepEqual(process.stdout, { ...plain, handling: { ...both, captureBytesMax: 1024 * 1024 } })
  assert.deepEqual(process.stderr, { ...plain, handling: { ...both, syslog: { ident: 'web', prefix: 'err: ' } } })
})

test('an instance takes back what is said of the service, and what says nothing costs nothing', async () => {
  const { process, instances } = await service(
    'x-holdfast: {logs: {syslog: web, events: true}, instances: [{n: 0}, {n: 1, logs: {syslog: false, events: false}}]}',
  )
  assert.deepEqual(process.stdout.handling, { ...nothing, isTold: true, syslog: { ident: 'web', prefix: '' } })
  assert.deepEqual(instances[1]?.process, { stdout: plain })
})

for (const [lines, expected] of [
  [
    'x-holdfast: {stdin: {socket: {}}}',
    "4:34: services.a.x-holdfast.stdin.socket: the socket has no address; write 'unix: /run/php.sock' or 'tcp: 127.0.0.1:9000'",
  ],
  [
    'x-holdfast: {stdin: {socket: {tcp: 9000, mode: "0660"}}}',
    "4:46: services.a.x-holdfast.stdin.socket.mode: unknown key 'mode'; the keys here are tcp, backlog",
  ],
  [
    'x-holdfast: {stdin: {socket: {unix: /a, mode: "0668"}}}',
    "4:51: services.a.x-holdfast.stdin.socket.mode: '0668' is not octal permissions; write them as chmod takes them: '0660'",
  ],
  [
    'x-holdfast: {stdin: {socket: {unix: /a}, file: b}}',
    "4:46: services.a.x-holdfast.stdin.file: unknown key 'file'; the keys here are socket",
  ],
  [
    'x-holdfast: {logs: {syslog: true}}',
    "4:33: services.a.x-holdfast.logs.syslog: syslog is the name that the lines have there; write it: 'syslog: web'; or 'syslog: false'",
  ],
  [
    'x-holdfast: {logs: {syslog: "a b"}}',
    "4:33: services.a.x-holdfast.logs.syslog: 'a b' is no name for syslog; write one word: 'syslog: web'",
  ],
  [
    'x-holdfast: {logs: {syslog: {prefix: a}}}',
    "4:33: services.a.x-holdfast.logs.syslog: the lines have no name in syslog; write 'ident: web'",
  ],
] as const) {
  test(`${lines} is refused with its place and a hint`, async () => {
    assert.deepEqual(await problemsOf(lines), [expected])
  })
}
