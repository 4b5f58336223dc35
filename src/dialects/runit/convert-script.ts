import type { Note } from '../convert-model.ts'

/** One line of a shell script that is no comment, without what stands around it. */
export interface ScriptLine {
  readonly line: number
  readonly text: string
}

/** Without comments and what says nothing; of what is no script of a shell, nothing. */
export function commandsOf(script: string): readonly ScriptLine[] {
  if (!isShellScript(script)) return []
  return script
    .split('\n')
    .map((text, index) => ({ line: index + 1, text: text.trim() }))
    .filter(({ text }) => text !== '' && !text.startsWith('#'))
}

/** By its first line; Debian's invoke-run is one that reads the rest by sh. */
export function isShellScript(script: string): boolean {
  return /^#![ \t]*\S*(?:\/|[ \t])(?:(?:ba|da|k|mk|z|a)?sh|\S*invoke-run)(?:[ \t\r]|$)/m.test(script.split('\n', 1)[0]!)
}

export function noteAt(file: string, line: number, message: string): Note {
  return { origin: { file, line, column: 1, written: null }, message }
}

/** On one line, and not too long. */
export function quoted(text: string): string {
  const charsMax = 80
  return `\`${text.length > charsMax ? `${text.slice(0, charsMax)}…` : text}\``
}
