import { paint, type Terminal, visible } from './terminal.ts'

/** Where nothing says how wide the reader's window is. */
const columnsUsual = 120

/** So much of a long line stands before the place it is shown for. */
const charsBefore = 40

/**
 * The line of a file, and a mark below the column that is at fault:
 *
 *     7 |     restart: alwys
 *       |              ^
 */
export function caretLines(
  { line, column, source }: { readonly line: number; readonly column: number; readonly source: string },
  terminal: Terminal,
): readonly string[] {
  const number = String(line).padStart(5)
  const width = Math.max((terminal.columns ?? columnsUsual) - number.length - 4, 20)
  const ellipsis = terminal.hasUnicode ? '…' : '...'
  // By code units, as columns are counted; what is shown for one may be wider, so each part is made visible by itself.
  const at = Math.min(column - 1, source.length)
  const start = at < width ? 0 : at - charsBefore
  const before = (start === 0 ? '' : ellipsis) + visible(source.slice(start, at))
  const room = Math.max(width - before.length, 1)
  const rest = visible(source.slice(at))
  const after = rest.length <= room ? rest : rest.slice(0, Math.max(room - ellipsis.length, 1)) + ellipsis
  const margin = ' '.repeat(number.length)
  return [
    `${paint('dim', `${number} |`, terminal)} ${before}${after}`.trimEnd(),
    `${paint('dim', `${margin} |`, terminal)} ${' '.repeat(before.length)}${paint('green', '^', terminal)}`,
  ]
}
