import type { Context, Options } from './command.ts'
import type { Terminal } from './terminal.ts'

/** What `--output` of reading commands can be. */
export type OutputFormat = 'table' | 'wide' | 'json' | 'ndjson' | 'name'

/** A list as the API answers it. */
export interface List<T> {
  readonly items: readonly T[]
}

export interface Printers<T> {
  /** `app/service/n`. */
  name(item: T): string
  /** For people. `isWide`: with everything; the terminal then has no width, so nothing is cut. */
  people(view: { readonly terminal: Terminal; readonly isWide: boolean }): string
}

/** What was chosen; without a choice the table. */
export function formatOf(options: Options): OutputFormat {
  return (options.value('output') ?? 'table') as OutputFormat
}

/** Prints a list in the format that was chosen: for programs exactly what the API gave. */
export function printList<T>(
  { options, out, terminal }: Pick<Context, 'options' | 'out' | 'terminal'>,
  list: List<T>,
  printers: Printers<T>,
): void {
  const format = formatOf(options)
  switch (format) {
    case 'json':
      out(jsonText(list))
      return
    case 'ndjson':
      out(list.items.map((item) => `${JSON.stringify(item)}\n`).join(''))
      return
    case 'name':
      out(uniqueLines(list.items.map((item) => printers.name(item))))
      return
    case 'wide':
      out(printers.people({ terminal: { ...terminal, columns: null }, isWide: true }))
      return
    case 'table':
      out(printers.people({ terminal, isWide: false }))
  }
}

/** One document, indented: it is read by people as well. */
export function jsonText(document: object): string {
  return `${JSON.stringify(document, null, 2)}\n`
}

/** Several items may be about one unit. */
function uniqueLines(lines: readonly string[]): string {
  return [...new Set(lines)].map((line) => `${line}\n`).join('')
}
