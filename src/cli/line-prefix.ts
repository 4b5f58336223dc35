import { styleText } from 'node:util'
import { hashText } from '../base/hash.ts'
import { cutMiddle, displayWidth } from './table.ts'
import type { Terminal } from './terminal.ts'

const newline = 0x0a
const escapeByte = 0x1b

/** Puts a prefix before each line of whole lines, without decoding them. A last line without an end gets one. */
export function prefixLines(lines: Buffer, prefix: string): Buffer {
  const mark = Buffer.from(prefix)
  const isColoured = mark.includes(escapeByte)
  const parts: Buffer[] = []
  for (const line of eachLine(lines)) {
    // A line that leaves its colour on would colour the prefixes of others.
    parts.push(mark, line, isColoured && line.includes(escapeByte) ? resetAndEnd : lineEnd)
  }
  return Buffer.concat(parts)
}

/** The lines, without their ends. */
export function* eachLine(lines: Buffer): Generator<Buffer> {
  for (let from = 0; from < lines.length; ) {
    const end = lines.indexOf(newline, from)
    yield end === -1 ? lines.subarray(from) : lines.subarray(from, end)
    from = end === -1 ? lines.length : end + 1
  }
}

const lineEnd = Buffer.from('\n')
const resetAndEnd = Buffer.from('\u001b[0m\n')

/** `name | ` of the same width for all, each name in its own colour, the same one every time. */
export function createPrefixes(names: readonly string[], terminal: Terminal): (name: string) => string {
  const widthMax = terminal.columns === null ? Number.POSITIVE_INFINITY : Math.max(12, Math.floor(terminal.columns / 3))
  const ellipsis = terminal.hasUnicode ? '…' : '...'
  const shown = new Map(names.map((name) => [name, cutMiddle(name, widthMax, ellipsis)]))
  const width = Math.max(0, ...[...shown.values()].map(displayWidth))
  const prefixes = new Map(
    [...shown].map(([name, cut]) => {
      const text = `${cut}${' '.repeat(width - displayWidth(cut))} |`
      return [name, `${terminal.hasColour ? styleText(colourOf(name), text, { validateStream: false }) : text} `]
    }),
  )
  return (name) => prefixes.get(name) ?? `${name} | `
}

function colourOf(name: string): Colour {
  return colours[Number.parseInt(hashText(name).slice(0, 8), 16) % colours.length]!
}

/** Red is for trouble, and grey and white cannot be told from text. */
const colours = [
  'cyan',
  'yellow',
  'green',
  'magenta',
  'blue',
  'cyanBright',
  'yellowBright',
  'greenBright',
  'magentaBright',
  'blueBright',
] as const
type Colour = (typeof colours)[number]
