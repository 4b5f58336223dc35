import type { Outcome, OutcomeList } from '../wire/api.ts'
import { type ExitCode, exitCodes } from '../wire/exit-codes.ts'
import { type Home, typed } from '../wire/home.ts'
import type { Context, Options } from './command.ts'
import { printList } from './output.ts'
import { tellingPulls } from './pull-lines.ts'
import { timeoutOf } from './seconds.ts'
import { selectionOf } from './selection.ts'
import { stateText, type Terminal, visible } from './terminal.ts'
import { UsageError } from './usage-error.ts'

/** `start`, `stop` and `restart`: says what somebody wants, waits, and tells what became of each unit. */
export async function runWish(context: Context, wish: 'start' | 'stop' | 'restart'): Promise<ExitCode> {
  const { client, operands, options } = context
  const wait = isWaiting(options)
  const timeoutMs = timeoutOf(options)
  const said = { ...selectionOf(context, operands), wait, waitFor: options.value('wait'), timeoutMs }
  const body = options.isSet('force') ? { ...said, force: true } : said
  const answer = client.ask<OutcomeList>(wish, { body })
  const list = await (wait && wish !== 'stop' ? tellingPulls(context, answer) : answer)
  tellOutcomes(context, list)
  return codeOf(list.items)
}

/** false: `--no-wait`. Throws UsageError where both are said. */
export function isWaiting(options: Options): boolean {
  if (options.isSet('wait') && options.isSet('no-wait')) {
    throw new UsageError('--wait and --no-wait exclude each other; leave one away')
  }
  return !options.isSet('no-wait')
}

/** What became of each unit, in the format that was chosen. */
export function tellOutcomes(context: Context, list: OutcomeList): void {
  const { home } = context
  printList(context, list, {
    name: ({ unit }) => unit,
    people: ({ terminal }) => list.items.map((outcome) => printOutcome(outcome, terminal, home)).join(''),
  })
}

/** One line for what came about; a failure says what follows, and which command decides. */
export function printOutcome(outcome: Outcome, terminal: Terminal, home: Home): string {
  const isStill = outcome.result === 'timed-out' || outcome.result === 'locked'
  const what = outcome.result === 'unchanged' ? 'already' : isStill ? 'still' : ''
  const head = [visible(outcome.unit), what, stateText(outcome.state, terminal)]
    .filter((part) => part !== '')
    .join('  ')
  if (outcome.result === 'done' || outcome.result === 'unchanged') return `${head}  ${visible(outcome.why)}\n`
  const command = outcome.command === null ? '' : `  decide with: ${typed(home, outcome.command)}\n`
  return `${head}  ${visible(outcome.why)}\n  next: ${visible(outcome.next)}\n${command}`
}

export function codeOf(items: readonly Outcome[]): ExitCode {
  if (items.some(({ result }) => result === 'failed')) return exitCodes.failed
  if (items.some(({ result }) => result === 'locked')) return exitCodes.locked
  if (items.some(({ result }) => result === 'timed-out')) return exitCodes.timedOut
  return items.some(({ result }) => result === 'not-running') ? exitCodes.notRunning : exitCodes.ok
}
