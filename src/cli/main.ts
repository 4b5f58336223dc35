import { HoldfastError } from '../client/errors.ts'
import type { ErrorCode } from '../wire/api.ts'
import { type ExitCode, exitCodes } from '../wire/exit-codes.ts'
import { chooseHome } from '../wire/home.ts'
import { asciiText } from './ascii-text.ts'
import { createClient, Forbidden, Refused, Unreachable } from './client.ts'
import type { Roles } from './command.ts'
import { commands } from './commands.ts'
import { type HelpSubject, type ParsedLine, parseLine } from './parse.ts'
import { type ColourChoice, describeTerminal, type Terminal } from './terminal.ts'
import { UsageError } from './usage-error.ts'

/** Runs one command line and answers its exit code. */
export async function runCommandLine(args: readonly string[], roles: Roles): Promise<number> {
  endQuietlyWithoutReader()
  const line = parseLine(args, commands)
  switch (line.kind) {
    case 'help':
      return help(line, roles)
    case 'usage':
      talk(`holdfast: ${line.message}\n`)
      if (line.command !== null) talk(`usage: ${(await import('./help.ts')).usageLine(line.command)}\n`)
      return exitCodes.usage
    case 'run':
      return run(line, roles)
  }
}

async function help(line: Extract<ParsedLine, { kind: 'help' }>, roles: Roles): Promise<ExitCode> {
  const { columns, hasUnicode } = terminalFor('auto')
  // A pipe mostly ends on a screen too.
  const text = await helpText(line.on, roles.version, Math.min(columns ?? 80, helpColumnsMax))
  if (line.isAsked) out(hasUnicode ? text : asciiText(text))
  else talk(text)
  return line.isAsked ? exitCodes.ok : exitCodes.usage
}

/** Longer lines are hard to read. */
const helpColumnsMax = 100

async function helpText(subject: HelpSubject, version: string, columns: number): Promise<string> {
  const { printCommands, printHelp, printOverview, printTopic } = await import('./help.ts')
  switch (subject.kind) {
    case 'overview':
      return printOverview(commands, version)
    case 'all-commands':
      return printCommands(commands, columns)
    case 'command':
      return printHelp(subject.command, columns)
    case 'topic':
      return printTopic(subject.topic, columns)
  }
}

async function run(line: Extract<ParsedLine, { kind: 'run' }>, roles: Roles): Promise<number> {
  const { command, options, operands } = line
  const environment = definedOnly(process.env)
  const choice = chooseHome({ option: options.value('home'), environment, uid: process.geteuid?.() ?? 0 })
  if (choice.kind === 'bad') {
    talk(`holdfast: ${choice.message}\n`)
    return exitCodes.usage
  }
  if (command.run === 'elsewhere') throw new Error(`'${command.name}' is not run by the command line`)
  const terminal = terminalFor((options.value('color') ?? 'auto') as ColourChoice)
  const client = createClient(choice.home)
  try {
    const speech = { terminal, out, talk }
    return await command.run({ options, operands, environment, home: choice.home, client, roles, commands, ...speech })
  } catch (error) {
    return explainFailure(error, command.name)
  }
}

/** What the daemon, or its absence, makes of a command; anything else is a bug and thrown on. */
function explainFailure(error: unknown, command: string): ExitCode {
  if (error instanceof UsageError) return say(`${command}: ${error.message}`, exitCodes.usage)
  if (error instanceof Unreachable) return say(error.message, exitCodes.daemonUnreachable)
  if (error instanceof Forbidden) return say(error.message, exitCodes.permission)
  if (error instanceof HoldfastError && !(error instanceof Refused)) return say(error.message, exitCodes.failed)
  if (!(error instanceof Refused)) throw error
  return say(error.message, codesOfRefusals[error.answer.code] ?? exitCodes.failed)
}

/** Any other is a failure. */
const codesOfRefusals: Readonly<Partial<Record<ErrorCode, ExitCode>>> = {
  'bad-request': exitCodes.usage,
  'no-such-service': exitCodes.noSuchService,
  'no-such-volume': exitCodes.noSuchService,
  'ambiguous-name': exitCodes.noSuchService,
  'no-such-log': exitCodes.noSuchService,
  'not-running': exitCodes.notRunning,
  unauthorized: exitCodes.permission,
  forbidden: exitCodes.permission,
}

function say(message: string, code: ExitCode): ExitCode {
  talk(`holdfast: ${message}\n`)
  return code
}

function terminalFor(colour: ColourChoice): Terminal {
  return describeTerminal({ stream: process.stdout, environment: process.env, colour })
}

function out(text: string): void {
  process.stdout.write(text)
}

function talk(text: string): void {
  process.stderr.write(terminalFor('auto').hasUnicode ? text : asciiText(text))
}

/** `holdfast ps | head -1` is no failure; a full disk is one. */
function endQuietlyWithoutReader(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(exitCodes.ok)
    talk(`holdfast: the output cannot be written (${error.code ?? error.message}); write it elsewhere\n`)
    process.exit(exitCodes.failed)
  })
  // Nobody is left to be told; the exit code still tells.
  process.stderr.on('error', () => {})
}

function definedOnly(environment: NodeJS.ProcessEnv): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(environment).filter((entry): entry is [string, string] => entry[1] !== undefined),
  )
}
