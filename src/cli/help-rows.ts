import { displayWidth } from './table.ts'
import { printRows, wrapText } from './wrap.ts'

/** A longer label does not push the texts of the others aside: its own text stands below it. */
const labelWidthMax = 34

/** Texts get at least so many columns; else they stand below their labels. */
const textWidthMin = 30

/** What is explained, and beside it the explanation; below it where there is no room. */
export function layRows(rows: readonly (readonly [label: string, text: string])[], columns: number): readonly string[] {
  const widths = rows.map(([label]) => displayWidth(label)).filter((width) => width <= labelWidthMax)
  const labelWidth = Math.max(0, ...widths)
  const hasRoom = columns - labelWidth - gutters >= textWidthMin
  return rows.flatMap(([label, text]) => {
    if (hasRoom && displayWidth(label) <= labelWidth) return printRows([[label, text]], { columns, labelWidth })
    const indent = ' '.repeat(hasRoom ? labelWidth + gutters : 6)
    const below = text === '' ? [] : wrapText(text, columns - indent.length)
    return [`  ${label}`, ...below.map((line) => indent + line)]
  })
}

/** Before and after the label. */
const gutters = 4
