import type { State, Unit, UnitId } from '../model.ts'

export type Selection =
  | { readonly kind: 'selected'; readonly units: readonly UnitId[] }
  | { readonly kind: 'unknown'; readonly name: string; readonly similar: readonly string[] }
  | { readonly kind: 'ambiguous'; readonly name: string; readonly candidates: readonly string[] }

/**
 * The units that names mean: `service`, `service/n`, `app/service`, `app/service/n`, supervisord's `group:program` and
 * `group:*`, or `app/` for a whole app. A bare service name must belong to one app only. All or nothing.
 */
export function selectUnits(state: State, names: readonly string[]): Selection {
  const chosen = new Set<UnitId>()
  for (const name of names) {
    const units = [...state.units.values()].filter((unit) => isNamed(unit, name))
    if (units.length === 0) return { kind: 'unknown', name, similar: similarNames(state, name) }
    const apps = new Set(units.map((unit) => unit.app))
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
    return unit.app === name.slice(0, group) && (member === '*' || member === '' || member === unit.service)
  }
  if (name.endsWith('/')) return name === `${unit.app}/`
  return (
    name === unit.service ||
    name === unit.id ||
    name === `${unit.app}/${unit.service}` ||
    name === `${unit.service}/${unit.n}`
  )
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
