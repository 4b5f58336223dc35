import type { KeptOfEngine } from '../core/containers/model.ts'
import type { Target, UnitId, Want } from '../core/model.ts'
import { emptyTarget } from '../core/revive.ts'
import type { Changes, Store, StoredJob, StoredRelease, StoredUnit } from '../engine/ports.ts'

/** A store that forgets with the process: for tests and simulation. Keeps what it is given, does not copy it. */
export function createMemoryStore(): Store {
  const units = new Map<UnitId, StoredUnit>()
  const wants = new Map<UnitId, Want>()
  const jobs = new Map<UnitId, StoredJob['job']>()
  let target: Target | null = null
  let runsReserved: number | null = null
  let releases: readonly StoredRelease[] | null = null
  let engineKept: KeptOfEngine | null = null
  let bootId = ''

  return {
    load: () => {
      const kept = units.size + wants.size + jobs.size
      const facts = [target, runsReserved, releases, engineKept]
      if (facts.every((fact) => fact === null) && kept === 0) return { stored: null, warnings: [] }
      const stored = {
        bootId,
        target: target ?? emptyTarget,
        units: [...units.values()],
        wants: [...wants].map(([unit, want]) => ({ unit, want })),
        jobs: [...jobs].map(([unit, job]) => ({ unit, job })),
        runsReserved: runsReserved ?? 1,
        ...(releases === null ? {} : { releases }),
        ...(engineKept === null ? {} : { engineKept }),
      }
      return { stored, warnings: [] }
    },
    commit: (changes: Changes) => {
      bootId = changes.bootId
      if (changes.target !== undefined) target = changes.target
      if (changes.runsReserved !== undefined) runsReserved = changes.runsReserved
      if (changes.releases !== undefined) releases = changes.releases
      if (changes.engineKept !== undefined) engineKept = changes.engineKept
      for (const { unit, want } of changes.wants) {
        if (want === null) wants.delete(unit)
        else wants.set(unit, want)
      }
      for (const { unit, job } of changes.jobs) {
        if (job === null) jobs.delete(unit)
        else jobs.set(unit, job)
      }
      for (const unit of changes.put) units.set(unit.id, unit)
      for (const id of changes.remove) units.delete(id)
    },
    close: () => {},
  }
}
