import { durationText } from '../core/text.ts'
import type {
  DependencyItem,
  EndItem,
  ExitItem,
  Fact,
  JobRunItem,
  LogItem,
  RunItem,
  ScheduleItem,
  UnitDetail,
  UpcomingItem,
} from '../wire/api.ts'
import { type Home, shellWord, typed } from '../wire/home.ts'
import { containerRows } from './status-container.ts'
import { processRows, usageRows } from './status-usage.ts'
import { type Column, cutText, displayWidth, printTable } from './table.ts'
import { healthText, paint, stateText, type Terminal, visible } from './terminal.ts'
import { aheadText, momentText, nextText, pastText } from './time-text.ts'
import { printRows, type LabelledRow as Row } from './wrap.ts'

export interface View {
  readonly terminal: Terminal
  readonly nowMs: number
  readonly home: Home
  /** Of one core, over the last moment; null: not measured. */
  readonly cpuShare: number | null
  readonly log: LogView
}

/** The end of its output: as many of these lines as fit in `rowsMax` with everything above them, but at least `linesMin`. */
export interface LogView {
  readonly lines: readonly string[]
  readonly linesMin: number
  /** null: all of them. */
  readonly rowsMax: number | null
}

/** Everything about one unit, on one screen: what it is and why, then its past runs as a job, then its output. */
export function printDetail(item: UnitDetail, view: View): string {
  const { terminal } = view
  const rows = [
    ...whyRows(item, view),
    ...item.checks.flatMap((check) => checkRows(check, view)),
    ...processRows(item, terminal),
    ...usageRows(item, view),
    ...limitRows(item),
    ...restartRows(item, view),
    ...dependencyRows(item, terminal),
    ...(item.schedule === null ? [] : scheduleRows(item.schedule, item.explanation.upcoming, view)),
    ...releaseRows(item, view),
    ...containerRows(item, view.nowMs),
    ...originRows(item, view),
  ].map(([label, text, how]): Row => [label, visible(text), how])
  const labelWidth = Math.max(...rows.map(([label]) => displayWidth(label)))
  const lines = printRows(rows, { columns: terminal.columns, labelWidth, ellipsis: ellipsisOf(terminal) })
  const above = [...headLines(item, view), ...lines, ...historyLines(item.history, view)]
  return `${[...above, ...logLines(item, view, above.length)].join('\n')}\n`
}

/** `shop/web/1  ● running, healthy  since 11:59:00 (1 min)`. */
function headLines({ unit, state, health, since }: UnitDetail, { terminal, nowMs }: View): readonly string[] {
  const sinceMs = Date.parse(since)
  const name = visible(unit)
  const plain = { ...terminal, hasColour: false }
  const what = (with_: Terminal): string => {
    return `${stateText(state, with_)}${health === null ? '' : `, ${healthText(health, with_)}`}`
  }
  const when = `since ${momentText(sinceMs, nowMs)} (${durationText(nowMs - sinceMs)})`
  const isOneLine = terminal.columns === null || displayWidth(`${name}  ${what(plain)}  ${when}`) <= terminal.columns
  const bold = paint('bold', name, terminal)
  return isOneLine ? [`${bold}  ${what(terminal)}  ${when}`] : [bold, `  ${what(terminal)}`, `  ${when}`]
}

function whyRows({ explanation }: UnitDetail, { nowMs, home }: View): readonly Row[] {
  const { why, command } = explanation
  return [
    ['why', why],
    ['next', nextText(explanation, nowMs)],
    ...(command === null ? [] : [['change it', typed(home, command)] as const]),
  ]
}

// ---- checks --------------------------------------------------------------------------------------------------

function checkRows(check: UnitDetail['checks'][number], { nowMs, terminal }: View): readonly Row[] {
  const failed = check.failures === 0 ? '' : `, ${check.failures} failure${check.failures === 1 ? '' : 's'} in a row`
  const isProbing = check.status !== null && check.nextProbeAt === null
  const next = check.nextProbeAt === null ? '' : `; next probe ${aheadText(Date.parse(check.nextProbeAt), nowMs)}`
  const [last] = check.results
  const how = `every ${durationText(check.intervalMs)}, at most ${durationText(check.timeoutMs)}, retries ${check.retries}`
  const isEngines = check.probe === 'engine'
  return [
    [
      check.name,
      `${check.status ?? 'not checked while nothing runs'}${failed}${isProbing && !isEngines ? '; being probed' : next}`,
    ],
    ...(last === undefined ? [] : [['', probeText(last, nowMs, terminal), 'cut'] as const]),
    ['', `${how}${isEngines ? '; the engine tells changes:' : `: ${check.probe}`} ${check.what}`, 'cut'],
  ]
}

