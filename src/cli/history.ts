import type { HistoryItem, HistoryList } from '../wire/api.ts'
import { type ExitCode, exitCodes } from '../wire/exit-codes.ts'
import type { Context } from './command.ts'
import { printHistory } from './history-text.ts'
import { formatOf, printList } from './output.ts'
import { UsageError } from './usage-error.ts'

/** As many as somebody reads who did not say how many. */
const usualLines = 100

/** `holdfast history`: what happened, and who asked for it. */
export async function runHistory(context: Context): Promise<ExitCode> {
  const { client, operands, options, talk } = context
  const tail = tailOf(context)
  const query = {
    name: operands,
    label: options.values('label'),
    since: options.value('since'),
    until: options.value('until'),
    kind: options.value('kind'),
    tail,
  }
  const list = await client.ask<HistoryList>('history', { query })
  printList(context, list, {
    name: unitOf,
    people: ({ terminal }) =>
      list.items.length === 0 ? '' : printHistory(list.items, { terminal, nowMs: Date.now() }),
  })
  if (formatOf(options) === 'table' || formatOf(options) === 'wide') sayHowMany(context, list.items.length)
  return exitCodes.ok

  function sayHowMany({ options }: Context, count: number): void {
    if (count === 0) talk('nothing of this is in the history\n')
    else if (!options.isSet('tail') && tail !== undefined && count === usualLines)
      talk(`these are the last ${usualLines}; more with -n N or -n all\n`)
  }
}

/** undefined: all. */
function tailOf({ options }: Context): string | undefined {
  const text = options.value('tail')
  if (text === 'all') return undefined
  if (text === undefined) {
    const isChosen = options.isSet('since') || options.isSet('until')
    const isRead = formatOf(options) === 'table' || formatOf(options) === 'wide'
    return isChosen || !isRead ? undefined : String(usualLines)
  }
  if (/^\d{1,9}$/.test(text)) return text
  throw new UsageError(`--tail is a number of lines, or all, not '${text}'; write -n 20`)
}

function unitOf(item: HistoryItem): string {
  return item.kind === 'transition' ? item.unit : item.kind === 'command' ? (item.units[0] ?? '') : ''
}
