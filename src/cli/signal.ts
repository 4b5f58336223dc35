import { parseSignalName, signalNames } from '../formats/signal-name.ts'
import { didYouMean } from '../formats/suggest.ts'
import type { OutcomeList } from '../wire/api.ts'
import type { ExitCode } from '../wire/exit-codes.ts'
import type { Context } from './command.ts'
import { selectionOf } from './selection.ts'
import { UsageError } from './usage-error.ts'
import { codeOf, tellOutcomes } from './wish.ts'

/** `holdfast signal SIGNAL NAME…`. The order is forgiven: `signal web HUP` means the same. */
export async function runSignal(context: Context): Promise<ExitCode> {
  const { client, operands } = context
  const place = parseSignalName(operands[0]!) !== null ? 0 : operands.length - 1
  const signal = parseSignalName(operands[place]!)
  if (signal === null) throw new UsageError(unknownSignal(operands[0]!))
  const list = await client.ask<OutcomeList>('signal', {
    body: { ...selectionOf(context, operands.toSpliced(place, 1)), signal },
  })
  tellOutcomes(context, list)
  return codeOf(list.items)
}

function unknownSignal(text: string): string {
  const hint = didYouMean(text.toUpperCase().replace(/^SIG/, ''), signalNames, 'write a name such as HUP, or a number')
  return `no signal is called '${text}'; ${hint}`
}
