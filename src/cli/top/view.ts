import { visible } from '../terminal.ts'
import { layoutOf } from './layout.ts'
import type { LogsPage, Model, Page } from './model.ts'
import { firstLogLine, logLines, textLines } from './pages.ts'
import { nameOf } from './selection.ts'
import { type Line, type Span, span, spread } from './spans.ts'
import { keysLine, messageLine } from './view-footer.ts'
import { headerLines, linkSpans } from './view-header.ts'
import { tableLines } from './view-units.ts'

/** The whole screen, from its first line to its last; lines may be wider than it. */
export function view(model: Model): readonly Line[] {
  const layout = layoutOf(model)
  const { titles, body } = pageLines(model, layout.body)
  return [
    ...(layout.header === 0 ? [] : headerLines(model, layout.header)),
    ...(layout.titles === 0 ? [] : [titles]),
    ...Array.from({ length: layout.body }, (_, at) => body[at] ?? []),
    ...(layout.message === 0 ? [] : [messageLine(model)]),
    ...(layout.keys === 0 ? [] : [keysLine(model)]),
  ]
}

interface PageLines {
  readonly titles: Line
  readonly body: readonly Line[]
}

function pageLines(model: Model, body: number): PageLines {
  const { page, size } = model
  switch (page.kind) {
    case 'units': {
      const { titles, rows } = tableLines(model, { columns: size.columns, body })
      return { titles, body: rows }
    }
    case 'text': {
      const lines = textLines(page, model)
      const seen = seenText(page.offset, body, lines.length)
      return {
        titles: spread(titleOf(page, model), stateSpans(model, seen), size.columns),
        body: lines.slice(page.offset, page.offset + body),
      }
    }
    case 'logs':
      return {
        titles: spread(titleOf(page, model), stateSpans(model, positionText(page, body)), size.columns),
        body: logLines(page, body, model),
      }
  }
}

function titleOf(page: Exclude<Page, { kind: 'units' }>, model: Model): readonly Span[] {
  if (page.kind === 'logs') return [span('logs of ', '1'), span(visible(nameOf(model.units, page.unit)), '1')]
  if (page.about.kind === 'help') return [span('keys', '1')]
  const titles = { status: 'details of ', explain: 'explanation of ', history: 'history of ' }
  return [span(titles[page.about.kind] + visible(nameOf(model.units, page.about.unit)), '1')]
}

/** Where the page stands; that nobody answers is told on every page. */
function stateSpans(model: Model, text: string): readonly Span[] {
  return model.link.kind === 'live' ? [span(text)] : [span(text === '' ? '' : `${text}  `), ...linkSpans(model)]
}

function seenText(first: number, body: number, total: number): string {
  return total <= body ? '' : `${first + 1}-${Math.min(total, first + body)} of ${total}`
}

function positionText(page: LogsPage, body: number): string {
  const { lines, position, ended, shift } = page
  const first = firstLogLine(page, body)
  const place =
    position === 'end'
      ? ended === null
        ? 'following'
        : `ended: ${visible(ended)}`
      : seenText(first, body, lines.length)
  return shift === 0 ? place : `${place}, from column ${shift + 1}`
}
