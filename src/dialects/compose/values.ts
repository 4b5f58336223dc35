import { parseByteSize } from '../../formats/byte-size.ts'
import { parseDuration } from '../../formats/duration.ts'
import type { Position, Problem } from '../../formats/format-error.ts'
import type { Lookup } from '../../formats/interpolation.ts'
import { parseSignalName, signalNames } from '../../formats/signal-name.ts'
import { didYouMean, suggest } from '../../formats/suggest.ts'
import type { YamlEntry, YamlMap, YamlNode } from '../../formats/yaml.ts'
import type { SourceReader } from '../source-reader.ts'
import { type KeySpec, keyNames, type MapSpec } from './key-table.ts'

/** What reading one file carries along, with those that it extends and includes. */
export interface Context {
  readonly file: string
  /** The directory of the file: relative paths start here. */
  readonly directory: string
  /** By file: where the relative paths of another one start. */
  readonly directories: ReadonlyMap<string, string>
  readonly lookup: Lookup
  readonly lenient: boolean
  readonly problems: Problem[]
  readonly reader: SourceReader
  /** Of the service that is read; null: there is none, and every key may be read. */
  readonly kind: 'process' | 'container' | null
  /** Texts whose variables could not be put in: that was told. */
  readonly broken: WeakSet<YamlNode>
}

/** Where a relative path starts that is written there. */
export function directoryAt(context: Context, { file }: Position): string {
  return context.directories.get(file) ?? context.directory
}

/** A value with the path that leads to it. */
export interface Setting {
  readonly path: string
  readonly node: YamlNode
}

/** Keys of a map, checked; `get` gives null for a key that is not there. */
export interface Keys<K extends string = string> {
  readonly path: string
  readonly node: YamlMap
  get(key: K): Setting | null
}

export function error(context: Context, setting: Setting, message: string, hint: string): null {
  return report(context, setting.node, setting.path, message, hint)
}

export function report(
  context: Context,
  at: Position,
  path: string,
  message: string,
  hint: string,
  severity: Problem['severity'] = 'error',
): null {
  const { file, line, column } = at
  context.problems.push({ file, line, column, setting: path, message, hint, severity })
  return null
}

export function child(parent: Setting | Keys, entry: YamlEntry): Setting {
  return { path: parent.path === '' ? entry.key : `${parent.path}.${entry.key}`, node: entry.value }
}

/** Reads a map with known keys, and refuses all others. */
export function readKeys<K extends string>(context: Context, setting: Setting, spec: MapSpec<K>): Keys<K> | null {
  const known: readonly string[] = keyNames(spec)
  const map = readMap(context, setting, known)
  if (map === null) return null
  for (const entry of map.entries.values()) {
    const { path } = child(setting, entry)
    if (known.includes(entry.key)) {
      checkKind(context, entry, path, spec.keys[entry.key as K])
      continue
    }
    if (entry.key.startsWith('x-')) {
      warnOfOurs(context, entry, path, known)
      continue
    }
    const instead = spec.notYet !== undefined && Object.hasOwn(spec.notYet, entry.key) ? spec.notYet[entry.key] : null
    const severity = context.lenient ? 'warning' : 'error'
    if (instead !== null && instead !== undefined) {
      report(context, entry, path, `Holdfast cannot do '${entry.key}' of the Compose format`, instead, severity)
    } else {
      const hint = didYouMean(entry.key, known, `the keys here are ${known.join(', ')}`)
      report(context, entry, path, `unknown key '${entry.key}'`, hint, severity)
    }
  }
  return {
    path: setting.path,
    node: map,
    get: (key) => {
      const entry = map.entries.get(key)
      return entry === undefined || !isOfKind(context, spec.keys[key]) ? null : child(setting, entry)
    },
  }
}

function isOfKind({ kind }: Context, { of }: KeySpec): boolean {
  return kind === null || of === undefined || of === kind
}

function checkKind(context: Context, entry: YamlEntry, path: string, spec: KeySpec): void {
  if (isOfKind(context, spec)) return
  const [message, hint] =
    context.kind === 'process'
      ? [
          `'${entry.key}' is for containers, and this service has no image`,
          'write the image it is made from, or remove it',
        ]
      : [`'${entry.key}' is for processes of this host, and this service is a container`, 'remove it']
  report(context, entry, path, message, spec.instead ?? hint, context.lenient ? 'warning' : 'error')
}

/** Keys for other programs are ignored, but for what looks as if it were for us. */
function warnOfOurs(context: Context, entry: YamlEntry, path: string, known: readonly string[]): void {
  const own = 'x-holdfast'
  if (entry.key === own) {
    report(context, entry, path, `'${own}' has no effect here`, 'write it below a service, or at the top', 'warning')
  } else if (known.includes(own) && suggest(entry.key, [own]) !== null) {
    report(context, entry, path, `'${entry.key}' is ignored`, `did you mean '${own}'?`, 'warning')
  }
}

