import { resolve } from 'node:path'
import type { Target } from '../core/model.ts'
import type { DecodedWithOrigins } from '../dialects/decode-sources.ts'
import { diskSourceReader, isFailure } from '../dialects/source-reader.ts'
import { printProblem } from '../formats/format-error.ts'
import { apiVersion, type CheckReport, type ProblemItem } from '../wire/api.ts'
import { type ExitCode, exitCodes } from '../wire/exit-codes.ts'
import type { Context } from './command.ts'
import { readFiles } from './decode-files.ts'
import { formatOf, jsonText } from './output.ts'
import { shownPath } from './shown-path.ts'
import { caretLines } from './source-line.ts'
import { paint, type Terminal } from './terminal.ts'

/** `holdfast check`: what is wrong with files, without a daemon. */
export async function runCheck({ operands, options, environment, out, talk, terminal }: Context): Promise<ExitCode> {
  const decoded = await readFiles(
    operands.map((path) => resolve(path)),
    { lenient: options.isSet('lenient'), environment, serviceDirectories: 'checked' },
  )
  const report = reportOf(decoded, options.isSet('strict'))
  if (formatOf(options) === 'json') out(jsonText(report))
  else for (const problem of report.problems) out(problemText(problem, terminal))
  if (report.isGood) {
    talk(`good: ${describe(report)}\n`)
    return exitCodes.ok
  }
  const errors = report.problems.filter(({ severity }) => severity === 'error').length
  talk(`holdfast: ${count(errors, 'error')}, ${count(report.problems.length - errors, 'warning')}\n`)
  return exitCodes.configurationInvalid
}

function reportOf({ target, problems, serviceDirectories }: DecodedWithOrigins, isStrict: boolean): CheckReport {
  const lineOf = linesReader()
  const items = problems.map(({ severity, original, ...problem }): ProblemItem => {
    // What is wrong with a file as a whole is told at its beginning.
    const isWhole = problem.line === 1 && problem.column === 1
    const item = { ...problem, source: isWhole ? null : lineOf(problem.file, problem.line) }
    return { severity: isStrict ? 'error' : severity, ...item }
  })
  return {
    apiVersion,
    kind: 'CheckReport',
    isGood: items.every(({ severity }) => severity === 'warning'),
    ...countsOf(target),
    serviceDirectories: serviceDirectories.map(({ name, path, isDown }) => ({ name, path, isDown })),
    problems: items,
  }
}

function countsOf(target: Target): Pick<CheckReport, 'apps' | 'services' | 'units'> {
  const apps = Object.values(target.apps)
  const services = apps.flatMap((app) => Object.values(app.services))
  const units = services.reduce((sum, service) => sum + service.instances.length, 0)
  return { apps: apps.length, services: services.length, units }
}

/** Reads each file once more, for the lines that problems stand in. */
function linesReader(): (file: string, line: number) => string | null {
  const reader = diskSourceReader({})
  const known = new Map<string, readonly string[]>()
  return (file, line) => {
    const lines = known.get(file) ?? linesOf(reader.read(file))
    known.set(file, lines)
    return lines[line - 1] ?? null
  }
}

function linesOf(text: ReturnType<ReturnType<typeof diskSourceReader>['read']>): readonly string[] {
  // A program is no text, whatever is wrong with it.
  return isFailure(text) || text.includes('\0') ? [] : text.split(/\r\n|\r|\n/)
}

/** One line as compilers print it, and the line of the file with a mark below the place. */
function problemText(problem: ProblemItem, terminal: Terminal): string {
  const line = printProblem({ ...problem, file: shownPath(problem.file) })
  const marked = problem.source === null ? [] : caretLines({ ...problem, source: problem.source }, terminal)
  const colour = problem.severity === 'error' ? 'red' : 'yellow'
  return `${[paint(colour, line, terminal), ...marked].join('\n')}\n`
}

function describe({ apps, services, units, serviceDirectories, problems }: CheckReport): string {
  const down = serviceDirectories.filter(({ isDown }) => isDown).map(({ name }) => name)
  const counts = [
    ...(apps > 0 || serviceDirectories.length === 0
      ? [count(apps, 'app'), count(services, 'service'), count(units, 'unit')]
      : []),
    ...(serviceDirectories.length > 0
      ? [
          count(serviceDirectories.length, 'service director', 'y', 'ies') +
            (down.length === 0 ? '' : ` (not started by themselves: ${down.join(', ')})`),
        ]
      : []),
    ...(problems.length > 0 ? [count(problems.length, 'warning')] : []),
  ]
  return counts.join(', ')
}

function count(number: number, word: string, one = '', many = 's'): string {
  return `${number} ${word}${number === 1 ? one : many}`
}
