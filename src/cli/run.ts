import { constants } from 'node:os'
import type { Outcome, OutcomeList } from '../wire/api.ts'
import { exitCodes } from '../wire/exit-codes.ts'
import type { Context } from './command.ts'
import { printList } from './output.ts'
import { timeoutOf } from './seconds.ts'
import { selectionOf } from './selection.ts'
import { stateText, type Terminal, visible } from './terminal.ts'
import { codeOf } from './wish.ts'

/** `holdfast run`: one run now. Of one unit it ends as the job does; 128 and the signal's number where that ended it. */
export async function runRun(context: Context): Promise<number> {
  const { client, operands, options } = context
  const timeoutMs = timeoutOf(options)
  const body = { ...selectionOf(context, operands), wait: !options.isSet('no-wait'), timeoutMs }
  const list = await client.ask<OutcomeList>('run', { body })
  const { items } = list
  printList(context, list, {
    name: ({ unit }) => unit,
    people: ({ terminal }) => items.map((outcome) => printJob(outcome, terminal)).join(''),
  })
  const [only] = items
  return only !== undefined && items.length === 1 ? codeOfJob(only) : codeOf(items)
}

/** A process that ended is `exited` however it ended; of a job it matters whether it went well. */
function printJob({ unit, result, state, why }: Outcome, terminal: Terminal): string {
  const shown = stateText(result === 'failed' ? 'failed' : state, terminal)
  return `${visible(unit)}  ${result === 'timed-out' ? `still  ${shown}` : shown}  ${visible(why)}\n`
}

export function codeOfJob(outcome: Outcome): number {
  const { exit, result } = outcome
  if (exit === null) return codeOf([outcome])
  // It may have failed for another reason: a hook after it, a check.
  if (exit.code !== null) return exit.code === 0 && result === 'failed' ? exitCodes.failed : exit.code
  const number = exit.signal === null ? undefined : constants.signals[`SIG${exit.signal}` as NodeJS.Signals]
  return number === undefined ? exitCodes.failed : 128 + number
}
