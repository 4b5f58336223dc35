import type { CompletedCommand, CompletedOption, CompletedValue, CompletionTable } from './table.ts'

/** What bash and zsh write alike: the tables of commands, options and values as functions that set variables. */
export function shellCases({ commands, common }: CompletionTable): string {
  return [
    '# COMMAND: sets options, and what they are for in hints.',
    '_holdfast_options() {',
    '  case $1 in',
    ...commands.map((command) => optionsCase(patternOf(command.names), command.options)),
    optionsCase('*', common),
    '  esac',
    '}',
    '',
    '# COMMAND OPTION: sets kind, and list; inline where the value never is the next word. Nothing where it has no value.',
    '_holdfast_value() {',
    "  kind='' inline='' list=()",
    '  case "$1 $2" in',
    ...common.flatMap((option) => valueCases('*', option)),
    ...commands.flatMap((command) => ownOptions(command, common).flatMap((option) => valueCasesOf(command, option))),
    '  esac',
    '}',
    '',
    '# COMMAND PLACE: the same for an operand, of which the first has place 0.',
    '_holdfast_operand() {',
    "  kind='' list=()",
    '  case "$1/$2" in',
    ...commands.flatMap(operandCases),
    '  esac',
    '}',
  ].join('\n')
}

/** As every shell here reads it back. */
export function quoted(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
}

export function listOf(words: readonly string[]): string {
  return words.map(quoted).join(' ')
}

function patternOf(names: readonly string[]): string {
  return names.join('|')
}

function optionsCase(pattern: string, options: readonly CompletedOption[]): string {
  const names = options.map(({ names: [name] }) => name)
  const hints = options.map(({ what }) => what)
  return `    ${pattern}) options=(${listOf(names)})\n      hints=(${listOf(hints)}) ;;`
}

/** Common options are told apart by their name alone. */
function ownOptions({ options }: CompletedCommand, common: readonly CompletedOption[]): readonly CompletedOption[] {
  return options.filter(({ names: [name] }) => !common.some((other) => other.names[0] === name))
}

function valueCasesOf({ names }: CompletedCommand, option: CompletedOption): readonly string[] {
  return names.flatMap((command) => valueCases(quoted(command), option))
}

function valueCases(command: string, { names, value, isInline }: CompletedOption): readonly string[] {
  if (value === null) return []
  const patterns = names.map((name) => `${command}' ${name}'`).join('|')
  return [`    ${patterns}) ${assignment(value)}${isInline ? ' inline=1' : ''} ;;`]
}

function operandCases({ names, operands, isLastRepeated }: CompletedCommand): readonly string[] {
  return operands.flatMap((value, place) => {
    if (value === null) return []
    const isLast = place === operands.length - 1
    const pattern = names.map((name) => `${name}/${isLast && isLastRepeated ? '*' : place}`).join('|')
    return [`    ${pattern}) ${assignment(value)} ;;`]
  })
}

function assignment(value: CompletedValue): string {
  return value.kind === 'words' ? `kind=words list=(${listOf(value.words)})` : `kind=${value.kind}`
}