function probeText(
  { at, isOk, durationMs, output }: UnitDetail['checks'][number]['results'][number],
  nowMs: number,
  { hasUnicode }: Terminal,
): string {
  const mark = isOk ? (hasUnicode ? '✓' : 'v') : hasUnicode ? '✗' : 'x'
  return `${mark} ${pastText(Date.parse(at), nowMs)}, took ${durationText(durationMs)}${output === '' ? '' : `: ${output}`}`
}

// ---- limits, restarts -----------------------------------------------------------------------------------------

/** Those that do not stand beside what is used already. */
function limitRows({ limits, usage, run }: UnitDetail): readonly Row[] {
  const told = new Set<string>()
  if (usage?.memoryBytes != null) told.add('memory')
  if (usage !== null) told.add('processes')
  if (usage?.cpuMs != null) told.add('cpus')
  const others = limits.filter(({ name }: Fact) => !told.has(name)).map(({ name, value }) => `${name} ${value}`)
  return [
    ...(others.length === 0 ? [] : [['limits', others.join('; ')] as const]),
    ...(run?.shortfalls ?? []).map((text): Row => ['not held', `this host does not enforce ${text}`]),
  ]
}

function restartRows(item: UnitDetail, { nowMs }: View): readonly Row[] {
  const { restarts, earlyExits, restartPolicy, lastEnd, history } = item
  // Of a job they stand in the table of its runs.
  const lastEnds = history.length > 0 ? [] : item.lastEnds
  const early = earlyExits === 0 ? '' : `, ${earlyExits} early exit${earlyExits === 1 ? '' : 's'} in a row`
  const ends = lastEnds.map((end) => [end.at === null ? '' : Date.parse(end.at), end.message] as const)
  return [
    ['restarts', `${restarts}${early}; policy ${restartPolicy}`],
    ...ends.map(([atMs, message]): Row => {
      return ['', atMs === '' ? message : `${pastText(atMs, nowMs)}  ${message}`, 'cut']
    }),
    ...(ends.length === 0 && history.length === 0 && lastEnd !== null
      ? [['last end', endText(lastEnd, nowMs)] as const]
      : []),
  ]
}

