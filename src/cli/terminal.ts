import type { ShownState } from '../core/shown.ts'
import type { HealthStatus } from '../wire/api.ts'

/** How text reaches its reader. */
export interface Terminal {
  /** null: not a terminal, nothing is to be cut. */
  readonly columns: number | null
  readonly hasColour: boolean
  readonly hasUnicode: boolean
}

export type ColourChoice = 'auto' | 'always' | 'never'

interface Stream {
  readonly isTTY?: boolean
  readonly columns?: number
}

export function describeTerminal(options: {
  readonly stream: Stream
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly colour: ColourChoice
}): Terminal {
  const { stream, environment, colour } = options
  const isTerminal = stream.isTTY === true
  return {
    columns: isTerminal ? (stream.columns ?? 80) : null,
    hasColour: hasColour(isTerminal, environment, colour),
    hasUnicode: /utf-?8/i.test(environment.LC_ALL || environment.LC_CTYPE || environment.LANG || ''),
  }
}

function hasColour(
  isTerminal: boolean,
  environment: Readonly<Record<string, string | undefined>>,
  colour: ColourChoice,
): boolean {
  if (colour !== 'auto') return colour === 'always'
  if (environment.NO_COLOR) return false
  if (environment.FORCE_COLOR) return environment.FORCE_COLOR !== '0'
  return isTerminal && environment.TERM !== 'dumb'
}

type Colour = 'green' | 'yellow' | 'red' | 'gray' | 'cyan'

interface Look {
  readonly glyph: string
  /** Where the locale is not UTF-8. */
  readonly plain: string
  readonly colour: Colour
}

/** Colour never alone: a glyph and the word always say the same. */
const looks: Readonly<Record<ShownState, Look>> = {
  running: { glyph: '●', plain: '*', colour: 'green' },
  starting: { glyph: '◐', plain: '+', colour: 'cyan' },
  stopping: { glyph: '◑', plain: '-', colour: 'yellow' },
  waiting: { glyph: '◌', plain: '.', colour: 'yellow' },
  backoff: { glyph: '▲', plain: '!', colour: 'yellow' },
  paused: { glyph: '‖', plain: '=', colour: 'yellow' },
  failed: { glyph: '✗', plain: 'x', colour: 'red' },
  unknown: { glyph: '?', plain: '?', colour: 'red' },
  exited: { glyph: '✓', plain: 'v', colour: 'gray' },
  stopped: { glyph: '○', plain: 'o', colour: 'gray' },
}

/** `● running` in its colour. */
export function stateText(state: ShownState, terminal: Terminal): string {
  const look = looks[state]
  return paint(look.colour, `${terminal.hasUnicode ? look.glyph : look.plain} ${state}`, terminal)
}

export function healthText(health: HealthStatus, terminal: Terminal): string {
  return paint(healthColours[health], health, terminal)
}

const healthColours: Readonly<Record<HealthStatus, Colour>> = { starting: 'cyan', healthy: 'green', unhealthy: 'red' }

export function paint(style: Colour | 'bold' | 'dim', text: string, terminal: Terminal): string {
  if (!terminal.hasColour) return text
  const [on, off] = codes[style]
  return `\u001b[${on}m${text}\u001b[${off}m`
}

/** Select Graphic Rendition by ECMA-48: what switches a style on, and off again. */
const codes: Readonly<Record<Colour | 'bold' | 'dim', readonly [on: number, off: number]>> = {
  green: [32, 39],
  yellow: [33, 39],
  red: [31, 39],
  gray: [90, 39],
  cyan: [36, 39],
  bold: [1, 22],
  dim: [2, 22],
}

/** What comes from elsewhere must not drive the terminal: control characters are shown, not sent. */
export function visible(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, (char) => {
    return char === '\n' || char === '\t' ? ' ' : `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`
  })
}
