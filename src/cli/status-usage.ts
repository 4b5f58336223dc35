import { durationText } from '../core/text.ts'
import { byteText } from '../formats/byte-text.ts'
import type { ProcessItem, UnitDetail, UsageItem } from '../wire/api.ts'
import type { Terminal } from './terminal.ts'
import type { LabelledRow as Row } from './wrap.ts'

/** So many processes fit on a screen with the rest; the others are counted. */
const processesShown = 6

/** The process of a unit, and the tree below it. */
export function processRows({ processes, usage }: UnitDetail, terminal: Terminal): readonly Row[] {
  const shown = processes.slice(0, processesShown)
  const beyond = Math.max(processes.length, usage?.processes ?? 0) - shown.length
  return [
    ...shown.map((process, at): Row => {
      const text = `${branchOf(processes, at, terminal)}${process.pid}  ${sizeText(process)}  ${process.command}`
      return [at === 0 ? 'process' : '', text, 'cut']
    }),
    ...(beyond > 0 && shown.length > 0 ? [['', `and ${beyond} more`] as const] : []),
  ]
}

/** A zombie has no memory, only an exit code nobody asked for. */
function sizeText({ state, rssBytes }: ProcessItem): string {
  return state === 'Z' ? 'zombie' : state === 'T' ? `${byteText(rssBytes)}, paused` : byteText(rssBytes)
}

/** The lines from its parent, as in `tree`. */
function branchOf(processes: readonly ProcessItem[], at: number, { hasUnicode }: Terminal): string {
  const { depth = 0 } = processes[at] ?? {}
  const [corner, fork, line] = hasUnicode ? ['└─ ', '├─ ', '│  '] : ['`- ', '|- ', '|  ']
  return Array.from({ length: depth }, (_, level) => {
    const isLast = !hasSibling(processes, at, level + 1)
    if (level === depth - 1) return isLast ? corner : fork
    return isLast ? '   ' : line
  }).join('')
}

/** Whether another one at this depth follows below the same parent. */
function hasSibling(processes: readonly ProcessItem[], at: number, depth: number): boolean {
  const next = processes.slice(at + 1).find((process) => process.depth <= depth)
  return next?.depth === depth
}

// ---- memory and processor -------------------------------------------------------------------------------------

/** `cpuShare`: of one core, over the last moment; null: not measured. */
export function usageRows(
  { usage, run }: UnitDetail,
  { cpuShare, nowMs }: { readonly cpuShare: number | null; readonly nowMs: number },
): readonly Row[] {
  if (usage === null) return []
  const livedMs = run === null ? 0 : nowMs - Date.parse(run.startedAt)
  return [
    ['memory', memoryText(usage)],
    ...processCount(usage),
    ...(usage.cpuMs === null ? [] : [['cpu', cpuText({ ...usage, cpuMs: usage.cpuMs }, cpuShare, livedMs)] as const]),
    ...oomRows(usage.oomKills ?? 0),
  ]
}

function memoryText(usage: UsageItem): string {
  const { rssBytes, rssPeakBytes, memoryBytes, memoryPeakBytes, memoryMaxBytes } = usage
  if (memoryBytes === null) return ofMost({ now: rssBytes, most: null, peak: rssPeakBytes }, byteText)
  return `${ofMost({ now: memoryBytes, most: memoryMaxBytes, peak: memoryPeakBytes }, byteText)}, caches included`
}

/** How many there are stands in the tree; here is how many there may be. */
function processCount({ processes, processesMax, processesPeak }: UsageItem): readonly Row[] {
  if (processesMax === null && (processesPeak ?? 0) <= processes) return []
  return [['processes', ofMost({ now: processes, most: processesMax, peak: processesPeak }, String)]]
}

function cpuText(
  { cpuMs, cpusMax }: UsageItem & { readonly cpuMs: number },
  share: number | null,
  livedMs: number,
): string {
  const parts = [
    ...(share === null ? [] : [`${percent(share)} of one core now`]),
    ...(livedMs < 1_000 ? [] : [`${percent(cpuMs / livedMs)} on average`]),
    `${durationText(cpuMs)} in all`,
  ]
  return `${parts.join(', ')}${cpusMax === null ? '' : `; at most ${cpusMax} core${cpusMax === 1 ? '' : 's'}`}`
}

function percent(share: number): string {
  const value = share * 100
  return `${value < 10 ? value.toFixed(1).replace(/\.0$/, '') : Math.round(value)}%`
}

function oomRows(kills: number): readonly Row[] {
  if (kills === 0) return []
  const times = kills === 1 ? 'once' : `${kills} times`
  return [['oom kills', `${times} a process of it was killed for lack of memory`]]
}

/** `120 MiB of 512 MiB, peak 200 MiB`. */
function ofMost(
  { now, most, peak }: { readonly now: number; readonly most: number | null; readonly peak: number | null },
  text: (value: number) => string,
): string {
  return `${text(now)}${most === null ? '' : ` of ${text(most)}`}${peak === null ? '' : `, peak ${text(peak)}`}`
}
