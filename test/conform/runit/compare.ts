import type { Difference, Line } from './difference.ts'

/** What is left to say about two transcripts; `text` is null when there is nothing. */
export interface Comparison {
  readonly text: string | null
  readonly used: readonly Difference[]
}

/**
 * Compares line by line. Each place where they differ must be made up of documented differences, else it is told with
 * what stands around it.
 */
export function compareTranscripts(options: {
  readonly where: string
  readonly original: readonly string[]
  readonly ours: readonly string[]
  readonly differences: readonly Difference[]
}): Comparison {
  const { where, original, ours } = options
  const applicable = options.differences.filter((each) => isFor(each.where, where))
  const used = new Set<Difference>()
  const told: string[] = []
  for (const place of placesOfDifference(original, ours)) {
    const before = original.slice(Math.max(0, place.from - contextLines), place.from)
    const after = original.slice(place.to, place.to + contextLines)
    const rest = withoutDocumented(place, applicable, used)
    if (rest.original.length === 0 && rest.ours.length === 0) continue
    told.push(
      [
        `line ${place.from + 1}:`,
        ...before.map((line) => `      ${line}`),
        ...place.original.map((line) => ` orig ${line}`),
        ...place.ours.map((line) => ` ours ${line}`),
        ...after.map((line) => `      ${line}`),
      ].join('\n'),
    )
  }
  return { text: told.length === 0 ? null : [`${where}: the transcripts differ`, ...told].join('\n'), used: [...used] }
}

/** Documented for this script's scenarios, and seen in none of them. */
export function staleDifferences(
  script: string,
  differences: readonly Difference[],
  used: ReadonlySet<Difference>,
): readonly Difference[] {
  return differences.filter(
    (each) => each.where.startsWith(`${script} / `) && !each.where.includes('*') && !used.has(each),
  )
}

const contextLines = 4

interface Place {
  /** Lines of the original, from 0; `to` is the first after it. */
  readonly from: number
  readonly to: number
  readonly original: readonly string[]
  readonly ours: readonly string[]
}

function isFor(pattern: string, where: string): boolean {
  const [script, scenario] = pattern.split(' / ')
  const [ofScript, ...rest] = where.split(' / ')
  return (script === '*' || script === ofScript) && (scenario === '*' || scenario === rest.join(' / '))
}

function withoutDocumented(
  place: Place,
  differences: readonly Difference[],
  used: Set<Difference>,
): Pick<Place, 'original' | 'ours'> {
  let { original, ours } = place
  for (const difference of differences) {
    const fromOriginal = without(original, difference.original)
    const fromOurs = without(ours, difference.ours)
    if (fromOriginal === null || fromOurs === null) continue
    original = fromOriginal
    ours = fromOurs
    used.add(difference)
  }
  return { original, ours }
}

/** null: they do not stand there, one after the other. */
function without(lines: readonly string[], part: readonly Line[]): readonly string[] | null {
  if (part.length === 0) return lines
  for (let at = 0; at + part.length <= lines.length; at++)
    if (part.every((each, offset) => matches(each, lines[at + offset]!)))
      return [...lines.slice(0, at), ...lines.slice(at + part.length)]
  return null
}

function matches(expected: Line, line: string): boolean {
  return typeof expected === 'string' ? expected === line : expected.test(line)
}

/** By the longest common subsequence: the transcripts are short. */
function placesOfDifference(original: readonly string[], ours: readonly string[]): readonly Place[] {
  const width = ours.length + 1
  const lengths = new Uint32Array((original.length + 1) * width)
  for (let a = original.length - 1; a >= 0; a--)
    for (let b = ours.length - 1; b >= 0; b--)
      lengths[a * width + b] =
        original[a] === ours[b]
          ? lengths[(a + 1) * width + b + 1]! + 1
          : Math.max(lengths[(a + 1) * width + b]!, lengths[a * width + b + 1]!)
  const places: Place[] = []
  let [a, b] = [0, 0]
  while (a < original.length || b < ours.length) {
    const [fromA, fromB] = [a, b]
    while ((a < original.length || b < ours.length) && (a >= original.length || original[a] !== ours[b])) {
      const skipsOriginal = a < original.length && lengths[(a + 1) * width + b]! >= (lengths[a * width + b + 1] ?? 0)
      if (b >= ours.length || skipsOriginal) a++
      else b++
    }
    if (a > fromA || b > fromB)
      places.push({ from: fromA, to: a, original: original.slice(fromA, a), ours: ours.slice(fromB, b) })
    else [a, b] = [a + 1, b + 1]
  }
  return places
}
