import type { PrintRemarks } from './convert-model.ts'
import type { Origin } from './decoding.ts'

/** What the comments of the original are found by. */
export interface Remarked {
  readonly apps: Readonly<Record<string, { readonly services: Readonly<Record<string, unknown>> }>>
  origin(app: string, path: readonly string[]): Origin | null
  /** The text of a file, line by line; null where it cannot be read. */
  linesOf(file: string): readonly string[] | null
}

/** Only lines above keys, by what is printed there. */
export function onlyAbove(linesAbove: (app: string, path: readonly string[]) => readonly string[]): PrintRemarks {
  return { at: (app, path) => ({ above: linesAbove(app, path), behind: null }), rest: { head: [], others: [] } }
}

/** The comment that stands directly above what is printed at a path; each line of it is given once, to the first that asks. */
export function createRemarks(remarked: Remarked): (app: string, path: readonly string[]) => readonly string[] {
  const { apps, origin, linesOf } = remarked
  const given = new Set<string>()
  return (app, path) => {
    const at = origin(app, path)
    if (at === null) return []
    // A program of its own is an app as well: what stands above it is told with the service.
    const isAlone = path.length === 1 && Object.hasOwn(apps[app]?.services ?? {}, app)
    if (isAlone && origin(app, ['services', app])?.line === at.line) return []
    return commentAbove(at, linesOf(at.file) ?? [], given)
  }
}

function commentAbove({ file, line }: Origin, lines: readonly string[], given: Set<string>): readonly string[] {
  const found: string[] = []
  for (let above = line - 1; above >= 1; above--) {
    const match = /^\s*[#;]+ ?(.*)$/.exec(lines[above - 1] ?? '')
    const key = `${file}:${above}`
    if (match === null || given.has(key)) break
    given.add(key)
    found.unshift(match[1]!.trimEnd())
  }
  return found
}
