import { parseSignalName } from '../../formats/signal-name.ts'
import { visible } from '../terminal.ts'
import { commandText } from './command-text.ts'
import type { Command, Effect, ListView, LogsPage, Model, Prompt, SortKey } from './model.ts'

/** A longer text is none that somebody typed on purpose. */
const textCharsMax = 200

/** Commands under way at a time. */
const underWayMax = 16

/** Longer than the slowest stop ladder that is usual: an answer comes before. */
const askedMs = 600_000

export interface Pressed {
  readonly model: Model
  readonly effects: readonly Effect[]
}

/** A key while something is asked at the bottom of the screen. */
export function answerPrompt(model: Model, key: string): Pressed {
  const { prompt } = model
  switch (prompt.kind) {
    case 'none':
      return { model, effects: [] }
    case 'confirm':
      return key === 'y' || key === 'Y' ? send(closed(model), prompt.command) : { model: closed(model), effects: [] }
    case 'sort':
      return { model: sortBy(closed(model), key), effects: [] }
    case 'filter':
    case 'search':
    case 'signal':
      return editText(model, prompt, key)
  }
}

function closed(model: Model): Model {
  return { ...model, prompt: { kind: 'none' } }
}

/** Asks the daemon; what becomes of it is told when it is known. */
export function send(model: Model, command: Command): Pressed {
  const told = (text: string, tone: 'plain' | 'bad'): Model => {
    return { ...model, notice: { text, tone, untilMs: model.nowMs + askedMs } }
  }
  if (model.underWay >= underWayMax) {
    return { model: told(`${underWayMax} commands are under way; wait for one of them`, 'bad'), effects: [] }
  }
  const asked = told(`${commandText(command, model.units)}: asked`, 'plain')
  return { model: { ...asked, underWay: model.underWay + 1 }, effects: [{ kind: 'command', command }] }
}

// ---- sort ----------------------------------------------------------------------------------------------------

/** Each by its key. */
export const sortKeys: readonly (readonly [key: string, sort: SortKey])[] = [
  ['d', 'declared'],
  ['c', 'cpu'],
  ['m', 'memory'],
  ['r', 'restarts'],
  ['n', 'name'],
  ['s', 'state'],
]

function sortBy(model: Model, key: string): Model {
  const found = sortKeys.find(([each]) => each === key)
  return found === undefined ? model : { ...model, list: { ...model.list, sort: found[1], offset: 0 } }
}

// ---- text ----------------------------------------------------------------------------------------------------

type TextPrompt = Extract<Prompt, { readonly text: string }>

function editText(model: Model, prompt: TextPrompt, key: string): Pressed {
  switch (key) {
    case 'enter':
      return accept(model, prompt)
    case 'escape':
      return {
        model: closed(withText(model, { ...prompt, text: prompt.kind === 'search' ? prompt.before : '' })),
        effects: [],
      }
    case 'backspace':
      return { model: withText(model, { ...prompt, text: [...prompt.text].slice(0, -1).join('') }), effects: [] }
    case 'ctrl-u':
      return { model: withText(model, { ...prompt, text: '' }), effects: [] }
    case 'ctrl-w':
      return { model: withText(model, { ...prompt, text: prompt.text.replace(/\S+\s*$/, '') }), effects: [] }
    default:
      return { model: isCharacter(key) ? withText(model, { ...prompt, text: prompt.text + key }) : model, effects: [] }
  }
}

function isCharacter(key: string): boolean {
  return [...key].length === 1
}

/** What is pasted goes where text is typed, and is no command anywhere. */
export function pasteText(model: Model, text: string): Model {
  const { prompt } = model
  if (!('text' in prompt)) return model
  const [line = ''] = text.split(/[\r\n]/)
  return withText(model, { ...prompt, text: prompt.text + visible(line) })
}

/** Filter and search work while they are typed. */
function withText(model: Model, prompt: TextPrompt): Model {
  const text = [...prompt.text].slice(0, textCharsMax).join('')
  switch (prompt.kind) {
    case 'filter':
      return { ...model, prompt: { ...prompt, text }, list: { ...model.list, filter: text, ...top } }
    case 'search':
      return model.page.kind === 'logs'
        ? { ...model, prompt: { ...prompt, text }, page: { ...model.page, search: text, found: null } }
        : model
    case 'signal':
      return { ...model, prompt: { ...prompt, text, trouble: '' } }
  }
}

const top: Pick<ListView, 'offset'> = { offset: 0 }

function accept(model: Model, prompt: TextPrompt): Pressed {
  switch (prompt.kind) {
    case 'filter':
      return { model: closed(model), effects: [] }
    case 'search':
      return { model: findLine(closed(model), 'older', 'here'), effects: [] }
    case 'signal': {
      if (prompt.text === '') return { model: closed(model), effects: [] }
      const signal = parseSignalName(prompt.text.trim())
      if (signal !== null) return send(closed(model), { kind: 'signal', unit: prompt.unit, signal })
      const trouble = `no signal is called '${prompt.text}'`
      return { model: { ...model, prompt: { ...prompt, text: '', trouble } }, effects: [] }
    }
  }
}

/** Goes to the next line with what is searched for, from the one found last, else from the bottom of the screen. */
export function findLine(model: Model, direction: 'older' | 'newer', from: 'here' | 'next'): Model {
  const { page } = model
  if (page.kind !== 'logs' || page.search === '') return model
  const found = nextMatch(page, direction, from)
  const text = `no ${direction} line has '${page.search}'`
  if (found === null) return { ...model, notice: { text, tone: 'plain', untilMs: model.nowMs + 5_000 } }
  // In the middle of the screen: what stands around a line explains it.
  const first = Math.max(page.dropped, found - Math.floor(model.size.rows / 2))
  return { ...model, page: { ...page, found, position: first } }
}

function nextMatch(page: LogsPage, direction: 'older' | 'newer', from: 'here' | 'next'): number | null {
  const words = page.search.toLowerCase()
  const step = direction === 'older' ? -1 : 1
  const last = page.found === null ? page.lines.length - 1 : page.found - page.dropped
  for (
    let at = last + (from === 'next' && page.found !== null ? step : 0);
    at >= 0 && at < page.lines.length;
    at += step
  ) {
    if (page.lines[at]!.text.toLowerCase().includes(words)) return page.dropped + at
  }
  return null
}
