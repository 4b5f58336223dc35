import type { Random } from '../../src/base/prng.ts'

/** What can go wrong in a scenario. Each seed draws its own mix, so that rare combinations are met too. */
export const faultKinds = [
  'spawn-fails',
  'spawn-refused-by-host',
  'spawn-slow',
  'early-crash',
  'crash-loop',
  'ignores-signal',
  'exits-while-stopping',
  'news-late',
  'news-doubled',
  'news-old',
  'signal-finds-nobody',
  'signal-refused',
  'paused-from-outside',
  'killed-from-outside',
  'daemon-crash',
  'host-reboot',
  'run-state-lost',
  'commit-fails',
  'disk-full',
  'wall-jump',
  'suspend',
  'command-burst',
  'held',
  'observe-fails',
  'impostor',
  'hook-fails',
  'hook-hangs',
  'probe-fails',
  'probe-answers-badly',
  'schedule-answers-badly',
  'upgrade',
] as const

export type FaultKind = (typeof faultKinds)[number]

export type Mix = ReadonlySet<FaultKind>

/** Three kinds at least, about half of them at most times; some only make sense beside another. */
export function drawMix(random: Random): Mix {
  const count = random.whole(3, 19)
  const mix = new Set<FaultKind>(random.shuffled(faultKinds).slice(0, count))
  if (mix.has('impostor') || mix.has('held') || mix.has('run-state-lost')) mix.add('daemon-crash')
  if (mix.has('observe-fails')) mix.add('signal-finds-nobody')
  return mix
}
