import { argumentBytesMax } from '../../core/limits.ts'
import { splitShellWords } from '../../formats/shell-words.ts'
import { type Context, error, readItems, readText, type Setting } from './values.ts'

/** A command: a text, split into words without a shell, or a list of words. */
export function readCommand(context: Context, setting: Setting): readonly string[] | null {
  const words = setting.node.kind === 'list' ? readWords(context, setting) : splitCommand(context, setting)
  return words === null ? null : checkCommand(context, setting, words)
}

/** Refuses what Linux would refuse to start. */
export function checkCommand(context: Context, setting: Setting, words: readonly string[]): readonly string[] | null {
  if (words.length === 0 || words[0] === '')
    return error(context, setting, 'the command is empty', 'write the program to run and its arguments')
  const tooLong = words.find((word) => Buffer.byteLength(word) >= argumentBytesMax)
  if (tooLong === undefined) return words
  return error(
    context,
    setting,
    `one argument is longer than ${argumentBytesMax} bytes`,
    'Linux refuses to start it; put the text into a file',
  )
}

export function readWords(context: Context, setting: Setting): readonly string[] | null {
  const items = readItems(context, setting, '') ?? []
  const words = items.map((item) => readText(context, item))
  return words.every((word) => word !== null) ? words : null
}

/** The words of a text. */
export function splitCommand(context: Context, setting: Setting): readonly string[] | null {
  const text = readText(context, setting)
  if (text === null) return null
  const result = splitShellWords(text, 'compose')
  if (result.kind === 'words') return result.words
  const isShell = result.message.includes('shell')
  return error(
    context,
    setting,
    result.message,
    isShell ? 'put the word in quotes, or write ["sh", "-c", "…"]' : 'close the quote, or write the command as a list',
  )
}
