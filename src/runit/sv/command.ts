/** What one word on the command line of `sv` means. */
export interface Command {
  readonly kind: 'status' | 'control'
  /** What is written to `supervise/control`, each byte a command; empty: nothing is. */
  readonly bytes: string
  /** What is waited for: for each byte what it is to bring about, and `C` for an available service. Empty: nothing is. */
  readonly conditions: string
  /** SIGKILL when the time is over. */
  readonly kills: boolean
}

/**
 * Of most words the first letter counts alone, so `usr1` is `up`. null: no command.
 * `isLsb`: called by the name of a service, where of words with `s` only whole ones count.
 */
export function parseCommand(
  word: string,
  { isVerbose, isLsb }: { readonly isVerbose: boolean; readonly isLsb: boolean },
): Command | null {
  const whole = wholeWords.get(word)
  if (whole !== undefined) return whole
  const letter = word.charAt(0)
  if (letter === 's') return isLsb ? null : status
  const forcing = forcedLetters.get(letter)
  if (forcing !== undefined) return forcing
  const byte = letter === 'e' ? 'x' : letter
  if (byte === '' || !controlBytes.includes(byte)) return null
  return { kind: 'control', bytes: byte, conditions: isVerbose ? byte : '', kills: false }
}

/** Each is a command of runsv. */
const controlBytes = 'udopchaikqt12x'

const status: Command = { kind: 'status', bytes: '', conditions: '', kills: false }

const forceStop = forced('d')
const forceReload = forced('tc')
const forceShutdown = forced('x')

const wholeWords: ReadonlyMap<string, Command> = new Map([
  ['status', status],
  ['check', { kind: 'control', bytes: '', conditions: 'C', kills: false }],
  ['start', waiting('u')],
  ['stop', waiting('d')],
  ['restart', waiting('tcu')],
  ['try-restart', waiting('tc')],
  ['reload', waiting('h')],
  ['shutdown', waiting('x')],
  ['force-stop', forceStop],
  ['force-reload', forceReload],
  ['force-restart', forced('tcu')],
  ['force-shutdown', forceShutdown],
])

const forcedLetters: ReadonlyMap<string, Command> = new Map([
  ['D', forceStop],
  ['T', forceReload],
  ['X', forceShutdown],
  ['E', forceShutdown],
])

function waiting(bytes: string): Command {
  return { kind: 'control', bytes, conditions: bytes, kills: false }
}

function forced(bytes: string): Command {
  return { kind: 'control', bytes, conditions: bytes, kills: true }
}
