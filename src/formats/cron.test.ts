import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { createRandom } from '../base/prng.ts'
import { cronFault, nextDue } from './cron.ts'

describe('the next time of a schedule', () => {
  const cases: Readonly<Record<string, readonly [cron: string, after: string, due: string]>> = {
    'is after the given one, even by a second': ['* * * * * *', '2026-01-01T00:00:01.000Z', '2026-01-01T00:00:02Z'],
    'is the next whole second': ['* * * * * *', '2026-01-01T00:00:01.999Z', '2026-01-01T00:00:02Z'],
    'of five fields is at second 0': ['30 4 * * *', '2026-01-01T04:30:00.000Z', '2026-01-02T04:30:00Z'],
    'of six fields has its second': ['15 30 4 * * *', '2026-01-01T00:00:00Z', '2026-01-01T04:30:15Z'],
    'is by day of month or weekday where both are given': [
      '0 0 13 * FRI',
      '2026-01-01T00:00:00Z',
      '2026-01-02T00:00:00Z',
    ],
    'knows Sunday as 0 and as 7': ['0 0 * * 7', '2026-01-01T00:00:00Z', '2026-01-04T00:00:00Z'],
    'knows the last day of a month': ['0 0 L * *', '2028-02-01T00:00:00Z', '2028-02-29T00:00:00Z'],
    'knows the weekday nearest to a day': ['0 0 15W * *', '2026-08-01T00:00:00Z', '2026-08-14T00:00:00Z'],
    'knows the second Friday': ['0 0 * * FRI#2', '2026-01-01T00:00:00Z', '2026-01-09T00:00:00Z'],
    'knows the last Friday': ['0 0 * * FRI#L', '2026-01-01T00:00:00Z', '2026-01-30T00:00:00Z'],
    'may be years away': ['0 0 29 2 *', '2096-03-01T00:00:00Z', '2104-02-29T00:00:00Z'],
    '@hourly': ['@hourly', '2026-01-01T00:00:00Z', '2026-01-01T01:00:00Z'],
    '@daily': ['@daily', '2026-01-01T00:00:00Z', '2026-01-02T00:00:00Z'],
    '@weekly is Sunday': ['@weekly', '2026-01-01T00:00:00Z', '2026-01-04T00:00:00Z'],
    '@monthly': ['@Monthly', '2026-01-01T00:00:00Z', '2026-02-01T00:00:00Z'],
    '@yearly': ['@yearly', '2026-01-01T00:00:00Z', '2027-01-01T00:00:00Z'],
  }
  for (const [name, [cron, after, due]] of Object.entries(cases)) {
    test(name, () => assert.equal(times(cron, 'UTC', after, 1)[0], new Date(due).toISOString()))
  }

  test('is that of every minute that matches, and of no other', () => {
    const random = createRandom(20_261_121)
    const values = (min: number, max: number) =>
      random.chance(0.4) ? null : Array.from({ length: random.whole(1, 4) }, () => random.whole(min, max))
    for (let round = 0; round < 150; round++) {
      const [minute, hour, day, month, weekday] = [
        values(0, 59),
        values(0, 23),
        values(1, 28),
        values(1, 12),
        values(0, 6),
      ]
      const cron = [minute, hour, day, month, weekday].map((field) => field?.join(',') ?? '*').join(' ')
      const isOn = (field: readonly number[] | null, value: number) => field?.includes(value) ?? true
      const isDay = (at: Date) => {
        const [byDay, byWeekday] = [isOn(day, at.getUTCDate()), isOn(weekday, at.getUTCDay())]
        return day !== null && weekday !== null ? byDay || byWeekday : byDay && byWeekday
      }
      const afterWallMs = Date.UTC(
        2026,
        random.whole(0, 11),
        random.whole(1, 28),
        random.whole(0, 23),
        random.whole(0, 59),
      )
      let at = new Date(afterWallMs + 60_000)
      while (!(isOn(month, at.getUTCMonth() + 1) && isDay(at)))
        at = new Date(Math.floor(at.getTime() / dayMs + 1) * dayMs)
      while (
        !(
          isOn(minute, at.getUTCMinutes()) &&
          isOn(hour, at.getUTCHours()) &&
          isOn(month, at.getUTCMonth() + 1) &&
          isDay(at)
        )
      )
        at = new Date(at.getTime() + 60_000)
      const due = nextDue({ cron, timeZone: 'UTC', afterWallMs })
      assert.equal(due, at.getTime(), `${cron} after ${new Date(afterWallMs).toISOString()}`)
    }
  })

  test('is null where there is none, told within milliseconds', () => {
    const beganAt = performance.now()
    for (const cron of ['0 0 30 2 *', '* * * 31 2,4,6,9,11 *', '0 0 31W 4 *']) {
      for (const timeZone of ['UTC', 'Europe/Berlin', null]) {
        assert.equal(nextDue({ cron, timeZone, afterWallMs: Date.UTC(2026, 0) }), null)
      }
    }
    assert.ok(performance.now() - beganAt < 2_000)
  })

  test('is told, or null, after whatever a clock may show', () => {
    assert.equal(nextDue({ cron: '@daily', timeZone: 'UTC', afterWallMs: 0 }), dayMs)
    assert.equal(nextDue({ cron: '@daily', timeZone: 'UTC', afterWallMs: -1e15 }), dayMs)
    for (const afterWallMs of [1e15, 1e300, Number.POSITIVE_INFINITY, Number.NaN]) {
      assert.equal(nextDue({ cron: '@daily', timeZone: 'UTC', afterWallMs }), null)
    }
  })

  test('of what cannot be read is an error that says why', () => {
    assert.throws(() => nextDue({ cron: '0 0 * *', timeZone: null, afterWallMs: 0 }), /'0 0 \* \*' has not five or six/)
    assert.throws(() => nextDue({ cron: '@daily', timeZone: 'Mars/Base', afterWallMs: 0 }), /'Mars\/Base' is not known/)
  })
})

