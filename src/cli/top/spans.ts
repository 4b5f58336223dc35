import { displayWidth } from '../table.ts'
import { visible } from '../terminal.ts'

/** The parameters of SGR that make a look, `1;32`; empty: plain. */
export type Style = string

/** Text in one look. It has no control characters. */
export interface Span {
  readonly text: string
  readonly style: Style
}

export type Line = readonly Span[]

export function span(text: string, style: Style = ''): Span {
  return { text, style }
}

export function lineWidth(line: Line): number {
  return line.reduce((sum, { text }) => sum + displayWidth(text), 0)
}

/** What stands for the part of a text that is cut. */
export function ellipsisOf({ hasUnicode }: { readonly hasUnicode: boolean }): string {
  return hasUnicode ? '…' : '...'
}

/** The end of a text says most: of a path, for one. */
export function cutStart(text: string, width: number, ellipsis: string): string {
  if (displayWidth(text) <= width) return text
  const reversed = [...text].reverse().join('')
  const mark = displayWidth(ellipsis) <= width ? ellipsis : ''
  return mark + [...takeWidth(reversed, width - displayWidth(mark))].reverse().join('')
}

function takeWidth(text: string, width: number): string {
  let out = ''
  let used = 0
  for (const char of text) {
    used += displayWidth(char)
    if (used > width) break
    out += char
  }
  return out
}

/** `left` and `right` at the ends of one line; where both do not fit, `left` is cut. */
export function spread(left: Line, right: Line, columns: number): Line {
  const room = columns - lineWidth(right) - 2
  if (room < 8) return left
  const cut = cutLine(left, room)
  return [...cut, span(' '.repeat(columns - lineWidth(cut) - lineWidth(right))), ...right]
}

export function cutLine(line: Line, width: number): Line {
  const out: Span[] = []
  let room = width
  for (const { text, style } of line) {
    const taken = displayWidth(text) <= room ? text : takeWidth(text, room)
    out.push({ text: taken, style })
    room -= displayWidth(taken)
    if (taken !== text) break
  }
  return out
}

/** What is left of a line when its first cells are scrolled away. */
export function dropStart(line: Line, width: number): Line {
  let left = width
  return line.flatMap(({ text, style }) => {
    if (left <= 0) return [{ text, style }]
    const whole = displayWidth(text)
    if (whole <= left) {
      left -= whole
      return []
    }
    const dropped = takeWidth(text, left)
    // Half of a wide character is a blank.
    const blank = ' '.repeat(left - displayWidth(dropped) > 0 ? 1 : 0)
    const rest = text.slice(dropped.length)
    left = 0
    return [{ text: blank === '' ? rest : blank + [...rest].slice(1).join(''), style }]
  })
}

/** Every occurrence of `words` in the line gets `style`; upper and lower case are the same. */
export function highlight(line: Line, words: string, style: Style): Line {
  if (words === '') return line
  const wanted = words.toLowerCase()
  return line.flatMap((each) => {
    const text = each.text.toLowerCase()
    // Where the case changes the length, places would not agree.
    if (text.length !== each.text.length || !text.includes(wanted)) return [each]
    const out: Span[] = []
    let from = 0
    for (let at = text.indexOf(wanted); at !== -1; at = text.indexOf(wanted, from)) {
      if (at > from) out.push(span(each.text.slice(from, at), each.style))
      out.push(span(each.text.slice(at, at + wanted.length), style))
      from = at + wanted.length
    }
    if (from < each.text.length) out.push(span(each.text.slice(from), each.style))
    return out
  })
}

/**
 * Reads text that carries colours, ours or those of a program's output. Looks are kept, tabs become blanks, any other
 * sequence is left out and any other control character is shown: nothing of it drives the terminal.
 */
export function parseStyled(text: string, hasColour: boolean): Line {
  const out: Span[] = []
  let pen = plainPen
  let column = 0
  let from = 0
  const add = (piece: string): void => {
    if (piece === '') return
    const expanded = expandTabs(piece, column)
    column += displayWidth(expanded)
    out.push(span(visible(expanded), penStyle(pen, hasColour)))
  }
  for (const match of text.matchAll(sequences)) {
    add(text.slice(from, match.index))
    from = match.index + match[0].length
    if (match[2] === 'm') pen = applySgr(pen, match[1] ?? '')
  }
  add(text.slice(from))
  return out
}

// CSI with its parameters and last byte; OSC, DCS and their like up to their end; any other escape with one byte.
const sequences =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences are what is looked for
  /\u001b(?:\[([0-?]*)[ -/]*([@-~])|[\]PX^_][^\u0007\u001b]*(?:\u0007|\u001b\\)?|[ -/]*[0-~]?)/g

function expandTabs(text: string, column: number): string {
  if (!text.includes('\t')) return text
  let out = ''
  for (const char of text) out += char === '\t' ? ' '.repeat(8 - ((column + displayWidth(out)) % 8)) : char
  return out
}

interface Pen {
  /** SGR 1 to 9 that are on, each with the parameter that turned it on. */
  readonly marks: readonly number[]
  readonly colour: string
  readonly background: string
}

const plainPen: Pen = { marks: [], colour: '', background: '' }

function penStyle({ marks, colour, background }: Pen, hasColour: boolean): Style {
  return [...marks.map(String), ...(hasColour ? [colour, background] : [])].filter((part) => part !== '').join(';')
}

/** Which marks a parameter turns off. */
const ended: Readonly<Record<number, readonly number[]>> = { 22: [1, 2], 23: [3], 24: [4], 27: [7] }

function applySgr(pen: Pen, parameters: string): Pen {
  if (!/^[\d;]*$/.test(parameters)) return pen
  const codes = parameters.split(';').map(Number)
  let next = pen
  for (let at = 0; at < codes.length; at += 1) {
    const code = codes[at]!
    if (code === 38 || code === 48) {
      const length = codes[at + 1] === 5 ? 3 : codes[at + 1] === 2 ? 5 : 0
      if (length === 0 || at + length > codes.length) return next
      const colour = codes.slice(at, at + length).join(';')
      next = code === 38 ? { ...next, colour } : { ...next, background: colour }
      at += length - 1
    } else next = applyCode(next, code)
  }
  return next
}

function applyCode(pen: Pen, code: number): Pen {
  if (code === 0) return plainPen
  // Blinking, hidden and crossed out text helps nobody here.
  if ([1, 2, 3, 4, 7].includes(code)) return pen.marks.includes(code) ? pen : { ...pen, marks: [...pen.marks, code] }
  const off = ended[code]
  if (off !== undefined) return { ...pen, marks: pen.marks.filter((mark) => !off.includes(mark)) }
  if (code === 39) return { ...pen, colour: '' }
  if (code === 49) return { ...pen, background: '' }
  if ((code >= 30 && code <= 37) || (code >= 90 && code <= 97)) return { ...pen, colour: String(code) }
  if ((code >= 40 && code <= 47) || (code >= 100 && code <= 107)) return { ...pen, background: String(code) }
  return pen
}
