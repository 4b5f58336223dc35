import { hashText } from '../../base/hash.ts'
import type { App, ListenerPool } from '../../core/model.ts'
import { plainPriority } from '../../core/target/plain.ts'
import type { IniSection } from '../../formats/ini.ts'
import { didYouMean } from '../../formats/suggest.ts'
import { decodeFcgi } from './fcgi.ts'
import { decodeListener } from './listener.ts'
import { type DecodedProgram, decodeProgram } from './program.ts'
import {
  beginSection,
  type Context,
  entryOf,
  fail,
  readValue,
  type Section,
  textOf,
  warn,
  withNames,
} from './section.ts'
import type { GroupSettings } from './settings.ts'
import { parseInteger, parseList, parseName } from './values.ts'

export interface DecodedGroup {
  readonly section: IniSection
  readonly app: App
  readonly programs: readonly DecodedProgram[]
  readonly settings: GroupSettings
}

/** All groups in the order in which supervisord reads them: those of a section, then those of one program each. */
export function decodeGroups(context: Context): readonly DecodedGroup[] {
  const sections = [...context.document.sections.values()]
  const grouped = new Set<string>()
  const all = (prefix: string, decode: (section: Section, name: string) => DecodedGroup | null) =>
    sections
      .filter(({ name }) => name.startsWith(prefix) && !grouped.has(name))
      .map((section) => decode(begin(context, section), section.name.slice(prefix.length)))
  const groups = all('group:', (section, name) => decodeGroup(section, name, grouped))
  const programs = all('program:', decodeOwnGroup)
  const listeners = all('eventlistener:', decodeListenerGroup)
  const fcgi = all('fcgi-program:', decodeFcgiGroup)
  return [...groups, ...programs, ...listeners, ...fcgi].filter((group) => group !== null)
}

function begin(context: Context, section: IniSection): Section {
  return withNames(beginSection(context, section), [['here', context.here]])
}

// ---- [group:x] -----------------------------------------------------------------------------------------------------

function decodeGroup(section: Section, text: string, grouped: Set<string>): DecodedGroup | null {
  const name = nameOf(section, text)
  if (name === null) return null
  const members = parseList(textOf(section, 'programs') ?? '')
  const priority = readValue(section, 'priority', parseInteger, plainPriority)
  const programs: DecodedProgram[] = []
  let shown = section.section.name
  for (const member of new Set(members)) {
    const iniSection = memberSection(section, member, shown)
    if (iniSection === null) continue
    // From the second on it names the member before, where it means the group.
    shown = iniSection.name
    grouped.add(iniSection.name)
    const program = decodeProgram(beginSection(section.context, iniSection), {
      name: iniSection.name.slice(iniSection.name.indexOf(':') + 1),
      group: name,
      stdin: { kind: 'pipe' },
      priority: null,
    })
    if (program !== null) programs.push(program)
  }
  return groupOf(section, { kind: 'group', name, priority, programs })
}

function memberSection(section: Section, member: string, shown: string): IniSection | null {
  const { sections } = section.context.document
  const entry = entryOf(section, 'programs')!
  const program = sections.get(`program:${member}`)
  const fcgi = sections.get(`fcgi-program:${member}`)
  const message = (text: string) => [`[${section.section.name}] ${text}`, `[${shown}] ${text}`] as const
  if (program !== undefined && fcgi !== undefined) {
    const [ours, original] = message(`name ${member} is ambiguous (exists as program and fcgi-program)`)
    return fail(section, entry, 'programs', ours, 'rename one of the two', original)
  }
  if (fcgi !== undefined) {
    const text = `as a member of [${section.section.name}] it gets no socket: it runs as a plain program`
    warn(
      beginSection(section.context, fcgi),
      fcgi,
      'socket',
      text,
      'supervisord does the same: leave it out of the group',
    )
  }
  const found = program ?? fcgi
  if (found !== undefined) return found
  const names = [...sections.keys()].filter((name) => /^(?:fcgi-)?program:/.test(name))
  const bare = names.map((name) => name.slice(name.indexOf(':') + 1))
  const hint = didYouMean(member, bare, 'check the name, or that the file of the program is read')
  const [ours, original] = message(`names unknown program or fcgi-program ${member}`)
  return fail(section, entry, 'programs', ours, hint, original)
}

// ---- groups of their own ---------------------------------------------------------------------------------------------

function decodeOwnGroup(section: Section, text: string): DecodedGroup | null {
  const name = nameOf(section, text)
  if (name === null) return null
  const priority = readValue(section, 'priority', parseInteger, plainPriority)
  const program = decodeProgram(plain(section), { name, group: name, stdin: { kind: 'pipe' }, priority })
  return program === null ? null : groupOf(section, { kind: 'program', name, priority, programs: [program] })
}

function decodeListenerGroup(section: Section, name: string): DecodedGroup | null {
  const { pool, priority, identity } = decodeListener(section)
  const program = decodeProgram(plain(section), { name, group: name, stdin: { kind: 'events' }, priority: null })
  if (program === null) return null
  return groupOf(section, { kind: 'eventlistener', name, priority, programs: [program], listener: pool, identity })
}

function decodeFcgiGroup(section: Section, text: string): DecodedGroup | null {
  const name = nameOf(section, text)
  if (name === null) return null
  const fcgi = decodeFcgi(section, name)
  const stdin = fcgi === null ? ({ kind: 'null' } as const) : ({ kind: 'socket', socket: fcgi.socket } as const)
  const priority = fcgi?.priority ?? plainPriority
  const program = decodeProgram(plain(section), { name, group: name, stdin, priority })
  if (program === null) return null
  return groupOf(section, { kind: 'fcgi', name, priority, programs: [program], identity: fcgi?.identity })
}

// What is read for the group knows fewer names than what is read for the program.
function plain({ context, section }: Section): Section {
  return beginSection(context, section)
}

function nameOf(section: Section, text: string): string | null {
  const result = parseName(text)
  if (result.kind === 'value') return result.value
  return fail(section, section.section, '', result.message, result.hint)
}

interface Group {
  readonly kind: 'group' | 'program' | 'eventlistener' | 'fcgi'
  readonly name: string
  readonly priority: number
  readonly programs: readonly DecodedProgram[]
  readonly listener?: ListenerPool
  readonly identity?: unknown
}

function groupOf({ section }: Section, group: Group): DecodedGroup {
  const { kind, name, priority, programs, listener, identity = null } = group
  const services = programs.map(({ service }) => [service.name, service] as const)
  const app: App = {
    name,
    source: section.file,
    dialect: 'supervisord',
    priority,
    services: Object.fromEntries(services),
    ...(listener === undefined ? {} : { listener }),
  }
  const hash = hashText(JSON.stringify([kind, name, priority, identity, programs.map((program) => program.identity)]))
  const processes = programs.flatMap((program) => program.processes)
  return { section, app, programs, settings: { name, priority, hash, processes } }
}
