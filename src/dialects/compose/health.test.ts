import assert from 'node:assert/strict'
import { test } from 'node:test'
import { problemsOf, service } from './fixture.ts'

const timing = { intervalMs: 30_000, timeoutMs: 30_000, retries: 3, startPeriodMs: 0, startIntervalMs: 1_000 }

for (const [lines, readiness] of [
  ['healthcheck: {test: curl -f x || exit 1}', { kind: 'exec', command: ['/bin/sh', '-c', 'curl -f x || exit 1'] }],
  ['healthcheck: {test: [CMD, curl, -f, a b]}', { kind: 'exec', command: ['curl', '-f', 'a b'] }],
  ['healthcheck: {test: [CMD-SHELL, a | b]}', { kind: 'exec', command: ['/bin/sh', '-c', 'a | b'] }],
  ['x-holdfast: {readiness: {exec: check "a b"}}', { kind: 'exec', command: ['check', 'a b'] }],
  ['x-holdfast: {readiness: {exec: [check, a b]}}', { kind: 'exec', command: ['check', 'a b'] }],
  ['x-holdfast: {readiness: {tcp: 80}}', { kind: 'tcp', host: '127.0.0.1', port: 80 }],
  ['x-holdfast: {readiness: {tcp: ":80"}}', { kind: 'tcp', host: '127.0.0.1', port: 80 }],
  ['x-holdfast: {readiness: {tcp: db.local:5432}}', { kind: 'tcp', host: 'db.local', port: 5432 }],
  ['x-holdfast: {readiness: {tcp: "[::1]:80"}}', { kind: 'tcp', host: '::1', port: 80 }],
  ['x-holdfast: {readiness: {log: "ready in \\\\d+ ms$$"}}', { kind: 'log', pattern: 'ready in \\d+ ms$' }],
  [
    'x-holdfast: {readiness: {http: "http://127.0.0.1:8080/health"}}',
    {
      kind: 'http',
      url: 'http://127.0.0.1:8080/health',
      headers: {},
      statusMin: 200,
      statusMax: 399,
      bodyPattern: null,
    },
  ],
  [
    'x-holdfast: {readiness: {http: {url: "https://x/", headers: {Host: y}, status: 200, body: ^ok}}}',
    { kind: 'http', url: 'https://x/', headers: { Host: 'y' }, statusMin: 200, statusMax: 200, bodyPattern: '^ok' },
  ],
  [
    'x-holdfast: {readiness: {http: {url: "http://x/", status: 200-299}}}',
    { kind: 'http', url: 'http://x/', headers: {}, statusMin: 200, statusMax: 299, bodyPattern: null },
  ],
] as const) {
  test(`${lines} is a readiness check with the documented times`, async () => {
    assert.deepEqual((await service(lines)).checks, { readiness: { probe: readiness, ...timing }, liveness: null })
  })
}

for (const lines of [
  'healthcheck: {disable: true}',
  'healthcheck: {disable: true, test: x, interval: 5s}',
  'healthcheck: {test: [NONE]}',
]) {
  test(`${lines} is no check`, async () => {
    assert.deepEqual((await service(lines)).checks, { readiness: null, liveness: null })
  })
}

const times = 'interval: 5s, timeout: 2s, retries: 7, start_period: 1m, start_interval: 500ms'
const timesDecoded = { intervalMs: 5_000, timeoutMs: 2_000, retries: 7, startPeriodMs: 60_000, startIntervalMs: 500 }

test('the times of a check are what is written, of both kinds of both checks', async () => {
  const tcp = { kind: 'tcp', host: '127.0.0.1', port: 80 }
  const exec = { kind: 'exec', command: ['x'] }
  const docker = await service(`healthcheck: {test: [CMD, x], ${times}}\nx-holdfast: {liveness: {tcp: 80, ${times}}}`)
  assert.deepEqual(docker.checks, {
    readiness: { probe: exec, ...timesDecoded },
    liveness: { probe: tcp, ...timesDecoded },
  })
  const own = await service(`x-holdfast: {readiness: {tcp: 80, ${times}}}`)
  assert.deepEqual(own.checks.readiness, { probe: tcp, ...timesDecoded })
})

test('liveness is checked more often', async () => {
  const { liveness } = (await service('x-holdfast: {liveness: {tcp: 80}}')).checks
  assert.deepEqual({ ...liveness, probe: null }, { probe: null, ...timing, intervalMs: 10_000 })
})

test('output of one stream is enough for a pattern to be looked for', async () => {
  const { checks } = await service('x-holdfast: {logs: {stdout: none, stderr: own}, readiness: {log: x}}')
  assert.deepEqual(checks.readiness?.probe, { kind: 'log', pattern: 'x' })
})

const kept =
  "the output of this service is kept in no file, so nothing can be found in it; remove 'none' or the device below logs, or check in another way"

