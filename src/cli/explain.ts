import type { ExplanationItem, ExplanationList } from '../wire/api.ts'
import { type ExitCode, exitCodes } from '../wire/exit-codes.ts'
import { type Home, typed } from '../wire/home.ts'
import type { Context } from './command.ts'
import { paint, stateText, type Terminal, visible } from './terminal.ts'

/** `holdfast explain`: without names, whatever is not as it should be. */
export async function runExplain({ client, operands, options, out, terminal, home }: Context): Promise<ExitCode> {
  const list = await client.ask<ExplanationList>('explain', { query: { name: operands } })
  if (options.value('output') === 'json') {
    out(`${JSON.stringify(list, null, 2)}\n`)
    return exitCodes.ok
  }
  const shown = operands.length > 0 ? list.items : list.items.filter(({ isAtTarget }) => !isAtTarget)
  if (shown.length === 0) out(`all ${list.items.length} units are as they should be\n`)
  else out(shown.map((item) => printExplanation(item, terminal, home)).join('\n'))
  return exitCodes.ok
}

export function printExplanation(item: ExplanationItem, terminal: Terminal, home: Home): string {
  const lines: readonly (readonly [string, string])[] = [
    ['why', item.why],
    ['next', item.next],
    ...(item.command === null ? [] : [['to change it', typed(home, item.command)] as const]),
    ...item.facts.map(({ name, value }) => [name, value] as const),
  ]
  const width = Math.max(...lines.map(([label]) => label.length))
  return [
    `${paint('bold', visible(item.unit), terminal)}  ${stateText(item.state, terminal)}`,
    ...lines.map(([label, text]) => `  ${label.padEnd(width)}  ${visible(text)}`),
    '',
  ].join('\n')
}
