import type { ShownState } from '../core/shown.ts'
import { durationText } from '../core/text.ts'
import { byteText } from '../formats/byte-text.ts'
import type { Info, ReleaseItem, UnitItem, UpgradeItem } from '../wire/api.ts'
import { engineText } from './status-container.ts'
import { displayWidth } from './table.ts'
import { paint, type Terminal, visible } from './terminal.ts'
import { momentText, nextText, pastText } from './time-text.ts'
import { printRows, type LabelledRow as Row } from './wrap.ts'

/** The daemon itself: what it is, what it has, and what troubles it. */
export function printDaemon(
  daemon: Info,
  units: readonly UnitItem[],
  {
    terminal,
    nowMs,
    releases = [],
  }: { readonly terminal: Terminal; readonly nowMs: number; readonly releases?: readonly ReleaseItem[] },
): string {
  const { version, pid, mode, modeWhy, startedAt, home, sources, rssBytes, storeTrouble, logTotalBytesMax } = daemon
  const { listen, containerEngine } = daemon
  const startedMs = Date.parse(startedAt)
  const rows: readonly Row[] = [
    [
      'since',
      `${momentText(startedMs, nowMs)} (${durationText(nowMs - startedMs)}), pid ${pid}, ${byteText(rssBytes)} of memory`,
    ],
    ['home', home],
    ['sources', sources.length === 0 ? 'none' : sources.join(', ')],
    ['units', unitsText(units)],
    ...releases
      .filter(({ status }) => status !== 'committed')
      .map((item) => ['release', releaseText(item, nowMs)] as const),
    ...(containerEngine == null ? [] : [['engine', engineText(containerEngine)] as const]),
    ...(listen === null ? [] : [['listens', listen] as const]),
    ...(logTotalBytesMax === null ? [] : [['logs', `at most ${byteText(logTotalBytesMax)} in all`] as const]),
    ...(storeTrouble === null ? [] : [['not stored', storeTrouble] as const]),
    ...(daemon.upgrade === null ? [] : [['upgrade', upgradeText(daemon.upgrade, nowMs)] as const]),
  ]
  const labelWidth = Math.max(...rows.map(([label]) => displayWidth(label)))
  const lines = printRows(
    rows.map(([label, text]): Row => [label, visible(text)]),
    { columns: terminal.columns, labelWidth },
  )
  const state = paint(mode === 'running' ? 'green' : 'yellow', mode, terminal)
  const why = modeWhy === '' ? '' : `: ${visible(modeWhy)}`
  return [`${paint('bold', `Holdfast ${version}`, terminal)}  ${state}${why}`, ...lines, ''].join('\n')
}

/** Trouble first. */
const order: readonly ShownState[] = [
  'failed',
  'unknown',
  'backoff',
  'waiting',
  'starting',
  'stopping',
  'paused',
  'running',
  'exited',
  'stopped',
]

/** `12: 1 failed, 11 running (2 unhealthy)`. */
function unitsText(units: readonly UnitItem[]): string {
  const counts = order.flatMap((state) => {
    const count = units.filter((unit) => unit.state === state).length
    const sick = state === 'running' ? units.filter(({ health }) => health === 'unhealthy').length : 0
    return count === 0 ? [] : [`${count} ${state}${sick === 0 ? '' : ` (${sick} unhealthy)`}`]
  })
  return counts.length === 0 ? 'none' : `${units.length}: ${counts.join(', ')}`
}

/** `shop is on 3f2a91c0, trial: all have been well for 4 s; it counts at 12:00:10 (in 6 s) if nothing happens to them`. */
function releaseText(item: ReleaseItem, nowMs: number): string {
  const { app, release, status, why } = item
  return `${app} is on ${release}, ${status}: ${why}; ${nextText(item, nowMs)}`
}

function upgradeText({ at, from, to, outcome, why, gapMs }: UpgradeItem, nowMs: number): string {
  const gap = gapMs === null ? '' : `, ${gapMs} ms without a decision`
  const how = `${outcome.replace('-', ' ')}${gap}${why === '' ? '' : `: ${why}`}`
  return `${from.version} to ${to.version}, ${pastText(Date.parse(at), nowMs)}: ${how}`
}
