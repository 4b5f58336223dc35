import type { Target, UnitId, Want } from '../core/model.ts'
import { emptyTarget } from '../core/revive.ts'
import type { Changes, Store, StoredUnit } from '../engine/ports.ts'

/** A store that forgets with the process: for tests and simulation. Keeps what it is given, does not copy it. */
export function createMemoryStore(): Store {
  const units = new Map<UnitId, StoredUnit>()
  const wants = new Map<UnitId, Want>()
  let target: Target | null = null
  let runsReserved: number | null = null
  let bootId = ''

  return {
    load: () => {
      const isEmpty = target === null && runsReserved === null && units.size === 0 && wants.size === 0
      if (isEmpty) return { stored: null, warnings: [] }
      const stored = {
        bootId,
        target: target ?? emptyTarget,
        units: [...units.values()],
        wants: [...wants].map(([unit, want]) => ({ unit, want })),
        runsReserved: runsReserved ?? 1,
      }
      return { stored, warnings: [] }
    },
    commit: (changes: Changes) => {
      bootId = changes.bootId
      if (changes.target !== undefined) target = changes.target
      if (changes.runsReserved !== undefined) runsReserved = changes.runsReserved
      for (const { unit, want } of changes.wants) {
        if (want === null) wants.delete(unit)
        else wants.set(unit, want)
      }
      for (const unit of changes.put) units.set(unit.id, unit)
      for (const id of changes.remove) units.delete(id)
    },
    close: () => {},
  }
}
