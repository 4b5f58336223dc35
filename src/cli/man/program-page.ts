import type { CommandSpec, OptionSpec } from '../command.ts'
import { namesNote } from '../commands/options.ts'
import { commands, groups } from '../commands.ts'
import { exitsOf } from '../help.ts'
import { commonOptions } from '../parse.ts'
import { topics } from '../topics.ts'
import { bold, line, pageHead, tagged, verbatim } from './roff.ts'

/** holdfast(1): every command, from the table that parses them. */
export function programPage(options: { readonly version: string; readonly date: string }): string {
  const what = 'keeps what you declare running'
  return [
    ...pageHead({ ...options, name: 'holdfast', section: 1, what }),
    '.SH SYNOPSIS',
    `${bold('holdfast')} \\fICOMMAND\\fR [\\fIOPTION\\fR...] [\\fIOPERAND\\fR...]`,
    '.SH DESCRIPTION',
    line('Holdfast is a supervisor for Linux: it starts what files declare, watches over it, and restarts what fails.'),
    line('A daemon does so, and the other commands talk to it.'),
    '.SH EXAMPLES',
    ...commands
      .filter(({ group }) => group === 'daily')
      .flatMap(({ examples }) => examples.slice(0, 1))
      .flatMap(({ command, what }) => tagged(bold(command), what)),
    '.SH OPTIONS',
    line('Every command takes these; --home and --color also before its name.'),
    ...commonOptions.flatMap(optionLines),
    '.SH COMMANDS',
    ...groups
      .flatMap(([group]) => commands.filter((command) => command.group === group && !command.isHidden))
      .flatMap(commandLines),
    ...topics.flatMap(({ title, parts }) => [
      `.SH "${title.toUpperCase()}"`,
      ...parts.flatMap((part, at) =>
        typeof part === 'string'
          ? [...(at === 0 ? [] : ['.PP']), line(part)]
          : part.flatMap(([term, text]) => tagged(bold(term), text)),
      ),
    ]),
    '.SH "SEE ALSO"',
    `${bold('holdfast.yaml')}(5)`,
    '',
  ].join('\n')
}

function commandLines(command: CommandSpec): readonly string[] {
  const { name, operands, summary, examples, options, notes, exits = [] } = command
  const common = new Set(exitsOf({ ...command, exits: [] }).map(({ code }) => code))
  const own = exits.filter(({ code }) => !common.has(code))
  return [
    `.SS "${['holdfast', name, '[OPTION...]', operands]
      .filter((part) => part !== '')
      .map(line)
      .join(' ')}"`,
    line(`${summary[0]!.toUpperCase()}${summary.slice(1)}.`),
    ...verbatim(
      examples.map((example) => (example.what === '' ? example.command : `${example.command}   # ${example.what}`)),
    ),
    ...options.filter(({ isHidden }) => isHidden !== true).flatMap(optionLines),
    // It has a section of its own.
    ...notes.filter((note) => note !== namesNote).flatMap((note) => ['.PP', line(note)]),
    ...(own.length === 0
      ? []
      : ['.PP', line(`Exit codes of its own: ${own.map(({ code, what }) => `${code} ${what}`).join('; ')}.`)]),
  ]
}

function optionLines({ name, short, value, valueDefault, what }: OptionSpec): readonly string[] {
  const given =
    value === null ? '' : valueDefault === undefined ? ` \\fI${line(value)}\\fR` : `[=\\fI${line(value)}\\fR]`
  const label = short === undefined ? bold(`--${name}`) : `${bold(`-${short}`)}, ${bold(`--${name}`)}`
  return tagged(label + given, what)
}
