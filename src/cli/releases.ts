import { durationText } from '../core/text.ts'
import type { ReleaseItem, ReleaseList } from '../wire/api.ts'
import { type ExitCode, exitCodes } from '../wire/exit-codes.ts'
import type { Context } from './command.ts'
import { formatOf, printList } from './output.ts'
import { sayWarnings } from './ps.ts'
import { type Column, printTable } from './table.ts'
import { paint, type Terminal, visible } from './terminal.ts'
import { nextText } from './time-text.ts'

/** `holdfast releases`: what each app is on, of those whose changes have to prove themselves. */
export async function runReleases(context: Context): Promise<ExitCode> {
  const list = await context.client.ask<ReleaseList>('releases')
  const format = formatOf(context.options)
  if (list.items.length === 0 && (format === 'table' || format === 'wide')) {
    context.talk('no app has releases: what changes counts at once\n')
  } else {
    printList(context, list, {
      name: ({ app }) => app,
      people: ({ terminal }) => printReleases(list.items, { terminal, nowMs: Date.now() }),
    })
  }
  sayWarnings(list, context.talk)
  return exitCodes.ok
}

/** One line for each; trouble in its colour, and always as a word. */
export function printReleases(
  items: readonly ReleaseItem[],
  { terminal, nowMs }: { readonly terminal: Terminal; readonly nowMs: number },
): string {
  const rows = items.map((item) => [
    { text: visible(item.app) },
    { text: visible(item.release) },
    { text: item.status, paint: (text: string) => paint(colours[item.status], text, terminal) },
    { text: durationText(nowMs - Date.parse(item.since)) },
    { text: visible(item.previous ?? '-') },
    { text: visible(item.rejected?.release ?? '-') },
    { text: visible(item.why) },
    { text: visible(nextText(item, nowMs)) },
  ])
  return printTable({ columns, rows }, terminal.columns, terminal.hasUnicode ? '…' : '...')
}

/** Colour never alone: the word says the same. */
export const colours = { committed: 'green', trial: 'cyan', reverted: 'red', failed: 'red' } as const

const columns: readonly Column[] = [
  { title: 'APP', align: 'left', dropOrder: null, widthMin: null },
  { title: 'RELEASE', align: 'left', dropOrder: null, widthMin: 8 },
  { title: 'STATUS', align: 'left', dropOrder: null, widthMin: null },
  { title: 'SINCE', align: 'right', dropOrder: 5, widthMin: null },
  { title: 'PREVIOUS', align: 'left', dropOrder: 2, widthMin: 8 },
  { title: 'REJECTED', align: 'left', dropOrder: 3, widthMin: 8 },
  { title: 'WHY', align: 'left', dropOrder: 4, widthMin: 16 },
  { title: 'NEXT', align: 'left', dropOrder: 1, widthMin: 16 },
]
