import { parseSignalName } from '../formats/signal-name.ts'
import { suggest } from '../formats/suggest.ts'
import type { OutcomeList } from '../wire/api.ts'
import { type ExitCode, exitCodes } from '../wire/exit-codes.ts'
import type { Context } from './command.ts'
import { codeOf, printOutcome } from './wish.ts'

/** `holdfast signal SIGNAL NAME…`. The order is forgiven: `signal web HUP` means the same. */
export async function runSignal({ client, operands, out, talk, terminal, home }: Context): Promise<ExitCode> {
  const place = parseSignalName(operands[0]!) !== null ? 0 : operands.length - 1
  const signal = parseSignalName(operands[place]!)
  if (signal === null) {
    const similar = suggest(operands[0]!, [
      'HUP',
      'INT',
      'QUIT',
      'KILL',
      'USR1',
      'USR2',
      'TERM',
      'CONT',
      'STOP',
      'WINCH',
    ])
    talk(`holdfast: no signal is called '${operands[0]}'${similar === null ? '' : `; did you mean ${similar}?`}\n`)
    return exitCodes.usage
  }
  const names = operands.toSpliced(place, 1)
  const { items } = await client.ask<OutcomeList>('signal', { body: { names, signal } })
  out(items.map((outcome) => printOutcome(outcome, terminal, home)).join(''))
  return codeOf(items)
}
