import { createInterface, type Interface } from 'node:readline'
import { typedLinesMax } from '../core/limits.ts'
import type { Completer } from './complete.ts'
import { type Keyboard, readPassword } from './keyboard.ts'

/**
 * A terminal, with editing, history and completion. `history`: the oldest first; it grows by what is typed. Between two
 * prompts the terminal is as it was, so that Ctrl-C is a signal.
 */
export function createTerminalKeyboard({
  history,
  completer,
  onInterrupt,
}: {
  readonly history: string[]
  readonly completer: Completer
  onInterrupt(): void
}): Keyboard {
  const { stdin, stdout } = process
  const early: string[] = []
  let lines: Interface | null = null
  let waiting: ((line: string | null) => void) | null = null

  const give = (line: string | null): void => {
    const resolve = waiting
    waiting = null
    rest()
    resolve?.(line)
  }

  const rest = (): void => {
    lines?.pause()
    stdin.setRawMode(false)
  }

  const open = (): Interface => {
    const opened = createInterface({
      input: stdin,
      output: stdout,
      history: history.toReversed(),
      historySize: typedLinesMax,
      completer: completer.complete,
    })
    opened.on('line', (line) => {
      if (line.trim() !== '' && history.at(-1) !== line) history.push(line)
      // Several may come at once, as when they are pasted.
      if (waiting === null) early.push(line)
      else give(line)
    })
    opened.on('SIGINT', onInterrupt)
    // Ctrl-D: the next prompt opens it again.
    opened.on('close', () => {
      lines = null
      give(null)
    })
    return opened
  }

  const keyboard: Keyboard = {
    readLine(prompt) {
      const line = early.shift()
      if (line !== undefined) return Promise.resolve(line)
      return new Promise((resolve) => {
        waiting = resolve
        lines ??= open()
        lines.setPrompt(prompt)
        stdin.setRawMode(true)
        lines.prompt()
      })
    },
    cancel() {
      waiting = null
      rest()
    },
    readPassword: (prompt) => readPassword(prompt, keyboard),
    close() {
      waiting = null
      lines?.close()
      stdin.destroy()
    },
  }
  return keyboard
}
