/** Sorted texts in columns, down before across, in as few lines of 79 characters as they fit. As Python's cmd does it. */
export function topicTable(texts: readonly string[]): string {
  for (let rows = 1; rows < texts.length; rows++) {
    const widths = columnWidths(texts, rows)
    if (widths.reduce((sum, width) => sum + width + gap, -gap) <= lineMax) return print(texts, rows, widths)
  }
  return print(texts, texts.length, columnWidths(texts, texts.length))
}

const lineMax = 79
const gap = 2

function columnWidths(texts: readonly string[], rows: number): readonly number[] {
  const widths: number[] = []
  for (const [at, text] of texts.entries()) {
    const column = Math.floor(at / rows)
    widths[column] = Math.max(widths[column] ?? 0, text.length)
  }
  return widths
}

function print(texts: readonly string[], rows: number, widths: readonly number[]): string {
  const lines = Array.from({ length: rows }, (_, row) => {
    const cells = widths.map((width, column) => ({ width, text: texts[column * rows + row] ?? '' }))
    while (cells.at(-1)?.text === '') cells.pop()
    return cells.map(({ text, width }) => text.padEnd(width)).join(' '.repeat(gap))
  })
  return lines.join('\n')
}
