import { createRandom, type Random } from '../../src/base/prng.ts'
import type { Target, UnitId } from '../../src/core/model.ts'
import { createWorld, type World } from '../../src/drivers/fake/world.ts'
import { createFaultyStore, type FaultyStore } from '../../src/store/faulty.ts'
import { createMemoryStore } from '../../src/store/memory.ts'
import type { SimTime } from './clock.ts'
import { drawBox } from './containers/declared.ts'
import { type Dock, openDock } from './containers/dock.ts'
import type { EngineFaultKind } from './containers/faults.ts'
import { createContainerWatch } from './containers/watch.ts'
import { drawDirectories, hasDirectories } from './directories.ts'
import { drawMix, type FaultKind, type Mix } from './faults.ts'
import { drawTarget } from './generate.ts'
import { createHookWatch, type HookWatch } from './hooks.ts'
import { createJobWatch } from './jobs.ts'
import { createLastRunWatch } from './last-runs.ts'
import { createLedger, type Ledger } from './ledger.ts'
import type { Life } from './life.ts'
import { createLoggerWatch } from './loggers.ts'
import type { Matrix } from './matrix.ts'
import { createOracle, type Oracle } from './oracle.ts'
import { createProbeWatch } from './probes.ts'
import type { Health, Watch } from './scene.ts'
import { createTalkerWatch, withTalkers } from './talkers.ts'
import { createTrace, type Trace } from './trace.ts'

export interface ScenarioOptions {
  readonly seed: number
  /** Turns with faults on. */
  readonly turns: number
  /** Kinds left out of the seed's mix: to find what a failure needs. */
  readonly without: readonly (FaultKind | EngineFaultKind)[]
  /** Lines of the trace a failure carries. */
  readonly lines?: number
}

/** The wall clock is right, with this much before the boot. */
export const rightOffsetMs = 1_750_000_000_000

/** Everything one scenario holds; each function below moves it on. */
export interface Scenario {
  readonly random: Random
  readonly mix: Mix
  readonly time: SimTime
  readonly world: World
  /** The container engine; null: nothing of this scenario is a container. */
  readonly dock: Dock | null
  readonly store: FaultyStore
  readonly oracle: Oracle
  readonly ledger: Ledger
  readonly hooks: HookWatch
  readonly health: Health
  /** Judges of what the ledger does not know of. */
  readonly watches: readonly Watch[]
  readonly trace: Trace
  readonly matrix: Matrix
  readonly looping: Set<UnitId>
  readonly isFrozen: boolean
  isFaulty: boolean
  isHeldNext: boolean
  declared: Target
  life: Life
  turns: number
  crashAtTurn: number
  lastSeq: number
  diskFreeBootMs: number | null
  boots: number
  /** Which process of the host the daemon is: another one after each death, the same after an upgrade. */
  daemon: number
  /** The wall clock stands still, so that schedules come to rest as well. */
  isWallStill: boolean
}

export function openScenario({ seed, without, lines }: ScenarioOptions, matrix: Matrix): Scenario {
  const random = createRandom(seed)
  const drawn = drawMix(random)
  const dock = openDock(seed, without)
  const talking = withTalkers(createRandom(seed ^ 0x2c1b_3c6d), drawTarget(random))
  const declared = withBox(withDirectories(talking, seed), dock)
  const hooks = createHookWatch()
  const probes = createProbeWatch()
  return {
    random,
    mix: new Set([...drawn].filter((kind) => !without.includes(kind))),
    time: { bootId: 'boot-1', bootMs: 5_000, wallOffsetMs: random.chance(0.2) ? 0 : rightOffsetMs },
    world: createWorld('boot-1'),
    dock,
    store: createFaultyStore(createMemoryStore),
    oracle: createOracle(),
    ledger: createLedger(),
    hooks,
    health: probes,
    watches: [
      hooks,
      probes,
      createJobWatch(),
      createLoggerWatch(hooks.isOwed),
      createLastRunWatch(),
      createTalkerWatch(),
      ...(dock === null ? [] : [createContainerWatch(dock)]),
    ],
    trace: createTrace(lines ?? 15),
    matrix,
    looping: new Set(),
    isFrozen: seed % 16 === 3,
    isFaulty: true,
    isHeldNext: false,
    declared,
    life: undefined as unknown as Life,
    turns: 0,
    crashAtTurn: 0,
    lastSeq: 0,
    diskFreeBootMs: null,
    boots: 1,
    daemon: 1,
    isWallStill: false,
  }
}

function withDirectories({ apps }: Target, seed: number): Target {
  if (!hasDirectories(seed)) return { apps }
  const app = drawDirectories(createRandom(seed ^ 0x5f37_59df))
  return { apps: { ...apps, [app.name]: app } }
}

function withBox({ apps }: Target, dock: Dock | null): Target {
  if (dock === null) return { apps }
  const app = drawBox(dock.random)
  return { apps: { ...apps, [app.name]: app } }
}

export function note({ trace, turns, time }: Scenario, text: string): void {
  trace.add(turns, time.bootMs, { kind: 'note', text })
}
