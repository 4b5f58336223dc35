import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { App } from '../core/model.ts'
import { unitId } from '../core/target/units.ts'
import { printApp, printAppText } from '../dialects/compose/print.ts'
import type { Style } from '../dialects/compose/print-value.ts'
import type { DecodedWithOrigins } from '../dialects/decode-sources.ts'
import type { Origin } from '../dialects/decoding.ts'
import { printProblem } from '../formats/format-error.ts'
import { printYaml, type YamlRecord, type YamlValue } from '../formats/yaml-text.ts'
import { errnoOf } from '../sys/errno.ts'
import { apiVersion, type Configuration, type ConfigurationApp, type Info, type OriginItem } from '../wire/api.ts'
import { type ExitCode, exitCodes } from '../wire/exit-codes.ts'
import { Unreachable } from './client.ts'
import type { Context } from './command.ts'
import { readFiles } from './decode-files.ts'
import { jsonText } from './output.ts'
import { shownPath } from './shown-path.ts'
import { UsageError } from './usage-error.ts'

/** `holdfast config show`: what files come to, as one holdfast.yaml; environment values are shown as they are. */
export async function runConfigShow(context: Context): Promise<ExitCode> {
  const { options, environment, out, talk } = context
  const declared = await sourcesOf(context)
  const lenient = options.isSet('lenient') || declared.lenient
  const decoded = await readFiles(declared.sources, { lenient, environment })
  for (const problem of decoded.problems) talk(`${printProblem(problem)}\n`)
  const errors = decoded.problems.filter(({ severity }) => severity === 'error').length
  if (errors > 0) {
    talk(`holdfast: ${errors} error${errors === 1 ? '' : 's'}; what files with errors come to is not shown\n`)
    return exitCodes.configurationInvalid
  }
  const show: Show = {
    decoded,
    style: options.isSet('resolved') ? 'complete' : 'short',
    hasOrigins: options.isSet('origin'),
  }
  const apps = Object.values(decoded.target.apps)
  if (options.value('output') === 'json') out(jsonText(configurationOf(show, apps, declared.sources)))
  else out(apps.map((app) => appText(show, app)).join('---\n'))
  return exitCodes.ok
}

interface Show {
  readonly decoded: DecodedWithOrigins
  readonly style: Style
  readonly hasOrigins: boolean
}

// ---- which files -----------------------------------------------------------------------------------------------

interface Declared {
  readonly sources: readonly string[]
  readonly lenient: boolean
}

/** Those that are named, else those of the daemon, else what a daemon would go on with. */
async function sourcesOf({ operands, client, home, talk }: Context): Promise<Declared> {
  if (operands.length > 0) return { sources: operands.map((path) => resolve(path)), lenient: false }
  const remembered = rememberedSources(home.stateDirectory)
  try {
    const { sources } = await client.ask<Info>('info')
    if (sources.length === 0) throw new UsageError('the daemon has no files; name one')
    return { sources, lenient: remembered?.lenient ?? false }
  } catch (error) {
    if (!(error instanceof Unreachable) || remembered === null) throw error
    talk(`no daemon runs for ${home.name}: these are its files of last time, ${remembered.sources.join(', ')}\n`)
    return remembered
  }
}

/** What the daemon writes down of its files; null: nothing, or nothing that can be read. */
function rememberedSources(stateDirectory: string): Declared | null {
  try {
    const { sources, lenient }: Declared = JSON.parse(readFileSync(join(stateDirectory, 'sources.json'), 'utf8'))
    return Array.isArray(sources) && sources.length > 0 ? { sources, lenient } : null
  } catch (error) {
    if (error instanceof SyntaxError || errnoOf(error) === 'ENOENT' || errnoOf(error) === 'EACCES') return null
    throw error
  }
}

// ---- YAML ------------------------------------------------------------------------------------------------------

function appText({ decoded, style, hasOrigins }: Show, app: App): string {
  const declaration = printAppText(app, style)
  return printYaml(declaration, {
    remarks: (path) => ({
      above: style === 'complete' ? unitsRemark(app, path) : [],
      behind: hasOrigins && isTold(declaration, path) ? originText(decoded.origin(app.name, path)) : null,
    }),
  })
}

/** More units than this are told by their first and last. */
const unitsShownMax = 4

function unitsRemark(app: App, path: readonly string[]): readonly string[] {
  const [top, name, ...rest] = path
  if (top !== 'services' || name === undefined || rest.length > 0) return []
  const units = unitsOf(app, name)
  if (units.length === 0) return ['no units']
  const shown = units.length > unitsShownMax ? [units[0]!, '…', units.at(-1)!] : units
  return [shown.join(', ').replace(', …, ', ' … ')]
}

function unitsOf(app: App, name: string): readonly string[] {
  return app.services[name]!.instances.map(({ n }) => unitId(app.name, name, n))
}

/** Values, and services; what is only a heading came from nowhere. */
function isTold(declaration: YamlRecord, path: readonly string[]): boolean {
  let value: YamlValue | undefined = declaration
  for (const key of path) value = (value as YamlRecord)[key]
  const isHeading = typeof value === 'object' && value !== null && !Array.isArray(value)
  return !isHeading || (path.length === 2 && path[0] === 'services')
}

function originText(origin: Origin | null): string {
  if (origin === null) return 'default'
  const place = `${shownPath(origin.file)}:${origin.line}`
  return origin.written === null ? place : `${place}, written ${origin.written}`
}

// ---- JSON ------------------------------------------------------------------------------------------------------

function configurationOf(show: Show, apps: readonly App[], sources: readonly string[]): Configuration {
  return {
    apiVersion,
    kind: 'Configuration',
    sources,
    isResolved: show.style === 'complete',
    apps: apps.map((app) => appItem(show, app)),
  }
}

function appItem({ decoded, style, hasOrigins }: Show, app: App): ConfigurationApp {
  const declaration = printApp(app, style)
  const { name, source, dialect } = app
  const units = Object.keys(app.services).flatMap((service) => unitsOf(app, service))
  const origins = hasOrigins ? originsOf(decoded, name, declaration) : null
  return { name, source, dialect, units, declaration, origins }
}

function originsOf(decoded: DecodedWithOrigins, app: string, declaration: YamlRecord): Record<string, OriginItem> {
  const origins: Record<string, OriginItem> = {}
  const visit = (record: YamlRecord, path: readonly string[]): void => {
    for (const [key, value] of Object.entries(record)) {
      const here = [...path, key]
      const origin = isTold(declaration, here) ? decoded.origin(app, here) : null
      if (origin !== null) origins[here.join('.')] = origin
      if (typeof value === 'object' && value !== null && !Array.isArray(value)) visit(value as YamlRecord, here)
    }
  }
  visit(declaration, [])
  return origins
}
