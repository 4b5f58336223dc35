import { parseArgs } from 'node:util'
import { didYouMean } from '../formats/suggest.ts'
import { splitLine } from '../wire/command-line.ts'
import type { CommandSpec, OptionSpec, Options } from './command.ts'

export type ParsedLine =
  | {
      readonly kind: 'run'
      readonly command: CommandSpec
      readonly options: Options
      readonly operands: readonly string[]
    }
  | { readonly kind: 'help'; readonly command: CommandSpec | null; readonly isAsked: boolean }
  | { readonly kind: 'usage'; readonly message: string; readonly command: CommandSpec | null }

/** Options every command takes. */
export const commonOptions: readonly OptionSpec[] = [
  { name: 'home', value: 'DIR', what: 'the daemon that keeps its files below DIR (else HOLDFAST_HOME)' },
  { name: 'color', value: 'WHEN', choices: ['auto', 'always', 'never'], what: 'auto, always or never' },
  { name: 'help', short: 'h', value: null, what: 'this help' },
]

/** Reads a command line by the command table. Common options may stand before the command's name as well. */
export function parseLine(args: readonly string[], commands: readonly CommandSpec[]): ParsedLine {
  const { leading, name, rest } = splitLine(args)
  if (name === undefined) {
    if (leading.includes('--help') || leading.includes('-h')) return { kind: 'help', command: null, isAsked: true }
    if (leading.includes('--version')) return parseLine(['version'], commands)
    return leading.length === 0
      ? { kind: 'help', command: null, isAsked: false }
      : { kind: 'usage', message: `no command after ${leading.join(' ')}`, command: null }
  }
  const command = commands.find((each) => each.name === name)
  if (command === undefined) {
    const names = commands.map((each) => each.name)
    const hint = didYouMean(name, names, "see 'holdfast help'")
    return { kind: 'usage', message: `unknown command '${name}'; ${hint}`, command: null }
  }
  const parsed = parseCommand(command, [...leading, ...rest])
  return command.name === 'help' && parsed.kind === 'run' ? helpOn(parsed.operands[0], commands) : parsed
}

function helpOn(name: string | undefined, commands: readonly CommandSpec[]): ParsedLine {
  return parseLine(name === undefined ? ['--help'] : [name, '--help'], commands)
}

function parseCommand(command: CommandSpec, args: readonly string[]): ParsedLine {
  const specs = [...command.options, ...commonOptions]
  const usage = (message: string): ParsedLine => ({ kind: 'usage', message: `${command.name}: ${message}`, command })
  const { tokens, positionals } = parseArgs({
    args: [...args],
    options: Object.fromEntries(specs.map((spec) => [spec.name, optionConfig(spec)])),
    allowPositionals: true,
    strict: false,
    tokens: true,
  })
  const values = new Map<string, string | true>()
  for (const token of tokens) {
    if (token.kind !== 'option') continue
    const spec = specs.find((each) => each.name === token.name)
    if (spec === undefined) return usage(unknownOption(token.rawName, specs))
    if (spec.value === null && token.value !== undefined) return usage(`${token.rawName} takes no value`)
    if (spec.value !== null && (token.value === undefined || isSwallowed(token)))
      return usage(`${token.rawName} needs a value: ${spec.value}`)
    if (spec.choices !== undefined && !spec.choices.includes(token.value ?? '')) {
      return usage(`${token.rawName} is one of ${spec.choices.join(', ')}, not '${token.value}'`)
    }
    values.set(spec.name, token.value ?? true)
  }
  if (values.has('help')) return { kind: 'help', command, isAsked: true }
  if (positionals.length < command.operandsMin) return usage(`${command.operands} is missing`)
  if (positionals.length > command.operandsMax) return usage(`'${positionals[command.operandsMax]}' is too many`)
  const options: Options = {
    isSet: (name) => values.has(name),
    value: (name) => {
      const value = values.get(name)
      return value === true ? undefined : value
    },
  }
  return { kind: 'run', command, options, operands: positionals }
}

/** `--home --lenient`: the next option was taken for the value. */
function isSwallowed(token: {
  readonly value?: string | undefined
  readonly inlineValue?: boolean | undefined
}): boolean {
  return token.inlineValue !== true && token.value !== undefined && token.value.startsWith('--')
}

function optionConfig(spec: OptionSpec): { type: 'string' | 'boolean'; short?: string } {
  const type = spec.value === null ? 'boolean' : 'string'
  return spec.short === undefined ? { type } : { type, short: spec.short }
}

function unknownOption(written: string, specs: readonly OptionSpec[]): string {
  const known = specs.map((spec) => `--${spec.name}`)
  return `unknown option ${written}; ${didYouMean(written, known, `known are ${known.join(', ')}`)}`
}
