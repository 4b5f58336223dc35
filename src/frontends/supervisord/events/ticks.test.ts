import assert from 'node:assert/strict'
import { it } from 'node:test'
import { fakeClock } from './fixture.ts'
import { createTicks, type TickTimes } from './ticks.ts'

function scene(wallSeconds: number, saved: TickTimes = {}) {
  const time = fakeClock(wallSeconds)
  const fired: string[] = []
  const ticks = createTicks({ clock: time.clock, fire: (period, when) => void fired.push(`${period} ${when}`), saved })
  return { time, ticks, fired: () => fired.splice(0) }
}

it('a tick comes whenever a multiple of its period is passed, and tells that', () => {
  const { time, ticks, fired } = scene(58)
  ticks.want([5, 60])
  assert.deepEqual([fired(), time.armedAt()], [[], 60])
  time.setTo(60.2)
  assert.deepEqual([fired(), time.armedAt()], [['5 60', '60 60'], 65])
  time.setTo(65)
  assert.deepEqual([fired(), time.armedAt()], [['5 65'], 70])
})

it('while nobody wants one, nothing wakes us', () => {
  const { time, ticks, fired } = scene(58)
  ticks.want([])
  assert.equal(time.armedAt(), null)
  ticks.want([3600])
  assert.equal(time.armedAt(), 3600)
  ticks.want([])
  assert.equal(time.armedAt(), null)
  ticks.want([5])
  ticks.close()
  assert.deepEqual([time.armedAt(), fired()], [null, []])
})

it('a clock that is set is followed, either way, with one tick', () => {
  const { time, ticks, fired } = scene(1_000_001)
  ticks.want([5])
  time.setTo(2_000_003)
  assert.deepEqual([fired(), time.armedAt()], [['5 2000000'], 2_000_005])
  time.setTo(1_000_003)
  assert.deepEqual([fired(), time.armedAt()], [['5 1000000'], 1_000_005])
  time.setTo(1_000_004)
  assert.deepEqual([fired(), time.armedAt()], [[], 1_000_005])
})

it('what passed between two images of the daemon is told, once', () => {
  const { ticks, fired } = scene(64, { 5: 55, 60: 60 })
  ticks.want([5, 60])
  assert.deepEqual(fired(), ['5 60'])
  ticks.want([60])
  ticks.want([5, 60])
  assert.deepEqual([fired(), ticks.times()], [[], { 5: 60, 60: 60 }])
})
