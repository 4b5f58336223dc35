import { durationText } from '../core/text.ts'
import type { Info, StatusList, UnitList } from '../wire/api.ts'
import { type ExitCode, exitCodes } from '../wire/exit-codes.ts'
import type { Context } from './command.ts'
import { sayWarnings, tellUnits } from './ps.ts'
import { printDetail } from './status-text.ts'
import { paint, type Terminal, visible } from './terminal.ts'

/** `holdfast status`: everything about the named units, 3 when one of them does not run; without names the daemon and `ps`. */
export async function runStatus(context: Context): Promise<ExitCode> {
  return context.operands.length === 0 ? daemonStatus(context) : unitStatus(context)
}

async function unitStatus({ client, operands, options, out, talk, terminal, home }: Context): Promise<ExitCode> {
  const list = await client.ask<StatusList>('status', { query: { name: operands } })
  const nowMs = Date.now()
  if (options.value('output') === 'json') out(`${JSON.stringify(list, null, 2)}\n`)
  else out(list.items.map((item) => printDetail(item, { terminal, nowMs, home })).join('\n'))
  sayWarnings(list, talk)
  return list.items.every(({ state }) => state === 'running') ? exitCodes.ok : exitCodes.notRunning
}

async function daemonStatus(context: Context): Promise<ExitCode> {
  const { client, options, out, talk, terminal } = context
  const daemon = await client.ask<Info>('info')
  const list = await client.ask<UnitList>('units')
  if (options.value('output') === 'json') out(`${JSON.stringify({ ...list, daemon }, null, 2)}\n`)
  else {
    out(`${printDaemon(daemon, terminal, Date.now())}\n\n`)
    tellUnits(context, list)
  }
  sayWarnings(list, talk)
  return exitCodes.ok
}

/** `Holdfast 0.1.0 running for 3 h as pid 812, 12 units, home /var/lib/holdfast`. */
function printDaemon(daemon: Info, terminal: Terminal, nowMs: number): string {
  const { version, pid, mode, units, startedAt, home } = daemon
  const since = durationText(nowMs - Date.parse(startedAt))
  const what = `${mode} for ${since} as pid ${pid}, ${units} unit${units === 1 ? '' : 's'}, home ${visible(home)}`
  return `${paint('bold', `Holdfast ${version}`, terminal)} ${what}`
}
