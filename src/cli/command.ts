import type { ExitCode } from '../wire/exit-codes.ts'
import type { Home } from '../wire/home.ts'
import type { Client } from './client.ts'
import type { Terminal } from './terminal.ts'

/** One command as data: parsing, help and completion are made from it. */
export interface CommandSpec {
  readonly name: string
  readonly summary: string
  /** What follows the name, without the options: `NAME…`. */
  readonly operands: string
  readonly operandsMin: number
  readonly operandsMax: number
  readonly options: readonly OptionSpec[]
  readonly examples: readonly Example[]
  /** Sentences below the options. */
  readonly notes: readonly string[]
  /** Answers the exit code: one of `exitCodes`, or that of a job. */
  readonly run: ((context: Context) => Promise<number>) | 'elsewhere'
}

export interface OptionSpec {
  readonly name: string
  readonly short?: string
  /** What the value is called in help; null: a switch. */
  readonly value: string | null
  /** Nothing else is accepted. */
  readonly choices?: readonly string[]
  readonly what: string
}

export interface Example {
  readonly command: string
  readonly what: string
}

/** What a command works with. `out` is for data, `talk` for everything said to a person. */
export interface Context {
  readonly options: Options
  readonly operands: readonly string[]
  readonly environment: Readonly<Record<string, string>>
  readonly terminal: Terminal
  readonly home: Home
  readonly client: Client
  readonly roles: Roles
  out(text: string): void
  talk(text: string): void
}

export interface Options {
  isSet(name: string): boolean
  value(name: string): string | undefined
}

/** What the command line hands over to other parts of the program, which it may not import itself. */
export interface Roles {
  readonly version: string
  /** Runs a flight recording through the engine's turn. */
  replay(options: { readonly file: string; out(text: string): void; talk(text: string): void }): Promise<ExitCode>
}
