import type { Failure, ProcessSpec } from '../../core/model.ts'
import { lacksOf, withoutLacks } from '../../core/target/limits-lacks.ts'
import { readAbilities } from '../../sys/abilities.ts'
import { cgroupRootName } from './cgroups.ts'
import { failure } from './failure.ts'

export interface Admitted {
  /** With the limits that this host can enforce. */
  readonly spec: ProcessSpec
  /** What it cannot, each in a sentence; empty where all limits are required. */
  readonly shortfalls: readonly string[]
}

/** Asked at each start: tools are installed, and hosts change, since the target was checked. */
export function admit(spec: ProcessSpec, homeId: string): Admitted | Failure {
  const { limits } = spec
  if (limits === null) return { spec, shortfalls: [] }
  const lacks = lacksOf(limits, readAbilities(cgroupRootName(homeId)))
  const fatal = lacks.find(({ isImpossible }) => isImpossible || limits.enforcement === 'required')
  if (fatal !== undefined) return failure('limit', `${fatal.message}; ${fatal.hint}`)
  return { spec: { ...spec, limits: withoutLacks(limits, lacks) }, shortfalls: lacks.map(({ message }) => message) }
}