for (const [lines, expected] of [
  [
    'healthcheck: {interval: 5s}',
    '4:18: services.a.healthcheck: the check has no test; write \'test: ["CMD", "program", "argument"]\'',
  ],
  [
    'healthcheck: {test: [curl, x]}',
    '4:25: services.a.healthcheck.test: a list begins with CMD, CMD-SHELL or NONE; write ["CMD", "program", "argument"], or ["CMD-SHELL", "a command for the shell"]',
  ],
  [
    'healthcheck: {test: [CMD]}',
    '4:25: services.a.healthcheck.test: the command is empty; write the program to run and its arguments',
  ],
  [
    'healthcheck: {test: ""}',
    '4:25: services.a.healthcheck.test: the command is empty; write the program to run and its arguments',
  ],
  [
    'healthcheck: {test: [CMD-SHELL, a, b]}',
    '4:25: services.a.healthcheck.test: CMD-SHELL takes one text; put the whole command into one pair of quotes',
  ],
  [
    'healthcheck: {test: [NONE, x]}',
    '4:25: services.a.healthcheck.test: NONE means no check; write ["NONE"], or remove the word NONE',
  ],
  [
    'healthcheck: {test: NONE}',
    "4:25: services.a.healthcheck.test: a text is a command for the shell; write 'disable: true', or 'test: [\"NONE\"]'",
  ],
  [
    'healthcheck: {test: x, intervall: 5s}',
    "4:28: services.a.healthcheck.intervall: unknown key 'intervall'; did you mean 'interval'?",
  ],
  [
    'healthcheck: {test: x, interval: 0s}',
    '4:38: services.a.healthcheck.interval: no time at all is too short; write at least 1ms',
  ],
  [
    'healthcheck: {test: x, timeout: 5}',
    "4:37: services.a.healthcheck.timeout: '5' is not a duration; did you mean '5s'?",
  ],
  [
    'healthcheck: {test: x, retries: 0}',
    "4:37: services.a.healthcheck.retries: '0' is not a whole number from 1 to 1000000; write a number such as 1",
  ],
  [
    'healthcheck: {test: x}\nx-holdfast: {readiness: {tcp: 80}}',
    '5:29: services.a.x-holdfast.readiness: healthcheck is a readiness check as well; write only one of the two',
  ],
  [
    'x-holdfast: {readiness: {interval: 5s}}',
    '4:29: services.a.x-holdfast.readiness: the check says no way to check; write one of exec, http, tcp, log',
  ],
  [
    'x-holdfast: {liveness: {tcp: 80, exec: x}}',
    '4:34: services.a.x-holdfast.liveness.tcp: exec says already how to check; write only one of the two',
  ],
  [
    'x-holdfast: {liveness: {exec: a | b}}',
    '4:35: services.a.x-holdfast.liveness.exec: \'|\' is for a shell, and this command is run without one; put the word in quotes, or write ["sh", "-c", "…"]',
  ],
  [
    'x-holdfast: {liveness: {tcp: 70000}}',
    "4:34: services.a.x-holdfast.liveness.tcp: '70000' is not an address with a port; write host:port, [::1]:port, or only the port of this host",
  ],
  [
    'x-holdfast: {liveness: {tcp: "::1:80"}}',
    "4:34: services.a.x-holdfast.liveness.tcp: '::1:80' is not an address with a port; write host:port, [::1]:port, or only the port of this host",
  ],
  [
    'x-holdfast: {liveness: {http: "localhost:80"}}',
    "4:35: services.a.x-holdfast.liveness.http: 'localhost:80' is not a URL of http or https; write it whole: http://127.0.0.1:8080/health",
  ],
  [
    'x-holdfast: {liveness: {http: "http://u:p@x/"}}',
    '4:35: services.a.x-holdfast.liveness.http: a name or password in a URL is not sent; write headers: {Authorization: …}',
  ],
  [
    'x-holdfast: {liveness: {http: {status: 200}}}',
    "4:35: services.a.x-holdfast.liveness.http: the check has no url; write 'url: http://127.0.0.1:8080/health'",
  ],
  [
    'x-holdfast: {liveness: {http: {url: "http://x", status: 2xx}}}',
    "4:61: services.a.x-holdfast.liveness.http.status: '2xx' is neither a status nor a range of them; write 200, or 200-399",
  ],
  [
    'x-holdfast: {liveness: {http: {url: "http://x", status: 399-200}}}',
    "4:61: services.a.x-holdfast.liveness.http.status: '399-200' is neither a status nor a range of them; write 200, or 200-399",
  ],
  [
    'x-holdfast: {liveness: {http: {url: "http://x", headers: {"a b": c}}}}',
    "4:63: services.a.x-holdfast.liveness.http.headers.a b: 'a b' is no name of a header, or stands here twice; write each once: Name: value",
  ],
  [
    'x-holdfast: {liveness: {http: {url: "http://x", headers: {A: b, a: c}}}}',
    "4:69: services.a.x-holdfast.liveness.http.headers.a: 'a' is no name of a header, or stands here twice; write each once: Name: value",
  ],
  [
    'x-holdfast: {liveness: {http: {url: "http://x", headers: {A: "b\\r\\nC: d"}}}}',
    '4:66: services.a.x-holdfast.liveness.http.headers.A: the value holds characters that no header can have; write it on one line, in Latin letters',
  ],
  [
    'x-holdfast: {liveness: {http: {url: "http://x", headers: []}}}',
    "4:62: services.a.x-holdfast.liveness.http.headers: a map of headers is expected here; write 'Name: value' lines below it",
  ],
  [
    'x-holdfast: {liveness: {http: {url: "http://x", body: (?=x)}}}',
    "4:59: services.a.x-holdfast.liveness.http.body: it cannot be matched in linear time: it has look-ahead, a back-reference, an inline flag or a repetition counted above 16; write a plainer one, such as 'listening on port \\d+'",
  ],
  [
    'x-holdfast: {liveness: {log: "("}}',
    "4:34: services.a.x-holdfast.liveness.log: it is not a pattern: Unterminated group; write a plainer one, such as 'listening on port \\d+'",
  ],
  [`x-holdfast: {logs: {stdout: none}, readiness: {log: x}}`, `4:57: services.a.x-holdfast.readiness.log: ${kept}`],
  [
    `x-holdfast: {logs: {stdout: /dev/stdout}, readiness: {log: x}}`,
    `4:64: services.a.x-holdfast.readiness.log: ${kept}`,
  ],
] as const) {
  test(`${lines.replaceAll('\n', '; ')} is refused with its place and the remedy`, async () => {
    assert.deepEqual(await problemsOf(lines), [expected])
  })
}
