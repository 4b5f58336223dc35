import { durationText } from '../core/text.ts'
import { byteText } from '../formats/byte-text.ts'
import type {
  CheckItem,
  DependencyItem,
  EndItem,
  ExitItem,
  Fact,
  JobRunItem,
  LogItem,
  RunItem,
  ScheduleItem,
  UnitDetail,
  UsageItem,
} from '../wire/api.ts'
import { type Home, shellWord, typed } from '../wire/home.ts'
import { type Column, printTable } from './table.ts'
import { paint, stateText, type Terminal, visible } from './terminal.ts'
import { momentText, plannedText } from './time-text.ts'
import { printRows } from './wrap.ts'

interface View {
  readonly terminal: Terminal
  readonly nowMs: number
  readonly home: Home
}

type Row = readonly [label: string, text: string]

interface Section {
  readonly title: string
  readonly rows: readonly Row[]
}

/** Everything about one unit, on one screen: what it is, then a section for each subject that has something to tell. */
export function printDetail(item: UnitDetail, view: View): string {
  const sections = [
    { title: '', rows: headRows(item, view) },
    { title: 'Checks', rows: item.checks.flatMap((check) => checkRows(check, view)) },
    { title: 'Usage', rows: usageRows(item.usage) },
    { title: 'Limits', rows: limitRows(item) },
    { title: 'Dependencies', rows: dependencyRows(item) },
    { title: 'Schedule', rows: item.schedule === null ? [] : scheduleRows(item.schedule, view) },
    { title: 'Logs', rows: logRows(item.logs) },
  ].filter(({ rows }) => rows.length > 0)
  const labelWidth = Math.max(...sections.flatMap(({ rows }) => rows.map(([label]) => label.length)))
  const head = `${paint('bold', visible(item.unit), view.terminal)}  ${stateText(item.state, view.terminal)}`
  const blocks = sections.map((section) => printSection(section, labelWidth, view.terminal))
  return `${[`${head}\n${blocks[0]}`, ...blocks.slice(1), ...historyBlock(item.history, view)].join('\n')}`
}

function printSection({ title, rows }: Section, labelWidth: number, terminal: Terminal): string {
  const shown = rows.map(([label, text]): Row => [visible(label), visible(text)])
  const lines = printRows(shown, { columns: terminal.columns, labelWidth })
  return [...(title === '' ? [] : [paint('bold', title, terminal)]), ...lines, ''].join('\n')
}

// ---- what it is ----------------------------------------------------------------------------------------------

function headRows(item: UnitDetail, { nowMs, home }: View): readonly Row[] {
  const { explanation, run, wanted, lastEnd } = item
  const sinceMs = Date.parse(item.since)
  return [
    ['why', explanation.why],
    ['next', explanation.next],
    ...optional('to change it', explanation.command === null ? null : typed(home, explanation.command)),
    ['wanted', `${wanted.kind}, by ${wanted.by}`],
    ['since', `${momentText(sinceMs, nowMs)} (${durationText(nowMs - sinceMs)})`],
    ...(run === null ? [] : runRows(run, nowMs)),
    ['restarts', restartsText(item)],
    ['last end', lastEnd === null ? 'none since it was declared' : endText(lastEnd, nowMs)],
    ['command', item.argv.map(shellWord).join(' ')],
    ...optional(
      'stdin',
      item.stdin === 'pipe' ? `a pipe; write to it with: ${typed(home, `stdin ${item.unit}`)}` : null,
    ),
    ['declared in', item.source ?? 'nothing any more'],
  ]
}

function runRows(run: RunItem, nowMs: number): readonly Row[] {
  const facts = [
    run.pid === null ? 'being started' : `pid ${run.pid}`,
    `run ${run.n}`,
    roles[run.role],
    run.attempt === run.n ? '' : `its start began with run ${run.attempt}`,
    `started ${durationText(nowMs - Date.parse(run.startedAt))} ago`,
    run.isAdopted ? 'adopted: it outlived a death of the daemon' : '',
    run.isPaused ? 'paused' : '',
  ]
  return [
    ['process', facts.filter((fact) => fact !== '').join(', ')],
    ...run.shortfalls.map((text): Row => ['not enforced', text]),
  ]
}

