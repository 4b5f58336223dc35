import type { EventGap, Outcome, UnitChange, UnitItem, UnitList, UsageList } from '../../wire/api.ts'
import { commandText } from './command-text.ts'
import { layoutOf } from './layout.ts'
import {
  type Command,
  type CommandFailure,
  type Effect,
  type LogLine,
  type LogsPage,
  logLinesMax,
  type Message,
  type Model,
  type Notice,
} from './model.ts'
import { textLines } from './pages.ts'
import { keepVisible } from './selection.ts'
import { pressKey } from './update-keys.ts'
import { pasteText } from './update-prompt.ts'
import { isApart, type Sample, sharesOf } from './usage.ts'

export interface Updated {
  readonly model: Model
  readonly effects: readonly Effect[]
}

/** What follows of what happened at `nowMs` of the wall clock. */
export function update(before: Model, message: Message, nowMs: number): Updated {
  const model: Model = { ...before, nowMs, notice: stillTold(before.notice, nowMs) }
  switch (message.kind) {
    case 'key':
      return settled(pressKey(model, message.key))
    case 'paste':
      return settled(only(pasteText(model, message.text)))
    case 'ready':
      return only(model)
    case 'size':
      return settled(only({ ...model, size: message.size }))
    case 'tick':
      return { model, effects: refresh(model) }
    case 'info':
      return only({ ...live(model), info: message.info })
    case 'units':
      return settled(only(takeUnits(live(model), message.list)))
    case 'usage':
      return settled(only(takeUsage(live(model), message.list)))
    case 'lost':
      return only(lost(model, message.why))
    case 'answer':
      return settled(only(takeAnswer(model, message)))
    case 'logs':
      return only(takeLogs(model, message))
    case 'logs-ended':
      return only(endLogs(model, message.id, message.why))
    case 'outcome':
      return only(takeOutcome(model, message.command, message.result))
  }
}

function only(model: Model): Updated {
  return { model, effects: [] }
}

function stillTold(notice: Notice | null, nowMs: number): Notice | null {
  return notice !== null && notice.untilMs > nowMs ? notice : null
}

/** What was scrolled or chosen may no longer be there. */
function settled({ model, effects }: Updated): Updated {
  const shown = keepVisible(model)
  const { page } = shown
  if (page.kind !== 'text') return { model: shown, effects }
  const last = Math.max(0, textLines(page, shown).length - layoutOf(shown).body)
  const offset = Math.max(0, Math.min(page.offset, last))
  return { model: offset === page.offset ? shown : { ...shown, page: { ...page, offset } }, effects }
}

/** What is on the screen, asked for anew. */
function refresh({ page, link }: Model): readonly Effect[] {
  if (page.kind !== 'text' || page.about.kind === 'help' || link.kind !== 'live') return []
  return [{ kind: 'ask', about: page.about }]
}

// ---- the daemon ----------------------------------------------------------------------------------------------

function live(model: Model): Model {
  return model.link.kind === 'live' ? model : { ...model, link: { kind: 'live' } }
}

function lost(model: Model, why: string): Model {
  const sinceMs = model.link.kind === 'lost' ? model.link.sinceMs : model.nowMs
  return { ...model, link: { kind: 'lost', sinceMs, why } }
}

function takeUnits(model: Model, list: UnitList | UnitChange | EventGap): Model {
  switch (list.kind) {
    case 'UnitList':
      return { ...model, units: list.items, warnings: list.warnings }
    case 'UnitChange':
      return { ...model, units: changed(model.units, list), warnings: list.warnings }
    case 'EventGap':
      return model
  }
}

/** Units keep their places; new ones come last. */
function changed(units: readonly UnitItem[], { put, removed }: UnitChange): readonly UnitItem[] {
  const byUnit = new Map(units.map((item) => [item.unit, item]))
  for (const unit of removed) byUnit.delete(unit)
  for (const item of put) byUnit.set(item.unit, item)
  return [...byUnit.values()]
}

function takeUsage(model: Model, list: UsageList): Model {
  if (!isApart(model.sample, list)) return model
  const sample: Sample = { list, pids: new Map(model.units.map(({ unit, pid }) => [unit, pid])) }
  return { ...model, sample, shares: sharesOf(model.sample, sample) }
}

// ---- pages ---------------------------------------------------------------------------------------------------

function takeAnswer(model: Model, { about, answer }: Extract<Message, { kind: 'answer' }>): Model {
  const { page } = model
  if (page.kind !== 'text' || page.about.kind !== about.kind) return model
  if (about.kind === 'help' || page.about.kind === 'help' || page.about.unit !== about.unit) return model
  // While the daemon is away, what it said last stays.
  if (answer.kind === 'failed' && page.answer.kind !== 'asked' && model.link.kind === 'lost') return model
  return { ...model, page: { ...page, answer } }
}

function takeLogs(model: Model, { id, isFresh, lines }: Extract<Message, { kind: 'logs' }>): Model {
  const { page } = model
  if (page.kind !== 'logs' || page.id !== id) return model
  if (isFresh) return { ...model, page: { ...page, ...begunAnew(page, lines) } }
  const all = [...page.lines, ...lines]
  const excess = Math.max(0, all.length - logLinesMax)
  return { ...model, page: { ...page, lines: all.slice(excess), dropped: page.dropped + excess } }
}

/** Mostly the same lines are read again: who has scrolled back stays as far from the end. */
function begunAnew(page: LogsPage, lines: readonly LogLine[]): Partial<LogsPage> {
  const end = page.dropped + page.lines.length
  const position = page.position === 'end' ? 'end' : Math.max(end, end + lines.length - (end - page.position))
  return { lines, dropped: end, position, found: null }
}

function endLogs(model: Model, id: number, why: string): Model {
  const { page } = model
  if (page.kind !== 'logs' || page.id !== id) return model
  return { ...model, page: { ...page, ended: why } }
}

// ---- commands ------------------------------------------------------------------------------------------------

/** Long enough to be read after looking away. */
const noticeMs = 12_000

function takeOutcome(model: Model, command: Command, result: Outcome | CommandFailure): Model {
  const isGood = result.result === 'done' || result.result === 'unchanged'
  const notice: Notice = {
    text: `${commandText(command, model.units)}: ${outcomeText(result)}`,
    tone: isGood ? 'good' : 'bad',
    untilMs: model.nowMs + noticeMs,
  }
  return { ...model, notice, underWay: Math.max(0, model.underWay - 1) }
}

function outcomeText(result: Outcome | CommandFailure): string {
  if (result.result === 'refused') return result.why
  const { state, why, next } = result
  // Many reasons begin with the state.
  const what = why.startsWith(state) ? why : `${state}, ${why}`
  switch (result.result) {
    case 'done':
      return what
    case 'unchanged':
      return `already ${what}`
    case 'failed':
      return `${what}; next: ${next}`
    case 'not-running':
      return `nothing runs that could get it: ${what}; next: ${next}`
    case 'timed-out':
    case 'locked':
      return `still ${what}; next: ${next}`
  }
}
