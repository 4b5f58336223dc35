import { pythonRepr } from '../../formats/python-text.ts'

/** What stands after `supervisord`, by the names of the options in `[supervisord]`; as it was written. */
export type SupervisordArguments =
  | {
      readonly kind: 'arguments'
      /** null: to be searched for. */
      readonly configuration: string | null
      /** What counts before the file: key and text as they would stand in `[supervisord]`. */
      readonly said: Readonly<Record<string, string>>
    }
  | { readonly kind: 'help' | 'version' }
  /** In supervisord's words, without `Error: `. */
  | { readonly kind: 'usage'; readonly message: string }

interface Option {
  readonly short: string | null
  readonly long: string
  readonly takesValue: boolean
  /** The key in `[supervisord]`; null: it is none. */
  readonly key: string | null
}

const options: readonly Option[] = [
  { short: 'c', long: 'configuration', takesValue: true, key: null },
  { short: 'h', long: 'help', takesValue: false, key: null },
  { short: '?', long: 'help', takesValue: false, key: null },
  { short: 'v', long: 'version', takesValue: false, key: null },
  { short: 'n', long: 'nodaemon', takesValue: false, key: 'nodaemon' },
  { short: 's', long: 'silent', takesValue: false, key: 'silent' },
  { short: 'u', long: 'user', takesValue: true, key: 'user' },
  { short: 'm', long: 'umask', takesValue: true, key: 'umask' },
  { short: 'd', long: 'directory', takesValue: true, key: 'directory' },
  { short: 'l', long: 'logfile', takesValue: true, key: 'logfile' },
  { short: 'y', long: 'logfile_maxbytes', takesValue: true, key: 'logfile_maxbytes' },
  { short: 'z', long: 'logfile_backups', takesValue: true, key: 'logfile_backups' },
  { short: 'e', long: 'loglevel', takesValue: true, key: 'loglevel' },
  { short: 'j', long: 'pidfile', takesValue: true, key: 'pidfile' },
  { short: 'i', long: 'identifier', takesValue: true, key: 'identifier' },
  { short: 'q', long: 'childlogdir', takesValue: true, key: 'childlogdir' },
  { short: 'k', long: 'nocleanup', takesValue: false, key: 'nocleanup' },
  { short: 'a', long: 'minfds', takesValue: true, key: 'minfds' },
  { short: 't', long: 'strip_ansi', takesValue: false, key: 'strip_ansi' },
  { short: null, long: 'minprocs', takesValue: true, key: 'minprocs' },
  // Accepted, and no profile is made.
  { short: null, long: 'profile_options', takesValue: true, key: null },
]

/** As Python's getopt reads them: options end at the first word that is none, and a long name may be shortened. */
export function parseSupervisordArguments(args: readonly string[]): SupervisordArguments {
  const given = new Map<string, string>()
  let at = 0
  for (; at < args.length; at++) {
    const word = args[at]!
    if (word === '--') {
      at++
      break
    }
    if (!word.startsWith('-') || word === '-') break
    const read = word.startsWith('--') ? readLong(word.slice(2), args[at + 1]) : readShort(word.slice(1), args[at + 1])
    if (typeof read === 'string') return { kind: 'usage', message: read }
    for (const { option, written, value } of read.found) {
      if (given.has(option.long) && option.long !== 'help')
        return { kind: 'usage', message: `conflicting command line option ${pythonRepr(written)}` }
      given.set(option.long, value)
    }
    if (read.tookNext) at++
  }
  if (given.has('help')) return { kind: 'help' }
  const rest = args.slice(at)
  if (rest.length > 0) {
    const list = rest.map(pythonRepr).join(', ')
    return { kind: 'usage', message: `positional arguments are not supported: [${list}]` }
  }
  if (given.has('version')) return { kind: 'version' }
  const said: Record<string, string> = {}
  for (const { long, key, takesValue } of options) {
    const value = given.get(long)
    if (key !== null && value !== undefined) said[key] = takesValue ? value : 'true'
  }
  return { kind: 'arguments', configuration: given.get('configuration') ?? null, said }
}

interface Read {
  readonly found: readonly { readonly option: Option; readonly written: string; readonly value: string }[]
  readonly tookNext: boolean
}

function readLong(word: string, next: string | undefined): Read | string {
  const equals = word.indexOf('=')
  const name = equals < 0 ? word : word.slice(0, equals)
  const names = [...new Set(options.map(({ long }) => long))].filter((long) => long.startsWith(name))
  if (names.length === 0) return `option --${name} not recognized`
  if (names.length > 1 && !names.includes(name)) return `option --${name} not a unique prefix`
  const long = names.includes(name) ? name : names[0]!
  const option = options.find((one) => one.long === long)!
  const written = `--${long}`
  if (!option.takesValue) {
    if (equals >= 0) return `option --${long} must not have an argument`
    return { found: [{ option, written, value: '' }], tookNext: false }
  }
  if (equals >= 0) return { found: [{ option, written, value: word.slice(equals + 1) }], tookNext: false }
  if (next === undefined) return `option --${long} requires argument`
  return { found: [{ option, written, value: next }], tookNext: true }
}

function readShort(letters: string, next: string | undefined): Read | string {
  const found: { option: Option; written: string; value: string }[] = []
  for (let at = 0; at < letters.length; at++) {
    const letter = letters[at]!
    const option = options.find(({ short }) => short === letter)
    if (option === undefined) return `option -${letter} not recognized`
    const written = `-${letter}`
    if (!option.takesValue) {
      found.push({ option, written, value: '' })
      continue
    }
    const glued = letters.slice(at + 1)
    if (glued !== '') return { found: [...found, { option, written, value: glued }], tookNext: false }
    if (next === undefined) return `option -${letter} requires argument`
    return { found: [...found, { option, written, value: next }], tookNext: true }
  }
  return { found, tookNext: false }
}
