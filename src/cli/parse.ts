import { didYouMean } from '../formats/suggest.ts'
import { splitLine } from '../wire/command-line.ts'
import type { CommandSpec, OptionSpec, Options } from './command.ts'
import { type Topic, topics } from './topics.ts'

// An import would load all that this module has, which is milliseconds of each command.
const { parseArgs } = process.getBuiltinModule('node:util')

export type ParsedLine =
  | {
      readonly kind: 'run'
      readonly command: CommandSpec
      readonly options: Options
      readonly operands: readonly string[]
    }
  | { readonly kind: 'help'; readonly on: HelpSubject; readonly isAsked: boolean }
  | { readonly kind: 'usage'; readonly message: string; readonly command: CommandSpec | null }

export type HelpSubject =
  | { readonly kind: 'overview' }
  | { readonly kind: 'all-commands' }
  | { readonly kind: 'command'; readonly command: CommandSpec }
  | { readonly kind: 'topic'; readonly topic: Topic }

/** Options every command takes. */
export const commonOptions: readonly OptionSpec[] = [
  {
    name: 'home',
    value: 'DIR',
    offer: { kind: 'directories' },
    what: 'the daemon that keeps its files below DIR (else HOLDFAST_HOME)',
  },
  { name: 'color', value: 'WHEN', choices: ['auto', 'always', 'never'], what: 'auto, always or never' },
  { name: 'help', short: 'h', value: null, what: 'this help' },
]

/** Reads a command line by the command table. Common options may stand before the command's name as well. */
export function parseLine(args: readonly string[], commands: readonly CommandSpec[]): ParsedLine {
  const { leading, name, rest } = splitLine(args)
  if (name === undefined) {
    if (leading.includes('--help') || leading.includes('-h')) return help({ kind: 'overview' })
    if (leading.includes('--version')) return parseLine(['version'], commands)
    return leading.length === 0
      ? { ...help({ kind: 'overview' }), isAsked: false }
      : { kind: 'usage', message: `no command after ${leading.join(' ')}; see: holdfast help`, command: null }
  }
  const command = findCommand(name, commands)
  if (command === undefined) {
    // Its value was taken for the command.
    const unknown = leading.find((word) => !commonOptions.some((spec) => isWrittenAs(word, spec)))
    if (unknown === undefined) return unknownCommand(name, shownNames(commands))
    return { kind: 'usage', message: unknownOption(unknown, commonOptions), command: null }
  }
  const parsed = parseCommand(command, [...leading, ...rest])
  return command.name === 'help' && parsed.kind === 'run' ? helpOn(parsed.operands[0], commands) : parsed
}

/** Whether a word before the command is this option, or the value of one. */
function isWrittenAs(word: string, { name, short }: OptionSpec): boolean {
  return !word.startsWith('-') || word === `-${short}` || word === `--${name}` || word.startsWith(`--${name}=`)
}

function help(on: HelpSubject): Extract<ParsedLine, { kind: 'help' }> {
  return { kind: 'help', on, isAsked: true }
}

function helpOn(name: string | undefined, commands: readonly CommandSpec[]): ParsedLine {
  if (name === undefined) return help({ kind: 'overview' })
  if (name === 'commands') return help({ kind: 'all-commands' })
  const command = findCommand(name, commands)
  if (command !== undefined) return help({ kind: 'command', command })
  const topic = topics.find((each) => each.name === name)
  if (topic !== undefined) return help({ kind: 'topic', topic })
  return unknownCommand(name, [...shownNames(commands), 'commands', ...topics.map((each) => each.name)])
}

function findCommand(name: string, commands: readonly CommandSpec[]): CommandSpec | undefined {
  return commands.find((each) => each.name === name || each.aliases?.includes(name))
}

function shownNames(commands: readonly CommandSpec[]): readonly string[] {
  return commands.filter(({ isHidden }) => isHidden !== true).map((each) => each.name)
}

function unknownCommand(name: string, known: readonly string[]): ParsedLine {
  const hint = didYouMean(name, known, 'see: holdfast help')
  return { kind: 'usage', message: `unknown command '${name}'; ${hint}`, command: null }
}

