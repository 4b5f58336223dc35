import type { ExitCode } from '../wire/exit-codes.ts'
import type { Home } from '../wire/home.ts'
import type { ImageEngine } from './bundle/engine.ts'
import type { Client } from './client.ts'
import type { Terminal } from './terminal.ts'

/** One command as data: parsing, help, completion and the man page are made from it. */
export interface CommandSpec {
  readonly name: string
  /** Other names of it, which help and completion do not show. */
  readonly aliases?: readonly string[]
  readonly group: CommandGroup
  readonly summary: string
  /** What follows the name, without the options: `NAME…`. */
  readonly operands: string
  readonly operandsMin: number
  readonly operandsMax: number
  /** What a shell completes operands with, one for each place; the last is for all that follow. None: nothing. */
  readonly offers?: readonly Offer[]
  readonly options: readonly OptionSpec[]
  readonly examples: readonly Example[]
  /** Sentences below the options. */
  readonly notes: readonly string[]
  /** Codes that mean something of its own; those of all commands come by themselves. */
  readonly exits?: readonly ExitSpec[]
  /** What follows the first operand is for somebody else, and none of our options: `exec NAME CMD -l`. */
  readonly endsWithFirstOperand?: boolean
  /** Its words and its exit codes are those of another program: none of the options and codes that all commands have. */
  readonly isForeign?: boolean
  /** It works without a daemon, and never ends because there is none. */
  readonly isAlone?: boolean
  /** Works, and is not shown. */
  readonly isHidden?: boolean
  /** Answers the exit code: one of `exitCodes`, or that of a job. */
  readonly run: ((context: Context) => Promise<number>) | 'elsewhere'
}

/** Where the overview has it: what is used every day stands first, with its summary. */
export type CommandGroup = 'daily' | 'look' | 'change' | 'files' | 'program' | 'replacement'

export interface OptionSpec {
  readonly name: string
  readonly short?: string
  /** What the value is called in help; null: a switch. */
  readonly value: string | null
  /** The value may be left out, and is this one then; it is given as `--name=value` only. */
  readonly valueDefault?: string
  /** Every value counts, not only the last. */
  readonly isRepeatable?: boolean
  /** Works, and is not shown. */
  readonly isHidden?: boolean
  /** Nothing else is accepted. */
  readonly choices?: readonly string[]
  /** What a shell completes the value with, where there are no choices. */
  readonly offer?: Offer
  /** A short form of another option with this value. */
  readonly means?: { readonly option: string; readonly value: string }
  readonly what: string
}

/** What a shell offers to complete a word with. */
export type Offer =
  | { readonly kind: 'units' | 'labels' | 'files' | 'directories' | 'commands' }
  | { readonly kind: 'words'; readonly words: readonly string[] }

export interface ExitSpec {
  /** A number, or `other`. */
  readonly code: number | 'other'
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
  /** The table this command is part of. */
  readonly commands: readonly CommandSpec[]
  out(text: string): void
  talk(text: string): void
}

export interface Options {
  isSet(name: string): boolean
  /** The last one that was given. */
  value(name: string): string | undefined
  /** All that were given, in order. */
  values(name: string): readonly string[]
}

/** What the command line hands over to other parts of the program, which it may not import itself. */
export interface Roles {
  readonly version: string
  /** The path of bin/holdfast. */
  readonly launcher: string
  /** Runs a flight recording through the engine's turn. */
  replay(options: { readonly file: string; out(text: string): void; talk(text: string): void }): Promise<ExitCode>
  /** `socketPath` null: where the environment says. */
  openImageEngine(options: {
    readonly socketPath: string | null
    readonly environment: Readonly<Record<string, string>>
    warn(text: string): void
  }): Promise<ImageEngine>
}
