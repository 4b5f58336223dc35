import { pauseFor } from '../../base/pause.ts'
import type { Info, UnitList, UsageList } from '../../wire/api.ts'
import { type ExitCode, exitCodes } from '../../wire/exit-codes.ts'
import { Refused } from '../client.ts'
import type { Context } from '../command.ts'
import { firstModel, type Message, type Model } from './model.ts'
import type { Line } from './spans.ts'
import { cutLine } from './spans.ts'
import { update } from './update.ts'
import { headerLines } from './view-header.ts'
import { tableLines } from './view-units.ts'

/** Between two looks that, compared, tell the share of the processor: the daemon answers with the same one for half a second. */
const spanMs = 700

/** One picture as text: the header and all units, cut only where it goes to a terminal. */
export async function printOnce(context: Context, info: Info): Promise<ExitCode> {
  const { client, home, terminal, out } = context
  const columns = terminal.columns ?? Number.POSITIVE_INFINITY
  let model: Model = {
    ...firstModel({ home, look: terminal, size: { columns: terminal.columns ?? 160, rows: 24 }, nowMs: Date.now() }),
  }
  const take = (message: Message): void => {
    model = update(model, message, Date.now()).model
  }
  take({ kind: 'info', info })
  take({ kind: 'units', list: await client.ask<UnitList>('units') })
  for (let look = 0; look < 2; look += 1) {
    if (look > 0) await pauseFor(spanMs)
    const list = await usageOf(context)
    if (list === null) break
    take({ kind: 'usage', list })
  }
  const { titles, rows } = tableLines(model, { columns, body: null })
  const lines = [...headerLines(model, 3 + (model.warnings.length > 0 ? 1 : 0)), [], titles, ...rows]
  out(lines.map((line) => `${printLine(cutLine(line, columns), terminal.hasColour)}\n`).join(''))
  return exitCodes.ok
}

/** null: this daemon does not tell. */
async function usageOf({ client }: Context): Promise<UsageList | null> {
  try {
    return await client.ask<UsageList>('usage')
  } catch (error) {
    if (error instanceof Refused) return null
    throw error
  }
}

function printLine(line: Line, hasColour: boolean): string {
  const text = line
    .map(({ text, style }) => (hasColour && style !== '' ? `\u001b[${style}m${text}\u001b[m` : text))
    .join('')
  return text.trimEnd()
}
