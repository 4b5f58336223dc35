import type { HistoryItem } from '../../wire/api.ts'
import { printExplanation } from '../explain.ts'
import { printDetail } from '../status-text.ts'
import { displayWidth } from '../table.ts'
import { visible } from '../terminal.ts'
import { momentText } from '../time-text.ts'
import { printRows } from '../wrap.ts'
import { layoutOf } from './layout.ts'
import type { Answer, LogLine, LogsPage, Look, Model, Page } from './model.ts'
import { overwritten } from './overwritten.ts'
import { dropStart, ellipsisOf, highlight, type Line, parseStyled, span } from './spans.ts'

type TextPage = Extract<Page, { kind: 'text' }>

/** All lines of a page of text, as wide as the screen allows. */
export function textLines(page: TextPage, model: Model): readonly Line[] {
  if (page.about.kind === 'help') return helpLines(model)
  return answerLines(page.answer, model)
}

function answerLines(answer: Answer, model: Model): readonly Line[] {
  const { look, size, nowMs, home } = model
  const terminal = { ...look, columns: size.columns }
  const styled = (text: string): readonly Line[] =>
    text
      .trimEnd()
      .split('\n')
      .map((line) => parseStyled(line, look.hasColour))
  switch (answer.kind) {
    case 'asked':
      return [[span('asking the daemon')]]
    case 'failed':
      return [[span(visible(answer.why))]]
    case 'status': {
      const cpuShare = model.shares.units.get(answer.item.unit)?.cpu ?? null
      const log = { lines: answer.log, linesMin: logLinesLeast, rowsMax: layoutOf(model).body }
      return styled(printDetail(answer.item, { terminal, nowMs, home, cpuShare, log }))
    }
    case 'explain':
      return styled(printExplanation(answer.item, [], { terminal, home, nowMs }))
    case 'history':
      if (answer.items.length === 0) return [[span('nothing is remembered of it')]]
      // The latest first: it is what somebody looks for.
      return labelled(
        answer.items
          .toReversed()
          .map((item) => [momentText(Date.parse(item.at), nowMs), visible(historyText(item, look))]),
        model,
      )
  }
}

/** Below the details, also where they fill the screen. */
const logLinesLeast = 5

function historyText(item: HistoryItem, { hasUnicode }: Look): string {
  const of = (text: string): string => (text === '' ? '' : `: ${text}`)
  switch (item.kind) {
    case 'transition':
      return (item.from === item.to ? item.to : `${item.from} ${hasUnicode ? '→' : '->'} ${item.to}`) + of(item.why)
    case 'command':
      return `${item.command} by ${item.by}${of(item.detail)}`
    case 'release':
      return `release ${item.release} ${item.status}${of(item.why)}`
    case 'daemon':
      return `the daemon ${item.what}${of(item.detail)}`
  }
}

type Labelled = readonly (readonly [label: string, text: string])[]

function labelled(rows: Labelled, { size, look }: Model, labelWidth = widest(rows)): readonly Line[] {
  return printRows(rows, { columns: size.columns, labelWidth, ellipsis: ellipsisOf(look) }).map((line) => [span(line)])
}

function widest(rows: Labelled): number {
  return Math.max(0, ...rows.map(([label]) => displayWidth(label)))
}

// ---- logs ----------------------------------------------------------------------------------------------------

/** The index, among those kept, of the first line on the screen. */
export function firstLogLine(page: LogsPage, body: number): number {
  const last = Math.max(0, page.lines.length - body)
  return page.position === 'end' ? last : Math.max(0, Math.min(last, page.position - page.dropped))
}

export function logLines(page: LogsPage, body: number, { look, nowMs }: Model): readonly Line[] {
  const first = firstLogLine(page, body)
  return page.lines.slice(first, first + body).map((line, at) => {
    const isFound = page.found === page.dropped + first + at
    const whole = [...timeSpan(page, line, nowMs), ...parseStyled(overwritten(line.text), look.hasColour)]
    return dropStart(highlight(whole, page.search, isFound ? '1;7' : '7'), page.shift)
  })
}

function timeSpan({ isTimed }: LogsPage, { time }: LogLine, nowMs: number): Line {
  if (!isTimed) return []
  return [span(`${time === null ? '-'.padEnd(8) : momentText(Date.parse(time), nowMs)}  `, '2')]
}

// ---- help ----------------------------------------------------------------------------------------------------

const helpSections: readonly {
  readonly title: string
  readonly rows: Labelled
}[] = [
  {
    title: 'Moving',
    rows: [
      ['up down j k', 'one unit or line'],
      ['PgUp PgDn', 'one screen; also ctrl-b, ctrl-f, space'],
      ['Home End', 'first, last; also 1 and G'],
      ['q Esc', 'back; q ends it from the table'],
    ],
  },
  {
    title: 'The selected unit',
    rows: [
      ['Enter d', 'details'],
      ['l', 'logs'],
      ['e', 'explain: why, and what next'],
      ['h', 'history'],
      ['r', 'restart'],
      ['s', 'stop, or start'],
      ['S', 'send a signal'],
    ],
  },
  {
    title: 'The table',
    rows: [
      ['/', 'filter by words in name, state and health'],
      ['Esc', 'clear the filter'],
      ['o', 'sort'],
      ['g', 'group by app'],
    ],
  },
  {
    title: 'Logs',
    rows: [
      ['/', 'search upwards'],
      ['n N', 'next older, next newer'],
      ['left right', 'long lines'],
      ['t', 'with times'],
      ['f', 'follow again; also End'],
    ],
  },
  {
    title: 'Anywhere',
    rows: [
      ['ctrl-l', 'draw everything again'],
      ['ctrl-z', 'suspend; fg returns'],
      ['ctrl-c', 'end'],
    ],
  },
]

function helpLines(model: Model): readonly Line[] {
  const width = widest(helpSections.flatMap(({ rows }) => rows))
  return helpSections.flatMap(({ title, rows }) => [[span(title, '1')], ...labelled(rows, model, width)])
}
