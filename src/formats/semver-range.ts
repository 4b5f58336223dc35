/** A version as semver.org has it; `pre` is what stands behind the hyphen. Build metadata counts for nothing. */
export interface SemanticVersion {
  readonly numbers: readonly [number, number, number]
  readonly pre: readonly string[]
}

/** `v1.2.3-rc.1+build`, also with fewer numbers (`32.7`); null: it is none. */
export function parseVersion(text: string): SemanticVersion | null {
  const match =
    /^\s*[v=]*\s*(\d{1,15})(?:\.(\d{1,15}))?(?:\.(\d{1,15}))?(?:-([0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.+_-]*)?\s*$/.exec(
      text,
    )
  if (match === null) return null
  const [, major = '0', minor = '0', patch = '0', pre] = match
  return { numbers: [Number(major), Number(minor), Number(patch)], pre: pre === undefined ? [] : pre.split('.') }
}

/**
 * Whether a version is in a range as npm writes them: comparators (`>=1.2`), `^`, `~`, `x` and `*`, hyphens (`1 - 2`), joined by
 * blanks (all) and `||` (any). A pre-release is compared by its place in the order, wherever the range stands. null: no range.
 */
export function isInRange(version: SemanticVersion, range: string): boolean | null {
  const alternatives = range.split('||').map(parseAlternative)
  if (alternatives.includes(null)) return null
  return alternatives.some((bounds) => bounds?.every((bound) => holds(version, bound)) ?? false)
}

interface Bound {
  readonly operator: '<' | '<=' | '>' | '>='
  readonly version: SemanticVersion
}

function holds(version: SemanticVersion, { operator, version: other }: Bound): boolean {
  const order = compareVersions(version, other)
  if (operator === '<') return order < 0
  if (operator === '<=') return order <= 0
  return operator === '>' ? order > 0 : order >= 0
}

/** Below zero: the first is the older one. */
export function compareVersions(a: SemanticVersion, b: SemanticVersion): number {
  for (const index of [0, 1, 2] as const) {
    const difference = a.numbers[index] - b.numbers[index]
    if (difference !== 0) return difference
  }
  if (a.pre.length === 0 || b.pre.length === 0) return b.pre.length - a.pre.length
  for (let index = 0; index < Math.max(a.pre.length, b.pre.length); index++) {
    const difference = comparePart(a.pre[index], b.pre[index])
    if (difference !== 0) return difference
  }
  return 0
}

function comparePart(a: string | undefined, b: string | undefined): number {
  if (a === undefined || b === undefined) return a === b ? 0 : a === undefined ? -1 : 1
  const [isNumberA, isNumberB] = [/^\d+$/.test(a), /^\d+$/.test(b)]
  if (isNumberA && isNumberB) return Number(a) - Number(b)
  if (isNumberA !== isNumberB) return isNumberA ? -1 : 1
  return a < b ? -1 : a > b ? 1 : 0
}

function parseAlternative(text: string): readonly Bound[] | null {
  const hyphen = /^\s*(\S+)\s+-\s+(\S+)\s*$/.exec(text)
  if (hyphen !== null) {
    const [from, to] = [parsePartial(hyphen[1]!), parsePartial(hyphen[2]!)]
    return from === null || to === null ? null : [...atLeast(from), ...atMost(to)]
  }
  // Blanks behind an operator belong to it.
  const words = text
    .replace(/([<>=~^])\s+/g, '$1')
    .split(/\s+/)
    .filter((word) => word !== '')
  const bounds = words.map(parseComparator)
  return bounds.includes(null) ? null : bounds.flatMap((one) => one ?? [])
}

/** null where `x` or nothing stands. */
interface Partial {
  readonly numbers: readonly [number | null, number | null, number | null]
  readonly pre: readonly string[]
}

function parsePartial(text: string): Partial | null {
  const match =
    /^[v=]*(\d{1,15}|[xX*])(?:\.(\d{1,15}|[xX*]))?(?:\.(\d{1,15}|[xX*]))?(?:-([0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.+_-]*)?$/.exec(
      text,
    )
  if (match === null) return null
  const value = (part: string | undefined) => (part === undefined || /^[xX*]$/.test(part) ? null : Number(part))
  const [major, minor, patch] = [value(match[1]), value(match[2]), value(match[3])]
  return {
    numbers: [major, major === null ? null : minor, major === null || minor === null ? null : patch],
    pre: match[4] === undefined || patch === null ? [] : match[4].split('.'),
  }
}

function parseComparator(word: string): readonly Bound[] | null {
  const match = /^(~>|[<>]=?|[=~^])?(.*)$/.exec(word)!
  const partial = parsePartial(match[2]!)
  if (partial === null) return null
  switch (match[1]) {
    case '^':
      return [...atLeast(partial), ...below(partial, caretPlace(partial))]
    case '~':
    case '~>':
      return [...atLeast(partial), ...below(partial, partial.numbers[1] === null ? 0 : 1)]
    case '>=':
      return atLeast(partial)
    case '<=':
      return atMost(partial)
    case '<':
      return partial.numbers[0] === null
        ? [{ operator: '<', version: lowest }]
        : [{ operator: '<', version: filled(partial) }]
    case '>':
      return above(partial)
    default:
      return isWhole(partial) ? exactly(partial) : [...atLeast(partial), ...below(partial, lastPlace(partial))]
  }
}

/** Older than everything: nothing is below it. */
const lowest: SemanticVersion = { numbers: [0, 0, 0], pre: ['0'] }

function isWhole({ numbers }: Partial): boolean {
  return numbers[2] !== null
}

function filled({ numbers, pre }: Partial): SemanticVersion {
  return { numbers: [numbers[0] ?? 0, numbers[1] ?? 0, numbers[2] ?? 0], pre }
}

function exactly(partial: Partial): readonly Bound[] {
  const version = filled(partial)
  return [
    { operator: '>=', version },
    { operator: '<=', version },
  ]
}

function atLeast(partial: Partial): readonly Bound[] {
  return partial.numbers[0] === null ? [] : [{ operator: '>=', version: filled(partial) }]
}

function atMost(partial: Partial): readonly Bound[] {
  return isWhole(partial) ? [{ operator: '<=', version: filled(partial) }] : below(partial, lastPlace(partial))
}

function above(partial: Partial): readonly Bound[] {
  if (partial.numbers[0] === null) return [{ operator: '<', version: lowest }]
  if (isWhole(partial)) return [{ operator: '>', version: filled(partial) }]
  return below(partial, lastPlace(partial)).map(({ version }) => ({ operator: '>=', version }))
}

/** The last of its numbers that is said; -1: none is. */
function lastPlace({ numbers }: Partial): number {
  return numbers.findLastIndex((one) => one !== null)
}

/** The first that is not zero may not change. */
function caretPlace(partial: Partial): number {
  const place = partial.numbers.findIndex((one) => one !== null && one > 0)
  return place === -1 ? Math.max(lastPlace(partial), 0) : place
}

/** Below the next version at that place; -1: without an end. */
function below(partial: Partial, place: number): readonly Bound[] {
  if (place < 0 || partial.numbers[0] === null) return []
  const numbers = filled(partial).numbers.map((one, index) => (index < place ? one : index === place ? one + 1 : 0))
  const [major = 0, minor = 0, patch = 0] = numbers
  // Pre-releases of the next version are not in it either.
  return [{ operator: '<', version: { numbers: [major, minor, patch], pre: ['0'] } }]
}
