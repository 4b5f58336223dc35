import type { CommandSpec, ExitSpec, OptionSpec } from './command.ts'
import { groups } from './commands.ts'
import { layRows } from './help-rows.ts'
import { commonOptions } from './parse.ts'
import { askingExits, commonExits, type Topic, topics } from './topics.ts'
import { wrapText } from './wrap.ts'

/** Everything at a glance, on a screen of 80 by 24: what is used every day with its summary, the rest by name. */
export function printOverview(commands: readonly CommandSpec[], version: string): string {
  const shown = commands.filter(({ isHidden }) => isHidden !== true)
  const lines = groups.flatMap(([group, title]) => {
    const members = shown.filter((command) => command.group === group)
    if (group === 'daily') {
      const width = Math.max(...members.map(({ name }) => name.length))
      return ['Every day:', ...members.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`), '']
    }
    return [`${`${title}:`.padEnd(groupWidth)}${members.map(({ name }) => name).join(', ')}`]
  })
  return [
    `Holdfast ${version}: keeps what you declare running. Begin with: holdfast up FILE`,
    ...lines,
    '',
    'holdfast help COMMAND: examples first. holdfast help commands: all of them.',
    `Help also on: ${topics.map(({ name }) => name).join(', ')}.`,
    '',
  ].join('\n')
}

const groupWidth = 10

/** All commands with their summaries, by group. */
export function printCommands(commands: readonly CommandSpec[], columns: number): string {
  const shown = commands.filter(({ isHidden }) => isHidden !== true)
  const parts = groups.map(([group, title]) => {
    const rows = shown.filter((command) => command.group === group).map(({ name, summary }) => [name, summary] as const)
    return [`${title}:`, ...layRows(rows, columns), ''].join('\n')
  })
  return parts.join('\n')
}

/** One command: examples first, because they are what people look for. */
export function printHelp(command: CommandSpec, columns: number): string {
  const options = shownOptions(command)
  const optionRows = options.map((option) => [optionText(option), option.what] as const)
  return [
    ...wrapText(`${command.name}: ${command.summary}`, columns),
    '',
    'Examples:',
    ...layRows(
      command.examples.map((example) => [example.command, example.what]),
      columns,
    ),
    '',
    ...wrapText(`Usage: ${usageLine(command)}`, columns),
    ...(options.length === 0 ? [] : ['', 'Options:', ...layRows(optionRows, columns)]),
    ...(command.notes.length === 0 ? [] : ['', ...command.notes.flatMap((note) => wrapText(note, columns))]),
    '',
    'Exit codes:',
    ...layRows(
      exitsOf(command).map(({ code, what }) => [String(code), what]),
      columns,
    ),
    '',
  ].join('\n')
}

export function printTopic(topic: Topic, columns: number): string {
  const parts = topic.parts.map((part) => {
    return typeof part === 'string' ? wrapText(part, columns).join('\n') : layRows(part, columns).join('\n')
  })
  return `${topic.title}\n\n${parts.join('\n\n')}\n`
}

export function usageLine(command: CommandSpec): string {
  return ['holdfast', command.name, '[OPTION…]', command.operands].filter((part) => part !== '').join(' ')
}

/** Its own, then those of every command. */
export function shownOptions({ options, isForeign = false }: CommandSpec): readonly OptionSpec[] {
  return [...options, ...(isForeign ? [] : commonOptions)].filter(({ isHidden }) => isHidden !== true)
}

/** Its own and those of every command, in order; where both say something, its own counts. */
export function exitsOf({ exits = [], isAlone = false, isForeign = false }: CommandSpec): readonly ExitSpec[] {
  if (isForeign) return exits
  const own = new Set(exits.map(({ code }) => code))
  const common = [...commonExits, ...(isAlone ? [] : askingExits)].filter(({ code }) => !own.has(code))
  return [...exits, ...common].toSorted((a, b) => orderOf(a) - orderOf(b))
}

function orderOf({ code }: ExitSpec): number {
  return code === 'other' ? Number.POSITIVE_INFINITY : code
}

/** `-o, --output FORMAT`, `    --wait[=FOR]`. */
export function optionText({ name, short, value, valueDefault }: OptionSpec): string {
  const given = value === null ? '' : valueDefault === undefined ? ` ${value}` : `[=${value}]`
  return `${short === undefined ? '    ' : `-${short}, `}--${name}${given}`
}
