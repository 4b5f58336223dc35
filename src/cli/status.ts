import type { Info, ReleaseItem, ReleaseList, StatusList, UnitDetail, UnitList } from '../wire/api.ts'
import { type ExitCode, exitCodes } from '../wire/exit-codes.ts'
import { type Client, Refused } from './client.ts'
import type { Context } from './command.ts'
import { printDaemon } from './daemon-text.ts'
import { tailOf } from './log-tail.ts'
import { formatOf, jsonText, printList } from './output.ts'
import { sayWarnings, tellUnits } from './ps.ts'
import { type LogView, printDetail } from './status-text.ts'
import { UsageError } from './usage-error.ts'

/** `holdfast status`: everything about the named units, 3 when one of them does not run; without names the daemon and `ps`. */
export async function runStatus(context: Context): Promise<ExitCode> {
  const isNamed = context.operands.length > 0 || context.options.values('label').length > 0
  return isNamed ? unitStatus(context) : daemonStatus(context)
}

// ---- units ---------------------------------------------------------------------------------------------------

async function unitStatus(context: Context): Promise<ExitCode> {
  const { client, operands, options, out, talk, terminal, home } = context
  const linesAsked = linesOf(options.value('tail'))
  const query = { name: operands, label: options.values('label') }
  const list = await client.ask<StatusList>('status', { query })
  const format = formatOf(options)
  if (format === 'table' || format === 'wide') {
    const isOne = list.items.length === 1
    const view = { terminal: format === 'wide' ? { ...terminal, columns: null } : terminal, home }
    const blocks: string[] = []
    for (const item of list.items) {
      const [cpuShare, log] = await Promise.all([
        isOne && terminal.columns !== null ? shareOf(context, item) : null,
        logOf(context, item, linesAsked, isOne),
      ])
      blocks.push(printDetail(item, { ...view, nowMs: Date.now(), cpuShare, log }))
    }
    out(blocks.join('\n'))
  } else printList(context, list, { name: ({ unit }) => unit, people: () => '' })
  sayWarnings(list, talk)
  return list.items.every(({ state }) => state === 'running') ? exitCodes.ok : exitCodes.notRunning
}

/** What everybody shows of a log, and of several units less. */
const linesShown = 10
const linesShownOfSeveral = 4

/** null: as many as fit. Throws UsageError. */
function linesOf(text: string | undefined): number | null {
  if (text === undefined || /^\d{1,5}$/.test(text)) return text === undefined ? null : Number(text)
  throw new UsageError(`--tail is a number of lines, not '${text}'; write -n 20, or -n 0 for none`)
}

/** A screen that is filled to its last row scrolls its first one away: one is left for the prompt. */
async function logOf(
  { client }: Context,
  { unit }: UnitDetail,
  asked: number | null,
  isOne: boolean,
): Promise<LogView> {
  const lines = await tailOf(client, unit, asked ?? (isOne ? linesShown : linesShownOfSeveral))
  const { rows } = process.stdout
  const rowsMax = asked === null && isOne && rows !== undefined ? rows - 1 : null
  return { lines, linesMin: 3, rowsMax }
}

/** Between two looks that are compared: the kernel counts in steps of 10 ms where a unit has no cgroup. */
const shareWindowMs = 250

/** How much of one core it uses now; null: nothing tells, or it is another run by then. */
async function shareOf({ client }: Context, item: UnitDetail): Promise<number | null> {
  if (item.usage?.cpuMs == null) return null
  const beganMs = performance.now()
  await new Promise((resolve) => setTimeout(resolve, shareWindowMs))
  const { items } = await client.ask<StatusList>('status', { query: { name: item.unit } })
  const [again] = items
  if (again?.usage?.cpuMs == null || again.run?.n !== item.run?.n) return null
  return Math.max(0, again.usage.cpuMs - item.usage.cpuMs) / (performance.now() - beganMs)
}

// ---- the daemon ----------------------------------------------------------------------------------------------

async function daemonStatus(context: Context): Promise<ExitCode> {
  const { client, options, out, talk, terminal } = context
  const [daemon, list, releases] = await Promise.all([
    client.ask<Info>('info'),
    client.ask<UnitList>('units'),
    releasesOf(client),
  ])
  const format = formatOf(options)
  if (format === 'json') out(jsonText({ ...list, daemon }))
  else {
    if (format === 'table' || format === 'wide')
      out(`${printDaemon(daemon, list.items, { terminal, nowMs: Date.now(), releases })}\n`)
    tellUnits(context, list)
  }
  sayWarnings(list, talk)
  return exitCodes.ok
}

/** A daemon of an older version knows of none. */
async function releasesOf(client: Client): Promise<readonly ReleaseItem[]> {
  try {
    return (await client.ask<ReleaseList>('releases')).items
  } catch (error) {
    if (error instanceof Refused && error.answer.code === 'no-such-route') return []
    throw error
  }
}
