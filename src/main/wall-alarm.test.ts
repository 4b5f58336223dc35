import assert from 'node:assert/strict'
import { readdirSync, readlinkSync } from 'node:fs'
import { describe, mock, test } from 'node:test'
import { nudgeWallClock, wallClockSkip, whileClockIsNotSet } from '../sys/test-bench.ts'
import { createWatcher } from '../sys/watcher.ts'
import { createClock } from './clock.ts'
import { createWallAlarm, type WallTimers } from './wall-alarm.ts'

describe('an alarm by the wall clock', () => {
  test("of the kernel's wakes at its time, and holds a descriptor only while it is armed", async () => {
    const watcher = createWatcher()
    const clock = createClock({ watcher, warn: assert.fail })
    assert.equal(timerfds(), 0)
    await whileClockIsNotSet(async () => {
      const wallMs = Date.now() + 40
      await new Promise<void>((resolve) => {
        clock.armWall(wallMs - 20, () => assert.fail('it was replaced'))
        clock.armWall(wallMs, resolve)
      })
      assert.ok(Date.now() >= wallMs)
    })
    await new Promise<void>((resolve) => clock.armWall(Date.now() - 60_000, resolve))
    clock.armWall(Date.now() + 60_000, () => {})
    assert.equal(timerfds(), 1)
    clock.armWall(null, () => {})
    assert.equal(timerfds(), 0)
    watcher.close()
  })

  test("of the kernel's wakes each time the clock is set, armed once", {
    skip: wallClockSkip(),
    timeout: 10_000,
  }, async (context) => {
    const watcher = createWatcher()
    context.after(watcher.close)
    const clock = createClock({ watcher, warn: assert.fail })
    let woken = Promise.withResolvers<void>()
    clock.armWall(Date.now() + 86_400_000, () => woken.resolve())
    for (let time = 0; time < 3; time++) {
      woken = Promise.withResolvers()
      assert.equal(nudgeWallClock(), null)
      await woken.promise
    }
    clock.armWall(null, () => {})
  })

  test('wakes once when its time has come, and again only when armed again', () => {
    const at = bench()
    at.alarm.arm(5_000, at.wake)
    at.ready('expired')
    assert.equal(at.wakes(), 0)
    at.clock.wallMs = 5_000
    at.ready('expired')
    at.ready('expired')
    assert.equal(at.wakes(), 1)
    at.alarm.arm(6_000, at.wake)
    assert.deepEqual(at.armed, [5_000, 5_000, 6_000])
  })

  test('wakes when the clock is set, and stays armed for a time that has not come', () => {
    const at = bench()
    at.alarm.arm(5_000, at.wake)
    at.clock.wallMs = -1_000_000
    at.ready('clock-set')
    assert.equal(at.wakes(), 1)
    assert.deepEqual(at.armed, [5_000, 5_000])
    at.clock.wallMs = 9_000
    at.ready('clock-set')
    assert.equal(at.wakes(), 2)
    at.ready('clock-set')
    assert.equal(at.wakes(), 2)
  })

  test('wakes when the clock was set before it was armed anew', () => {
    using timers = mockTimers()
    const at = bench()
    at.alarm.arm(5_000, at.wake)
    at.refusal.arm = 'ECANCELED'
    at.alarm.arm(6_000, at.wake)
    at.refusal.arm = null
    assert.equal(at.wakes(), 0)
    timers.tick(1)
    assert.equal(at.wakes(), 1)
    assert.deepEqual(at.armed, [5_000, 6_000, 6_000])
    assert.deepEqual(at.warnings, [])
  })

  const refusals: Readonly<Record<string, Partial<Refusal>>> = {
    'that is refused': { create: 'EMFILE' },
    'that cannot be watched': { watch: 'ENOSPC' },
    'that cannot be armed': { arm: 'EPERM' },
  }
  for (const [name, refusal] of Object.entries(refusals)) {
    test(`by a timer ${name} looks at the clock each minute, says so once, and leaves no descriptor`, () => {
      using timers = mockTimers()
      const at = bench()
      Object.assign(at.refusal, refusal)
      at.alarm.arm(130_000, at.wake)
      for (let minute = 0; minute < 2; minute++) {
        at.pass(60_000)
        timers.tick(60_000)
      }
      assert.equal(at.wakes(), 0)
      at.pass(10_000)
      timers.tick(10_000)
      assert.equal(at.wakes(), 1)
      assert.match(at.warnings.join(), /cannot be watched \((EMFILE|ENOSPC|EPERM)\); .* noticed up to 60 s late/)
      assert.equal(at.warnings.length, 1)
      assert.equal(at.open.size, 0)
      timers.tick(600_000)
      assert.equal(at.wakes(), 1)
    })
  }

  test('without a timer notices within a minute that the clock was set, and takes one when there is one', () => {
    using timers = mockTimers()
    const at = bench()
    at.refusal.create = 'EMFILE'
    at.alarm.arm(86_400_000, at.wake)
    at.pass(60_000)
    at.clock.wallMs -= 3_600_000
    timers.tick(60_000)
    assert.equal(at.wakes(), 1)
    at.refusal.create = null
    at.pass(60_000)
    timers.tick(60_000)
    assert.equal(at.wakes(), 1)
    assert.deepEqual(at.armed, [86_400_000])
    assert.equal(at.open.size, 1)
    at.alarm.arm(null, at.wake)
    assert.equal(at.open.size, 0)
  })
})

// ---- helpers -------------------------------------------------------------------------------------------------

function timerfds(): number {
  return readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`) === 'anon_inode:[timerfd]'
    } catch {
      // The one the directory was read by.
      return false
    }
  }).length
}

function mockTimers() {
  mock.timers.enable({ apis: ['setTimeout'] })
  return { tick: (ms: number) => mock.timers.tick(ms), [Symbol.dispose]: () => mock.timers.reset() }
}

type Refusal = { [step in 'create' | 'watch' | 'arm']: `E${string}` | null }

/** An alarm over a kernel and a clock that do as they are told. Begins at 0 by both clocks. */
function bench() {
  const clock = { bootMs: 0, wallMs: 0 }
  const refusal: Refusal = { create: null, watch: null, arm: null }
  const open = new Set<number>()
  const armed: number[] = []
  const warnings: string[] = []
  let wakes = 0
  let cause: ReturnType<WallTimers['read']> = 'nothing'
  let onReady: ((isHungUp: boolean) => unknown) | null = null
  const timers: WallTimers = {
    create: () => {
      if (refusal.create !== null) return refusal.create
      open.add(7)
      return 7
    },
    arm: (_, wallMs) => {
      armed.push(wallMs)
      return refusal.arm
    },
    read: () => cause,
    close: (fd) => void assert.ok(open.delete(fd)),
  }
  const watch = (_: number, ready: (isHungUp: boolean) => 'much' | 'little') => {
    if (refusal.watch !== null) return refusal.watch
    onReady = ready
    return {
      stop: () => {
        onReady = null
      },
    }
  }
  return {
    clock,
    refusal,
    open,
    armed,
    warnings,
    wakes: () => wakes,
    wake: () => void wakes++,
    alarm: createWallAlarm({
      watcher: { watch },
      now: () => ({ ...clock }),
      warn: (message) => void warnings.push(message),
      timers,
    }),
    ready: (why: typeof cause) => {
      cause = why
      onReady?.(false)
    },
    pass: (ms: number) => {
      clock.bootMs += ms
      clock.wallMs += ms
    },
  }
}
