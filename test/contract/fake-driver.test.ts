import { service, targetOf } from '../../src/core/fixture.ts'
import type { UnitSpec } from '../../src/core/model.ts'
import { unitSpecs } from '../../src/core/target/units.ts'
import { createFakeDriver } from '../../src/drivers/fake/driver.ts'
import { createWorld, type Script } from '../../src/drivers/fake/world.ts'
import type { Driver } from '../../src/engine/ports.ts'
import { createSimClock, type SimTime } from '../sim/clock.ts'
import { type Behaviour, type DriverHarness, driverContract } from './driver.ts'

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
      const spec = specOf(JSON.stringify(behaviour))
      scripts.set(spec.runHash, scriptFor(behaviour))
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

function scriptFor(behaviour: Behaviour): Script {
  switch (behaviour.kind) {
    case 'lives':
    case 'prints':
    case 'reads':
      return lives
    case 'has-scripts':
      return { ...lives, handles: ['TERM'] }
    case 'exits':
      return { ...lives, livesMs: 10, exit: { kind: 'code', code: behaviour.code } }
    case 'cannot-start':
      return { ...lives, spawnFailure: { code: 'ENOENT', message: 'no such file', retry: false } }
  }
}

/** Told apart by its command. */
function specOf(word: string): UnitSpec {
  const signalScripts = { TERM: ['control/t'], HUP: ['control/h'] }
  const fake = service('fake', { signalScripts })
  const target = targetOf({ ...fake, process: { ...fake.process, command: [word] } })
  return unitSpecs(target).get('a/fake/1')!
}
