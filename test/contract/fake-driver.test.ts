import { service, targetOf } from '../../src/core/fixture.ts'
import type { UnitSpec } from '../../src/core/model.ts'
import { unitSpecs } from '../../src/core/target/units.ts'
import { createFakeDriver } from '../../src/drivers/fake/driver.ts'
import { createWorld, type Script } from '../../src/drivers/fake/world.ts'
import type { Driver } from '../../src/engine/ports.ts'
import { createSimClock, type SimTime } from '../sim/clock.ts'
import { type DriverHarness, driverContract } from './driver.ts'

const lives: Script = {
  spawnFailure: null,
  spawnMs: 5,
  livesMs: null,
  exit: { kind: 'code', code: 0 },
  ignores: ['CHLD'],
  stopMs: 3,
  stopExit: null,
  isForbidden: false,
  checked: { passesMs: 0, flapsMs: null, answerMs: 1 },
}

driverContract('fake', (): DriverHarness => {
  const time: SimTime = { bootId: 'boot', bootMs: 1_000, wallOffsetMs: 0 }
  const world = createWorld(time.bootId)
  const scripts = new Map<string, Script>()
  let daemon = 0
  let life = start()

  function start(): { readonly driver: Driver; readonly clock: ReturnType<typeof createSimClock> } {
    const clock = createSimClock(time)
    const scriptOf = ({ spec }: { readonly spec: UnitSpec }) => scripts.get(spec.runHash) ?? lives
    daemon += 1
    return { clock, driver: createFakeDriver({ world, clock: clock.clock, scriptOf, seesAdoptedExits: true, daemon }) }
  }

  return {
    driver: () => life.driver,
    spec(behaviour) {
      const script: Script =
        behaviour.kind === 'lives'
          ? lives
          : behaviour.kind === 'exits'
            ? { ...lives, livesMs: 10, exit: { kind: 'code', code: behaviour.code } }
            : { ...lives, spawnFailure: { code: 'ENOENT', message: 'no such file', retry: false } }
      const spec = specOf(JSON.stringify(behaviour))
      scripts.set(spec.runHash, script)
      return spec
    },
    restart() {
      life.clock.alarm.bootMs = null
      life = start()
    },
    async settle(isDone) {
      while (!isDone()) {
        const { alarm } = life.clock
        if (alarm.bootMs === null) throw new Error('nothing is left to happen')
        time.bootMs = Math.max(time.bootMs, alarm.bootMs)
        alarm.bootMs = null
        alarm.wake()
      }
    },
    close() {},
  }
})

/** Told apart by its command. */
function specOf(word: string): UnitSpec {
  const fake = service('fake')
  const target = targetOf({ ...fake, process: { ...fake.process, command: [word] } })
  return unitSpecs(target).get('a/fake/1')!
}
