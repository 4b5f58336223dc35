import type { State, Unit, UnitId } from '../model.ts'
import { isGlob, matchesGlob, parseGlob } from './glob.ts'
import { type LabelRule, obeysRules } from './label-rules.ts'

export type Selection =
  | { readonly kind: 'selected'; readonly units: readonly UnitId[] }
  | { readonly kind: 'unknown'; readonly name: string; readonly similar: readonly string[] }
  | { readonly kind: 'ambiguous'; readonly name: string; readonly candidates: readonly string[] }
  /** Of what the names mean, or of everything, nothing has such labels. */
  | { readonly kind: 'no-such-labels' }

/**
 * The units that names mean: `service`, `service/n`, `app/service`, `app/service/n`, supervisord's `group:program` and
 * `group:*`, `app/` for a whole app, or a pattern that matches any of these. A bare service name must belong to one app
 * only, a pattern need not. Of these the units that obey the rules; without names, of all. All or nothing.
 */
export function selectUnits(state: State, names: readonly string[], rules: readonly LabelRule[] = []): Selection {
  const named = names.length === 0 && rules.length > 0 ? everything(state) : namedUnits(state, names)
  if (named.kind !== 'selected' || rules.length === 0) return named
  const units = named.units.filter((id) => obeysRules(state.units.get(id)!.spec.labels, rules))
  return units.length === 0 ? { kind: 'no-such-labels' } : { kind: 'selected', units }
}

function everything(state: State): Selection {
  return { kind: 'selected', units: [...state.units.keys()] }
}

function namedUnits(state: State, names: readonly string[]): Selection {
  const chosen = new Set<UnitId>()
  for (const name of names) {
    const exact = [...state.units.values()].filter((unit) => isNamed(unit, name))
    const units = exact.length === 0 && isGlob(name) ? matchingUnits(state, name) : exact
    if (units.length === 0) return { kind: 'unknown', name, similar: isGlob(name) ? [] : similarNames(state, name) }
    const apps = new Set(exact.map((unit) => unit.app))
    if (apps.size > 1) {
      return { kind: 'ambiguous', name, candidates: [...new Set(units.map((unit) => `${unit.app}/${unit.service}`))] }
    }
    for (const unit of units) chosen.add(unit.id)
  }
  return { kind: 'selected', units: [...chosen] }
}

function isNamed(unit: Unit, name: string): boolean {
  const group = name.indexOf(':')
  if (group > 0) {
    const member = name.slice(group + 1)
    return (
      unit.app === name.slice(0, group) && (member === '*' || member === '' || namesOfMember(unit).includes(member))
    )
  }
  if (name.endsWith('/')) return name === `${unit.app}/`
  return namesOf(unit).includes(name)
}

function matchingUnits(state: State, name: string): readonly Unit[] {
  const glob = parseGlob(name)
  return [...state.units.values()].filter((unit) => {
    const names = [...namesOf(unit), `${unit.app}/`, ...namesOfMember(unit).map((member) => `${unit.app}:${member}`)]
    return names.some((each) => matchesGlob(each, glob))
  })
}

function namesOf({ app, service, n, id }: Unit): readonly string[] {
  return [service, id, `${app}/${service}`, `${service}/${n}`]
}

/** What supervisord calls it within its group. */
function namesOfMember({ service, spec }: Unit): readonly string[] {
  return spec.processName === null ? [service] : [service, spec.processName]
}

function similarNames(state: State, name: string): readonly string[] {
  const known = new Set<string>()
  for (const unit of state.units.values()) known.add(unit.service).add(`${unit.app}/${unit.service}`)
  return [...known].filter((candidate) => editDistance(candidate, name, 2) <= 2).slice(0, 5)
}

/** Levenshtein distance, or `most + 1` as soon as it must be larger. */
export function editDistance(a: string, b: string, most: number): number {
  if (Math.abs(a.length - b.length) > most) return most + 1
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const replaced = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(replaced, row[j]! + 1, next[j - 1]! + 1))
    }
    row = next
  }
  return row[b.length]!
}
