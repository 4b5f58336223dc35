import { displayWidth } from '../table.ts'
import type { Size } from './model.ts'
import type { Frame } from './screen.ts'

/** As much of a terminal as the renderer uses. It throws at what it does not know: nothing else may be sent. */
export interface Emulator {
  take(bytes: string): void
  frame(): Frame
}

export function createEmulator({ columns, rows }: Size): Emulator {
  // What a terminal shows before it is cleared is anybody's.
  const chars = Array.from({ length: rows }, () => Array.from({ length: columns }, () => '#'))
  const styles = Array.from({ length: rows }, () => Array.from({ length: columns }, () => '?'))
  let style = ''
  let row = 0
  let column = 0

  function put(char: string): void {
    const width = displayWidth(char)
    if (width === 0) {
      const base = chars[row]![column - 1] === '' ? column - 2 : column - 1
      chars[row]![base] += char
      return
    }
    if (column + width > columns) throw new Error(`'${char}' at ${row},${column} runs over the edge`)
    breakWide(column)
    breakWide(column + width - 1)
    for (let cell = 0; cell < width; cell += 1) {
      chars[row]![column + cell] = cell === 0 ? char : ''
      styles[row]![column + cell] = style
    }
    column += width
  }

  /** Half of a wide character is none. */
  function breakWide(at: number): void {
    const line = chars[row]!
    if (line[at] === '') line[at - 1] = ' '
    if (line[at + 1] === '') line[at + 1] = ' '
  }

  function control(parameters: string, final: string): void {
    const numbers = parameters.split(';').map(Number)
    if (final === 'H') {
      row = (numbers[0] || 1) - 1
      column = (numbers[1] || 1) - 1
    } else if (final === 'C') column += numbers[0] || 1
    else if (final === 'm') style = sgr(parameters)
    else if (final === 'K') erase(row, column)
    else if (final === 'J' && parameters === '2') for (let each = 0; each < rows; each += 1) erase(each, 0)
    else throw new Error(`CSI ${parameters} ${final} is not known here`)
    if (row >= rows || column > columns) throw new Error(`moved to ${row},${column}, off the screen`)
  }

  function sgr(parameters: string): string {
    if (parameters === '' || parameters === '0') return ''
    if (parameters.startsWith('0;')) return parameters.slice(2)
    if (style !== '') throw new Error(`the look '${parameters}' is put on '${style}'`)
    return parameters
  }

  function erase(at: number, from: number): void {
    if (style !== '') throw new Error('erased cells would take a look')
    for (let cell = from; cell < columns; cell += 1) {
      chars[at]![cell] = ' '
      styles[at]![cell] = ''
    }
  }

  return {
    take(bytes) {
      // biome-ignore lint/suspicious/noControlCharactersInRegex: control sequences are what a terminal reads
      for (const [token, parameters, final] of bytes.matchAll(/\u001b\[([\d;]*)([A-Za-z])|[^\u001b]|\u001b/gu)) {
        if (final !== undefined) control(parameters!, final)
        else if (token < ' ' || token === '\u007f') throw new Error(`control character ${token.charCodeAt(0)}`)
        else put(token)
      }
      if (style !== '') throw new Error(`the look is '${style}' in the end, not plain`)
    },
    frame: () => ({
      columns,
      rows: chars.map((line, at) => ({ chars: [...line], styles: [...styles[at]!] })),
    }),
  }
}
