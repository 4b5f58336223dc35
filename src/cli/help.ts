import type { CommandSpec, OptionSpec } from './command.ts'
import { commonOptions } from './parse.ts'

/** Everything at a glance: what to try first, then all commands. */
export function printOverview(commands: readonly CommandSpec[], version: string): string {
  const width = Math.max(...commands.map(({ name }) => name.length))
  return [
    `Holdfast ${version}: keeps what you declare running.`,
    '',
    'Try:',
    ...twoColumns(
      commands
        .flatMap(({ examples }) => examples.slice(0, 1))
        .slice(0, 6)
        .map(({ command, what }) => [command, what]),
    ),
    '',
    'Commands:',
    ...commands.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`),
    '',
    'holdfast help COMMAND tells more. Exit codes: 0 ok, 1 failed, 2 usage, 3 not running, 4 no such service,',
    '6 configuration invalid, 69 no daemon, 77 not permitted, 124 timed out; of a job: its own.',
    '',
  ].join('\n')
}

/** One command: examples first, because they are what people look for. */
export function printHelp(command: CommandSpec): string {
  return [
    `${command.name}: ${command.summary}`,
    '',
    'Examples:',
    ...twoColumns(command.examples.map((example) => [example.command, example.what])),
    '',
    `Usage: ${usageLine(command)}`,
    '',
    'Options:',
    ...twoColumns([...command.options, ...commonOptions].map((option) => [optionText(option), option.what])),
    ...(command.notes.length === 0 ? [] : ['', ...command.notes]),
    '',
  ].join('\n')
}

export function usageLine(command: CommandSpec): string {
  return ['holdfast', command.name, '[OPTION…]', command.operands].filter((part) => part !== '').join(' ')
}

function optionText({ name, short, value }: OptionSpec): string {
  return `${short === undefined ? '    ' : `-${short}, `}--${name}${value === null ? '' : ` ${value}`}`
}

function twoColumns(rows: readonly (readonly [string, string])[]): readonly string[] {
  const width = Math.max(0, ...rows.map(([left]) => left.length))
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`)
}
