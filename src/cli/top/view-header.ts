import type { ShownState } from '../../core/shown.ts'
import { byteText } from '../../formats/byte-text.ts'
import { stateText, visible } from '../terminal.ts'
import { momentText } from '../time-text.ts'
import type { Model } from './model.ts'
import { rowsOf, urgency } from './rows.ts'
import { cutStart, ellipsisOf, type Line, lineWidth, parseStyled, type Span, span, spread } from './spans.ts'
import { ageText } from './view-units.ts'

/** The lines above the table: so many of them as there is room for, the most telling ones. */
export function headerLines(model: Model, rows: number): readonly Line[] {
  const warnings = model.warnings.slice(0, 1).map((text) => [span(visible(text), warnStyle(model))])
  const rest = rows - warnings.length
  const lines =
    rest >= 3 ? [daemonLine(model), hostLine(model), countLine(model)] : [daemonLine(model), countLine(model)]
  return [...lines.slice(0, Math.max(0, rest)), ...warnings]
}

function warnStyle({ look }: Model): string {
  return look.hasColour ? '1;33' : '1'
}

/** Which daemon, and whether it answers. */
function daemonLine(model: Model): Line {
  const { info, home, nowMs, size } = model
  const right = linkSpans(model)
  const name = span(`Holdfast${info === null ? '' : ` ${info.version}`}`, '1')
  const up =
    info === null
      ? ''
      : `  ${info.mode === 'running' ? 'up' : info.mode} ${ageText(nowMs - Date.parse(info.startedAt))}`
  const room = size.columns - lineWidth([name, span(up), ...right]) - 4
  const place = room < 8 ? '' : `  ${cutStart(visible(info?.home ?? home.name), room, ellipsisOf(model.look))}`
  return spread([name, span(up), span(place)], right, size.columns)
}

/** In words; while nobody answers, since when what is shown is old. */
export function linkSpans({ link, look, nowMs }: Model): readonly Span[] {
  switch (link.kind) {
    case 'connecting':
      return [span('connecting')]
    case 'live':
      return [span(momentText(nowMs, nowMs))]
    case 'lost':
      return [span(`no answer since ${momentText(link.sinceMs, nowMs)}`, look.hasColour ? '1;31' : '1;7')]
  }
}

/** How busy the host is; while nobody tells, why. */
function hostLine({ sample, shares, link, look, size }: Model): Line {
  if (link.kind === 'lost') return [span(visible(link.why), look.hasColour ? '31' : '')]
  if (sample === null) return [span('host: not known yet')]
  const { cpus, memoryTotalBytes, memoryAvailableBytes, load } = sample.list.host
  const cpu = shares.hostCpu === null ? '-' : `${Math.round(shares.hostCpu * 100)}%`
  const parts = [
    `cpu ${cpu} of ${cpus} core${cpus === 1 ? '' : 's'}`,
    `memory ${byteText(Math.max(0, memoryTotalBytes - memoryAvailableBytes))} of ${byteText(memoryTotalBytes)}`,
    `load ${load.map((each) => each.toFixed(2)).join(' ')}`,
  ]
  const text = parts.join('   ')
  return [span(text.length <= size.columns ? text : parts.join('  '))]
}

/** How many are in which state, and what the table leaves out. */
function countLine(model: Model): Line {
  const { units, list, look, size } = model
  const counts = new Map<ShownState, number>()
  for (const { state } of units) counts.set(state, (counts.get(state) ?? 0) + 1)
  const states = [...counts].toSorted(([a], [b]) => urgency[a] - urgency[b])
  const right = listSpans(model, list)
  const told = (words: 'with-words' | 'short'): Line => [
    span(`${units.length} unit${units.length === 1 ? '' : 's'}`),
    ...states.flatMap(([state, count]) => {
      const text = stateText(state, { ...look, columns: null })
      const counted = text.replace(` ${state}`, words === 'short' ? ` ${count}` : ` ${count} ${state}`)
      return [span('  '), ...parseStyled(counted, look.hasColour)]
    }),
  ]
  const whole = told('with-words')
  const isWide = lineWidth(whole) + lineWidth(right) + 2 <= size.columns
  return spread(isWide ? whole : told('short'), right, size.columns)
}

function listSpans(model: Model, { filter, sort }: Model['list']): readonly Span[] {
  const shown = filter === '' ? 0 : rowsOf(model).filter(({ kind }) => kind === 'unit').length
  const parts = [
    ...(filter === '' ? [] : [`${shown} with '${visible(filter)}'`]),
    ...(sort === 'declared' ? [] : [`by ${sort}`]),
  ]
  return [span(parts.join('  '), '1')]
}
