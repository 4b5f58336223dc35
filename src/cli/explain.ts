import type { ExplanationItem, ExplanationList } from '../wire/api.ts'
import { type ExitCode, exitCodes } from '../wire/exit-codes.ts'
import { type Home, typed } from '../wire/home.ts'
import type { Client } from './client.ts'
import type { Context } from './command.ts'
import { tailOf } from './log-tail.ts'
import { formatOf, printList } from './output.ts'
import { sayWarnings } from './ps.ts'
import { displayWidth } from './table.ts'
import { paint, stateText, type Terminal, visible } from './terminal.ts'
import { localTimes, nextText, pastText } from './time-text.ts'
import { printRows, type LabelledRow as Row } from './wrap.ts'

/** `holdfast explain`: without names, whatever is not as it should be. */
export async function runExplain(context: Context): Promise<ExitCode> {
  const { client, operands, options, out, talk, terminal, home } = context
  const query = { name: operands, label: options.values('label') }
  const list = await client.ask<ExplanationList>('explain', { query })
  const isNamed = operands.length > 0 || query.label.length > 0
  const items = isNamed ? list.items : list.items.filter(({ isAtTarget }) => !isAtTarget)
  const format = formatOf(options)
  if (format !== 'table' && format !== 'wide') {
    printList(context, format === 'json' ? list : { items }, { name: ({ unit }) => unit, people: () => '' })
  } else if (items.length === 0) out(`all ${list.items.length} units are as they should be\n`)
  else {
    const words = isNamed ? await lastWords(client, items) : new Map<string, readonly string[]>()
    const columns = format === 'wide' ? null : terminal.columns
    const view = { terminal: { ...terminal, columns }, home, nowMs: Date.now() }
    out(items.map((item) => printExplanation(item, words.get(item.unit) ?? [], view)).join('\n'))
  }
  sayWarnings(list, talk)
  return exitCodes.ok
}

/** What those that failed said last is mostly why. Of more units than these, nobody reads it. */
const wordsOfUnitsMax = 10
const wordLines = 3

async function lastWords(
  client: Client,
  items: readonly ExplanationItem[],
): Promise<ReadonlyMap<string, readonly string[]>> {
  const ended = items.filter(({ isAtTarget, state }) => {
    return !isAtTarget && (state === 'backoff' || state === 'failed' || state === 'exited')
  })
  const words = ended.slice(0, wordsOfUnitsMax).map(async ({ unit }) => {
    return [unit, await tailOf(client, unit, wordLines)] as const
  })
  return new Map(await Promise.all(words))
}

interface View {
  readonly terminal: Terminal
  readonly home: Home
  readonly nowMs: number
}

/** Why, what next, which command decides; then what that rests on, and what it printed last. */
export function printExplanation(
  item: ExplanationItem,
  words: readonly string[],
  { terminal, home, nowMs }: View,
): string {
  const rows: readonly Row[] = [
    ['why', item.why],
    ['next', nextText(item, nowMs)],
    ...(item.command === null ? [] : [['change it', typed(home, item.command)] as const]),
    ['since', pastText(Date.parse(item.since), nowMs)],
    ...item.facts.map(({ name, value }): Row => [name, localTimes(value, nowMs)]),
    ...words.map((line, at): Row => [at === 0 ? 'last words' : '', line, 'cut']),
  ]
  const shown = rows.map(([label, text, how]): Row => [visible(label), visible(text), how])
  const labelWidth = Math.max(...shown.map(([label]) => displayWidth(label)))
  const ellipsis = terminal.hasUnicode ? '…' : '...'
  return [
    `${paint('bold', visible(item.unit), terminal)}  ${stateText(item.state, terminal)}`,
    ...printRows(shown, { columns: terminal.columns, labelWidth, ellipsis }),
    '',
  ].join('\n')
}
