import { type OptionForm, readOptions } from '../formats/getopt.ts'
import { pythonRepr } from '../formats/python-text.ts'
import { isUrl } from './address.ts'
import { readConfig, type Surroundings } from './read-config.ts'

/** What the command line and the file of configuration say together. */
export interface Settings {
  readonly serverUrl: string
  /** null: not given. Only both together are sent. */
  readonly username: string | null
  readonly password: string | null
  readonly prompt: string
  /** null: none is kept. */
  readonly historyFile: string | null
  readonly isInteractive: boolean
  /** Names of `[ctlplugin:…]` sections, whose programs are Python. */
  readonly plugins: readonly string[]
  /** The words of the command; none: an interactive session. */
  readonly words: readonly string[]
}

export type ReadSettings =
  | { readonly kind: 'settings'; readonly settings: Settings }
  | { readonly kind: 'help' }
  | { readonly kind: 'wrong'; readonly message: string }

/** Where nothing else is said. */
const serverUrlByDefault = 'http://localhost:9001'

/** `args` win over `[supervisorctl]` of the file that `-c` names, or else of the first that is there. */
export function readSettings(args: readonly string[], surroundings: Surroundings): ReadSettings {
  const read = readOptions(args, forms)
  if (read.kind === 'wrong') return read
  const given = new Map<string, string>()
  for (const { form, shown, value } of read.options) {
    if (form.long === 'help' || form.short === '?') return { kind: 'help' }
    if (form.long === 'serverurl' && !isUrl(value)) {
      return wrong(`invalid value for ${shown} ${pythonRepr(value)}: value ${pythonRepr(value)} is not a URL`)
    }
    if (given.has(form.long)) return wrong(`conflicting command line option ${pythonRepr(shown)}`)
    given.set(form.long, value)
  }
  const config = readConfig(given.get('configuration') ?? null, surroundings)
  if (config.kind === 'wrong') return config
  const settings: Settings = {
    serverUrl: given.get('serverurl') ?? config.serverUrl ?? serverUrlByDefault,
    username: given.get('username') ?? config.username,
    password: given.get('password') ?? config.password,
    prompt: config.prompt ?? 'supervisor',
    historyFile: given.get('history_file') ?? config.historyFile,
    isInteractive: given.has('interactive') || read.operands.length === 0,
    plugins: config.plugins,
    words: read.operands,
  }
  return { kind: 'settings', settings }
}

const forms: readonly OptionForm[] = [
  { short: 'h', long: 'help', hasValue: false },
  { short: '?', long: '', hasValue: false },
  { short: 'c', long: 'configuration', hasValue: true },
  { short: 'i', long: 'interactive', hasValue: false },
  { short: 's', long: 'serverurl', hasValue: true },
  { short: 'u', long: 'username', hasValue: true },
  { short: 'p', long: 'password', hasValue: true },
  { short: 'r', long: 'history_file', hasValue: true },
]

function wrong(message: string): ReadSettings {
  return { kind: 'wrong', message }
}
