import { type OptionForm, readOptions } from '../../formats/getopt.ts'
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

/** By its long name a value stands in `[supervisord]`. */
const forms: readonly OptionForm[] = [
  { short: 'c', long: 'configuration', hasValue: true },
  { short: 'h', long: 'help', hasValue: false },
  { short: '?', long: '', hasValue: false },
  { short: 'v', long: 'version', hasValue: false },
  { short: 'n', long: 'nodaemon', hasValue: false },
  { short: 's', long: 'silent', hasValue: false },
  { short: 'u', long: 'user', hasValue: true },
  { short: 'm', long: 'umask', hasValue: true },
  { short: 'd', long: 'directory', hasValue: true },
  { short: 'l', long: 'logfile', hasValue: true },
  { short: 'y', long: 'logfile_maxbytes', hasValue: true },
  { short: 'z', long: 'logfile_backups', hasValue: true },
  { short: 'e', long: 'loglevel', hasValue: true },
  { short: 'j', long: 'pidfile', hasValue: true },
  { short: 'i', long: 'identifier', hasValue: true },
  { short: 'q', long: 'childlogdir', hasValue: true },
  { short: 'k', long: 'nocleanup', hasValue: false },
  { short: 'a', long: 'minfds', hasValue: true },
  { short: 't', long: 'strip_ansi', hasValue: false },
  { short: '', long: 'minprocs', hasValue: true },
  // Accepted, and no profile is made.
  { short: '', long: 'profile_options', hasValue: true },
]

/** Of these nothing is said in `[supervisord]`. */
const beside: readonly string[] = ['configuration', 'profile_options']

/** As supervisord reads them, in Python's words where they are wrong. */
export function parseSupervisordArguments(args: readonly string[]): SupervisordArguments {
  const read = readOptions(args, forms)
  if (read.kind === 'wrong') return { kind: 'usage', message: read.message }
  const given = new Map<string, string>()
  for (const { form, shown, value } of read.options) {
    const name = form.long === '' ? 'help' : form.long
    if (given.has(name) && name !== 'help')
      return { kind: 'usage', message: `conflicting command line option ${pythonRepr(shown)}` }
    given.set(name, form.hasValue ? value : 'true')
  }
  if (given.has('help')) return { kind: 'help' }
  if (read.operands.length > 0) {
    const list = read.operands.map(pythonRepr).join(', ')
    return { kind: 'usage', message: `positional arguments are not supported: [${list}]` }
  }
  if (given.has('version')) return { kind: 'version' }
  const said = Object.fromEntries([...given].filter(([name]) => !beside.includes(name)))
  return { kind: 'arguments', configuration: given.get('configuration') ?? null, said }
}
