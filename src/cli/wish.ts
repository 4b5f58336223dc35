import type { Outcome, OutcomeList } from '../wire/api.ts'
import { type ExitCode, exitCodes } from '../wire/exit-codes.ts'
import { type Home, typed } from '../wire/home.ts'
import type { Context } from './command.ts'
import { stateText, type Terminal, visible } from './terminal.ts'

/** `start`, `stop` and `restart`: says what somebody wants, waits, and tells what became of each unit. */
export async function runWish(context: Context, wish: 'start' | 'stop' | 'restart'): Promise<ExitCode> {
  const { client, operands, options, out, talk, terminal, home } = context
  const timeoutMs = parseSeconds(options.value('timeout'))
  if (timeoutMs === 'bad') {
    talk(`holdfast: --timeout is a number of seconds, not '${options.value('timeout')}'\n`)
    return exitCodes.usage
  }
  const body = { names: operands, wait: !options.isSet('no-wait'), timeoutMs }
  const { items } = await client.ask<OutcomeList>(wish, { body })
  out(items.map((outcome) => printOutcome(outcome, terminal, home)).join(''))
  return codeOf(items)
}

/** One line for what came about; a failure says what follows, and which command decides. */
export function printOutcome(outcome: Outcome, terminal: Terminal, home: Home): string {
  const what = outcome.result === 'unchanged' ? 'already' : outcome.result === 'timed-out' ? 'still' : ''
  const head = [visible(outcome.unit), what, stateText(outcome.state, terminal)]
    .filter((part) => part !== '')
    .join('  ')
  if (outcome.result === 'done' || outcome.result === 'unchanged') return `${head}  ${visible(outcome.why)}\n`
  const command = outcome.command === null ? '' : `  decide with: ${typed(home, outcome.command)}\n`
  return `${head}  ${visible(outcome.why)}\n  next: ${visible(outcome.next)}\n${command}`
}

export function codeOf(items: readonly Outcome[]): ExitCode {
  if (items.some(({ result }) => result === 'failed')) return exitCodes.failed
  if (items.some(({ result }) => result === 'timed-out')) return exitCodes.timedOut
  return items.some(({ result }) => result === 'not-running') ? exitCodes.notRunning : exitCodes.ok
}

/** Milliseconds of an option in seconds; null: it is not given. */
export function parseSeconds(text: string | undefined): number | null | 'bad' {
  if (text === undefined) return null
  return /^\d+(\.\d+)?$/.test(text) ? Math.round(Number(text) * 1_000) : 'bad'
}
