import type { Position } from '../../formats/format-error.ts'
import type { IniDocument } from '../../formats/ini.ts'
import type { DecodedSource, Place } from '../decoding.ts'
import type { SourceReader } from '../source-reader.ts'
import { checkSections } from './check-sections.ts'
import { type DecodedGroup, decodeGroups } from './groups.ts'
import { decodeMain, type MainSection } from './main-section.ts'
import { resolveNeeds } from './needs.ts'
import { originOf } from './origin.ts'
import { directoryOf } from './paths.ts'
import { decodeRpcInterfaces } from './plugins.ts'
import { report, supervisordError, withoutRepeats } from './problems.ts'
import { callerExpansions, environmentExpansions, readSupervisordFiles } from './read-files.ts'
import { type Called, withSaid } from './said.ts'
import type { Context } from './section.ts'
import { decodeServers, serverUrlOf } from './servers.ts'
import type { SupervisordSettings } from './settings.ts'

/**
 * Reads supervisord files as one source; more than one are merged as `[include]` would. Each group is an app. Problems are found
 * in supervisord's order: the first error is the one that it would end with. `source`: what they are files of, where
 * that is a directory. `called`: null: they are files of another daemon, and relative paths start at the main file's directory.
 */
export function decodeSupervisord(
  paths: readonly string[],
  reader: SourceReader,
  called: Called | null = null,
  source = paths[0] ?? '/',
): DecodedSource {
  const { document: written, problems, notices } = readSupervisordFiles(paths, reader)
  const document = withSaid(written, called?.said ?? {})
  const hasMain = document.sections.has('supervisord')
  const missing = hasMain || hasError(problems) ? null : '.ini file does not include supervisord section'
  // What the file says must be right, whatever counts before it.
  if (document !== written) decodeMain(firstContext(written, reader, called, problems))
  const outer = firstContext(document, reader, called, problems)
  for (const notice of notices) outer.notices.set(notice.message, notice)
  const main = decodeMain(outer)
  const context = { ...afterMain(outer, main), base: (called && main.settings.directory) ?? outer.base }
  const hasRpcInterface = decodeRpcInterfaces(context)
  // supervisord reads them last; programs are told of them.
  const late: Context['problems'] = []
  const servers = decodeServers({ ...context, base: outer.base, problems: late })
  const daemon = { ...context.daemon, serverUrl: serverUrlOf(servers) }
  const groups = uniqueGroups(context, decodeGroups({ ...context, daemon }).toSorted(compareGroups))
  problems.push(...late)
  const apps = resolveNeeds(groups)
  checkSections(context)
  const error = missing ?? problems.filter(({ severity }) => severity === 'error').map(supervisordError)[0] ?? null
  const settings: SupervisordSettings = {
    ...main.settings,
    source,
    hasMain,
    servers,
    hasRpcInterface,
    groups: groups.map((group) => group.settings),
    notices: warningsFirst([...context.notices.values()]),
    error,
  }
  return {
    apps,
    problems: withoutRepeats(problems),
    supervisord: settings,
    locate: (place) => locate(document, place),
    origin: (app, path) => originOf(document, app, path),
  }
}

function hasError(problems: Context['problems']): boolean {
  return problems.some(({ severity }) => severity === 'error')
}

function firstContext(
  document: IniDocument,
  reader: SourceReader,
  called: Called | null,
  problems: Context['problems'],
): Context {
  const listeners = [...document.sections.values()].filter(({ name }) => name.startsWith('eventlistener:'))
  const commands = listeners.map(({ entries }) => entries.get('command')?.value ?? '')
  const hasStartupListener = commands.some((command) => /dependent[-_]startup/.test(command))
  return {
    document,
    reader,
    here: directoryOf(document.file),
    base: called?.directory ?? directoryOf(document.file),
    common: new Map(callerExpansions(reader)),
    environment: {},
    environmentRules: 'posix',
    daemon: {
      childlogdir: null,
      identifier: 'supervisor',
      isAnsiStripped: false,
      serverUrl: null,
      hasStartupListener,
    },
    problems,
    notices: new Map(),
    failed: new Set(),
    totals: { units: 0, bytes: 0 },
  }
}

function afterMain(outer: Context, { settings, environment, environmentRules, isAnsiStripped }: MainSection): Context {
  const { childlogdir, identifier } = settings
  return {
    ...outer,
    environment,
    environmentRules,
    common: new Map([...outer.common, ...environmentExpansions(environment)]),
    daemon: { ...outer.daemon, childlogdir, identifier, isAnsiStripped },
  }
}

function compareGroups({ app: a }: DecodedGroup, { app: b }: DecodedGroup): number {
  return a.priority - b.priority || (a.name < b.name ? -1 : 1)
}

function uniqueGroups(context: Context, groups: readonly DecodedGroup[]): readonly DecodedGroup[] {
  const names = new Set<string>()
  return groups.filter(({ app }) => {
    if (!names.has(app.name)) return names.add(app.name)
    const { setting, ...at } = locate(context.document, { app: app.name, service: null, setting: 'name' })
    const message = `the group '${app.name}' is declared more than once`
    report(context.problems, at, { setting, message, hint: 'rename the group or the program of that name' })
    return false
  })
}

/** So it writes them. */
function warningsFirst(notices: SupervisordSettings['notices']): SupervisordSettings['notices'] {
  return notices.toSorted((a, b) => Number(a.level === 'info') - Number(b.level === 'info'))
}

const kinds = ['group', 'program', 'eventlistener', 'fcgi-program']

function locate({ sections, file }: IniDocument, place: Place): Position & { readonly setting: string } {
  const ofService = place.service === null ? [] : kinds.slice(1).map((kind) => `${kind}:${place.service}`)
  for (const name of [...ofService, ...kinds.map((kind) => `${kind}:${place.app}`)]) {
    const section = sections.get(name)
    if (section === undefined) continue
    const { entries } = section
    const isNeed = place.setting.startsWith('dependsOn')
    const entry = isNeed ? (entries.get('depends_on') ?? entries.get('dependent_startup_wait_for')) : undefined
    const at = entry ?? section
    const setting = entry === undefined ? name : `${name}.${entry.key}`
    return { file: at.file, line: at.line, column: at.column, setting }
  }
  return { file, line: 1, column: 1, setting: '' }
}
