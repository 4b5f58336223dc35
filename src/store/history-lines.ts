import type { HistoryEntry } from '../engine/ports.ts'

/**
 * One line of JSON. Its number and whose it is stand first, so that a line can be passed over, or shared out, without being
 * parsed.
 */
export function printHistoryLine(entry: HistoryEntry): string {
  const { seq, kind } = entry
  const head = { seq, of: ownerOf(entry), kind }
  switch (kind) {
    case 'transition': {
      const { atWallMs, run, from, to, why, exit } = entry.transition
      return `${JSON.stringify({ ...head, atWallMs, run, from, to, why, exit })}\n`
    }
    case 'command': {
      const { atWallMs, command, by, units, unitsTotal, detail } = entry
      return `${JSON.stringify({ ...head, atWallMs, command, by, units, unitsTotal, detail })}\n`
    }
    case 'release': {
      const { atWallMs, release, status, why } = entry
      return `${JSON.stringify({ ...head, atWallMs, release, status, why })}\n`
    }
    case 'daemon': {
      const { atWallMs, what, detail } = entry
      return `${JSON.stringify({ ...head, atWallMs, what, detail })}\n`
    }
  }
}

/** Those of one owner share their room in a full file: a unit; one command of one unit; the releases of an app; the daemon. */
function ownerOf(entry: HistoryEntry): string {
  switch (entry.kind) {
    case 'transition':
      return entry.transition.unit
    case 'command':
      return `${entry.command} ${entry.units[0] ?? ''}`.trimEnd()
    case 'release':
      return `${releasesOf}${entry.app}`
    case 'daemon':
      return 'daemon'
  }
}

const releasesOf = 'releases of '

/** A line as it is shared out. null: it is none of ours, or torn. */
export function headOfLine(line: string): { readonly seq: number; readonly of: string } | null {
  const [, seq, of] = /^\{"seq":(\d+),"of":"((?:[^"\\]|\\.)*)",.*\}$/.exec(line) ?? []
  return seq === undefined || of === undefined ? null : { seq: Number(seq), of }
}

/** null: it is none of ours, or torn. */
export function parseHistoryLine(line: string): HistoryEntry | null {
  const fields = parseObject(line)
  if (fields === null) return null
  const { seq, of, kind, atWallMs } = fields
  if (!Number.isSafeInteger(seq) || !Number.isFinite(atWallMs) || typeof of !== 'string') return null
  switch (kind) {
    case 'transition': {
      const { run, from, to, why, exit } = fields
      return { kind, seq, transition: { seq, atWallMs, unit: of, run, from, to, why, exit } }
    }
    case 'command': {
      const { command, by, units, unitsTotal, detail } = fields
      return { kind, seq, atWallMs, command, by, units, unitsTotal, detail }
    }
    case 'release': {
      const { release, status, why } = fields
      return { kind, seq, atWallMs, app: of.slice(releasesOf.length), release, status, why }
    }
    case 'daemon':
      return { kind, seq, atWallMs, what: fields.what, detail: fields.detail }
    default:
      return null
  }
}

// What has a number, a time and a kind was written by us, line by line: the rest of it is as we print it.
// biome-ignore lint/suspicious/noExplicitAny: the fields depend on the kind, which is looked at above
function parseObject(line: string): any {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null ? value : null
  } catch (error) {
    if (error instanceof SyntaxError) return null
    throw error
  }
}
