import { cutText, displayWidth } from './table.ts'

/** A label and its text. `cut`: one line, whatever is left of it. */
export type LabelledRow = readonly [label: string, text: string, how?: 'cut' | undefined]

/** Labels and texts side by side, the texts broken between words and below each other; `columns` null: not broken. */
export function printRows(
  rows: readonly LabelledRow[],
  {
    columns,
    labelWidth,
    ellipsis = '…',
  }: { readonly columns: number | null; readonly labelWidth: number; readonly ellipsis?: string },
): readonly string[] {
  const indent = 2 + labelWidth + 2
  const width = columns === null ? Number.POSITIVE_INFINITY : Math.max(widthMin, columns - indent)
  return rows.flatMap(([label, text, how]) => {
    const space = ' '.repeat(Math.max(0, labelWidth - displayWidth(label)))
    const [first = '', ...others] = how === 'cut' ? [cutText(text, width, ellipsis)] : wrapText(text, width)
    return [`  ${label}${space}  ${first}`.trimEnd(), ...others.map((line) => `${' '.repeat(indent)}${line}`)]
  })
}

/** One text, its first line indented by `indent` and what does not fit by `hang`. */
export function wrapHanging(
  text: string,
  { columns, indent, hang }: { readonly columns: number | null; readonly indent: number; readonly hang: number },
): readonly string[] {
  const width = columns === null ? Number.POSITIVE_INFINITY : Math.max(widthMin, columns - hang)
  const [first = '', ...others] = wrapText(text, width)
  return [`${' '.repeat(indent)}${first}`, ...others.map((line) => `${' '.repeat(hang)}${line}`)]
}

/** Not between a number and its unit. */
const betweenWords = / (?!(?<=\d )(?:ms|s|min|h|B|[KMGT]iB)\b)/

/** Narrower than this, a terminal breaks the lines itself. */
const widthMin = 20

/** A word longer than `width` has a line of its own, whole: paths are there to be copied. */
export function wrapText(text: string, width: number): readonly string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(betweenWords)) {
    const longer = line === '' ? word : `${line} ${word}`
    if (line === '' || displayWidth(longer) <= width) {
      line = longer
      continue
    }
    lines.push(line)
    line = word
  }
  return [...lines, line]
}
