/** Whether a text is a pattern and not only a name. */
export function isGlob(text: string): boolean {
  return /[*?[]/.test(text)
}

type Part =
  | { readonly kind: 'char'; readonly char: string }
  /** One character but a slash; `ranges` null: any. */
  | {
      readonly kind: 'one'
      readonly ranges: readonly (readonly [from: string, to: string])[] | null
      readonly not: boolean
    }
  /** Any number of characters but slashes. */
  | { readonly kind: 'many' }

export type Glob = readonly Part[]

/**
 * A pattern as in a shell: `*` and `?` stand for anything but a slash, `[a-z]` for one of these, `[!a-z]` for one of all
 * others. A bracket without its end is a bracket.
 */
export function parseGlob(text: string): Glob {
  const chars = [...text]
  const parts: Part[] = []
  for (let at = 0; at < chars.length; at++) {
    const char = chars[at]!
    // Two stars mean what one does.
    if (char === '*') {
      if (parts.at(-1)?.kind !== 'many') parts.push({ kind: 'many' })
    } else if (char === '?') parts.push({ kind: 'one', ranges: null, not: false })
    else {
      const end = char === '[' ? endOfSet(chars, at) : -1
      if (end === -1) parts.push({ kind: 'char', char })
      else {
        parts.push(parseSet(chars.slice(at + 1, end)))
        at = end
      }
    }
  }
  return parts
}

/** In time that grows with the product of both lengths, whatever the pattern. */
export function matchesGlob(text: string, glob: Glob): boolean {
  const chars = [...text]
  let [at, place] = [0, 0]
  // Where to try again: after the last star, with one character more taken by it.
  let retry: { readonly place: number; at: number } | null = null
  while (at < chars.length) {
    const part = glob[place]
    if (part?.kind === 'many') {
      retry = { place: ++place, at }
    } else if (part !== undefined && matchesPart(chars[at]!, part)) {
      at += 1
      place += 1
    } else if (retry !== null && chars[retry.at] !== '/') {
      retry.at += 1
      at = retry.at
      place = retry.place
    } else return false
  }
  return glob.slice(place).every(({ kind }) => kind === 'many')
}

function matchesPart(char: string, part: Exclude<Part, { kind: 'many' }>): boolean {
  if (part.kind === 'char') return char === part.char
  if (char === '/') return false
  return part.ranges === null || part.ranges.some(([from, to]) => from <= char && char <= to) !== part.not
}

/** -1: it has none. A bracket that comes first stands for itself. */
function endOfSet(chars: readonly string[], start: number): number {
  const isNot = chars[start + 1] === '!' || chars[start + 1] === '^'
  return chars.indexOf(']', start + (isNot ? 3 : 2))
}

function parseSet(chars: readonly string[]): Part {
  const not = chars[0] === '!' || chars[0] === '^'
  const members = not ? chars.slice(1) : chars
  const ranges: (readonly [string, string])[] = []
  for (let at = 0; at < members.length; at++) {
    const to = members[at + 1] === '-' ? members[at + 2] : undefined
    ranges.push([members[at]!, to ?? members[at]!])
    if (to !== undefined) at += 2
  }
  return { kind: 'one', ranges, not }
}