/** The keys of a map that is not there. */
export function noKeys({ path, node }: Setting): Keys {
  return { path, node: { ...node, kind: 'map', entries: new Map() }, get: () => null }
}

export function optional<T>(setting: Setting | null, read: (setting: Setting) => T | null): T | null {
  return setting === null ? null : read(setting)
}

/** One value that two keys may say, as Compose allows: where both do, they must agree. `parent` is the map both are below. */
export function readEither<T extends number>(
  context: Context,
  parent: Keys,
  [one, other]: readonly [Setting | null, Setting | null],
  read: (setting: Setting) => T | null,
): T | null {
  const [first, second] = [optional(one, read), optional(other, read)]
  if (one !== null && other !== null && first !== null && second !== null && first !== second) {
    const said = (setting: Setting) =>
      `${setting.path.slice(parent.path.length + 1)} is ${setting.node.kind === 'scalar' ? setting.node.source : ''}`
    error(context, one, `${said(one)}, and ${said(other)}`, 'write only one of the two')
  }
  return first ?? second
}

function readMap(context: Context, setting: Setting, known: readonly string[]): YamlMap | null {
  if (setting.node.kind === 'map') return setting.node
  return error(
    context,
    setting,
    `a map is expected here, not ${describe(setting.node)}`,
    `write 'key: value' lines below it; the keys are ${known.join(', ')}`,
  )
}

/** Text, numbers and booleans as text; variables have been put in. */
export function readText(context: Context, setting: Setting): string | null {
  const { node } = setting
  if (node.kind !== 'scalar' || node.value === null) {
    return error(
      context,
      setting,
      `a text is expected here, not ${describe(node)}`,
      'write it on one line, in quotes where in doubt',
    )
  }
  if (typeof node.value !== 'string') return node.source
  if (context.broken.has(node)) return null
  if (node.value.includes('\0'))
    return error(context, setting, 'there is a NUL character in this value', 'no process can be given one')
  return node.value
}

/** As readText; what is not written is empty. */
export function readTextOrNothing(context: Context, setting: Setting): string | null {
  return isNothing(setting.node) ? '' : readText(context, setting)
}

export function isNothing(node: YamlNode): boolean {
  return node.kind === 'scalar' && node.value === null
}

export function readBoolean(context: Context, setting: Setting): boolean | null {
  const text = setting.node.kind === 'scalar' && setting.node.value !== null ? readText(context, setting) : ''
  if (text === null) return null
  if (/^(?:true|yes|on|y)$/i.test(text)) return true
  if (/^(?:false|no|off|n)$/i.test(text)) return false
  return error(context, setting, `${described(setting.node, text)} is neither true nor false`, 'write true or false')
}

export function readInteger(
  context: Context,
  setting: Setting,
  range: { readonly min: number; readonly max: number },
): number | null {
  const text = setting.node.kind === 'scalar' && setting.node.value !== null ? readText(context, setting) : ''
  if (text === null) return null
  const value = /^[+-]?\d+$/.test(text) ? Number(text) : Number.NaN
  if (Number.isSafeInteger(value) && value >= range.min && value <= range.max) return value
  return error(
    context,
    setting,
    `${described(setting.node, text)} is not a whole number from ${range.min} to ${range.max}`,
    `write a number such as ${Math.max(range.min, 1)}`,
  )
}

export function readNumber(
  context: Context,
  setting: Setting,
  range: { readonly min: number; readonly max: number },
): number | null {
  const text = setting.node.kind === 'scalar' && setting.node.value !== null ? readText(context, setting) : ''
  if (text === null) return null
  const value = /^(?:\d+(?:\.\d+)?|\.\d+)$/.test(text) ? Number(text) : Number.NaN
  if (value >= range.min && value <= range.max) return value
  return error(
    context,
    setting,
    `${described(setting.node, text)} is not a number from ${range.min} to ${range.max}`,
    `write a number such as ${range.max < 10 ? 0.5 : 2}`,
  )
}

/** The longest duration that makes sense: 1000 days. A longer one is a slip. */
const durationMsMax = 1_000 * 86_400_000

const durationForms = {
  compose: { unit: 's', forms: '500ms, 10s, 1m30s, 2h' },
  'with-days': { unit: 'd', forms: '30m, 12h, 7d' },
} as const

