import { displayWidth } from '../table.ts'
import type { Size } from './model.ts'
import type { Line, Style } from './spans.ts'

/** What is on the screen, cell by cell. */
export interface Frame {
  readonly columns: number
  readonly rows: readonly CellRow[]
}

export interface CellRow {
  /** One for each cell; the second cell of a wide character is empty. */
  readonly chars: readonly string[]
  readonly styles: readonly Style[]
}

/** Puts lines into cells. What does not fit is cut, what is not there is blank. */
export function toFrame(lines: readonly Line[], { columns, rows }: Size, hasUnicode: boolean): Frame {
  return {
    columns,
    rows: Array.from({ length: rows }, (_, at) => toRow(lines[at] ?? [], columns, hasUnicode)),
  }
}

function toRow(line: Line, columns: number, hasUnicode: boolean): CellRow {
  const chars: string[] = []
  const styles: Style[] = []
  for (const { text, style } of line) {
    for (const char of text) {
      if (char >= ' ' && char <= '~') {
        if (chars.length === columns) return { chars, styles }
        chars.push(char)
        styles.push(style)
        continue
      }
      const shown = hasUnicode ? char : '?'
      if (isInvisible(shown)) continue
      const width = displayWidth(shown)
      if (width === 0 && chars.length > 0) {
        const base = chars.at(-1) === '' ? chars.length - 2 : chars.length - 1
        // A tower of marks is a joke on whoever reads.
        if (chars[base]!.length < 8) chars[base] += shown
        continue
      }
      if (chars.length + width > columns) return { chars: fill(chars, columns, ' '), styles: fill(styles, columns, '') }
      for (let cell = 0; cell < width; cell += 1) {
        chars.push(cell === 0 ? shown : '')
        styles.push(style)
      }
    }
  }
  return { chars: fill(chars, columns, ' '), styles: fill(styles, columns, '') }
}

/** Turns the direction of writing, joins what stands beside it, or controls: a cell of it would be a lie. */
function isInvisible(char: string): boolean {
  return /\p{Cf}|\p{Cc}|\p{Cs}|[\u2028\u2029]/u.test(char)
}

function fill<T>(cells: T[], columns: number, cell: T): T[] {
  while (cells.length < columns) cells.push(cell)
  return cells
}

/**
 * The bytes that make `after` of what is on the screen: only runs of cells that differ. `before` null: the screen is
 * cleared first. The terminal's look is plain before and after.
 */
export function difference(before: Frame | null, after: Frame): string {
  const known = before !== null && before.columns === after.columns && before.rows.length === after.rows.length
  const pen = createPen()
  if (!known) pen.clear()
  for (const [row, cells] of after.rows.entries()) drawRow(pen, row, known ? before.rows[row]! : null, cells)
  return pen.finish()
}

/** Cells that did not change are written again where that is shorter than moving over them. */
const gapMax = 4

function drawRow(pen: Pen, row: number, before: CellRow | null, after: CellRow): void {
  const columns = after.chars.length
  const isSame = (at: number): boolean =>
    before === null
      ? after.chars[at] === ' ' && after.styles[at] === ''
      : before.chars[at] === after.chars[at] && before.styles[at] === after.styles[at]
  let end = columns
  while (end > 0 && after.chars[end - 1] === ' ' && after.styles[end - 1] === '') end -= 1
  for (let at = 0; at < end; ) {
    if (isSame(at)) {
      at += 1
      continue
    }
    let to = at + 1
    for (let same = 0, next = to; next < end && same <= gapMax; next += 1) {
      if (isSame(next)) same += 1
      else {
        same = 0
        to = next + 1
      }
    }
    for (let cell = at; cell < to; cell += 1) pen.put(row, cell, after.chars[cell]!, after.styles[cell]!)
    at = to
  }
  for (let at = end; at < columns; at += 1) {
    if (isSame(at)) continue
    pen.eraseFrom(row, end)
    return
  }
}

interface Pen {
  clear(): void
  put(row: number, column: number, char: string, style: Style): void
  eraseFrom(row: number, column: number): void
  finish(): string
}

function createPen(): Pen {
  let out = ''
  let style: Style = ''
  // null: not known, so the next cell is moved to.
  let place: { readonly row: number; readonly column: number } | null = null
  const moveTo = (row: number, column: number): void => {
    if (place !== null && place.row === row && place.column === column) return
    if (place !== null && place.row === row && column > place.column) {
      const cells = column - place.column
      out += `\u001b[${cells === 1 ? '' : cells}C`
    } else out += column === 0 ? `\u001b[${row + 1}H` : `\u001b[${row + 1};${column + 1}H`
  }
  const lookLike = (next: Style): void => {
    if (next === style) return
    out += next === '' ? '\u001b[m' : style === '' ? `\u001b[${next}m` : `\u001b[0;${next}m`
    style = next
  }
  return {
    clear() {
      out += '\u001b[m\u001b[2J'
    },
    put(row, column, char, next) {
      if (char === '') return
      moveTo(row, column)
      lookLike(next)
      out += char
      // Terminals do not agree how wide everything is: after what is not plain the place is not taken for known.
      place = char.length === 1 && char < '\u0300' ? { row, column: column + 1 } : null
    },
    eraseFrom(row, column) {
      moveTo(row, column)
      // What is erased takes the look of the moment.
      lookLike('')
      out += '\u001b[K'
      place = { row, column }
    },
    finish() {
      lookLike('')
      return out
    },
  }
}
