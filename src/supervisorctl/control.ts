import type { Connection } from './connection.ts'
import type { Keyboard } from './keyboard.ts'
import type { Raised } from './raised.ts'

/** What commands work with, and what they leave behind: one for a command line, or for a whole session. */
export interface Control {
  serverUrl: string
  username: string | null
  password: string | null
  exitStatus: number
  readonly isInteractive: boolean
  readonly plugins: readonly string[]
  readonly keyboard: Keyboard
  /** null: none is open. It is closed after each line, so that an idle session holds nothing. */
  connection: Connection | null
  /** What Ctrl-C does now; null: it ends the program. */
  interrupt: (() => void) | null
}

/** How a command ended: `quit` ends the session. */
export type Outcome = 'done' | 'quit' | Raised

export type Command = (control: Control, argument: string) => Promise<Outcome>

/** Exit codes, from those that LSB has for init scripts. */
export const exits = {
  ok: 0,
  failed: 1,
  badArguments: 2,
  unimplemented: 3,
  refused: 4,
  notInstalled: 5,
  notRunning: 7,
} as const

/** And those that it has for `status`. */
export const statusExits = { notRunning: 3, unknown: 4 } as const
