import { cutText, displayWidth } from '../table.ts'
import { visible } from '../terminal.ts'
import { commandText } from './command-text.ts'
import type { Model, Prompt } from './model.ts'
import { nameOf, selectedUnit } from './selection.ts'
import { cutStart, ellipsisOf, type Line, lineWidth, type Span, span } from './spans.ts'
import { isAtRest } from './update-keys.ts'
import { sortKeys } from './update-prompt.ts'

/** The line that asks, tells what became of a command, or why the selected unit is as it is. */
export function messageLine(model: Model): Line {
  const { prompt, notice, size, look } = model
  if (prompt.kind !== 'none') return promptLine(prompt, model)
  const ellipsis = ellipsisOf(look)
  if (notice !== null) {
    return [span(cutText(visible(notice.text), size.columns, ellipsis), noticeStyle(notice.tone, look.hasColour))]
  }
  if (model.page.kind !== 'units') return []
  const item = selectedUnit(model)
  if (item === null) return [span(emptyText(model))]
  return [span(cutText(`${visible(nameOf(model.units, item.unit))}: ${visible(item.reason)}`, size.columns, ellipsis))]
}

function noticeStyle(tone: 'good' | 'bad' | 'plain', hasColour: boolean): string {
  if (!hasColour) return '1'
  return tone === 'good' ? '1;32' : tone === 'bad' ? '1;31' : '1'
}

function emptyText({ units, link, list }: Model): string {
  if (units.length > 0 && list.filter !== '')
    return `no unit has '${visible(list.filter)}' in its name, state or health`
  return link.kind === 'live' ? 'nothing is declared' : ''
}

function promptLine(prompt: Exclude<Prompt, { kind: 'none' }>, model: Model): Line {
  switch (prompt.kind) {
    case 'filter':
      return inputLine('filter: ', prompt.text, model)
    case 'search':
      return inputLine('search upwards: ', prompt.text, model)
    case 'signal': {
      const name = `signal for ${visible(nameOf(model.units, prompt.unit))}: `
      return inputLine(prompt.trouble === '' ? name : `${visible(prompt.trouble)}; ${name}`, prompt.text, model)
    }
    case 'confirm':
      return [span(confirmText(model, prompt), '1')]
    case 'sort':
      return sortLine(model)
  }
}

function confirmText(model: Model, { command }: Extract<Prompt, { kind: 'confirm' }>): string {
  const room = model.size.columns - ' ? (y/n)'.length
  return `${cutText(visible(commandText(command, model.units)), room, ellipsisOf(model.look))}? (y/n)`
}

/** The end of what was typed is always seen, with a block where the next character goes. */
function inputLine(label: string, text: string, { size, look }: Model): Line {
  const shownLabel = cutText(label, Math.floor(size.columns / 2), ellipsisOf(look))
  const room = Math.max(1, size.columns - displayWidth(shownLabel) - 1)
  return [span(shownLabel, '1'), span(cutStart(visible(text), room, ellipsisOf(look))), span(' ', '7')]
}

/** Where its keys do not fit into the line below, the first half of them stands here. */
function sortLine({ list, size }: Model): Line {
  if (lineWidth(hintLine(sortKeys, Number.POSITIVE_INFINITY)) > size.columns) {
    return hintLine(sortKeys.slice(0, sortKeys.length / 2), size.columns)
  }
  return [span(`sorted by ${list.sort}; sort by:`, '1')]
}

/** The keys that work now, those that are needed most first, as many as fit. */
export function keysLine(model: Model): Line {
  return hintLine(keyHints(model), model.size.columns)
}

function hintLine(hints: readonly Hint[], columns: number): Line {
  const line: Span[] = []
  let used = 0
  for (const [key, what] of hints) {
    const width = key.length + 1 + what.length + (used === 0 ? 0 : 2)
    if (used + width > columns) continue
    if (used > 0) line.push(span('  '))
    line.push(span(key, '1'), span(` ${what}`))
    used += width
  }
  return line
}

type Hint = readonly [key: string, what: string]

function keyHints(model: Model): readonly Hint[] {
  const { prompt, page } = model
  switch (prompt.kind) {
    case 'confirm':
      return [
        ['y', 'yes'],
        ['n', 'no'],
      ]
    case 'sort':
      return lineWidth(hintLine(sortKeys, Number.POSITIVE_INFINITY)) > model.size.columns
        ? sortKeys.slice(sortKeys.length / 2)
        : sortKeys
    case 'filter':
      return [
        ['enter', 'keep'],
        ['esc', 'clear'],
      ]
    case 'search':
      return [
        ['enter', 'find'],
        ['esc', 'leave'],
      ]
    case 'signal':
      return [
        ['enter', 'send'],
        ['esc', 'leave'],
        ['such as', 'HUP, USR1, TERM'],
      ]
    case 'none':
      return page.kind === 'units' ? unitsHints(model) : page.kind === 'logs' ? logsHints : textHints(model)
  }
}

function unitsHints(model: Model): readonly Hint[] {
  const item = selectedUnit(model)
  return [
    ['q', 'quit'],
    ['?', 'help'],
    ['enter', 'details'],
    ['l', 'logs'],
    ['r', 'restart'],
    ['s', item !== null && isAtRest(item) ? 'start' : 'stop'],
    ['/', 'filter'],
    ['o', 'sort'],
    ['e', 'explain'],
    ['h', 'history'],
    ['g', 'group'],
    ['S', 'signal'],
  ]
}

function textHints({ page, units }: Model): readonly Hint[] {
  if (page.kind !== 'text' || page.about.kind === 'help') {
    return [
      ['q', 'back'],
      ['arrows', 'scroll'],
    ]
  }
  const { kind, unit } = page.about
  const item = units.find((each) => each.unit === unit)
  const pages: readonly Hint[] = [
    ['d', 'details'],
    ['l', 'logs'],
    ['e', 'explain'],
    ['h', 'history'],
  ]
  const own = { status: 'd', explain: 'e', history: 'h' }[kind]
  return [
    ['q', 'back'],
    ...pages.filter(([key]) => key !== own),
    ['r', 'restart'],
    ['s', item !== undefined && isAtRest(item) ? 'start' : 'stop'],
    ['S', 'signal'],
    ['?', 'help'],
  ]
}

const logsHints: readonly Hint[] = [
  ['q', 'back'],
  ['/', 'search'],
  ['n', 'older'],
  ['N', 'newer'],
  ['f', 'follow'],
  ['t', 'times'],
  ['arrows', 'scroll'],
  ['?', 'help'],
]
