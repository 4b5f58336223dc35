import assert from 'node:assert/strict'
import { closeSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { nudgeWallClock, wallClockSkip, whileClockIsNotSet } from './test-bench.ts'
import { armWallTimer, createWallTimer, readWallTimer } from './timerfd.ts'
import { createWatcher } from './watcher.ts'

test('a wall timer is readable once, when the clock shows its time, and not before', () =>
  whileClockIsNotSet(async () => {
    using timer = open()
    let wallMs: number
    let before: ReturnType<typeof readWallTimer>
    do {
      wallMs = Date.now() + 30.5
      assert.equal(armWallTimer(timer.fd, wallMs), null)
      before = readWallTimer(timer.fd)
      // Where we were held up for so long this is no "before".
    } while (Date.now() >= wallMs)
    assert.equal(before, 'nothing')
    assert.equal(await timer.readable(), 'expired')
    assert.ok(Date.now() >= wallMs - 1)
    assert.equal(readWallTimer(timer.fd), 'nothing')
  }))

test('a wall timer for a time that is over is readable at once', () =>
  whileClockIsNotSet(async () => {
    for (const wallMs of [-5, 0, 1, Date.now() - 1]) {
      using timer = open()
      assert.equal(armWallTimer(timer.fd, wallMs), null)
      assert.equal(await timer.readable(), 'expired')
    }
  }))

test('a wall timer can be armed anew, centuries ahead too', () =>
  whileClockIsNotSet(async () => {
    using timer = open()
    assert.equal(armWallTimer(timer.fd, Date.now() - 1), null)
    assert.equal(armWallTimer(timer.fd, 8_640_000_000_000_000), null)
    assert.equal(readWallTimer(timer.fd), 'nothing')
    assert.equal(armWallTimer(timer.fd, Date.now()), null)
    assert.equal(await timer.readable(), 'expired')
  }))

const told = { skip: wallClockSkip(), timeout: 10_000 }

test('a wall timer is readable each time the clock is set', told, async (context) => {
  const timer = open()
  context.after(timer[Symbol.dispose])
  assert.equal(armWallTimer(timer.fd, Date.now() + 86_400_000), null)
  for (let time = 0; time < 2; time++) {
    assert.equal(nudgeWallClock(), null)
    assert.equal(await timer.readable(), 'clock-set')
  }
})

test('a wall timer armed anew after the clock was set says so, and is armed', told, async (context) => {
  const timer = open()
  context.after(timer[Symbol.dispose])
  assert.equal(armWallTimer(timer.fd, Date.now() + 86_400_000), null)
  assert.equal(nudgeWallClock(), null)
  assert.equal(armWallTimer(timer.fd, Date.now() + 20), 'ECANCELED')
  await timer.readable()
})

test('a wall timer asks to be told when the clock is set, and stays out of what we start', () => {
  using timer = open()
  armWallTimer(timer.fd, 1_924_992_000_123)
  const info = readFileSync(`/proc/self/fdinfo/${timer.fd}`, 'utf8')
  assert.match(info, /^clockid: 0$/m)
  assert.match(info, /^settime flags: 03$/m)
  assert.match(info, /^flags:\t0?2004002$/m)
})

function open() {
  const fd = createWallTimer()
  assert.ok(typeof fd === 'number')
  const watcher = createWatcher()
  return {
    fd,
    readable: () =>
      new Promise((resolve) => {
        const watch = watcher.watch(fd, () => {
          if (typeof watch !== 'string') watch.stop()
          resolve(readWallTimer(fd))
          return 'little'
        })
      }),
    [Symbol.dispose]: () => {
      watcher.close()
      closeSync(fd)
    },
  }
}
