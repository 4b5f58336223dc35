import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import type { Event } from '../../core/model.ts'
import { watchHostZone } from './host-zone.ts'
import { createScheduler, type Scheduler, type ScheduleStep } from './scheduler.ts'

describe('a scheduler', () => {
  test('answers each step with one next-due, never before it has returned', async () => {
    const scheduler = createScheduler({ warn: assert.fail })
    const afterWallMs = Date.UTC(2026, 0, 1)
    const steps = [
      step({ unit: 'app/a/1', cron: '@daily', timeZone: 'UTC', afterWallMs }),
      step({ unit: 'app/b/1', cron: '30 4 * * *', timeZone: 'Europe/Berlin', afterWallMs }),
      step({ unit: 'app/c/1', cron: '* * * * * *', timeZone: null, afterWallMs: afterWallMs + 500 }),
    ]
    const answers = perform(scheduler, steps)
    assert.deepEqual(answers.soFar, [])
    const known = { kind: 'next-due', scheduleHash: 'hash', message: '' } as const
    assert.deepEqual(await answers.all, [
      { ...known, unit: 'app/a/1', afterWallMs, dueWallMs: Date.UTC(2026, 0, 2) },
      { ...known, unit: 'app/b/1', afterWallMs, dueWallMs: Date.UTC(2026, 0, 1, 3, 30) },
      { ...known, unit: 'app/c/1', afterWallMs: afterWallMs + 500, dueWallMs: afterWallMs + 1_000 },
    ])
    const later = perform(scheduler, [steps[0]!])
    assert.equal((await later.all).length, 1)
  })

  test('answers what cannot be read, and what is never due, with a message', async () => {
    const scheduler = createScheduler({ warn: assert.fail })
    const { all } = perform(scheduler, [
      step({ cron: 'every day', timeZone: null }),
      step({ cron: '@daily', timeZone: 'Mars/Base' }),
      step({ cron: '0 0 30 2 *', timeZone: null }),
      step({ cron: '@daily', timeZone: 'UTC' }),
    ])
    const told = (await all).map((event) =>
      event.kind === 'next-due' ? [event.dueWallMs === null, event.message] : [],
    )
    assert.match(
      String(told[0]),
      /true,its schedule is not followed: the schedule 'every day' has not five or six fields/,
    )
    assert.match(String(told[1]), /true,its schedule is not followed: the time zone 'Mars\/Base' is not known/)
    assert.match(String(told[2]), /true,its schedule has no further time/)
    assert.deepEqual(told[3], [false, ''])
  })

  test('that cannot load what computes the times says so, answers, and tries again with the next', async () => {
    const warnings: string[] = []
    const outcomes = [Promise.reject(new Error('Cannot find module')), Promise.resolve({ nextDue: () => 5_000 })]
    const load = () => outcomes.shift()!
    const scheduler = createScheduler({ warn: (message) => void warnings.push(message), load })
    const [refused] = await perform(scheduler, [step({ cron: '@daily', timeZone: 'UTC' })]).all
    assert.ok(refused?.kind === 'next-due' && refused.dueWallMs === null)
    assert.match(refused.message, /cannot be computed \(.*: Cannot find module\); .*holdfast upgrade/)
    assert.deepEqual(warnings, [refused.message])
    const [told] = await perform(scheduler, [step({ cron: '@daily', timeZone: 'UTC' })]).all
    assert.ok(told?.kind === 'next-due' && told.dueWallMs === 5_000)
  })

  test('lets others in between many', async () => {
    let computed = 0
    const nextDue = () => {
      const beganAt = performance.now()
      while (performance.now() - beganAt < 1) {}
      return ++computed
    }
    const scheduler = createScheduler({ warn: assert.fail, load: () => Promise.resolve({ nextDue }) })
    const { all } = perform(
      scheduler,
      Array.from({ length: 50 }, () => step({ cron: '@daily', timeZone: 'UTC' })),
    )
    let turns = 0
    const count = () => {
      turns++
      if (computed < 50) setImmediate(count)
    }
    count()
    await all
    assert.ok(turns >= 5, `${turns}`)
  })

  test('loads nothing before the first step', () => {
    const script = `
      import { registerHooks } from 'node:module'
      const loaded = []
      registerHooks({ load: (url, context, next) => (loaded.push(url), next(url, context)) })
      const { createScheduler } = await import(${JSON.stringify(new URL('./scheduler.ts', import.meta.url).href)})
      createScheduler({ warn: () => {} })
      const before = loaded.filter((url) => url.includes('croner')).length
      const answered = new Promise((resolve) => createScheduler({ warn: console.error }).perform(${JSON.stringify(step({ cron: '@daily', timeZone: null }))}, resolve))
      await answered
      console.log(before, loaded.filter((url) => url.includes('croner')).length)
    `
    const child = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' })
    assert.equal(child.stdout, '0 1\n', child.stderr)
  })
})

describe("the host's time zone", () => {
  const cases: Readonly<Record<string, readonly [before: string | null, after: string | null, zone: string | null]>> = {
    'is left to the runtime while it stays': [
      '/usr/share/zoneinfo/Europe/Berlin',
      '/usr/share/zoneinfo/Europe/Berlin',
      null,
    ],
    'is named once it is another one': [
      '/usr/share/zoneinfo/Etc/UTC',
      '/usr/share/zoneinfo/Europe/Berlin',
      'Europe/Berlin',
    ],
    'is named where there was none': [null, '../usr/share/zoneinfo/posix/America/New_York', 'America/New_York'],
    'of its own making is left to the runtime': ['/usr/share/zoneinfo/Etc/UTC', '/usr/share/zoneinfo/Our/Own', null],
    'without a name is left to the runtime': ['/usr/share/zoneinfo/Etc/UTC', '/srv/time', null],
    'that is gone is left to the runtime': ['/usr/share/zoneinfo/Etc/UTC', null, null],
  }
  for (const [name, [before, after, zone]] of Object.entries(cases)) {
    test(name, () => {
      const directory = mkdtempSync(join(tmpdir(), 'holdfast-zone-'))
      const path = join(directory, 'localtime')
      const link = (to: string | null) => {
        rmSync(path, { force: true })
        if (to !== null) symlinkSync(to, path)
      }
      link(before)
      const [hostZone, byEnvironment] = [watchHostZone({}, path), watchHostZone({ TZ: 'Asia/Tokyo' }, path)]
      link(after)
      const told = [hostZone(), byEnvironment()]
      rmSync(directory, { recursive: true })
      assert.deepEqual(told, [zone, null])
    })
  }
})

// ---- helpers -------------------------------------------------------------------------------------------------

function step({
  unit = 'app/job/1',
  cron,
  timeZone,
  afterWallMs = 0,
}: {
  readonly unit?: string
  readonly cron: string
  readonly timeZone: string | null
  readonly afterWallMs?: number
}): ScheduleStep {
  const schedule = { cron, timeZone, overlap: 'skip', missed: 'skip' } as const
  return { kind: 'schedule', unit, schedule, scheduleHash: 'hash', afterWallMs, why: 'test' }
}

/** `all` resolves when there are as many answers as steps. */
function perform(scheduler: Scheduler, steps: readonly ScheduleStep[]) {
  const soFar: Event[] = []
  const all = new Promise<readonly Event[]>((resolve) => {
    for (const each of steps) {
      scheduler.perform(each, (event) => {
        soFar.push(event)
        if (soFar.length === steps.length) resolve(soFar)
      })
    }
  })
  return { soFar: [...soFar], all }
}