/** `with-days`: for keys that Compose does not have. */
export function readDuration(
  context: Context,
  setting: Setting,
  units: keyof typeof durationForms = 'compose',
): number | null {
  const text = readText(context, setting)
  if (text === null) return null
  const durationMs = parseDuration(text, units)
  if (durationMs === null) {
    const { unit, forms } = durationForms[units]
    const hint = /^\d+$/.test(text) ? `did you mean '${text}${unit}'?` : `write a number with its unit: ${forms}`
    return error(context, setting, `'${text}' is not a duration`, hint)
  }
  if (durationMs > durationMsMax)
    return error(context, setting, `'${text}' is longer than 1000 days`, 'write a shorter duration')
  return durationMs
}

/** Of something that is waited for, so that nothing is done without any pause. */
export function readPause(context: Context, setting: Setting): number | null {
  const durationMs = readDuration(context, setting)
  if (durationMs !== 0) return durationMs
  return error(context, setting, 'no time at all is too short', 'write at least 1ms')
}

export function readByteSize(context: Context, setting: Setting): number | null {
  const text = readText(context, setting)
  if (text === null) return null
  return (
    parseByteSize(text) ??
    error(context, setting, `'${text}' is not a size`, 'write a number with its unit: 512k, 10m, 1g')
  )
}

export function readSignal(context: Context, setting: Setting): string | null {
  const text = readText(context, setting)
  if (text === null) return null
  const name = parseSignalName(text)
  if (name !== null) return name
  const hint = didYouMean(
    text.toUpperCase().replace(/^SIG/, ''),
    signalNames,
    'write a name such as SIGTERM, SIGINT or SIGQUIT',
  )
  return error(context, setting, `'${text}' is not a signal`, hint)
}

export function readChoice<T extends string>(context: Context, setting: Setting, choices: readonly T[]): T | null {
  const text = readText(context, setting)
  if (text === null) return null
  const found = choices.find((choice) => choice === text)
  return (
    found ??
    error(
      context,
      setting,
      `'${text}' is none of ${choices.join(', ')}`,
      didYouMean(text, choices, `write ${choices[0]}`),
    )
  )
}

/** A path, absolute: relative ones start at the directory of the file. */
export function readPath(context: Context, setting: Setting): string | null {
  const text = readText(context, setting)
  if (text === null) return null
  if (text === '')
    return error(context, setting, 'the path is empty', 'write a path, absolute or relative to this file')
  return absolutePath(directoryAt(context, setting.node), text)
}

/** Permissions and masks are octal whatever YAML makes of their digits: what is written counts. */
export function readOctal(
  context: Context,
  setting: Setting,
  { max, what, hint }: { readonly max: number; readonly what: string; readonly hint: string },
): number | null {
  const text = readText(context, setting)
  if (text === null) return null
  const digits = /^(?:0o?)?([0-7]+)$/.exec(text)?.[1] ?? ''
  const isOctal = digits !== '' && digits.length <= max.toString(8).length
  return isOctal ? Number.parseInt(digits, 8) : error(context, setting, `'${text}' is not ${what}`, hint)
}

export function readUser(context: Context, setting: Setting): string | null {
  const text = readText(context, setting)
  if (text === null || /^[^\s:]+(?::[^\s:]+)?$/.test(text)) return text
  return error(context, setting, `'${text}' is not a user`, 'write a name, a uid, name:group or uid:gid')
}

/** The parts of a list. */
export function readItems(context: Context, setting: Setting, expected: string): readonly Setting[] | null {
  const { node, path } = setting
  if (node.kind === 'list') return node.items.map((item, index) => ({ path: `${path}[${index}]`, node: item }))
  return error(context, setting, `a list is expected here, not ${describe(node)}`, expected)
}

/** The parts of a list, or one scalar as the only part. */
export function readItemOrItems(context: Context, setting: Setting, expected: string): readonly Setting[] | null {
  const { node } = setting
  return node.kind === 'scalar' && node.value !== null ? [setting] : readItems(context, setting, expected)
}

/** A text, or a list of them. */
export function readTexts(context: Context, setting: Setting, expected: string): readonly string[] | null {
  const items = readItemOrItems(context, setting, expected)
  return items === null ? null : items.map((item) => readText(context, item)).filter((text) => text !== null)
}

export function absolutePath(directory: string, path: string): string {
  const parts: string[] = []
  for (const part of (path.startsWith('/') ? path : `${directory}/${path}`).split('/')) {
    if (part === '..') parts.pop()
    else if (part !== '' && part !== '.') parts.push(part)
  }
  return `/${parts.join('/')}`
}

export function describe(node: YamlNode): string {
  if (node.kind === 'map') return 'a map'
  if (node.kind === 'list') return 'a list'
  return node.value === null ? 'nothing' : `'${node.source}'`
}

function described(node: YamlNode, text: string): string {
  return node.kind === 'scalar' && node.value !== null ? `'${text}'` : describe(node)
}
