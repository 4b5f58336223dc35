import { filePage } from './file-page.ts'
import { programPage } from './program-page.ts'

/** The man pages, by the names of their files. The build writes them beside the program. */
export function manPages(options: {
  readonly version: string
  /** `2026-02-28` */
  readonly date: string
}): Readonly<Record<string, string>> {
  return { 'holdfast.1': programPage(options), 'holdfast.yaml.5': filePage(options) }
}
