import type { UnitSpec } from '../../src/core/model.ts'
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
}

driverContract('fake', (): DriverHarness => {
  const time: SimTime = { bootId: 'boot', bootMs: 1_000, wallOffsetMs: 0 }
  const world = createWorld(time.bootId)
  const scripts = new Map<string, Script>()
  let life = start()

  function start(): { readonly driver: Driver; readonly clock: ReturnType<typeof createSimClock> } {
    const clock = createSimClock(time)
    const scriptOf = ({ spec }: { readonly spec: UnitSpec }) => scripts.get(spec.runHash) ?? lives
    return { clock, driver: createFakeDriver({ world, clock: clock.clock, scriptOf, seesAdoptedExits: true }) }
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
      const runHash = JSON.stringify(behaviour)
      scripts.set(runHash, script)
      return specOf(runHash)
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

function specOf(runHash: string): UnitSpec {
  const log = { path: null, bytesMax: 0, backupsMax: 0 }
  return {
    process: {
      command: ['fake'],
      commandError: null,
      workingDir: null,
      environment: {},
      envFiles: [],
      inheritEnvironment: false,
      user: null,
      umask: null,
      stdout: log,
      stderr: 'stdout',
      cgroup: false,
    },
    runHash,
    autostart: true,
    restart: {
      when: 'always',
      successExits: [0],
      stableMs: 0,
      early: 'by-policy',
      backoff: { shape: 'linear', firstMs: 0, factor: 1, maxMs: 0, jitter: 0, freeRestarts: 0 },
      budget: null,
    },
    stop: [],
    dependsOn: [],
    priority: 0,
    manualStop: 'until-started',
  }
}
