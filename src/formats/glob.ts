/** The names in a directory, or null when it cannot be listed. */
export type ListDirectory = (directory: string) => readonly string[] | null

/**
 * The paths that match an absolute pattern, sorted, as Python's glob finds them: `*`, `?` and `[…]` within one name,
 * names with a leading dot only where the pattern has the dot, `**` the same as `*`.
 */
export function expandGlob(pattern: string, list: ListDirectory): readonly string[] {
  const segments = pattern.split('/').slice(1)
  let found = ['']
  for (const segment of segments) {
    if (segment === '') continue
    const next: string[] = []
    for (const base of found) {
      const names = list(base === '' ? '/' : base) ?? []
      for (const name of names) if (matchesName(segment, name)) next.push(`${base}/${name}`)
    }
    found = next
  }
  return found.filter((path) => path !== '').sort()
}

/** Whether one file name matches one pattern without slashes. */
export function matchesName(pattern: string, name: string): boolean {
  if (pattern === name) return true
  if (name.startsWith('.') && !pattern.startsWith('.')) return false
  return matchFrom(parsePattern(pattern), [...name])
}

type Part = { readonly kind: 'star' } | { readonly kind: 'one'; readonly matches: (char: string) => boolean }

// Goes back to the last star only, so it takes pattern × name steps at most.
function matchFrom(parts: readonly Part[], chars: readonly string[]): boolean {
  let part = 0
  let char = 0
  let star = -1
  let starChar = 0
  while (char < chars.length) {
    const current = parts[part]
    if (current?.kind === 'star') {
      star = part++
      starChar = char
    } else if (current?.kind === 'one' && current.matches(chars[char]!)) {
      part++
      char++
    } else if (star !== -1) {
      part = star + 1
      char = ++starChar
    } else {
      return false
    }
  }
  return parts.slice(part).every((left) => left.kind === 'star')
}

function parsePattern(pattern: string): readonly Part[] {
  const chars = [...pattern]
  const parts: Part[] = []
  for (let at = 0; at < chars.length; at++) {
    const char = chars[at]!
    const end = char === '[' ? classEnd(chars, at) : -1
    if (char === '*') parts.push({ kind: 'star' })
    else if (char === '?') parts.push({ kind: 'one', matches: () => true })
    else if (end !== -1) {
      parts.push({ kind: 'one', matches: parseClass(chars.slice(at + 1, end)) })
      at = end
    } else parts.push({ kind: 'one', matches: (other) => other === char })
  }
  return parts
}

// A `]` right after `[` or `[!` stands for itself; without an end the `[` does.
function classEnd(chars: readonly string[], start: number): number {
  const first = chars[start + 1] === '!' ? start + 2 : start + 1
  return chars.indexOf(']', first + 1)
}

function parseClass(chars: readonly string[]): (char: string) => boolean {
  const isNegated = chars[0] === '!'
  const members = isNegated ? chars.slice(1) : chars
  return (char) => isNegated !== isMember(members, char)
}

function isMember(members: readonly string[], char: string): boolean {
  for (let at = 0; at < members.length; at++) {
    if (members[at + 1] === '-' && at + 2 < members.length) {
      if (char >= members[at]! && char <= members[at + 2]!) return true
      at += 2
    } else if (members[at] === char) return true
  }
  return false
}
