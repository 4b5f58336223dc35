import { writeSync } from 'node:fs'
import type { ByteText } from '../../sys/byte-text.ts'
import { exitNow } from '../../sys/exit-now.ts'
import { ownArguments, ownEnvironment } from '../../sys/own-strings.ts'
import { setSignalState } from '../../sys/signal-state.ts'
import { applyAndRun, exactArguments } from './apply.ts'
import { readCaller } from './caller.ts'
import { readEmulation } from './read-emulation.ts'
import { readOptions } from './read-options.ts'

/**
 * Answers 100 on wrong use; else this process is the program from here on, or ends. `args` as Node decoded them, `name`: what
 * chpst was called by.
 */
export function runNow(args: readonly string[], name: string): number {
  const caller = readCaller(ownEnvironment())
  // First: whoever ends us while we wait for a lock, or reads no more of what we say, finds us as the original is.
  setSignalState(caller.signals)
  const exact = exactArguments(args, ownArguments())
  const reading = readEmulation(exact, name) ?? readOptions(exact, name)
  if (reading.kind === 'refused') {
    say(reading.text)
    return 100
  }
  const { changes } = reading
  const { failure, isSpeechless } = applyAndRun(changes, caller, (text) => say(`chpst: warning: ${text}\n`))
  if (changes.failsSilently) return exitNow(0)
  if (!isSpeechless) say(`chpst: fatal: ${failure.text}\n`)
  return exitNow(111)
}

function say(text: ByteText): void {
  try {
    writeSync(2, text, null, 'latin1')
  } catch {
    // Where nobody can hear it the exit code has to do, as with the original.
  }
}
