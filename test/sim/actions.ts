import type { Random } from '../../src/base/prng.ts'
import type { Command, Target, Unit, UnitId, Who } from '../../src/core/model.ts'
import { boxName, imageId, imageName, repositories, versionsMax } from './containers/declared.ts'
import type { FaultKind, Mix } from './faults.ts'
import { drawChangedBox, drawChangedTarget } from './generate.ts'

/** What happens from outside at one moment of a scenario. */
export type Action =
  | { readonly kind: 'command'; readonly command: Command }
  | { readonly kind: 'fault'; readonly fault: FaultKind }

const ann: Who = { kind: 'user', uid: 1000, name: 'ann' }

/** Faults that strike at a moment of their own; the others change how processes and news behave. */
const strikes: readonly FaultKind[] = [
  'paused-from-outside',
  'killed-from-outside',
  'daemon-crash',
  'daemon-crash',
  'host-reboot',
  'commit-fails',
  'disk-full',
  'wall-jump',
  'suspend',
  'command-burst',
  'news-old',
  'news-old',
  'held',
  'impostor',
  'upgrade',
  'upgrade',
]

export function drawAction(random: Random, mix: Mix, units: readonly Unit[], declared: Target): Action {
  const possible = strikes.filter((fault) => mix.has(fault))
  if (possible.length > 0 && random.chance(0.45)) {
    const fault = random.pick(possible)
    const isRare = fault === 'host-reboot' && random.chance(0.6)
    if (!isRare) return { kind: 'fault', fault }
  }
  return { kind: 'command', command: drawCommand(random, units, declared) }
}

export function drawCommand(random: Random, units: readonly Unit[], declared: Target): Command {
  if (declared.apps[boxName] !== undefined && random.chance(0.12)) return drawBoxCommand(random, declared)
  const chosen = drawUnits(random, units)
  const drawn = random.whole(0, 99)
  if (drawn < 20) return { kind: 'start', units: chosen, by: ann }
  if (drawn < 29) return { kind: 'run', units: chosen, by: ann, ...lastOrNot(random, declared) }
  if (drawn < 46) return { kind: 'stop', units: chosen, by: ann }
  if (drawn < 60) return { kind: 'restart', units: chosen, by: ann }
  if (drawn < 80)
    return {
      kind: 'signal',
      units: chosen,
      signal: random.pick(['HUP', 'USR1', 'TERM', 'STOP', 'CONT', 'CONT']),
      by: ann,
    }
  if (drawn < 97)
    return {
      kind: 'set-target',
      target: drawChangedTarget(random, declared),
      by: random.chance(0.5) ? ann : { kind: 'daemon' },
      why: 'up',
    }
  return { kind: 'shutdown', by: { kind: 'daemon' }, why: 'SIGTERM' }
}

/** What is only asked of containers, or for their sake. */
function drawBoxCommand(random: Random, declared: Target): Command {
  const drawn = random.whole(0, 9)
  if (drawn < 3) return { kind: 'purge', volumes: [`${boxName}_${random.pick(['data', 'cache'])}`], by: ann }
  if (drawn < 5) return { kind: 'override-locks', apps: [boxName], by: ann }
  if (drawn < 7) {
    const reference = imageName(random.pick(repositories), random.whole(1, versionsMax))
    return { kind: 'own-images', images: { [reference]: imageId(reference) }, by: { kind: 'daemon' } }
  }
  if (drawn < 8) return { kind: 'shutdown', by: { kind: 'daemon' }, why: 'SIGTERM', leavesContainers: true }
  return { kind: 'set-target', target: drawChangedBox(random, declared), by: ann, why: 'up' }
}

/** Service directories know it, and where there are some it is asked of the others as well. */
function lastOrNot(random: Random, { apps }: Target): { readonly isLast?: true } {
  const isKnown = Object.values(apps).some(({ dialect }) => dialect === 'runit')
  return isKnown && random.chance(0.7) ? { isLast: true } : {}
}

function drawUnits(random: Random, units: readonly Unit[]): readonly UnitId[] {
  if (units.length === 0) return ['shop/none/1']
  if (random.chance(0.05)) return units.map((unit) => unit.id)
  const chosen = new Set<UnitId>()
  for (let count = random.whole(1, 3); count > 0; count--) chosen.add(random.pick(units).id)
  return [...chosen]
}
