import { type ExitCode, exitCodes } from '../wire/exit-codes.ts'
import { chooseHome } from '../wire/home.ts'
import { createClient, Forbidden, Refused, Unreachable } from './client.ts'
import type { Roles } from './command.ts'
import { commands } from './commands.ts'
import { printHelp, printOverview, usageLine } from './help.ts'
import { type ParsedLine, parseLine } from './parse.ts'
import { type ColourChoice, describeTerminal } from './terminal.ts'

/** Runs one command line and answers its exit code. */
export async function runCommandLine(args: readonly string[], roles: Roles): Promise<number> {
  endQuietlyWithoutReader()
  const line = parseLine(args, commands)
  switch (line.kind) {
    case 'help':
      return help(line, roles)
    case 'usage':
      talk(`holdfast: ${line.message}\n`)
      if (line.command !== null) talk(`usage: ${usageLine(line.command)}\n`)
      return exitCodes.usage
    case 'run':
      return run(line, roles)
  }
}

function help(line: Extract<ParsedLine, { kind: 'help' }>, roles: Roles): ExitCode {
  const text = line.command === null ? printOverview(commands, roles.version) : printHelp(line.command)
  if (line.isAsked) out(text)
  else talk(text)
  return line.isAsked ? exitCodes.ok : exitCodes.usage
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
  const colour = (options.value('color') ?? 'auto') as ColourChoice
  const terminal = describeTerminal({ stream: process.stdout, environment, colour })
  const client = createClient(choice.home)
  try {
    return await command.run({ options, operands, environment, terminal, home: choice.home, client, roles, out, talk })
  } catch (error) {
    return explainFailure(error)
  }
}

/** What the daemon, or its absence, makes of a command; anything else is a bug and thrown on. */
function explainFailure(error: unknown): ExitCode {
  if (error instanceof Unreachable) return say(error, exitCodes.daemonUnreachable)
  if (error instanceof Forbidden) return say(error, exitCodes.permission)
  if (!(error instanceof Refused)) throw error
  const { code } = error.answer
  if (code === 'no-such-service' || code === 'ambiguous-name' || code === 'no-such-log')
    return say(error, exitCodes.noSuchService)
  return say(error, code === 'bad-request' ? exitCodes.usage : exitCodes.failed)
}

function say(error: Error, code: ExitCode): ExitCode {
  talk(`holdfast: ${error.message}\n`)
  return code
}

function out(text: string): void {
  process.stdout.write(text)
}

function talk(text: string): void {
  process.stderr.write(text)
}

/** `holdfast ps | head -1` is no failure. */
function endQuietlyWithoutReader(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(exitCodes.ok)
    throw error
  })
}

function definedOnly(environment: NodeJS.ProcessEnv): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(environment).filter((entry): entry is [string, string] => entry[1] !== undefined),
  )
}
