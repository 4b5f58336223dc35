import type { IniComment } from '../formats/ini-comments.ts'
import type { Remarks, YamlRecord, YamlValue } from '../formats/yaml-text.ts'
import type { PrintedApp, PrintRemarks, Unplaced } from './convert-model.ts'

/** Puts the comments of supervisord files beside what is printed of their sections and options; nothing of them is lost. */
export function placeComments(comments: readonly IniComment[], printed: readonly PrintedApp[]): PrintRemarks {
  const places = new Map<string, Place>()
  const rest: IniComment[] = []
  for (const comment of comments) {
    const at = whereOf(comment, printed)
    if (at === null) rest.push(comment)
    else addTo(places, at, comment)
  }
  const busy = new Set(
    [...places.values()].flatMap(({ app, path }) => path.map((_, n) => keyOf(app, path.slice(0, n)))),
  )
  return {
    at(app, path) {
      const place = places.get(keyOf(app, path))
      return place === undefined ? { above: [], behind: null } : remarksOf(place)
    },
    isOnOneLine: (app, path) => path.includes('x-holdfast') && !busy.has(keyOf(app, path)),
    rest: unplaced(rest),
  }
}

interface Place {
  readonly app: string
  readonly path: readonly string[]
  readonly above: string[]
  /** With the option that it is behind, where more than one came to this. */
  readonly behind: { readonly key: string | null; readonly text: string }[]
}

function keyOf(app: string, path: readonly string[]): string {
  return JSON.stringify([app, ...path])
}

function addTo(places: Map<string, Place>, { app, path, isOwn }: Where, { place, key, text }: IniComment): void {
  const id = keyOf(app, path)
  const found = places.get(id) ?? { app, path, above: [], behind: [] }
  places.set(id, found)
  if (place === 'above') found.above.push(text)
  // What it was behind is not printed.
  else if (isOwn) found.behind.push({ key, text })
  else found.above.push(named(key, text))
}

function remarksOf({ above, behind }: Place): Remarks {
  const [only, ...others] = behind
  if (only === undefined || (others.length === 0 && only.text.length <= behindCharsMax))
    return { above, behind: only?.text ?? null }
  return { above: [...above, ...behind.map(({ key, text }) => named(key, text))], behind: null }
}

const behindCharsMax = 80

function named(key: string | null, text: string): string {
  return key === null ? text : `${key}: ${text}`
}

// ---- where -------------------------------------------------------------------------------------------------------

interface Where {
  readonly app: string
  readonly path: readonly string[]
  /** It is of the very thing that is printed there, and not of something below it that is not. */
  readonly isOwn: boolean
}

/** null: nothing of its section is printed. */
function whereOf({ section, key }: IniComment, printed: readonly PrintedApp[]): Where | null {
  const colon = section?.indexOf(':') ?? -1
  if (section === null || colon === -1) return null
  const kind = section.slice(0, colon)
  const name = section.slice(colon + 1)
  if (kind === 'group') return inGroup(printed.find((app) => app.name === name) ?? null, key)
  if (!processKinds.has(kind)) return null
  for (const app of printed) {
    const [service] = [...app.services].find(([, original]) => original === name) ?? []
    if (service !== undefined) return inService(app, service, key)
  }
  return null
}

const processKinds: ReadonlySet<string> = new Set(['program', 'eventlistener', 'fcgi-program'])

function inGroup(app: PrintedApp | null, key: string | null): Where | null {
  if (app === null) return null
  if (key === null) return { app: app.name, path: ['name'], isOwn: true }
  const paths = key === 'priority' ? [['x-holdfast', 'priority']] : key === 'programs' ? [['services']] : []
  return firstOf(app, paths) ?? { app: app.name, path: ['name'], isOwn: false }
}

function inService(app: PrintedApp, service: string, key: string | null): Where {
  const own = ['services', service]
  if (key === null) return { app: app.name, path: own, isOwn: true }
  const below = (optionPaths[key] ?? []).map((path) => [...own, ...path.split('.')])
  const above = (appPaths[key] ?? []).map((path) => path.split('.'))
  return firstOf(app, [...below, ...above]) ?? { app: app.name, path: own, isOwn: false }
}

