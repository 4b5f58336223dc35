import type { State, Unit, UnitId } from '../model.ts'
import { outgoingId } from './among.ts'

/** It has to live on, because the one that takes over has not done so. */
export function isHandingOver(state: Pick<State, 'units' | 'mode'>, unit: Unit): boolean {
  const { container } = unit
  if (container?.handsOverTo == null || container.isHandedOver || state.mode.kind === 'stopping') return false
  const heir = state.units.get(container.handsOverTo)
  return heir?.isDeclared === true && heir.want.kind !== 'down'
}

/** The unit that hands over to this one, while it does. */
export function handsOverTo(state: Pick<State, 'units' | 'mode'>, heir: UnitId): Unit | null {
  const old = state.units.get(outgoingId(heir))
  return old !== undefined && isHandingOver(state, old) ? old : null
}
