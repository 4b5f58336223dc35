import { resolve } from 'node:path'
import type { ChangeReport, ServiceChange } from '../wire/api.ts'
import { type ExitCode, exitCodes } from '../wire/exit-codes.ts'
import { typed } from '../wire/home.ts'
import type { Context } from './command.ts'
import { paint, type Terminal, visible } from './terminal.ts'

/** `holdfast up`: applies what changed in the files, and only that. */
export async function runUp(context: Context): Promise<ExitCode> {
  const sources = context.operands.length === 0 ? null : context.operands.map((path) => resolve(path))
  return run(context, 'up', sources)
}

/** `holdfast reload`: what `up` would do. */
export async function runReload(context: Context): Promise<ExitCode> {
  return run(context, 'reload', null)
}

async function run(context: Context, route: 'up' | 'reload', sources: readonly string[] | null): Promise<ExitCode> {
  const { client, options, out, talk, terminal, home } = context
  const lenient = options.isSet('lenient') ? true : null
  const report = await client.ask<ChangeReport>(route, { body: { sources, lenient } })
  for (const line of [...report.errors, ...report.warnings]) talk(`${line}\n`)
  if (report.errors.length > 0) {
    talk(`holdfast: ${count(report.errors.length, 'error')}; nothing was changed, what runs goes on\n`)
    return exitCodes.configurationInvalid
  }
  out(printChanges(report, terminal))
  if (!report.isApplied && report.changes.length > 0) talk(`apply it with: ${typed(home, 'up')}\n`)
  return exitCodes.ok
}

export function printChanges(report: ChangeReport, terminal: Terminal): string {
  const lines = report.changes.map((change) => printChange(change, report.isApplied, terminal))
  const summary = `${report.isApplied ? 'changed' : 'would change'} ${report.changes.length}, unchanged ${report.unchanged}`
  return [...lines, summary, ''].join('\n')
}

const marks = { added: ['+', 'green'], removed: ['-', 'red'], changed: ['~', 'yellow'] } as const

function printChange(change: ServiceChange, isApplied: boolean, terminal: Terminal): string {
  const [mark, colour] = marks[change.change]
  const head = `${paint(colour, mark, terminal)} ${visible(`${change.app}/${change.service}`)}  ${change.change}: ${effects[change.effect][isApplied ? 0 : 1]}`
  const fields = change.fields.map(({ field, before, after }) => {
    if (before === null && after === null) return `    ${visible(field)}`
    return `    ${visible(field)}: ${visible(before ?? 'unset')} ${terminal.hasUnicode ? '→' : '->'} ${visible(after ?? 'unset')}`
  })
  return [head, ...fields].join('\n')
}

const effects: Readonly<Record<ServiceChange['effect'], readonly [string, string]>> = {
  start: ['started', 'would be started'],
  none: ['not started by itself', 'would not be started by itself'],
  stop: ['stopped', 'would be stopped'],
  replace: ['stopped and started again', 'would be stopped and started again'],
  'in-place': ['applied without a restart', 'would be applied without a restart'],
}

function count(number: number, word: string): string {
  return `${number} ${word}${number === 1 ? '' : 's'}`
}
