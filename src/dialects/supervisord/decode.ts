import type { App, Service } from '../../core/model.ts'
import { plainPriority } from '../../core/target/plain.ts'
import type { Position } from '../../formats/format-error.ts'
import type { IniSection } from '../../formats/ini.ts'
import { didYouMean } from '../../formats/suggest.ts'
import type { DecodedSource, Place } from '../decoding.ts'
import type { SourceReader } from '../source-reader.ts'
import { groupOptions, sectionsNotYet } from './options.ts'
import { originOf } from './origin.ts'
import { decodeEnvironment, decodeProgram } from './program.ts'
import { directoryOf, environmentExpansions, readSupervisordFiles, report } from './read-files.ts'
import { type Context, entryOf, fail, readValue, type Section, textOf, warn, withNames } from './section.ts'
import { parseInteger, parseList, parseName } from './values.ts'

/** Reads supervisord files as one source; more than one are merged as `[include]` would. Each group is an app. */
export function decodeSupervisord(paths: readonly string[], reader: SourceReader): DecodedSource {
  const files = readSupervisordFiles(paths, reader)
  const { document, problems } = files
  const outer: Context = {
    document,
    reader,
    here: directoryOf(paths[0] ?? '/'),
    common: new Map(environmentExpansions(reader.environment)),
    environment: {},
    problems,
    totals: { units: 0, bytes: 0 },
  }
  const environment = decodeCommonEnvironment(outer)
  const context = { ...outer, environment, common: new Map([...outer.common, ...environmentExpansions(environment)]) }
  const apps = decodeApps(context)
  return {
    apps,
    problems,
    locate: (place) => locate(context, place),
    origin: (app, path) => originOf(context.document, app, path),
  }
}

function decodeApps(context: Context): readonly App[] {
  const sections = [...context.document.sections.values()]
  const apps: App[] = []
  const grouped = new Set<string>()
  for (const section of sections) {
    if (section.name.startsWith('group:')) {
      const app = decodeGroup(context, section, grouped)
      if (app !== null) apps.push(app)
    } else {
      checkSection(context, section)
    }
  }
  for (const section of sections) {
    if (!section.name.startsWith('program:') || grouped.has(section.name)) continue
    const name = nameOf(context, section)
    const service = name === null ? null : decodeProgram(begin(context, section), name, name)
    // A program of its own is a group of its own, of the same priority.
    if (service !== null) apps.push(appOf(section, service.name, service.priority, [service]))
  }
  return uniqueApps(context, apps.toSorted(compareApps))
}

function compareApps(a: App, b: App): number {
  return a.priority - b.priority || (a.name < b.name ? -1 : 1)
}

function decodeGroup(context: Context, iniSection: IniSection, grouped: Set<string>): App | null {
  const section = withNames(begin(context, iniSection), [['here', context.here]])
  for (const entry of iniSection.entries.values()) {
    if (groupOptions.includes(entry.key)) continue
    const hint = didYouMean(entry.key, groupOptions, 'supervisord ignores it as well; remove it')
    warn(section, entry, entry.key, `unknown option '${entry.key}' is ignored`, hint)
  }
  const name = nameOf(context, iniSection)
  const priority = readValue(section, 'priority', parseInteger, plainPriority)
  if (name === null) return null
  const services: Service[] = []
  for (const member of new Set(parseList(textOf(section, 'programs') ?? ''))) {
    const service = decodeMember(section, member, name, grouped)
    if (service !== null) services.push(service)
  }
  return appOf(iniSection, name, priority, services)
}

function decodeMember(section: Section, member: string, group: string, grouped: Set<string>): Service | null {
  const { context } = section
  const at = entryOf(section, 'programs') ?? section.section
  const program = context.document.sections.get(`program:${member}`)
  const fcgi = context.document.sections.get(`fcgi-program:${member}`)
  const shown = `[${section.section.name}]`
  if (program !== undefined && fcgi !== undefined) {
    return fail(
      section,
      at,
      'programs',
      `${shown} name ${member} is ambiguous (exists as program and fcgi-program)`,
      'rename one of the two',
    )
  }
  // That it is not started is told where it stands.
  if (fcgi !== undefined) return null
  if (program === undefined) {
    const names = [...context.document.sections.keys()].filter((name) => name.startsWith('program:'))
    const hint = didYouMean(
      member,
      names.map((name) => name.slice(8)),
      'check the name, or that the file of the program is read',
    )
    return fail(section, at, 'programs', `${shown} names unknown program or fcgi-program ${member}`, hint)
  }
  grouped.add(program.name)
  const name = nameOf(context, program)
  return name === null ? null : decodeProgram(begin(context, program), name, group)
}

function checkSection(context: Context, section: IniSection): void {
  const { name } = section
  if (name.startsWith('program:') || name === 'supervisord' || name === 'include') return
  const known = sectionsNotYet.find(({ pattern }) => pattern.test(name))
  if (known !== undefined) {
    report(context.problems, section, name, known.message, '', 'warning')
    return
  }
  const names = ['program:', 'group:', 'supervisord', 'include']
  const kind = name.includes(':') ? name.slice(0, name.indexOf(':') + 1) : name
  const hint = didYouMean(kind.trim(), names, 'supervisord ignores it as well; remove it')
  report(context.problems, section, name, `unknown section [${name}] is ignored`, hint, 'warning')
}

function decodeCommonEnvironment(context: Context): Readonly<Record<string, string>> {
  const section = context.document.sections.get('supervisord')
  if (section === undefined) return {}
  const names = [
    ['here', context.here],
    ['host_node_name', context.reader.hostName],
  ] as const
  return decodeEnvironment(withNames(begin(context, section), names)) ?? {}
}

function begin(context: Context, section: IniSection): Section {
  return { context, section, expansions: context.common }
}

function nameOf(context: Context, section: IniSection): string | null {
  const result = parseName(section.name.slice(section.name.indexOf(':') + 1))
  if (result.kind === 'value') return result.value
  return report(context.problems, section, section.name, result.message, result.hint)
}

function appOf({ file }: IniSection, name: string, priority: number, services: readonly Service[]): App {
  const byName = services.map((service) => [service.name, service] as const)
  return { name, source: file, dialect: 'supervisord', priority, services: Object.fromEntries(byName) }
}

function uniqueApps(context: Context, apps: readonly App[]): readonly App[] {
  const names = new Set<string>()
  return apps.filter((app) => {
    if (!names.has(app.name)) return names.add(app.name)
    const at = locate(context, { app: app.name, service: null, setting: 'name' })
    report(
      context.problems,
      at,
      at.setting,
      `the group '${app.name}' is declared more than once`,
      'rename the group or the program of that name',
    )
    return false
  })
}

function locate(context: Context, place: Place): Position & { readonly setting: string } {
  const { sections } = context.document
  const names = [`program:${place.service ?? place.app}`, `group:${place.app}`, `program:${place.app}`]
  for (const name of names) {
    const section = sections.get(name)
    if (section) return { file: section.file, line: section.line, column: section.column, setting: name }
  }
  return { file: context.document.file, line: 1, column: 1, setting: '' }
}
