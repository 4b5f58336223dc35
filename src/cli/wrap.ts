import { displayWidth } from './table.ts'

/** Labels and texts side by side, the texts broken between words and below each other; `columns` null: not broken. */
export function printRows(
  rows: readonly (readonly [label: string, text: string])[],
  { columns, labelWidth }: { readonly columns: number | null; readonly labelWidth: number },
): readonly string[] {
  const indent = 2 + labelWidth + 2
  const width = columns === null ? Number.POSITIVE_INFINITY : Math.max(widthMin, columns - indent)
  return rows.flatMap(([label, text]) => {
    const space = ' '.repeat(Math.max(0, labelWidth - displayWidth(label)))
    const [first = '', ...others] = wrap(text, width)
    return [`  ${label}${space}  ${first}`.trimEnd(), ...others.map((line) => `${' '.repeat(indent)}${line}`)]
  })
}

/** Not between a number and its unit. */
const betweenWords = / (?!(?<=\d )(?:ms|s|min|h|B|[KMGT]iB)\b)/

/** Narrower than this, a terminal breaks the lines itself. */
const widthMin = 20

/** A word longer than `width` has a line of its own, whole: paths are there to be copied. */
function wrap(text: string, width: number): readonly string[] {
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
