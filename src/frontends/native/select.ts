import type { State, Unit, UnitId } from '../../core/model.ts'
import { isGlob } from '../../core/target/glob.ts'
import { parseLabelRules } from '../../core/target/label-rules.ts'
import { selectUnits } from '../../core/target/select.ts'
import { Refusal } from './refusal.ts'

/** The units that a request's `name` and `label` parameters mean; null: it has none, everything is meant. */
export function selectByQuery(state: State, query: URLSearchParams): readonly UnitId[] | null {
  const [names, labels] = [query.getAll('name'), query.getAll('label')]
  return names.length === 0 && labels.length === 0 ? null : selectOrRefuse(state, names, labels)
}

/**
 * The units that names mean, those of them that have the labels (as `parseLabelRules` reads them); labels alone choose of
 * everything. A Refusal where a name means none, or nothing is left.
 */
export function selectOrRefuse(
  state: State,
  names: readonly string[],
  labels: readonly string[] = [],
): readonly UnitId[] {
  const parsed = parseLabelRules(labels)
  if (parsed.kind === 'bad') {
    const hint = 'write key=value, key, or key!=value'
    throw new Refusal('bad-request', `'${parsed.text}' does not say which labels are meant`, hint)
  }
  const selection = selectUnits(state, names, parsed.rules)
  switch (selection.kind) {
    case 'selected':
      return selection.units
    case 'unknown': {
      const { name, similar } = selection
      const hint = similar.length > 0 ? `did you mean ${similar.join(', or ')}?` : 'see: holdfast ps'
      const what = isGlob(name) ? `no service matches '${name}'` : `no service is called '${name}'`
      throw new Refusal('no-such-service', what, hint)
    }
    case 'ambiguous': {
      const { name, candidates } = selection
      throw new Refusal('ambiguous-name', `'${name}' is in several apps`, `say which: ${candidates.join(', ')}`)
    }
    case 'no-such-labels': {
      const which = names.length === 0 ? 'no service' : `nothing of ${names.join(', ')}`
      throw new Refusal('no-such-service', `${which} has the labels ${labels.join(', ')}`, 'see: holdfast ps -o wide')
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