function firstOf({ name, record }: PrintedApp, paths: readonly (readonly string[])[]): Where | null {
  const path = paths.find((one) => isPrinted(record, one))
  return path === undefined ? null : { app: name, path, isOwn: true }
}

function isPrinted(record: YamlRecord, path: readonly string[]): boolean {
  let value: YamlValue | undefined = record
  for (const key of path) value = isRecord(value) && Object.hasOwn(value, key) ? value[key] : undefined
  return value !== undefined
}

function isRecord(value: YamlValue | undefined): value is YamlRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

const stop = ['x-holdfast.stop', 'stop_signal', 'stop_grace_period'] as const
const instances = ['x-holdfast.instances', 'scale'] as const

/** What an option becomes; the first that is printed counts. */
const optionPaths: Readonly<Record<string, readonly string[]>> = {
  command: ['command'],
  directory: ['working_dir'],
  user: ['user'],
  environment: ['environment'],
  serverurl: ['environment'],
  envfiles: ['env_file'],
  autorestart: ['restart'],
  numprocs: instances,
  numprocs_start: instances,
  process_name: instances,
  depends_on: ['depends_on'],
  dependent_startup_wait_for: ['depends_on'],
  dependent_startup: ['x-holdfast.autostart'],
  autostart: ['x-holdfast.autostart'],
  cron: ['x-holdfast.schedule'],
  exitcodes: ['x-holdfast.success_exit_codes'],
  startsecs: ['x-holdfast.stable_after'],
  startretries: ['x-holdfast.restart_budget'],
  restartpause: ['x-holdfast.backoff'],
  stopsignal: stop,
  stopwaitsecs: stop,
  stopasgroup: stop,
  killasgroup: stop,
  killwaitsecs: stop,
  priority: ['x-holdfast.priority'],
  umask: ['x-holdfast.umask'],
  socket: ['x-holdfast.stdin.socket', 'x-holdfast.stdin'],
  socket_owner: ['x-holdfast.stdin.socket.owner', 'x-holdfast.stdin'],
  socket_mode: ['x-holdfast.stdin.socket.mode', 'x-holdfast.stdin'],
  socket_backlog: ['x-holdfast.stdin.socket.backlog', 'x-holdfast.stdin'],
  redirect_stderr: ['x-holdfast.logs.stderr'],
  ...ofStream('stdout'),
  ...ofStream('stderr'),
}

/** Of the app that a program is. */
const appPaths: Readonly<Record<string, readonly string[]>> = {
  priority: ['x-holdfast.priority'],
  events: ['x-holdfast.listener.events'],
  buffer_size: ['x-holdfast.listener.buffer', 'x-holdfast.listener'],
  result_handler: ['x-holdfast.listener.result', 'x-holdfast.listener'],
}

function ofStream(stream: 'stdout' | 'stderr'): Readonly<Record<string, readonly string[]>> {
  // What both have is told once.
  const paths = (key: string) => [`${stream}.${key}`, key, stream].map((path) => `x-holdfast.logs.${path}`)
  return {
    [`${stream}_logfile`]: [`x-holdfast.logs.${stream}.path`, `x-holdfast.logs.${stream}`],
    [`${stream}_logfile_maxbytes`]: paths('max_size'),
    [`${stream}_logfile_backups`]: paths('max_files'),
    [`${stream}_capture_maxbytes`]: paths('capture'),
    [`${stream}_events_enabled`]: paths('events'),
    [`${stream}_syslog`]: paths('syslog'),
  }
}

// ---- what has no place ---------------------------------------------------------------------------------------------

function unplaced(comments: readonly IniComment[]): Unplaced {
  const found = comments.findIndex(({ section }) => section !== null)
  const count = found === -1 ? comments.length : found
  return { head: comments.slice(0, count).map(({ text }) => text), others: restLines(comments.slice(count)) }
}

/** Section by section, in the order of the files. Values are left out: some are passwords. */
function restLines(comments: readonly IniComment[]): readonly string[] {
  const lines: string[] = []
  let shown: string | null = null
  for (const { section, key, place, text } of comments) {
    if (section !== null && section !== shown) lines.push(`[${section}]`)
    if (section === null && shown !== null) lines.push('')
    shown = section
    const line = place === 'behind' ? named(key, text) : text
    lines.push(section === null ? line : `  ${line}`)
  }
  return lines
}
