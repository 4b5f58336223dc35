import type { UnitList } from '../wire/api.ts'
import { type ExitCode, exitCodes } from '../wire/exit-codes.ts'
import { typed } from '../wire/home.ts'
import type { Context } from './command.ts'
import { printUnits } from './unit-table.ts'

/** `holdfast ps`: what runs. With names it exits 3 when one of them does not. */
export async function runPs(context: Context): Promise<ExitCode> {
  const { client, operands, options, out, talk } = context
  const list = await client.ask<UnitList>('units', { query: { name: operands } })
  switch (options.value('output') ?? 'table') {
    case 'json':
      out(`${JSON.stringify(list, null, 2)}\n`)
      break
    case 'name':
      out(list.items.map(({ unit }) => `${unit}\n`).join(''))
      break
    default:
      tellUnits(context, list)
  }
  sayWarnings(list, talk)
  const isAllUp = list.items.every(({ state }) => state === 'running')
  return operands.length > 0 && !isAllUp ? exitCodes.notRunning : exitCodes.ok
}

/** The table, or how to get something into it. */
export function tellUnits({ out, talk, terminal, home }: Context, { items }: UnitList): void {
  if (items.length > 0) out(printUnits(items, { terminal, nowMs: Date.now() }))
  else talk(`nothing is declared; declare something with: ${typed(home, 'up FILE')}\n`)
}

export function sayWarnings({ warnings }: Pick<UnitList, 'warnings'>, talk: (text: string) => void): void {
  for (const warning of warnings) talk(`holdfast: ${warning}\n`)
}
