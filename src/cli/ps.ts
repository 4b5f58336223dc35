import type { UnitList, UsageItem, UsageList, WideUnitList } from '../wire/api.ts'
import { type ExitCode, exitCodes } from '../wire/exit-codes.ts'
import { typed } from '../wire/home.ts'
import type { Context } from './command.ts'
import { formatOf, printList } from './output.ts'
import { printUnits, printWideUnits } from './unit-table.ts'

/** `holdfast ps`: what runs. With names it exits 3 when one of them does not. */
export async function runPs(context: Context): Promise<ExitCode> {
  const { operands, options, talk } = context
  const list = formatOf(options) === 'wide' ? await tellWide(context) : await tell(context)
  sayWarnings(list, talk)
  const isNamed = operands.length > 0 || options.values('label').length > 0
  const isAllUp = list.items.every(({ state }) => state === 'running')
  return isNamed && !isAllUp ? exitCodes.notRunning : exitCodes.ok
}

async function tell(context: Context): Promise<UnitList> {
  const { client, operands, options } = context
  const list = await client.ask<UnitList>('units', { query: { name: operands, label: options.values('label') } })
  tellUnits(context, list)
  return list
}

async function tellWide(context: Context): Promise<WideUnitList> {
  const { client, operands, options, out, terminal } = context
  const query = { name: operands, label: options.values('label'), wide: 'true' }
  const [list, { items }] = await Promise.all([
    client.ask<WideUnitList>('units', { query }),
    client.ask<UsageList>('usage'),
  ])
  const usages = new Map<string, UsageItem | null>(items.map(({ unit, usage }) => [unit, usage]))
  const view = { terminal, nowMs: Date.now() }
  if (list.items.length === 0) tellNothing(context)
  else out(printWideUnits(list.items, (unit) => usages.get(unit) ?? null, view))
  return list
}

/** The table, or how to get something into it. */
export function tellUnits(context: Context, list: UnitList): void {
  const format = formatOf(context.options)
  if (list.items.length === 0 && format === 'table') {
    tellNothing(context)
    return
  }
  printList(context, list, {
    name: ({ unit }) => unit,
    people: ({ terminal }) => printUnits(list.items, { terminal, nowMs: Date.now() }),
  })
}

function tellNothing({ talk, home, options }: Context): void {
  if (options.values('label').length > 0) talk('no unit has such labels\n')
  else talk(`nothing is declared; declare something with: ${typed(home, 'up FILE')}\n`)
}

export function sayWarnings({ warnings }: Pick<UnitList, 'warnings'>, talk: (text: string) => void): void {
  for (const warning of warnings) talk(`holdfast: ${warning}\n`)
}
