import assert from 'node:assert/strict'
import { test } from 'node:test'
import { problemsOf, service } from './fixture.ts'

const plain = { timeZone: null, overlap: 'skip', missed: 'skip' }

for (const [lines, expected] of [
  ['schedule: "*/5 * * * *"', { cron: '*/5 * * * *', ...plain }],
  ['schedule: "@daily"', { cron: '@daily', ...plain }],
  ['schedule: {cron: 30 4 * * MON-FRI}', { cron: '30 4 * * MON-FRI', ...plain }],
  [
    'schedule: {cron: 0 30 4 * * *, timezone: Europe/Berlin, overlap: queue, missed: run-once}',
    { cron: '0 30 4 * * *', timeZone: 'Europe/Berlin', overlap: 'queue', missed: 'run-once' },
  ],
] as const) {
  test(`${lines} is a schedule, without a start with the daemon`, async () => {
    const { schedule, autostart, restart } = await service(`x-holdfast: {${lines}}`)
    assert.deepEqual([schedule, autostart, restart.when], [expected, false, 'no'])
  })
}

for (const [lines, expected] of [
  ['x-holdfast: {once: each-boot}', ['each-boot', 'no', true]],
  ['x-holdfast: {once: ever}', ['ever', 'no', true]],
  ['x-holdfast: {once: ever, autostart: false}', ['ever', 'no', false]],
  ['restart: on-failure:3\nx-holdfast: {once: ever}', ['ever', 'on-failure', true]],
  ['deploy: {restart_policy: {condition: none}}\nx-holdfast: {once: ever}', ['ever', 'no', true]],
  ['restart: on-failure:3\nx-holdfast: {schedule: "@daily", autostart: false}', [null, 'on-failure', false]],
] as const) {
  test(`${lines.replaceAll('\n', '; ')} is a job that ends`, async () => {
    const { once, restart, autostart } = await service(lines)
    assert.deepEqual([once, restart.when, autostart], expected)
  })
}

const ends = 'would start it again after each end; remove it, or write restart: on-failure:3 to try a failed run again'

for (const [lines, expected] of [
  [
    'x-holdfast: {schedule: "* * * *"}',
    "4:28: services.a.x-holdfast.schedule: the schedule '* * * *' has not five or six fields; write [second] minute hour day month weekday: 30 4 * * *",
  ],
  [
    'x-holdfast: {schedule: {cron: "61 * * * *"}}',
    "4:35: services.a.x-holdfast.schedule.cron: the minute '61' of the schedule '61 * * * *' is not valid; write 0-59, a list (1,3), a range from low to high (1-5) or steps (*/5)",
  ],
  [
    'x-holdfast: {schedule: {timezone: UTC}}',
    '4:28: services.a.x-holdfast.schedule: the schedule says no times; write \'cron: "30 4 * * *"\', or \'cron: "@daily"\'',
  ],
  [
    'x-holdfast: {schedule: {cron: "@daily", timezone: Europe/Berlim}}',
    "4:55: services.a.x-holdfast.schedule.timezone: the time zone 'Europe/Berlim' is not known; did you mean 'Europe/Berlin'?",
  ],
  [
    'x-holdfast: {schedule: {cron: "@daily", overlap: kill}}',
    "4:54: services.a.x-holdfast.schedule.overlap: 'kill' is none of skip, queue, replace; write skip",
  ],
  [
    'x-holdfast: {schedule: {cron: "@daily", missed: run}}',
    "4:53: services.a.x-holdfast.schedule.missed: 'run' is none of skip, run-once; write skip",
  ],
  [
    'x-holdfast: {schedule: "@daily", autostart: true}',
    '4:49: services.a.x-holdfast.autostart: a service with a schedule is started at its times, not with the daemon; remove this line, or the schedule',
  ],
  [
    'x-holdfast: {schedule: "@daily", once: ever}',
    '4:44: services.a.x-holdfast.once: a service with a schedule runs again and again; write only one of the two',
  ],
  [
    'restart: always\nx-holdfast: {schedule: "@daily"}',
    `4:14: services.a.restart: a service with a schedule ends, and 'always' ${ends}`,
  ],
  [
    'restart: unless-stopped\nx-holdfast: {once: ever}',
    `4:14: services.a.restart: a service with once ends, and 'unless-stopped' ${ends}`,
  ],
  [
    'deploy: {restart_policy: {}}\nx-holdfast: {once: ever}',
    `4:30: services.a.deploy.restart_policy: a service with once ends, and 'always' ${ends}`,
  ],
  ['x-holdfast: {once: boot}', "4:24: services.a.x-holdfast.once: 'boot' is none of each-boot, ever; write each-boot"],
] as const) {
  test(`${lines.replaceAll('\n', '; ')} is refused with its place and the remedy`, async () => {
    assert.deepEqual(await problemsOf(lines), [expected])
  })
}

test('a schedule without quotes is told to be put in quotes, once a line', async () => {
  const problems = await problemsOf('x-holdfast:\n  schedule: */5 * * * *')
  assert.deepEqual(
    problems.map((problem) => problem.replace(/^(\S+ ).*; /, '$1')),
    ['5:21: if the * is part of a text, put the whole text in quotes'],
  )
})
