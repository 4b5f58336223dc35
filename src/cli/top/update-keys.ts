import type { UnitItem } from '../../wire/api.ts'
import { layoutOf } from './layout.ts'
import type { About, LogsPage, Model, Page } from './model.ts'
import { firstLogLine, textLines } from './pages.ts'
import { moveSelection, selectedUnit } from './selection.ts'
import { answerPrompt, findLine, type Pressed, send } from './update-prompt.ts'

/** What a key does. One that means nothing here does nothing. */
export function pressKey(model: Model, key: string): Pressed {
  const anywhere = pressAnywhere(model, key)
  if (anywhere !== null) return anywhere
  if (model.prompt.kind !== 'none') return answerPrompt(model, key)
  const { page } = model
  switch (page.kind) {
    case 'units':
      return pressInUnits(model, key)
    case 'text':
      return pressInText(model, page, key)
    case 'logs':
      return pressInLogs(model, page, key)
  }
}

function pressAnywhere(model: Model, key: string): Pressed | null {
  switch (key) {
    case 'ctrl-c':
      return { model, effects: [{ kind: 'quit' }] }
    case 'ctrl-z':
      return { model, effects: [{ kind: 'suspend' }] }
    case 'ctrl-l':
      return { model, effects: [{ kind: 'redraw' }] }
    default:
      return null
  }
}

function same(model: Model): Pressed {
  return { model, effects: [] }
}

// ---- the table -----------------------------------------------------------------------------------------------

function pressInUnits(model: Model, key: string): Pressed {
  const move = movement(key, layoutOf(model).body)
  if (move !== null) return same(moveSelection(model, move))
  switch (key) {
    case 'q':
      return { model, effects: [{ kind: 'quit' }] }
    case 'escape':
      return same({ ...model, list: { ...model.list, filter: '' }, notice: null })
    case '/':
      return same({ ...model, prompt: { kind: 'filter', text: model.list.filter, before: model.list.filter } })
    case 'o':
      return same({ ...model, prompt: { kind: 'sort' } })
    case 'g':
      return same({ ...model, list: { ...model.list, isGrouped: !model.list.isGrouped, offset: 0 } })
    default: {
      const unit = selectedUnit(model)
      return pressForUnit(model, unit?.unit ?? null, unit, key === 'enter' ? 'd' : key)
    }
  }
}

/** How many lines a key moves by; null: it does not. */
function movement(key: string, body: number): number | null {
  const page = Math.max(1, body - 1)
  switch (key) {
    case 'up':
    case 'k':
    case 'ctrl-p':
      return -1
    case 'down':
    case 'j':
    case 'ctrl-n':
      return 1
    case 'page-up':
    case 'ctrl-b':
      return -page
    case 'page-down':
    case 'ctrl-f':
    case ' ':
      return page
    case 'home':
    case '1':
      return Number.NEGATIVE_INFINITY
    case 'end':
    case 'G':
      return Number.POSITIVE_INFINITY
    default:
      return null
  }
}

/** Keys that mean a unit: the selected one, or the one a page is about. */
function pressForUnit(model: Model, unit: string | null, item: UnitItem | null, key: string): Pressed {
  if (key === '?') return same(open(model, { kind: 'help' }))
  if (unit === null) return same(model)
  switch (key) {
    case 'd':
      return ask(model, { kind: 'status', unit })
    case 'e':
      return ask(model, { kind: 'explain', unit })
    case 'h':
      return ask(model, { kind: 'history', unit })
    case 'l':
      return follow(model, unit)
    case 'r':
      return same({ ...model, prompt: { kind: 'confirm', command: { kind: 'restart', unit } } })
    case 's':
      if (item !== null && isAtRest(item)) return send(model, { kind: 'start', unit })
      return same({ ...model, prompt: { kind: 'confirm', command: { kind: 'stop', unit } } })
    case 'S':
      return same({ ...model, prompt: { kind: 'signal', unit, text: '', trouble: '' } })
    default:
      return same(model)
  }
}

/** Nothing runs and nothing is about to: the same key starts it. */
export function isAtRest({ state }: UnitItem): boolean {
  return state === 'stopped' || state === 'exited' || state === 'failed'
}

function open(model: Model, about: About): Model {
  return { ...model, page: { kind: 'text', about, offset: 0, answer: { kind: 'asked' } } }
}

function ask(model: Model, about: About): Pressed {
  return { model: open(model, about), effects: [{ kind: 'ask', about }] }
}

function follow(model: Model, unit: string): Pressed {
  const id = model.followed + 1
  const page: LogsPage = {
    kind: 'logs',
    unit,
    id,
    lines: [],
    dropped: 0,
    position: 'end',
    shift: 0,
    isTimed: false,
    search: '',
    found: null,
    ended: null,
  }
  return { model: { ...model, followed: id, page }, effects: [{ kind: 'follow', unit, id }] }
}

// ---- pages ---------------------------------------------------------------------------------------------------

function pressInText(model: Model, page: Extract<Page, { kind: 'text' }>, key: string): Pressed {
  const { body } = layoutOf(model)
  const move = movement(key, body)
  if (move !== null) {
    const last = Math.max(0, textLines(page, model).length - body)
    const offset = Math.max(0, Math.min(last, page.offset + move))
    return same({ ...model, page: { ...page, offset } })
  }
  if (key === 'q' || key === 'escape') return same({ ...model, page: { kind: 'units' } })
  if (page.about.kind === 'help') return same(key === '?' ? { ...model, page: { kind: 'units' } } : model)
  const { unit } = page.about
  return pressForUnit(model, unit, itemOf(model, unit), key)
}

function itemOf({ units }: Model, unit: string): UnitItem | null {
  return units.find((item) => item.unit === unit) ?? null
}

/** Cells that an arrow scrolls to the side. */
const shiftCells = 20
const shiftMax = 4_000

function pressInLogs(model: Model, page: LogsPage, key: string): Pressed {
  const { body } = layoutOf(model)
  const move = movement(key, body)
  if (move !== null) return same({ ...model, page: scrolled(page, move, body) })
  const to = (change: Partial<LogsPage>): Pressed => same({ ...model, page: { ...page, ...change } })
  switch (key) {
    case 'q':
    case 'escape':
      if (key === 'escape' && page.search !== '') return to({ search: '', found: null })
      return { model: { ...model, page: { kind: 'units' } }, effects: [{ kind: 'unfollow' }] }
    case 'left':
      return to({ shift: Math.max(0, page.shift - shiftCells) })
    case 'right':
      return to({ shift: Math.min(shiftMax, page.shift + shiftCells) })
    case 'f':
      return to({ position: 'end' })
    case 't':
      return to({ isTimed: !page.isTimed })
    case '/':
      return same({ ...model, prompt: { kind: 'search', text: page.search, before: page.search } })
    case 'n':
      return same(findLine(model, 'older', 'next'))
    case 'N':
      return same(findLine(model, 'newer', 'next'))
    default: {
      const pressed = pressForUnit(model, page.unit, itemOf(model, page.unit), key === 'l' ? '' : key)
      const isLeft = pressed.model.page.kind !== 'logs'
      return isLeft ? { ...pressed, effects: [{ kind: 'unfollow' }, ...pressed.effects] } : pressed
    }
  }
}

/** Scrolled to the end it follows again. */
function scrolled(page: LogsPage, by: number, body: number): LogsPage {
  const last = Math.max(0, page.lines.length - body)
  const first = Math.max(0, Math.min(last, firstLogLine(page, body) + by))
  return { ...page, position: first === last ? 'end' : page.dropped + first }
}
