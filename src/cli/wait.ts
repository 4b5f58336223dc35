import type { Outcome, OutcomeList } from '../wire/api.ts'
import type { ExitCode } from '../wire/exit-codes.ts'
import { type Home, typed } from '../wire/home.ts'
import { Refused } from './client.ts'
import type { Context } from './command.ts'
import { jsonText } from './output.ts'
import { timeoutOf } from './seconds.ts'
import { stateText, type Terminal, visible } from './terminal.ts'
import { codeOf, printOutcome } from './wish.ts'

/** `holdfast wait`: returns when the units have come to it; asks nothing of them. */
export async function runWait(context: Context): Promise<ExitCode> {
  const { options, out, talk, terminal, home } = context
  const timeoutMs = timeoutOf(options)
  const beganMs = Date.now()
  const leftMs = (): number => (timeoutMs === null ? waitMsMax : Math.max(0, beganMs + timeoutMs - Date.now()))
  let list = await askUntilAnswered(context, () => Math.min(silenceMs, leftMs()))
  const waiting = list.items.filter(({ result }) => result === 'timed-out')
  if (waiting.length > 0 && leftMs() > 0) {
    for (const item of waiting.slice(0, waitingTold))
      talk(`holdfast: waiting for ${waitingText(item, terminal, home)}\n`)
    if (waiting.length > waitingTold) talk(`holdfast: and for ${waiting.length - waitingTold} more\n`)
    list = await askUntilAnswered(context, leftMs)
  }
  if (options.value('output') === 'json') out(jsonText(list))
  else out(list.items.map((outcome) => printOutcome(outcome, terminal, home)).join(''))
  return codeOf(list.items)
}

/** After this, whoever waits is told what for. */
const silenceMs = 2_000

const waitingTold = 5

/** The daemon takes nine digits: some 11 days. */
const waitMsMax = 999_999_999

const retryMs = 250

function waitingText({ unit, state, why, command }: Outcome, terminal: Terminal, home: Home): string {
  const remedy = command === null ? '' : `; decide with: ${typed(home, command)}`
  return `${visible(unit)}  ${stateText(state, { ...terminal, hasColour: false })}  ${visible(why)}${remedy}`
}

/** A daemon that becomes another version cannot wait with us: then the other one is asked. */
async function askUntilAnswered(context: Context, leftMs: () => number): Promise<OutcomeList> {
  for (;;) {
    try {
      return await askOnce(context, leftMs())
    } catch (error) {
      if (!(error instanceof Refused && error.answer.code === 'too-busy')) throw error
      await new Promise((resolve) => setTimeout(resolve, retryMs))
    }
  }
}

function askOnce({ client, operands, options }: Context, timeoutMs: number): Promise<OutcomeList> {
  const query = { name: operands, label: options.values('label'), for: options.value('for'), timeoutMs }
  return client.ask<OutcomeList>('wait', { query })
}