const roles: Readonly<Record<RunItem['role'], string>> = {
  main: '',
  pre: 'its pre_start hook',
  post: 'its post_stop hook',
}

function restartsText({ restarts, earlyExits, restartPolicy }: UnitDetail): string {
  const early = earlyExits === 0 ? '' : `, ${earlyExits} early exit${earlyExits === 1 ? '' : 's'} in a row`
  return `${restarts}${early}; policy ${restartPolicy}`
}

function endText({ kind, exit, message, at, run }: EndItem, nowMs: number): string {
  const how = exit === null ? message : exitItemText(exit)
  const when = at === null ? '' : `, ${momentText(Date.parse(at), nowMs)}`
  return `${words(kind)}${how === '' ? '' : ` (${how})`}${run === null ? '' : `, run ${run}`}${when}`
}

/** As the core tells an exit. */
export function exitItemText({ code, signal }: ExitItem): string {
  if (code !== null) return `exit code ${code}`
  return signal === null ? 'an unknown exit' : `SIG${signal}`
}

function words(kind: string): string {
  return kind.replaceAll('-', ' ')
}

function optional(label: string, text: string | null): readonly Row[] {
  return text === null ? [] : [[label, text]]
}

// ---- checks --------------------------------------------------------------------------------------------------

function checkRows(check: CheckItem, { nowMs, terminal }: View): readonly Row[] {
  const failed = check.failures === 0 ? '' : `, ${check.failures} failure${check.failures === 1 ? '' : 's'} in a row`
  const nextMs = check.nextProbeAt === null ? null : Date.parse(check.nextProbeAt) - nowMs
  const next =
    nextMs === null ? (check.status === null ? '' : ', being probed') : `, next probe in ${durationText(nextMs)}`
  const times = `every ${durationText(check.intervalMs)}, at most ${durationText(check.timeoutMs)}, retries ${check.retries}`
  return [
    [check.name, `${check.status ?? 'not checked while nothing runs'}${failed}${next}`],
    ['', `${check.probe} ${check.what}, ${times}`],
    ...check.results.map(({ at, isOk, durationMs, output }): Row => {
      const mark = isOk ? (terminal.hasUnicode ? '✓' : 'v') : terminal.hasUnicode ? '✗' : 'x'
      return ['', `${mark} ${momentText(Date.parse(at), nowMs)}  ${durationText(durationMs)}  ${output}`.trimEnd()]
    }),
  ]
}

// ---- usage and limits -----------------------------------------------------------------------------------------

function usageRows(usage: UsageItem | null): readonly Row[] {
  if (usage === null) return []
  const {
    rssBytes,
    rssPeakBytes,
    memoryBytes,
    memoryPeakBytes,
    memoryMaxBytes,
    processes,
    processesPeak,
    processesMax,
  } = usage
  const kills = usage.oomKills ?? 0
  return [
    ['resident', ofMost({ now: byteText(rssBytes), most: null, peak: nullable(rssPeakBytes, byteText) })],
    ...optional(
      'memory',
      memoryBytes === null
        ? null
        : `${ofMost({ now: byteText(memoryBytes), most: nullable(memoryMaxBytes, byteText), peak: nullable(memoryPeakBytes, byteText) })}, caches included`,
    ),
    [
      'processes',
      ofMost({ now: String(processes), most: nullable(processesMax, String), peak: nullable(processesPeak, String) }),
    ],
    ...optional('cpu time', usage.cpuMs === null ? null : `${durationText(usage.cpuMs)}${cpuMost(usage.cpusMax)}`),
    ...optional('oom kills', kills === 0 ? null : `${kills}: a process of it was killed for lack of memory`),
  ]
}

/** `120 MiB of 512 MiB, peak 200 MiB`. */
function ofMost(text: { readonly now: string; readonly most: string | null; readonly peak: string | null }): string {
  return `${text.now}${text.most === null ? '' : ` of ${text.most}`}${text.peak === null ? '' : `, peak ${text.peak}`}`
}

function cpuMost(cpus: number | null): string {
  return cpus === null ? '' : `, at most ${cpus} core${cpus === 1 ? '' : 's'}`
}

