import { resolve } from 'node:path'
import type { Service, Target } from '../core/model.ts'
import { changeOrder } from '../core/target/change-order.ts'
import { apiVersion, type ChangeReport, type Info, type ServiceChange } from '../wire/api.ts'
import { type ExitCode, exitCodes } from '../wire/exit-codes.ts'
import { keptStateName, shellWord, typed } from '../wire/home.ts'
import { printChanges } from './changes-text.ts'
import { Unreachable } from './client.ts'
import type { Context } from './command.ts'
import type { DecodedFiles } from './decode-files.ts'
import { formatOf, jsonText } from './output.ts'
import { printRejections } from './rejections-text.ts'

/** `holdfast plan`: what `up` would change of what is declared and runs; 7 when it is anything. */
export async function runPlan(context: Context): Promise<ExitCode> {
  const { operands, options, out, talk, terminal, home } = context
  const sources = operands.map((path) => resolve(path))
  const report = await reportOf(context, sources)
  if (formatOf(options) === 'json') out(jsonText(report))
  for (const line of [...report.errors, ...report.warnings]) talk(`${line}\n`)
  if (report.errors.length > 0) {
    talk(
      `holdfast: ${report.errors.length} error${report.errors.length === 1 ? '' : 's'}; nothing of this can be applied\n`,
    )
    return exitCodes.configurationInvalid
  }
  if (formatOf(options) !== 'json') {
    out(printChanges(report, terminal))
    out(printRejections(report.rejections, { terminal, home, nowMs: Date.now() }))
  }
  if (report.changes.length === 0) return exitCodes.ok
  talk(`apply it with: ${typed(home, ['up', ...operands.map(shellWord)].join(' '))}\n`)
  return exitCodes.planNotEmpty
}

/** The daemon compares with what it has; where none runs, these files are compared with nothing. */
async function reportOf(context: Context, sources: readonly string[]): Promise<ChangeReport> {
  const { client, options, talk, home } = context
  const body = { sources: sources.length === 0 ? null : sources, lenient: options.isSet('lenient') ? true : null }
  try {
    const report = await client.ask<ChangeReport>('reload', { body })
    const isTaken = sources.length > 0 && report.changes.some(({ change }) => change === 'removed')
    if (isTaken) await sayReplaced(context, sources)
    return report
  } catch (error) {
    if (!(error instanceof Unreachable) || sources.length === 0) throw error
    const { options, environment } = context
    const { decodeFiles } = await import('./decode-files.ts')
    const decoded = await decodeFiles(sources, { lenient: options.isSet('lenient'), environment })
    const report = planFromNothing(decoded, sources)
    talk(`no daemon runs for ${home.name}: this is what one would start\n`)
    return report
  }
}

/** Whoever names one file of several may not know that the others would go. */
async function sayReplaced({ client, talk }: Context, sources: readonly string[]): Promise<void> {
  const isOther = (source: string) => !sources.includes(source) && !source.endsWith(`/${keptStateName}`)
  const others = (await client.ask<Info>('info')).sources.filter(isOther)
  if (others.length > 0) talk(`these files would take the place of ${others.join(', ')}\n`)
}

/** What would be started where nothing is. */
export function planFromNothing({ target, errors, warnings }: DecodedFiles, sources: readonly string[]): ChangeReport {
  const changes = errors.length > 0 ? [] : additions(target)
  const started = changes.filter(({ effect }) => effect === 'start').map(({ app, service }) => `${app}/${service}`)
  const order = changeOrder({ stops: new Set(), starts: new Set(started), before: { apps: {} }, after: target })
  return {
    apiVersion,
    kind: 'ChangeReport',
    isApplied: false,
    sources,
    errors,
    warnings,
    changes,
    unchanged: 0,
    order,
    outcomes: [],
    rejections: [],
  }
}

function additions(target: Target): readonly ServiceChange[] {
  return Object.values(target.apps).flatMap((app) =>
    Object.values(app.services).map((service): ServiceChange => {
      const effect = service.autostart ? 'start' : 'none'
      return { app: app.name, service: service.name, change: 'added', effect, fields: addedFields(service) }
    }),
  )
}

/** As the daemon tells them. */
function addedFields({ process, container, schedule, instances }: Service): ServiceChange['fields'] {
  const command = container === undefined ? process.command : (container.settings.command ?? [])
  return [
    ...(container === undefined ? [] : [{ field: 'image', before: null, after: container.image }]),
    ...(command.length === 0 ? [] : [{ field: 'command', before: null, after: command.map(shellWord).join(' ') }]),
    ...(schedule === null ? [] : [{ field: 'schedule', before: null, after: schedule.cron }]),
    ...(instances.length === 1 ? [] : [{ field: 'replicas', before: null, after: String(instances.length) }]),
  ]
}
