// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are variables of the files under test
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type DecodedWithOrigins, decodeWithOrigins } from '../decode-sources.ts'
import { memorySourceReader } from '../memory-source-reader.ts'

async function decode(path: string, text: string): Promise<DecodedWithOrigins> {
  const reader = memorySourceReader({ files: { [path]: text }, directories: ['/tmp'] })
  const decoded = await decodeWithOrigins([path], reader, { lenient: false, descriptorsMax: null })
  assert.deepEqual(
    decoded.problems.filter(({ severity }) => severity === 'error'),
    [],
  )
  return decoded
}

/** The line of each key below the service `a`, 0 where it is a default. */
async function linesOf(lines: string, ...keys: readonly string[]): Promise<readonly number[]> {
  const text = `services:\n  a:\n    command: x\n${lines.replace(/^/gm, '    ')}\n`
  const { origin } = await decode('/srv/shop/holdfast.yaml', text)
  return keys.map((key) => origin('shop', ['services', 'a', ...key.split('.')])?.line ?? 0)
}

test('values know the line they were written in, and defaults that they were not', async () => {
  assert.deepEqual(
    await linesOf(
      'restart: always\nx-holdfast:\n  backoff:\n    max: 1m',
      'command',
      'restart',
      'x-holdfast.backoff.max',
      'x-holdfast.backoff.initial',
      'user',
    ),
    [3, 4, 7, 0, 0],
  )
})

for (const [lines, key] of [
  ['deploy: {replicas: 2}', 'scale'],
  ['deploy: {restart_policy: {condition: any}}', 'restart'],
  ['deploy: {restart_policy: {delay: 5s}}', 'x-holdfast.backoff.max'],
  ['deploy: {restart_policy: {window: 5s}}', 'x-holdfast.stable_after'],
  ['deploy: {restart_policy: {max_attempts: 5}}', 'x-holdfast.restart_budget.max'],
  ['restart: on-failure:3', 'x-holdfast.restart_budget.max'],
  ['deploy: {resources: {limits: {memory: 1g}}}', 'mem_limit'],
  ['deploy: {resources: {reservations: {memory: 1g}}}', 'mem_reservation'],
  ['stdin_open: true', 'x-holdfast.stdin'],
  ['x-holdfast: {readiness: {exec: x}}', 'healthcheck.test'],
  ['x-holdfast: {readiness: {exec: x, interval: 1s}}', 'healthcheck.interval'],
  ['x-holdfast: {schedule: "@daily"}', 'x-holdfast.schedule.cron'],
  ['x-holdfast: {hooks: {pre_start: x}}', 'x-holdfast.hooks.pre_start.command'],
  ['x-holdfast: {limits: best-effort}', 'x-holdfast.limits.enforcement'],
  ['x-holdfast: {logs: {stdout: none}}', 'x-holdfast.logs.stdout'],
  ['environment: [A=1]', 'environment.A'],
  ['environment: {A: 1}', 'environment.A'],
  ['labels: [a=b]', 'labels.a'],
] as const) {
  test(`${key} comes from ${lines}`, async () => {
    assert.deepEqual(await linesOf(lines, key), [4])
  })
}

test('what a short form does not say is a default', async () => {
  assert.deepEqual(
    await linesOf(
      'x-holdfast: {schedule: "@daily", hooks: {pre_start: x}}',
      'x-holdfast.schedule.overlap',
      'x-holdfast.hooks.pre_start.timeout',
    ),
    [0, 0],
  )
})

test('an origin tells the text with its variables, and what a merge key brings in stands at its anchor', async () => {
  const text = 'x-a: &a\n  user: ${WHO:-root}\nservices:\n  a:\n    <<: *a\n    command: x\n'
  const { origin } = await decode('/srv/shop/holdfast.yaml', text)
  assert.deepEqual(origin('shop', ['services', 'a', 'user']), {
    file: '/srv/shop/holdfast.yaml',
    line: 2,
    column: 3,
    written: '${WHO:-root}',
  })
})

test('options of supervisord know their lines, also those of [DEFAULT], of the group and of [supervisord]', async () => {
  const text = `[supervisord]
environment=STAGE="x"
[DEFAULT]
umask=022
[group:g]
programs=web
priority=5
[program:web]
command=web %(program_name)s
startretries=4
environment=A="1"
stdout_logfile=/tmp/%(program_name)s
`
  const { origin } = await decode('/srv/supervisord.conf', text)
  const line = (key: string) => origin('g', ['services', 'web', ...key.split('.')])?.line ?? 0
  const keys = [
    'command',
    'x-holdfast.backoff.max',
    'x-holdfast.umask',
    'x-holdfast.logs.stdout',
    'x-holdfast.logs.stderr',
  ]
  assert.deepEqual(keys.map(line), [9, 10, 4, 12, 0])
  assert.deepEqual(
    [line('environment.A'), line('environment.STAGE'), line('environment.SUPERVISOR_ENABLED')],
    [11, 2, 0],
  )
  assert.deepEqual([origin('g', ['x-holdfast', 'priority'])?.line, origin('g', ['name'])?.line], [7, 5])
  assert.equal(origin('g', ['services', 'web', 'command'])?.written, 'web %(program_name)s')
})
