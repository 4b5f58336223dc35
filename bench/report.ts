import type { PeerName } from './peer.ts'
import { type Figure, isWithin, type Spread } from './result.ts'

export interface Circumstances {
  readonly date: string
  readonly commit: string
  readonly kernel: string
  readonly cpu: string
  readonly cores: number
  readonly load: number
  readonly versions: Readonly<Partial<Record<PeerName, string>>>
}

const order: readonly PeerName[] = [
  'us',
  'spawn-loop',
  'runit',
  's6',
  'supervisord',
  'pm2',
  'docker-compose',
  'engine-calls',
]
const tables = [undefined, 'supervisord', 'containers'] as const

/** Markdown: one row for each thing measured, one column for each peer, with its ratio to us in brackets. */
export function report(figures: readonly Figure[], about: Circumstances): string {
  return [
    `${about.date}, commit ${about.commit}, Linux ${about.kernel}, ${about.cores} × ${about.cpu}, load ${about.load.toFixed(1)} at the start.`,
    `${Object.entries(about.versions)
      .map(([peer, version]) => `${peer} ${version}`)
      .join(', ')}.`,
    'In brackets: how many times ours.',
    ...tables
      .map((name) => figures.filter((figure) => figure.table === name))
      .filter((shown) => shown.length > 0)
      .flatMap((shown) => ['', ...tableOf(shown)]),
  ].join('\n')
}

function tableOf(figures: readonly Figure[]): readonly string[] {
  const peers = peersOf(figures)
  const rows = [...new Set(figures.map((each) => each.what))].map((what) => {
    const of = figures.filter((each) => each.what === what)
    const ours = of.find((each) => each.peer === 'us')
    const cells = peers.map((peer) =>
      cell(
        of.find((each) => each.peer === peer),
        ours,
      ),
    )
    return [
      `${what}, ${of[0]!.unit}`,
      ...cells,
      ours === undefined ? '' : limitText(ours),
      ours === undefined ? '' : verdict(ours),
    ]
  })
  const head = ['', ...peers.map(heading), 'limit', '']
  return [
    ...table(head, rows),
    '',
    ...spreads(figures),
    ...figures
      .filter((each) => each.value === null)
      .map((each) => `- ${each.peer}: ${each.what}: no figure: ${each.note}`),
  ]
}

/** How far the single values spread, where that is told. */
function spreads(figures: readonly Figure[]): readonly string[] {
  const told = figures.filter((each) => each.spread !== undefined)
  if (told.length === 0) return []
  const peers = peersOf(told)
  const rows = [...new Set(told.map((each) => each.what))].map((what) => {
    const of = told.filter((each) => each.what === what)
    const cells = peers.map((peer) => of.find((each) => each.peer === peer))
    return [`${what}, ${of[0]!.unit}`, ...cells.map((each) => (each === undefined ? '' : spreadText(each)))]
  })
  return [
    'The least and the most of the values that a median is of, and how many:',
    '',
    ...table(['', ...peers.map(heading)], rows),
    '',
  ]
}

function spreadText({ spread, n }: Figure): string {
  const [least, most]: Spread = spread!
  return `${number(least)} to ${number(most)} (${n})`
}

function peersOf(figures: readonly Figure[]): readonly PeerName[] {
  return order.filter((peer) => figures.some((each) => each.peer === peer))
}

function heading(peer: PeerName): string {
  return headings[peer] ?? peer
}

const headings: Partial<Record<PeerName, string>> = {
  us: 'holdfast',
  'spawn-loop': 'C loop',
  'engine-calls': 'Engine API alone',
}

function cell(figure: Figure | undefined, ours: Figure | undefined): string {
  if (figure === undefined) return ''
  if (figure.value === null) return 'failed'
  const isOther = figure.peer !== 'us' && ours?.value !== undefined && ours.value !== null && ours.value > 0
  return isOther ? `${number(figure.value)} (${number(figure.value / ours!.value!)}×)` : number(figure.value)
}

function limitText(figure: Figure): string {
  return figure.limit === null ? '' : `${figure.limitIs === 'least' ? '≥' : '≤'} ${number(figure.limit)}`
}

function verdict(figure: Figure): string {
  const within = isWithin(figure)
  return within === null ? '' : within ? 'kept' : 'MISSED'
}

function number(value: number): string {
  if (value !== 0 && Math.abs(value) < 0.1) return value.toFixed(3)
  return Math.abs(value) < 10 ? value.toFixed(2) : Math.abs(value) < 100 ? value.toFixed(1) : value.toFixed(0)
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  return aligned([head, head.map((_, at) => (at === 0 ? '---' : '---:')), ...rows])
}

function aligned(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = rows[0]!.map((_, at) => Math.max(...rows.map((row) => row[at]!.length)))
  return rows.map(
    (row) =>
      `| ${row.map((text, at) => (at === 0 ? text.padEnd(widths[at]!) : text.padStart(widths[at]!))).join(' | ')} |`,
  )
}
