import { createFakeDriver } from '../drivers/fake/driver.ts'
import { scriptFromEnvironment } from '../drivers/fake/script.ts'
import { createWorld } from '../drivers/fake/world.ts'
import type { Clock } from '../engine/ports.ts'
import type { RunDriver } from './drivers.ts'

/**
 * Plays units instead of running them: each lives until it is signalled, or does what HOLDFAST_FAKE in its environment says
 * (drivers/fake/script.ts). Nothing is printed or read. What is played ends with the daemon.
 */
export function createPlayedDriver(clock: Clock): RunDriver {
  const world = createWorld(clock.now().bootId, { firstPid: impossiblePid })
  const parts = { world, clock, scriptOf: scriptFromEnvironment, seesAdoptedExits: false, daemon: process.pid }
  return { ...createFakeDriver(parts), stdin: { write: () => 'no-pipe' }, answersProbes: true, close: () => {} }
}

/** No kernel gives a process such a number: whoever signals it by hand hits nobody. */
const impossiblePid = 2 ** 22 + 1
