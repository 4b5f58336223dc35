import type { Position } from '../../formats/format-error.ts'
import type { IniDocument, IniEntry, IniSection } from '../../formats/ini.ts'
import type { Origin } from '../decoding.ts'

/** Where a value was written that compose/print.ts prints at this path of keys; null: it is a default, of supervisord or ours. */
export function originOf(document: IniDocument, app: string, path: readonly string[]): Origin | null {
  const [top, name, ...keys] = path
  if (top === 'name') return at(sectionOf(document, ['group', ...processKinds], app))
  if (top === 'x-holdfast')
    return optionOf(
      document,
      sectionOf(document, ['group', ...processKinds], app),
      ofApp[[name, ...keys].join('.')] ?? [],
    )
  if (top !== 'services' || name === undefined) return null
  const program = sectionOf(document, processKinds, name)
  if (keys.length === 0) return at(program)
  if (keys[0] === 'environment') return variableOf(document, program, keys[1] ?? '')
  if (keys.at(-1) === 'strip_ansi') return optionOf(document, document.sections.get('supervisord'), ['strip_ansi'])
  return optionOf(document, program, optionsOf(keys))
}

const processKinds = ['program', 'eventlistener', 'fcgi-program'] as const

function sectionOf({ sections }: IniDocument, kinds: readonly string[], name: string): IniSection | undefined {
  return kinds.map((kind) => sections.get(`${kind}:${name}`)).find((section) => section !== undefined)
}

/** Of the options of an app. */
const ofApp: Readonly<Record<string, readonly string[]>> = {
  priority: ['priority'],
  'listener.events': ['events'],
  'listener.buffer': ['buffer_size'],
  'listener.result': ['result_handler'],
}

/** The options that decide a key of ours; the first that is written is told. */
const options: Readonly<Record<string, readonly string[]>> = {
  command: ['command'],
  working_dir: ['directory'],
  user: ['user'],
  restart: ['autorestart'],
  scale: ['numprocs'],
  'x-holdfast.instances': ['numprocs', 'numprocs_start', 'process_name'],
  env_file: ['envfiles'],
  depends_on: ['depends_on', 'dependent_startup_wait_for'],
  'x-holdfast.schedule': ['cron'],
  'x-holdfast.autostart': ['dependent_startup', 'autostart', 'cron'],
  'x-holdfast.success_exit_codes': ['exitcodes'],
  'x-holdfast.stable_after': ['startsecs'],
  'x-holdfast.backoff.initial': ['restartpause'],
  'x-holdfast.backoff.max': ['restartpause', 'startretries'],
  'x-holdfast.restart_budget.max': ['startretries'],
  'x-holdfast.stop': ['stopsignal', 'stopwaitsecs', 'stopasgroup', 'killasgroup', 'killwaitsecs'],
  'x-holdfast.priority': ['priority'],
  'x-holdfast.umask': ['umask'],
  'x-holdfast.stdin': ['socket'],
  'x-holdfast.stdin.socket.mode': ['socket_mode'],
  'x-holdfast.stdin.socket.owner': ['socket_owner'],
  'x-holdfast.stdin.socket.backlog': ['socket_backlog'],
  'x-holdfast.logs.capture': ['stdout_capture_maxbytes'],
  'x-holdfast.logs.events': ['stdout_events_enabled'],
  'x-holdfast.logs.syslog': ['stdout_syslog'],
  'x-holdfast.logs.stdout.capture': ['stdout_capture_maxbytes'],
  'x-holdfast.logs.stdout.events': ['stdout_events_enabled'],
  'x-holdfast.logs.stdout.syslog': ['stdout_syslog'],
  'x-holdfast.logs.stderr.capture': ['stderr_capture_maxbytes'],
  'x-holdfast.logs.stderr.events': ['stderr_events_enabled'],
  'x-holdfast.logs.stderr.syslog': ['stderr_syslog'],
  'x-holdfast.logs.stdout': ['stdout_logfile'],
  'x-holdfast.logs.stderr': ['redirect_stderr', 'stderr_logfile', 'stderr_logfile_maxbytes', 'stderr_logfile_backups'],
  'x-holdfast.logs.max_size': ['stdout_logfile_maxbytes'],
  'x-holdfast.logs.max_files': ['stdout_logfile_backups'],
}

function optionsOf(keys: readonly string[]): readonly string[] {
  for (let length = keys.length; length > 0; length--) {
    const found = options[keys.slice(0, length).join('.')]
    if (found !== undefined) return found
  }
  return []
}

/** Where the options of a section are looked for, one after the other. */
function entriesOf(
  { sections, defaults }: IniDocument,
  section: IniSection | undefined,
): readonly ReadonlyMap<string, IniEntry>[] {
  const fallback = section?.name.startsWith('program:') ? sections.get('program-default') : undefined
  return [section, fallback].flatMap((one) => (one === undefined ? [] : [one.entries])).concat(defaults)
}

function optionOf(document: IniDocument, section: IniSection | undefined, keys: readonly string[]): Origin | null {
  for (const key of keys) {
    const entry = entriesOf(document, section)
      .find((entries) => entries.has(key))
      ?.get(key)
    if (entry !== undefined) return entryAt(entry)
  }
  return null
}

// What a program does not say itself comes from [supervisord].
function variableOf(document: IniDocument, program: IniSection | undefined, name: string): Origin | null {
  const own = entriesOf(document, program).map((entries) => entries.get('environment'))
  const all = [...own, document.sections.get('supervisord')?.entries.get('environment')]
  const saying = all.find((entry) => entry !== undefined && (name === '' || isNamed(entry.value, name)))
  return saying === undefined ? null : entryAt(saying)
}

function isNamed(text: string, name: string): boolean {
  return text.split(/[\s,;]+/).some((part) => part.startsWith(`${name}=`) || part === name)
}

function entryAt(entry: IniEntry): Origin {
  return { ...at(entry)!, written: entry.value.includes('%(') ? entry.value : null }
}

function at(place: Position | undefined): Origin | null {
  return place === undefined ? null : { file: place.file, line: place.line, column: place.column, written: null }
}
