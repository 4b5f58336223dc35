/** A column of a table, in the order shown. */
export interface Column {
  readonly title: string
  readonly align: 'left' | 'right'
  /** Dropped first where it does not fit; null: never. */
  readonly dropOrder: number | null
  /** May be cut down to this width, before anything is dropped; null: never cut. */
  readonly widthMin: number | null
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
          cut(cell.text, widths[index]!, ellipsis),
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

/** Cuts the last column that may be cut; null when that is not enough. */
function shrink(
  columns: readonly Column[],
  kept: readonly number[],
  widths: readonly number[],
  excess: number,
): readonly number[] | null {
  for (const index of kept.toReversed()) {
    const least = columns[index]!.widthMin
    if (least === null || widths[index]! - excess < least) continue
    return widths.with(index, widths[index]! - excess)
  }
  return null
}

function total(kept: readonly number[], widths: readonly number[]): number {
  return kept.reduce((sum, index) => sum + widths[index]!, 0) + gutter.length * Math.max(0, kept.length - 1)
}

function pad(text: string, width: number, align: Column['align']): string {
  const space = ' '.repeat(Math.max(0, width - displayWidth(text)))
  return align === 'left' ? text + space : space + text
}

function cut(text: string, width: number, ellipsis: string): string {
  if (displayWidth(text) <= width) return text
  let out = ''
  let used = ellipsis.length
  for (const char of text) {
    used += charWidth(char)
    if (used > width) break
    out += char
  }
  return out + ellipsis
}

/** How many terminal cells a text takes. */
export function displayWidth(text: string): number {
  let width = 0
  for (const char of text) width += charWidth(char)
  return width
}

// East Asian wide characters and emoji take two cells, combining marks none; everything Holdfast prints itself takes one.
function charWidth(char: string): number {
  const code = char.codePointAt(0)!
  if (code < 0x300) return 1
  if (/\p{Mark}/u.test(char)) return 0
  const isWide =
    (code >= 0x1100 && code <= 0x115f) ||
    (code >= 0x2e80 && code <= 0xa4cf) ||
    (code >= 0xac00 && code <= 0xd7a3) ||
    (code >= 0xf900 && code <= 0xfaff) ||
    (code >= 0xfe30 && code <= 0xfe6f) ||
    (code >= 0xff00 && code <= 0xff60) ||
    (code >= 0x1f300 && code <= 0x1faff) ||
    (code >= 0x20000 && code <= 0x3fffd)
  return isWide ? 2 : 1
}