describe('where clocks are put forward or back', () => {
  // Berlin: 2026-03-29 02:00 → 03:00 (01:00Z), 2026-10-25 03:00 → 02:00 (01:00Z).
  // New York: 2026-03-08 02:00 → 03:00 (07:00Z), 2026-11-01 02:00 → 01:00 (06:00Z).
  // Lord Howe, by half an hour: 2026-04-05 02:00 → 01:30 (15:00Z the day before), 2026-10-04 02:00 → 02:30 (15:30Z).
  const cases: Readonly<Record<string, readonly [cron: string, zone: string, after: string, due: readonly string[]]>> =
    {
      'a time of day that does not exist is at the moment the clock jumps (Berlin)': [
        '30 2 * * *',
        'Europe/Berlin',
        '2026-03-28T12:00Z',
        ['2026-03-29T01:00Z', '2026-03-30T00:30Z'],
      ],
      'a time of day that does not exist is at the moment the clock jumps (New York)': [
        '30 2 * * *',
        'America/New_York',
        '2026-03-07T12:00Z',
        ['2026-03-08T07:00Z', '2026-03-09T06:30Z'],
      ],
      'a time of day that does not exist is at the moment the clock jumps (Lord Howe)': [
        '15 2 * * *',
        'Australia/Lord_Howe',
        '2026-10-03T00:00Z',
        ['2026-10-03T15:30Z', '2026-10-04T15:15Z'],
      ],
      'several times of day that do not exist are once': [
        '15,45 2 * * *',
        'Europe/Berlin',
        '2026-03-28T12:00Z',
        ['2026-03-29T01:00Z', '2026-03-30T00:15Z'],
      ],
      'an interval leaves out what does not exist': [
        '*/30 * * * *',
        'Europe/Berlin',
        '2026-03-29T00:00Z',
        ['2026-03-29T00:30Z', '2026-03-29T01:00Z', '2026-03-29T01:30Z'],
      ],
      'an interval within hours that do not exist leaves out the day': [
        '*/30 2 * * *',
        'Europe/Berlin',
        '2026-03-29T00:00Z',
        ['2026-03-30T00:00Z'],
      ],
      'a time of day that comes twice is the first (Berlin)': [
        '30 2 * * *',
        'Europe/Berlin',
        '2026-10-24T12:00Z',
        ['2026-10-25T00:30Z', '2026-10-26T01:30Z'],
      ],
      'a time of day that comes twice is the first (New York)': [
        '30 1 * * *',
        'America/New_York',
        '2026-10-31T12:00Z',
        ['2026-11-01T05:30Z', '2026-11-02T06:30Z'],
      ],
      'a time of day that comes twice is the first (Lord Howe)': [
        '45 1 * * *',
        'Australia/Lord_Howe',
        '2026-04-04T00:00Z',
        ['2026-04-04T14:45Z', '2026-04-05T15:15Z'],
      ],
      'a time of day that comes twice is not repeated by who asks between the two': [
        '30 2 * * *',
        'Europe/Berlin',
        '2026-10-25T01:10Z',
        ['2026-10-26T01:30Z'],
      ],
      'an interval goes on through both': [
        '*/30 * * * *',
        'Europe/Berlin',
        '2026-10-25T00:00Z',
        ['2026-10-25T00:30Z', '2026-10-25T01:00Z', '2026-10-25T01:30Z', '2026-10-25T02:00Z'],
      ],
      'an interval goes on through both (Lord Howe)': [
        '*/10 * * * *',
        'Australia/Lord_Howe',
        '2026-04-04T14:45Z',
        ['2026-04-04T14:50Z', '2026-04-04T15:00Z', '2026-04-04T15:10Z'],
      ],
    }
  for (const [name, [cron, zone, after, due]] of Object.entries(cases)) {
    test(name, () => {
      const expected = due.map((each) => new Date(each).toISOString())
      assert.deepEqual(times(cron, zone, after, due.length), expected)
      const before = process.env.TZ
      process.env.TZ = zone
      const byHost = times(cron, null, after, due.length)
      if (before === undefined) delete process.env.TZ
      else process.env.TZ = before
      assert.deepEqual(byHost, expected, "as the host's zone")
    })
  }
})

