import { shownAs } from '../core/shown.ts'
import { durationText } from '../core/text.ts'
import type { CommandItem, ExitItem, HistoryItem, TransitionItem } from '../wire/api.ts'
import { type Column, printTable } from './table.ts'
import { paint, stateText, type Terminal, visible } from './terminal.ts'
import { momentText } from './time-text.ts'

/** What happened, for people: one line each, oldest first. */
export function printHistory(
  items: readonly HistoryItem[],
  { terminal, nowMs }: { readonly terminal: Terminal; readonly nowMs: number },
): string {
  const rows = items.map((item) => {
    const atMs = Date.parse(item.at)
    const { about, what, painted, why } = partsOf(item, terminal)
    return [
      { text: momentText(atMs, nowMs), paint: (text: string) => paint('dim', text, terminal) },
      { text: durationText(nowMs - atMs), paint: (text: string) => paint('dim', text, terminal) },
      { text: about },
      { text: what, paint: (text: string) => text.replace(what, painted) },
      { text: why },
    ]
  })
  return printTable({ columns, rows }, terminal.columns, terminal.hasUnicode ? '…' : '...')
}

const columns: readonly Column[] = [
  { title: 'TIME', align: 'left', dropOrder: null, widthMin: null },
  { title: 'AGO', align: 'right', dropOrder: 1, widthMin: null },
  { title: 'UNIT', align: 'left', dropOrder: null, widthMin: null },
  { title: 'WHAT', align: 'left', dropOrder: null, widthMin: null },
  { title: 'WHY', align: 'left', dropOrder: 2, widthMin: 24 },
]

/** `12:00:01.250  shop/web/1  ▲ running → backoff  exit code 1 after 3.2 s`, as it happens. */
export function eventLine(item: HistoryItem, terminal: Terminal): string {
  const { about, painted, why } = partsOf(item, terminal)
  return [paint('dim', exactMoment(item.at), terminal), about, painted, why].filter((part) => part !== '').join('  ')
}

interface Parts {
  readonly about: string
  readonly what: string
  /** The same with colour. */
  readonly painted: string
  readonly why: string
}

function partsOf(item: HistoryItem, terminal: Terminal): Parts {
  switch (item.kind) {
    case 'transition': {
      const what = transitionText(item, { ...terminal, hasColour: false })
      return { about: visible(item.unit), what, painted: transitionText(item, terminal), why: whyText(item) }
    }
    case 'command': {
      const why = item.detail === '' ? `by ${item.by}` : `by ${item.by}: ${item.detail}`
      const what = commandWords[item.command]
      return { about: aboutText(item), what, painted: paint('bold', what, terminal), why: visible(why) }
    }
    case 'release': {
      const what = `release ${item.status}`
      const painted = paint(item.status === 'reverted' || item.status === 'failed' ? 'red' : 'bold', what, terminal)
      return { about: visible(item.app), what, painted, why: visible(`${item.release}: ${item.why}`) }
    }
    case 'daemon': {
      const { what } = item
      return { about: 'the daemon', what, painted: paint('bold', what, terminal), why: visible(item.detail) }
    }
  }
}

/** As they are typed. */
const commandWords: Readonly<Record<CommandItem['command'], string>> = {
  'set-target': 'up',
  start: 'start',
  stop: 'stop',
  restart: 'restart',
  run: 'run',
  signal: 'signal',
  shutdown: 'down',
  purge: 'purge',
  'override-locks': 'override locks',
  'own-images': 'take over images',
}

/** News that moves nothing has one word. */
function transitionText({ from, to }: TransitionItem, terminal: Terminal): string {
  const state = shownAs(to)
  const change = from === to ? to : `${from} ${terminal.hasUnicode ? '→' : '->'} ${to}`
  return stateText(state, terminal).replace(state, visible(change))
}

/** With the exit where the reason does not tell it. */
function whyText({ why, exit }: TransitionItem): string {
  const text = exitText(exit)
  return visible(text === '' || why.includes(text) ? why : `${why} (${text})`)
}

function exitText(exit: ExitItem | null): string {
  if (exit === null) return ''
  if (exit.signal !== null) return `SIG${exit.signal}`
  return exit.code === null ? '' : `exit code ${exit.code}`
}

function aboutText({ command, units, unitsTotal }: CommandItem): string {
  const [first] = units
  // What they are for is told with who asked.
  if (command === 'purge') return 'volumes'
  if (command === 'override-locks') return 'locks'
  if (command === 'own-images') return 'images'
  if (first === undefined) return 'everything'
  return unitsTotal === 1 ? visible(first) : `${visible(first)} and ${unitsTotal - 1} more`
}

/** `12:00:01.250`, by the terminal's time zone. */
function exactMoment(at: string): string {
  const date = new Date(at)
  const two = (value: number): string => String(value).padStart(2, '0')
  const clock = [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(':')
  return `${clock}.${String(date.getMilliseconds()).padStart(3, '0')}`
}
