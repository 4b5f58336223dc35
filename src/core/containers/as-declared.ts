import type { State, Unit } from '../model.ts'
import { belongingsOf } from './among.ts'
import { containerChange } from './change.ts'

/** Whether what runs of it is what is declared now. */
export function isAsDeclared(state: State, unit: Unit): boolean {
  if (unit.spec.container === undefined) return unit.run?.runHash === unit.spec.runHash
  // Of an image that was not looked up yet nothing can be said.
  if (!state.containerEngine.isKnown || !state.containerEngine.images.has(unit.spec.container.image)) return false
  const belongings = belongingsOf(state)
  const container = belongings.byUnit.get(unit.id)
  if (container === undefined) return false
  const { kind } = containerChange(state, belongings, unit, container)
  return kind === 'none' || kind === 'cannot-match'
}
