import type { Model } from './model.ts'

/** How the rows of the screen are shared out. */
export interface Layout {
  readonly header: number
  /** Titles of the table, or of a page. */
  readonly titles: number
  readonly body: number
  /** Says what happened, or asks. */
  readonly message: number
  readonly keys: number
}

/** On a small screen the table goes before everything else; one that has no room even for that shows what it can. */
export function layoutOf({ size, page, warnings }: Pick<Model, 'size' | 'page' | 'warnings'>): Layout {
  const header = page.kind === 'units' ? headerRows(size.rows) + (warnings.length > 0 ? 1 : 0) : 0
  const message = size.rows >= 6 ? 1 : 0
  const keys = size.rows >= 5 ? 1 : 0
  const titles = size.rows >= 2 ? 1 : 0
  return { header, titles, body: Math.max(0, size.rows - header - titles - message - keys), message, keys }
}

function headerRows(rows: number): number {
  if (rows >= 16) return 3
  return rows >= 10 ? 2 : rows >= 7 ? 1 : 0
}
