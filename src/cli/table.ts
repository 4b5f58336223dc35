/** A column of a table, in the order shown. */
export interface Column {
  readonly title: string
  readonly align: 'left' | 'right'
  /** Dropped first where it does not fit; null: never. */
  readonly dropOrder: number | null
  /** May be cut down to this width, before anything is dropped; null: never cut. */
  readonly widthMin: number | null
  /** Where a text is cut; at its end, unless it is told by both ends. */
  readonly cutAt?: 'middle'
}

export interface Cell {
  readonly text: string
  /** Puts colour around the text after it was measured, cut and padded. */
  readonly paint?: (text: string) => string
}

export interface Table {
  readonly columns: readonly Column[]
  readonly rows: readonly (readonly Cell[])[]
}

const gutter = '  '

/**
 * A table in lines: two-space gutters, no boxes. `width` null: nothing is cut or dropped, as for a pipe. Columns that do
 * not fit are first cut as far as they allow, then dropped in their order.
 */
export function printTable(table: Table, width: number | null, ellipsis = '…'): string {
  const { kept, widths } = fit(table, width)
  const line = (cells: readonly Cell[]) =>
    kept
      .map((index, place) => {
        const column = table.columns[index]!
        const cell = cells[index] ?? { text: '' }
        const isLast = place === kept.length - 1
        const text = pad(
          (column.cutAt === 'middle' ? cutMiddle : cutText)(cell.text, widths[index]!, ellipsis),
          isLast && column.align === 'left' ? 0 : widths[index]!,
          column.align,
        )
        return cell.paint === undefined ? text : cell.paint(text)
      })
      .join(gutter)
      .trimEnd()
  const header = table.columns.map(({ title }) => ({ text: title }))
  return [header, ...table.rows].map((cells) => `${line(cells)}\n`).join('')
}

function fit(
  table: Table,
  width: number | null,
): { readonly kept: readonly number[]; readonly widths: readonly number[] } {
  const widths = table.columns.map((column, index) =>
    Math.max(displayWidth(column.title), ...table.rows.map((row) => displayWidth(row[index]?.text ?? ''))),
  )
  let kept = table.columns.map((_, index) => index)
  if (width === null) return { kept, widths }
  const dropped = table.columns
    .map((column, index) => ({ index, order: column.dropOrder }))
    .filter((each) => each.order !== null)
    .toSorted((a, b) => a.order! - b.order!)
  for (;;) {
    const excess = total(kept, widths) - width
    if (excess <= 0) return { kept, widths }
    const shrunk = shrink(table.columns, kept, widths, excess)
    if (shrunk !== null) return { kept, widths: shrunk }
    const next = dropped.shift()
    if (next === undefined) return { kept, widths }
    kept = kept.filter((index) => index !== next.index)
  }
}

/** Cuts the columns that may be cut, always the widest one; null when that is not enough. */
function shrink(
  columns: readonly Column[],
  kept: readonly number[],
  widths: readonly number[],
  excess: number,
): readonly number[] | null {
  const shrunk = [...widths]
  for (let left = excess; left > 0; left--) {
    const able = kept.filter((index) => shrunk[index]! > (columns[index]!.widthMin ?? Number.POSITIVE_INFINITY))
    if (able.length === 0) return null
    const widest = able.reduce((best, index) => (shrunk[index]! >= shrunk[best]! ? index : best))
    shrunk[widest]! -= 1
  }
  return shrunk
}

function total(kept: readonly number[], widths: readonly number[]): number {
  return kept.reduce((sum, index) => sum + widths[index]!, 0) + gutter.length * Math.max(0, kept.length - 1)
}

function pad(text: string, width: number, align: Column['align']): string {
  const space = ' '.repeat(Math.max(0, width - displayWidth(text)))
  return align === 'left' ? text + space : space + text
}

/** As much of a text as fits, with an ellipsis where that is not all of it. */
export function cutText(text: string, width: number, ellipsis: string): string {
  if (displayWidth(text) <= width) return text
  if (plain.test(text)) return text.slice(0, Math.max(0, width - ellipsis.length)) + ellipsis
  let out = ''
  let used = ellipsis.length
  for (const char of text) {
    used += charWidth(char)
    if (used > width) break
    out += char
  }
  return out + ellipsis
}

/** The same, with the ellipsis between both ends. */
export function cutMiddle(text: string, width: number, ellipsis: string): string {
  if (displayWidth(text) <= width) return text
  const chars = [...text]
  const endWidth = Math.floor((width - ellipsis.length) / 2)
  let end = ''
  for (const char of chars.toReversed()) {
    if (displayWidth(char + end) > endWidth) break
    end = char + end
  }
  return cutText(text, width - displayWidth(end), ellipsis) + end
}

/** How many terminal cells a text takes. */
export function displayWidth(text: string): number {
  if (plain.test(text)) return text.length
  let width = 0
  for (const char of text) width += charWidth(char)
  return width
}

/** What most cells are made of; what Unicode says of the rest takes milliseconds to look up for the first time. */
const plain = /^[ -~●◐◑◌▲‖✗✓○…’‘“”→–]*$/

// East Asian wide characters and emoji take two cells, combining marks none; everything Holdfast prints itself takes one.
function charWidth(char: string): number {
  const code = char.codePointAt(0)!
  if (code < 0x300) return 1
  if (/[\p{Mark}\p{Cf}]/u.test(char)) return 0
  const isWide =
    (code >= 0x1100 && code <= 0x115f) ||
    (code >= 0x2e80 && code <= 0xa4cf) ||
    (code >= 0xac00 && code <= 0xd7a3) ||
    (code >= 0xf900 && code <= 0xfaff) ||
    (code >= 0xfe30 && code <= 0xfe6f) ||
    (code >= 0xff00 && code <= 0xff60) ||
    (code >= 0x1f300 && code <= 0x1faff) ||
    (code >= 0x20000 && code <= 0x3fffd) ||
    /\p{Emoji_Presentation}/u.test(char)
  return isWide ? 2 : 1
}
