import { hashData } from '../base/hash.ts'
import { createFakeContainerEngine, promptly } from '../drivers/fake/container-engine.ts'
import { createFakeDriver } from '../drivers/fake/driver.ts'
import { createEngineWorld } from '../drivers/fake/engine/engine-world.ts'
import type { Published, Registry } from '../drivers/fake/engine/images.ts'
import { containerScriptFromEnvironment } from '../drivers/fake/engine/script.ts'
import { scriptFromEnvironment } from '../drivers/fake/script.ts'
import { createWorld } from '../drivers/fake/world.ts'
import type { Clock } from '../engine/ports.ts'
import type { Containers } from './containers.ts'
import type { RunDriver } from './drivers.ts'

/**
 * Plays units instead of running them: each lives until it is signalled, or does what HOLDFAST_FAKE in its environment says
 * (drivers/fake/script.ts). Nothing is printed or read. What is played ends with the daemon.
 */
export function createPlayedDriver(clock: Clock): RunDriver {
  const world = createWorld(clock.now().bootId, { firstPid: impossiblePid })
  const parts = { world, clock, scriptOf: scriptFromEnvironment, seesAdoptedExits: false, daemon: process.pid }
  return {
    ...createFakeDriver(parts),
    stdin: { write: () => 'no-pipe' },
    dialogues: { subscribe: () => () => {} },
    answersProbes: true,
    close: () => {},
  }
}

/**
 * Plays a container engine, in the same way (drivers/fake/engine/script.ts). Every image can be pulled, but those of
 * repositories called `missing/…`. `clock`: its own.
 */
export function createPlayedContainers(clock: Clock, home: string): Containers {
  const { bootMs, wallMs } = clock.now()
  const world = createEngineWorld({
    ...{ registry: everything, firstPid: impossiblePid * 2, epochMs: wallMs - bootMs },
    scriptOf: ({ settings, starts }) => containerScriptFromEnvironment(settings, starts),
  })
  const engine = createFakeContainerEngine({ world, clock, home, treat: () => promptly })
  return {
    perform: (step, post) => engine.perform([step], post),
    events: engine.events,
    exec: null,
    turned: () => {},
    close: () => clock.arm(null, () => {}),
  }
}

/** No kernel gives a process such a number: whoever signals it by hand hits nobody. */
const impossiblePid = 2 ** 22 + 1

const everything: Registry = {
  publish: () => {},
  withdraw: () => {},
  find: (reference) => (reference.startsWith('missing/') ? null : imageOf(reference)),
}

/** The same for the same reference. */
function imageOf(reference: string): Published {
  const digest = `sha256:${hashData(reference).padEnd(64, '0')}`
  return { id: digest, digest, sizeBytes: 10_000_000, config: plainConfig, pullMs: 400 }
}

const plainConfig: Published['config'] = {
  command: null,
  entrypoint: null,
  environment: {},
  labels: {},
  user: '',
  workingDir: '',
  stopSignal: null,
  healthcheck: null,
  volumes: [],
  expose: [],
}