describe('the fault of a schedule', () => {
  const faults: Readonly<Record<string, RegExp>> = {
    '': /has not five or six fields; write \[second\] minute hour/,
    '* * * *': /'\* \* \* \*' has not five or six fields/,
    '* * * * * * 2030': /has not five or six fields/,
    '2030-01-01T00:00:00': /has not five or six fields/,
    '@dayly': /'@dayly' is not known; did you mean '@daily'\?/,
    '@every 5m': /is not known; write one of @hourly/,
    '@reboot': /write once: each-boot/,
    '60 * * * *': /the minute '60' .*; write 0-59/,
    '0 24 * * *': /the hour '24' .*; write 0-23/,
    '61 0 0 * * *': /the second '61'/,
    '0 0 0 * *': /the day of month '0' .*; write 1-31, L \(the last\)/,
    '0 0 * 13 *': /the month '13' .*; write 1-12, JAN-DEC/,
    '0 0 * * FRY': /the weekday 'FRY' .*; write 0-7, SUN-SAT/,
    '0 0 * * 8': /the weekday '8'/,
    '0 0 * * MON#6': /the weekday 'MON#6'/,
    '5/10 * * * *': /the minute '5\/10' .*; write 5-59\/10/,
    '/10 * * * *': /the minute '\/10' .*; write \*\/10/,
    '*/0 * * * *': /the minute '\*\/0'/,
    '0 22-2 * * *': /the hour '22-2' .*; write .*a range from low to high/,
    '0 0 ? * *': /the day of month '\?' .*; write \* for any/,
    '0 0 1 * +MON': /the weekday '\+MON'/,
    'H * * * *': /the minute 'H'/,
    '1,,2 * * * *': /the minute '1,,2'/,
    '0 0 30 2 *': /'0 0 30 2 \*' is never due: there is no such day; check/,
    [`${'0,'.repeat(300)}0 * * * *`]: /longer than 512 characters; write ranges/,
  }
  for (const [cron, fault] of Object.entries(faults)) {
    test(`of '${cron.slice(0, 30)}' names the place and the remedy`, () =>
      assert.match(cronFault(cron, 'UTC') ?? '', fault))
  }

  const zones: Readonly<Record<string, RegExp>> = {
    'Europe/Berln': /the time zone 'Europe\/Berln' is not known; did you mean 'Europe\/Berlin'\?/,
    '+02:00': /is not known; write an IANA name/,
    'GMT+2': /is not known; write an IANA name/,
    '': /the time zone '' is not known/,
  }
  for (const [zone, fault] of Object.entries(zones)) {
    test(`in the time zone '${zone}' names the remedy`, () => assert.match(cronFault('@daily', zone) ?? '', fault))
  }

  test('is null for what can be read, in the zone of the host too', () => {
    for (const cron of [
      '* * * * *',
      '*/5 0-12/2 1,15 JAN-JUN mon-fri',
      '0 */5 * * * *',
      ' 0  0\t* * 5L ',
      '0 0 LW * *',
    ]) {
      assert.equal(cronFault(cron, null), null)
    }
    for (const zone of ['UTC', 'Etc/GMT+5', 'America/Argentina/Buenos_Aires'])
      assert.equal(cronFault('@daily', zone), null)
  })
})

// ---- helpers -------------------------------------------------------------------------------------------------

const dayMs = 86_400_000

function times(cron: string, timeZone: string | null, after: string, count: number): readonly string[] {
  const found: string[] = []
  let at: number | null = Date.parse(after)
  while (found.length < count) {
    at = nextDue({ cron, timeZone, afterWallMs: at })
    if (at === null) break
    found.push(new Date(at).toISOString())
  }
  return found
}
