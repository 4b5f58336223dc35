import type { Event, Now, State, Step, Transition, Unit, UnitId } from '../../src/core/model.ts'
import type { World } from '../../src/drivers/fake/world.ts'
import type { Snapshot } from '../../src/engine/ports.ts'
import type { Oracle } from './oracle.ts'

/** One turn as it is judged: what came in, what it made of the state, what left for the driver. */
export interface Scene {
  /** Those that were decided on, in order. */
  readonly events: readonly Event[]
  readonly transitions: readonly Transition[]
  readonly steps: readonly Step[]
  readonly snapshot: Snapshot
  readonly before: ReadonlyMap<UnitId, Unit>
  readonly modeBefore: State['mode']
  /** After the turn. */
  readonly units: ReadonlyMap<UnitId, Unit>
  readonly state: State
  readonly now: Now
  readonly world: World
  readonly oracle: Oracle
  readonly health: Health
  readonly isStoreFailing: boolean
  /** The daemon died in this turn: some steps may not have left. */
  readonly isCut: boolean
  readonly isEnding: boolean
}

/** What the answers of probes say of the present run of a unit, counted from outside. */
export interface Health {
  isReady(unit: UnitId): boolean
  /** Its liveness check failed as often as it takes, at some time in this run. */
  hasFailed(unit: UnitId, run: number): boolean
}

/** Keeps what it needs over turns and lives, and judges what it is named after. */
export interface Watch {
  /** Before the turn's transitions and steps are judged. */
  news(scene: Scene): void
  step(step: Step, scene: Scene): void
  after(scene: Scene): void
  /** Another daemon begins. `isStateLost`: what the last one knew of runs was not all stored. */
  lifeBegins(how: { readonly isStateLost: boolean; readonly isReboot: boolean }): void
}

/** Its engine starts and ends it as well, and tells of it. */
export function isContainer({ spec, container }: Unit): boolean {
  return spec.container !== undefined || container !== undefined
}

/** News of the run the unit has: anything else is old. Commands and looks at everything aside. */
export function isOfPresentRun(event: Event, before: ReadonlyMap<UnitId, Unit>): boolean {
  if (!('run' in event)) return false
  return before.get(event.unit)?.run?.n === event.run
}
