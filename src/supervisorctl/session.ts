import { isatty } from 'node:tty'
import { createCompleter } from './complete.ts'
import type { Control } from './control.ts'
import { loadHistory, saveHistory } from './history.ts'
import { createPlainKeyboard, type Keyboard } from './keyboard.ts'
import { say } from './output.ts'
import { runLine } from './run-line.ts'
import type { Settings } from './settings.ts'
import { createTerminalKeyboard } from './terminal-keyboard.ts'

/** Lines one after the other, until the input ends, somebody says `quit`, or presses Ctrl-C where nothing else takes it. */
export async function runSession(
  { prompt, historyFile }: Settings,
  begin: (keyboard: Keyboard) => Control,
): Promise<void> {
  const history = historyFile === null ? [] : loadHistory(historyFile)
  const completer = createCompleter(() => control)
  const isTerminal = isatty(0) && isatty(1)
  const onInterrupt = (): void => control.interrupt?.()
  const keyboard = isTerminal ? createTerminalKeyboard({ history, completer, onInterrupt }) : createPlainKeyboard()
  const control = begin(keyboard)
  process.on('SIGINT', onInterrupt)
  const interrupted = new Promise<'interrupted'>((resolve) => {
    control.interrupt = () => resolve('interrupted')
  })

  let line = 'status'
  for (;;) {
    completer.forget()
    const outcome = await Promise.race([runLine(control, line), interrupted])
    if (outcome === 'quit') break
    const next = outcome === 'interrupted' ? outcome : await Promise.race([typed(keyboard, prompt), interrupted])
    if (next === 'interrupted') {
      say('')
      break
    }
    line = next.line
  }
  process.off('SIGINT', onInterrupt)
  control.connection?.close()
  keyboard.close()
  if (historyFile !== null) saveHistory(historyFile, history)
}

async function typed(keyboard: Keyboard, prompt: string): Promise<{ readonly line: string }> {
  return { line: (await keyboard.readLine(`${prompt}> `)) ?? 'EOF' }
}