function endText({ kind, exit, message, at, run }: EndItem, nowMs: number): string {
  const how = exit === null ? message : exitItemText(exit)
  const when = at === null ? '' : `, ${pastText(Date.parse(at), nowMs)}`
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

// ---- dependencies, schedule, origin ---------------------------------------------------------------------------

function dependencyRows({ dependsOn, neededBy }: UnitDetail, terminal: Terminal): readonly Row[] {
  return [...edgeRows('needs', dependsOn, terminal), ...edgeRows('needed by', neededBy, terminal)]
}

/** What holds in one row, then each that does not in one of its own. */
function edgeRows(label: string, edges: readonly DependencyItem[], { hasUnicode }: Terminal): readonly Row[] {
  const name = ({ service, condition, isRequired }: DependencyItem): string => {
    return `${service} (${condition}${isRequired ? '' : ', if declared'})`
  }
  const met = edges.filter(({ isMet }) => isMet).map(name)
  const texts = [
    ...(met.length === 0 ? [] : [`${hasUnicode ? '✓' : 'v'} ${met.join(', ')}`]),
    ...edges
      .filter(({ isMet }) => !isMet)
      .map((edge) => `${hasUnicode ? '✗' : 'x'} ${name(edge)}: waits for ${edge.why}`),
  ]
  return texts.map((text, at): Row => [at === 0 ? label : '', text])
}

function scheduleRows(schedule: ScheduleItem, upcoming: UpcomingItem | null, { nowMs }: View): readonly Row[] {
  const { cron, timeZone, nextRunAt, overlap, missed, isQueued } = schedule
  const next = nextRunAt === null ? 'not known, or never again' : aheadText(Date.parse(nextRunAt), nowMs)
  const isTold = nextRunAt !== null && upcoming?.at === nextRunAt && !isQueued
  return [
    [
      'schedule',
      `${cron}${timeZone === null ? '' : ` (${timeZone})`}; overlap ${overlap}, when missed ${words(missed)}`,
    ],
    ...(isTold ? [] : [['next run', `${next}${isQueued ? '; one more follows the present one' : ''}`] as const]),
  ]
}

function originRows(item: UnitDetail, { home, nowMs }: View): readonly Row[] {
  const { run, wanted, stdin, labels, argv, processes, source } = item
  const isToldBy = argv.length === 0 || isSaidBy(processes[0]?.command ?? '', argv.join(' '))
  const command = argv.map(shellWord).join(' ')
  const labelled = Object.entries(labels).map(([name, value]) => (value === '' ? name : `${name}=${value}`))
  return [
    ...(isToldBy ? [] : [['command', command] as const]),
    ...(run === null ? [] : [['run', runText(run, nowMs)] as const]),
    ...(stdin === 'pipe' ? [['stdin', `a pipe; write to it with: ${typed(home, `stdin ${item.unit}`)}`] as const] : []),
    ...(labelled.length === 0 ? [] : [['labels', labelled.join(', ')] as const]),
    ...(wanted.by === 'its declaration' ? [] : [['wanted', `${wanted.kind} by ${wanted.by}`] as const]),
    ['declared', source ?? 'by nothing any more'],
  ]
}

/** What runs says it already, perhaps with the folder that its program was found in. */
function isSaidBy(running: string, declared: string): boolean {
  return running === declared || running.endsWith(`/${declared}`)
}

const roles: Readonly<Record<RunItem['role'], string>> = {
  main: '',
  pre: 'its pre_start hook',
  post: 'its post_stop hook',
}

function runText(run: RunItem, nowMs: number): string {
  const facts = [
    `${run.n}, started ${pastText(Date.parse(run.startedAt), nowMs)}`,
    run.pid === null ? 'its process is not there yet' : '',
    roles[run.role],
    run.attempt === run.n ? '' : `its start began with run ${run.attempt}`,
    run.isAdopted ? 'adopted: it outlived a death of the daemon' : '',
    run.isPaused ? 'paused' : '',
  ]
  return facts.filter((fact) => fact !== '').join(', ')
}

/** What counts, counts silently; older daemons tell nothing of it. */
function releaseRows({ release }: UnitDetail, { nowMs }: View): readonly Row[] {
  if (release == null) return []
  const { release: id, status, why, since } = release
  if (status === 'committed') return [['release', `${id}, since ${momentText(Date.parse(since), nowMs)}`]]
  return [
    ['release', `${id}, ${status}: ${why}`],
    ['', nextText(release, nowMs)],
  ]
}

// ---- history of a job ----------------------------------------------------------------------------------------

/** So many of the last runs fit on a screen with the rest; all are in the JSON. */
const runsShown = 5

function historyLines(history: readonly JobRunItem[], { terminal, nowMs }: View): readonly string[] {
  if (history.length === 0) return []
  const shown = history.slice(0, runsShown)
  const rows = shown.map((entry) => {
    const took = entry.durationMs === null || entry.run === null ? '-' : durationText(entry.durationMs)
    const run = entry.run === null ? '-' : String(entry.run)
    const texts = [run, momentText(Date.parse(entry.startedAt), nowMs), took, outcomeText(entry), entry.by]
    return texts.map((text) => ({ text: visible(text) }))
  })
  const width = terminal.columns === null ? null : terminal.columns - 2
  const table = printTable({ columns: historyColumns, rows }, width, ellipsisOf(terminal))
  const of = history.length > runsShown ? ` (the last ${runsShown} of ${history.length})` : ''
  return [
    `${paint('bold', 'Runs', terminal)}${of}`,
    ...table
      .trimEnd()
      .split('\n')
      .map((line) => `  ${line}`),
  ]
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

// ---- its output ----------------------------------------------------------------------------------------------

function logLines({ logs }: UnitDetail, { terminal, log }: View, rowsAbove: number): readonly string[] {
  const { columns } = terminal
  const room = log.rowsMax === null ? log.lines.length : Math.max(log.linesMin, log.rowsMax - rowsAbove - 1)
  const lines = room === 0 ? [] : log.lines.slice(-room)
  const shown = lines.map((line) => {
    const text = visible(line.replace(escapes, ''))
    return `  ${columns === null ? text : cutText(text, Math.max(1, columns - 2), ellipsisOf(terminal))}`
  })
  return [`${paint('bold', 'Log', terminal)}  ${visible(logText(logs))}`, ...shown]
}

/** What programs colour their output with; cut off where a line is cut, it would colour all that follows. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const escapes = /\u001b\[[0-9;:]*[A-Za-z]|\u001b\][^\u0007\u001b]*(?:\u0007|\u001b\\)|\r$/g

function logText(logs: readonly LogItem[]): string {
  const [stdout, stderr] = (['stdout', 'stderr'] as const).map((name) => {
    return logs.find(({ stream }) => stream === name)?.path ?? 'thrown away'
  })
  return stdout === stderr ? (stdout ?? '') : `${stdout}, stderr ${stderr}`
}

function ellipsisOf({ hasUnicode }: Terminal): string {
  return hasUnicode ? '…' : '...'
}
