import type { State, Unit } from '../model.ts'

/**
 * Update locks: while somebody else's lock file exists, no container of the app is ended, removed or renamed. We take the
 * files ourselves for as long as a change is under way, so that whoever looks knows that we are at it.
 */

/** The files of an app, of every unit that has a container by its declaration; empty: it has no locks. */
export function lockFilesOf(state: Pick<State, 'units'>, app: string): readonly string[] {
  const files = new Set<string>()
  for (const unit of state.units.values()) {
    if (unit.app === app) for (const file of unit.spec.container?.lockFiles ?? []) files.add(file)
  }
  return [...files]
}

/** Whether the unit's container may be ended, removed or renamed as far as locks go. */
export function isUnlocked(state: State, unit: Unit): boolean {
  if (unit.spec.container === undefined) return true
  if (state.containerEngine.locks.get(unit.app)?.kind === 'held') return true
  return lockFilesOf(state, unit.app).length === 0
}

/** Who holds it, where that is known. */
export function lockText(state: State, unit: Unit): string {
  const lock = state.containerEngine.locks.get(unit.app)
  if (lock?.kind === 'refused') return `the update lock ${lock.file} is held; release it, or override it with --force`
  return 'the update lock of the app is being taken'
}
