import { resolve } from 'node:path'
import type { ChangeReport, Info } from '../wire/api.ts'
import { type ExitCode, exitCodes } from '../wire/exit-codes.ts'
import { typed } from '../wire/home.ts'
import { printChanges } from './changes-text.ts'
import { Unreachable } from './client.ts'
import type { Context } from './command.ts'
import { formatOf, jsonText } from './output.ts'
import { tellingPulls } from './pull-lines.ts'
import { printRejections } from './rejections-text.ts'
import { timeoutOf } from './seconds.ts'
import { codeOf, isWaiting, printOutcome } from './wish.ts'

/** A daemon with much to adopt and a slow disk answers within this time. */
export const startMsMax = 30_000

/** `holdfast up`: applies what changed in the files, and only that. With files, and without a daemon, it starts one. */
export async function runUp(context: Context): Promise<ExitCode> {
  const { operands, options } = context
  isWaiting(options)
  const timeoutMs = timeoutOf(options)
  const sources = operands.length === 0 ? null : operands.map((path) => resolve(path))
  const started = sources === null ? null : await startWhereNone(context, sources, timeoutMs)
  if (typeof started === 'number') return started
  const body = {
    sources,
    lenient: options.isSet('lenient') ? true : null,
    ...(options.isSet('wait') ? { waitFor: options.value('wait'), timeoutMs } : {}),
    ...(started === 'ours' ? { sinceStart: true } : {}),
    ...(options.isSet('force') ? { force: true } : {}),
  }
  const answer = context.client.ask<ChangeReport>('up', { body })
  return tell(context, await (options.isSet('wait') ? tellingPulls(context, answer) : answer))
}

/** `holdfast reload`: what `up` would do. */
export async function runReload(context: Context): Promise<ExitCode> {
  const { client, options } = context
  const lenient = options.isSet('lenient') ? true : null
  return tell(context, await client.ask<ChangeReport>('reload', { body: { sources: null, lenient } }))
}

/** Whose daemon answers now; a code: none does, and it was told why. */
async function startWhereNone(
  context: Context,
  sources: readonly string[],
  timeoutMs: number | null,
): Promise<'ours' | 'there' | ExitCode> {
  try {
    await context.client.ask<Info>('info')
    return 'there'
  } catch (error) {
    if (!(error instanceof Unreachable)) throw error
  }
  if (!(await isGood(context, sources))) return exitCodes.configurationInvalid
  const { startDaemon } = await import('./start-daemon.ts')
  const started = await startDaemon(context, {
    sources,
    deadlineMs: performance.now() + Math.max(startMsMax, timeoutMs ?? 0),
  })
  if (started.kind === 'not') return started.code
  return started.isOurs ? 'ours' : 'there'
}

/** Nothing is started for files that nobody can use. Warnings are told with the report. */
async function isGood({ options, environment, talk }: Context, sources: readonly string[]): Promise<boolean> {
  const { decodeFiles } = await import('./decode-files.ts')
  const { errors } = await decodeFiles(sources, { lenient: options.isSet('lenient'), environment })
  for (const line of errors) talk(`${line}\n`)
  if (errors.length > 0) talk(`holdfast: ${count(errors.length, 'error')}; nothing was started\n`)
  return errors.length === 0
}

/** What was changed, what became of it, and what is wrong. `again`: the command that applies what was only looked at. */
export function tell(context: Context, report: ChangeReport, again = 'up'): ExitCode {
  const { options, out, talk, terminal, home } = context
  const isJson = formatOf(options) === 'json'
  if (isJson) out(jsonText(report))
  for (const line of [...report.errors, ...report.warnings]) talk(`${line}\n`)
  if (report.errors.length > 0) {
    talk(`holdfast: ${count(report.errors.length, 'error')}; nothing was changed, what runs goes on\n`)
    return exitCodes.configurationInvalid
  }
  if (!isJson) {
    out(printChanges(report, terminal))
    const notAsWished = report.outcomes.filter(({ result }) => result !== 'done' && result !== 'unchanged')
    out(notAsWished.map((outcome) => printOutcome(outcome, terminal, home)).join(''))
    out(printRejections(report.rejections, { terminal, home, nowMs: Date.now() }))
  }
  if (!report.isApplied && report.changes.length > 0) talk(`apply it with: ${typed(home, again)}\n`)
  return options.isSet('wait') && report.rejections.length > 0 ? exitCodes.rejected : codeOf(report.outcomes)
}

function count(number: number, word: string): string {
  return `${number} ${word}${number === 1 ? '' : 's'}`
}
