import type { Random } from '../../../src/base/prng.ts'

/** What can go wrong around containers. Drawn beside the other faults, of a stream of their own. */
export const engineFaultKinds = [
  'answer-lost',
  'step-refused',
  'step-hangs',
  'engine-slow',
  'outcome-late',
  'events-lost',
  'events-late',
  'events-doubled',
  'engine-down',
  'engine-restart',
  'engine-disk-full',
  'pull-fails',
  'tag-moves',
  'start-fails',
  'container-crash',
  'container-loop',
  'container-deaf',
  'container-slow-stop',
  'unhealthy',
  'hand-over-silent',
  'by-hand',
  'removed-by-hand',
  'resources-by-hand',
  'foreign-names',
  'locked',
  'dead-container',
] as const

export type EngineFaultKind = (typeof engineFaultKinds)[number]

export type EngineMix = ReadonlySet<EngineFaultKind>

export function drawEngineMix(random: Random): EngineMix {
  return new Set(random.shuffled(engineFaultKinds).slice(0, random.whole(0, 14)))
}