function nullable<T>(value: T | null, text: (value: T) => string): string | null {
  return value === null ? null : text(value)
}

/** Those that do not stand beside what is used already. */
function limitRows({ limits, usage }: UnitDetail): readonly Row[] {
  const told = new Set<string>()
  if (usage?.memoryBytes != null) told.add('memory')
  if (usage !== null) told.add('processes')
  if (usage?.cpuMs != null) told.add('cpus')
  return limits.filter(({ name }: Fact) => !told.has(name)).map(({ name, value }): Row => [name, value])
}

// ---- dependencies, schedule, logs -----------------------------------------------------------------------------

function dependencyRows({ dependsOn, neededBy }: UnitDetail): readonly Row[] {
  return [...edgeRows('needs', dependsOn), ...edgeRows('needed by', neededBy)]
}

function edgeRows(label: string, edges: readonly DependencyItem[]): readonly Row[] {
  return edges.map(({ service, condition, isRequired, isMet, why }, at): Row => {
    const what = `${service} (${condition}${isRequired ? '' : ', if declared'})`
    return [at === 0 ? label : '', `${what}: ${isMet ? 'met' : `waits for ${why}`}`]
  })
}

function scheduleRows(schedule: ScheduleItem, { nowMs }: View): readonly Row[] {
  const { cron, timeZone, nextRunAt, overlap, missed, isQueued } = schedule
  const atMs = nextRunAt === null ? null : Date.parse(nextRunAt)
  const next =
    atMs === null ? 'not known, or never again' : `${plannedText(atMs, nowMs)} (in ${durationText(atMs - nowMs)})`
  return [
    ['cron', `${cron}${timeZone === null ? '' : ` (${timeZone})`}`],
    ['next run', `${next}${isQueued ? '; one more follows the present one' : ''}`],
    ['overlap', `${overlap}; when missed: ${words(missed)}`],
  ]
}

function logRows(logs: readonly LogItem[]): readonly Row[] {
  const [stdout, stderr] = [
    logs.find(({ stream }) => stream === 'stdout'),
    logs.find(({ stream }) => stream === 'stderr'),
  ]
  const text = (item: LogItem | undefined): string => item?.path ?? 'thrown away'
  if (stdout?.path === stderr?.path) return [['both streams', text(stdout)]]
  return [
    ['stdout', text(stdout)],
    ['stderr', text(stderr)],
  ]
}

// ---- history -------------------------------------------------------------------------------------------------

/** So many of the last runs fit on a screen with the rest; all are in the JSON. */
const runsShown = 5

function historyBlock(history: readonly JobRunItem[], { terminal, nowMs }: View): readonly string[] {
  if (history.length === 0) return []
  const shown = history.slice(0, runsShown)
  const rows = shown.map((entry) => {
    const took = entry.durationMs === null || entry.run === null ? '-' : durationText(entry.durationMs)
    const run = entry.run === null ? '-' : String(entry.run)
    const texts = [run, momentText(Date.parse(entry.startedAt), nowMs), took, outcomeText(entry), entry.by]
    return texts.map((text) => ({ text: visible(text) }))
  })
  const width = terminal.columns === null ? null : terminal.columns - 2
  const table = printTable({ columns: historyColumns, rows }, width, terminal.hasUnicode ? '…' : '...')
  const of = history.length > runsShown ? ` (the last ${runsShown} of ${history.length})` : ''
  const title = `${paint('bold', 'Runs', terminal)}${of}\n`
  return [title + table.replace(/^(?=.)/gm, '  ')]
}

const historyColumns: readonly Column[] = [
  { title: 'RUN', align: 'right', dropOrder: 2, widthMin: null },
  { title: 'ASKED FOR', align: 'left', dropOrder: null, widthMin: null },
  { title: 'TOOK', align: 'right', dropOrder: null, widthMin: null },
  { title: 'OUTCOME', align: 'left', dropOrder: null, widthMin: 16 },
  { title: 'BY', align: 'left', dropOrder: 1, widthMin: null },
]

function outcomeText({ outcome, exit, message }: JobRunItem): string {
  const how = exit === null ? message : exitItemText(exit)
  return how === '' ? words(outcome) : `${words(outcome)}: ${how}`
}
