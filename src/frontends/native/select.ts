import type { State, Unit, UnitId } from '../../core/model.ts'
import { selectUnits } from '../../core/target/select.ts'
import { Refusal } from './refusal.ts'

/** The units that names mean, or a Refusal that says which name means none. */
export function selectOrRefuse(state: State, names: readonly string[]): readonly UnitId[] {
  const selection = selectUnits(state, names)
  switch (selection.kind) {
    case 'selected':
      return selection.units
    case 'unknown': {
      const { name, similar } = selection
      const hint = similar.length > 0 ? `did you mean ${similar.join(', or ')}?` : 'see: holdfast ps'
      throw new Refusal('no-such-service', `no service is called '${name}'`, hint)
    }
    case 'ambiguous': {
      const { name, candidates } = selection
      throw new Refusal('ambiguous-name', `'${name}' is in several apps`, `say which: ${candidates.join(', ')}`)
    }
  }
}

/** The one unit that a name means. `what`: what is done with one unit at a time. */
export function selectOne(state: State, names: readonly string[], what: string): Unit {
  const units = selectOrRefuse(state, names)
  const [first] = units
  if (first === undefined || units.length > 1) {
    const hint = units.length > 1 ? `name one of ${units.slice(0, 5).join(', ')}` : 'name one unit'
    throw new Refusal('bad-request', `${what} one unit at a time`, hint)
  }
  return state.units.get(first)!
}