function parseCommand(command: CommandSpec, args: readonly string[]): ParsedLine {
  if (command.isForeign) return foreignLine(command, args)
  const specs = [...command.options, ...commonOptions]
  const usage = (message: string): ParsedLine => ({ kind: 'usage', message: `${command.name}: ${message}`, command })
  const own = command.endsWithFirstOperand === true ? upToFirstOperand(args, specs) : args
  const parsed = parseWords(own, specs)
  const { tokens } = parsed
  const positionals = [...parsed.positionals, ...args.slice(own.length)]
  const values = new Map<string, readonly string[]>()
  for (const token of tokens) {
    if (token.kind !== 'option') continue
    const spec = specs.find((each) => each.name === token.name)
    if (spec === undefined) return usage(unknownOption(token.rawName, specs))
    const problem = problemOf(spec, token)
    if (problem !== null) return usage(problem)
    const { option, value } = spec.means ?? { option: spec.name, value: token.value ?? spec.valueDefault ?? '' }
    values.set(option, [...(values.get(option) ?? []), value])
  }
  if (values.has('help')) return help({ kind: 'command', command })
  // A label names units as well.
  const operandsMin = command.operandsMin - (values.has('label') && command.operandsMin > 0 ? 1 : 0)
  if (positionals.length < operandsMin) return usage(`${command.operands} is missing; see: ${helpLine(command)}`)
  const excess = positionals[command.operandsMax]
  if (excess !== undefined) return usage(`'${excess}' is too many; see: ${helpLine(command)}`)
  const options: Options = {
    isSet: (name) => values.has(name),
    value: (name) => values.get(name)?.at(-1),
    values: (name) => values.get(name) ?? [],
  }
  return { kind: 'run', command, options, operands: positionals }
}

function parseWords(args: readonly string[], specs: readonly OptionSpec[]) {
  return parseArgs({
    args: [...args],
    options: Object.fromEntries(specs.map((spec) => [spec.name, optionConfig(spec)])),
    allowPositionals: true,
    strict: false,
    tokens: true,
  })
}

/** With a `--` before it, or none. */
function upToFirstOperand(args: readonly string[], specs: readonly OptionSpec[]): readonly string[] {
  const first = parseWords(args, specs).tokens.find(({ kind }) => kind === 'positional')
  return first === undefined ? args : args.slice(0, first.index + 1)
}

/** main.ts hands the words over as they are, unless somebody asks for help. */
function foreignLine(command: CommandSpec, args: readonly string[]): ParsedLine {
  if (args.includes('--help') || args.includes('-h')) return help({ kind: 'command', command })
  const options: Options = { isSet: () => false, value: () => undefined, values: () => [] }
  return { kind: 'run', command, options, operands: args }
}

function helpLine({ name }: CommandSpec): string {
  return `holdfast help ${name}`
}

interface GivenOption {
  readonly rawName: string
  readonly value?: string | undefined
  readonly inlineValue?: boolean | undefined
}

/** What is wrong with how an option is given; null: nothing. */
function problemOf(spec: OptionSpec, given: GivenOption): string | null {
  const { rawName, value } = given
  if (spec.value === null) return value === undefined ? null : `${rawName} takes no value; leave '=${value}' away`
  if (value === undefined && spec.valueDefault !== undefined) return null
  if (value === undefined || isSwallowed(given)) return `${rawName} needs a value: ${rawName} ${spec.value}`
  if (spec.choices === undefined || spec.choices.includes(value)) return null
  const known = spec.choices.join(', ')
  return `${rawName} is one of ${known}, not '${value}'; ${didYouMean(value, spec.choices, `write ${rawName}${assign(rawName)}${spec.choices[0]}`)}`
}

function assign(rawName: string): string {
  return rawName.startsWith('--') ? '=' : ' '
}

/** `--home --lenient`: the next option was taken for the value. */
function isSwallowed({ value, inlineValue }: GivenOption): boolean {
  return inlineValue !== true && value !== undefined && value.startsWith('--')
}

function optionConfig(spec: OptionSpec): { type: 'string' | 'boolean'; short?: string } {
  // What may be left out is never the next word.
  const type = spec.value === null || spec.valueDefault !== undefined ? 'boolean' : 'string'
  return spec.short === undefined ? { type } : { type, short: spec.short }
}

function unknownOption(written: string, specs: readonly OptionSpec[]): string {
  const known = specs.filter(({ isHidden }) => isHidden !== true).map((spec) => `--${spec.name}`)
  return `unknown option ${written}; ${didYouMean(written, known, `known are ${known.join(', ')}`)}`
}
