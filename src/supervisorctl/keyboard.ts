import { openSync, writeSync } from 'node:fs'
import { ReadStream } from 'node:tty'
import { complain, show } from './output.ts'

/** Where lines are typed; one is waited for at a time. */
export interface Keyboard {
  /** null: there are no more. */
  readLine(prompt: string): Promise<string | null>
  /** The line that is waited for is no longer wanted: it goes to whoever asks next. */
  cancel(): void
  /** Without echo, from the terminal wherever stdin is. null: it was not given. */
  readPassword(prompt: string): Promise<string | null>
  close(): void
}

/** stdin as it is: a pipe, a file, or a terminal that edits its lines itself. Nothing is read before somebody asks. */
export function createPlainKeyboard(): Keyboard {
  const lines: string[] = []
  let held: string | null = ''
  let waiting: ((line: string | null) => void) | null = null
  let isOpen = false

  const give = (): void => {
    if (waiting === null || (lines.length === 0 && held !== null)) return
    const resolve = waiting
    waiting = null
    process.stdin.pause()
    resolve(lines.shift() ?? null)
  }

  const open = (): void => {
    isOpen = true
    process.stdin.setEncoding('utf8')
    process.stdin.on('data', (text: string) => {
      const parts = `${held}${text}`.split(/\r?\n/)
      held = parts.pop()!
      lines.push(...parts)
      give()
    })
    process.stdin.on('end', end)
    process.stdin.on('error', end)
  }

  const end = (): void => {
    if (held) lines.push(held)
    held = null
    give()
  }

  const keyboard: Keyboard = {
    readLine(prompt) {
      show(prompt)
      if (!isOpen) open()
      return new Promise((resolve) => {
        waiting = resolve
        if (held !== null) process.stdin.resume()
        give()
      })
    },
    cancel() {
      waiting = null
      if (isOpen) process.stdin.pause()
    },
    readPassword: (prompt) => readPassword(prompt, keyboard),
    close() {
      if (isOpen) process.stdin.destroy()
    },
  }
  return keyboard
}

/** Where there is no terminal, `keyboard` has it. */
export async function readPassword(prompt: string, keyboard: Keyboard): Promise<string | null> {
  let file: number
  try {
    file = openSync('/dev/tty', 'r+')
  } catch {
    complain(prompt)
    return keyboard.readLine('')
  }
  const terminal = new ReadStream(file)
  terminal.setRawMode(true)
  writeSync(file, prompt)
  const typed = await typeUnseen(terminal)
  terminal.setRawMode(false)
  writeSync(file, '\n')
  terminal.destroy()
  if (typed !== 'interrupted') return typed?.text ?? null
  process.kill(process.pid, 'SIGINT')
  return new Promise(() => {})
}

function typeUnseen(terminal: ReadStream): Promise<{ readonly text: string } | 'interrupted' | null> {
  return new Promise((resolve) => {
    let text = ''
    terminal.setEncoding('utf8')
    terminal.on('error', () => resolve(null))
    terminal.on('data', (keys) => {
      for (const key of String(keys)) {
        if (key === '\r' || key === '\n') return resolve({ text })
        if (key === interruptKey) return resolve('interrupted')
        if (key === endKey && text === '') return resolve(null)
        if (key === eraseLineKey) text = ''
        else if (key === '\x7f' || key === '\b') text = [...text].slice(0, -1).join('')
        else text += key
      }
    })
  })
}

const interruptKey = '\x03'
const endKey = '\x04'
const eraseLineKey = '\x15'
