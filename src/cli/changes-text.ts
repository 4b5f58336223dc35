import type { ChangeReport, OrderItem, ServiceChange } from '../wire/api.ts'
import { paint, type Terminal, visible } from './terminal.ts'
import { wrapHanging } from './wrap.ts'

/** What a re-read configuration changes, or would: a block for each service, the order of it, and the counts. */
export function printChanges(report: ChangeReport, terminal: Terminal): string {
  const blocks = report.changes.map((change) => printChange(change, report.isApplied, terminal))
  const order = report.isApplied ? [] : printOrder(report.order, terminal)
  return `${[...blocks, ...order, printSummary(report, terminal)].join('\n')}\n`
}

const marks = { added: ['+', 'green'], removed: ['-', 'red'], changed: ['~', 'yellow'] } as const

function printChange(change: ServiceChange, isApplied: boolean, terminal: Terminal): string {
  const [mark, colour] = marks[change.change]
  const effect = effectText(change)[isApplied ? 'done' : 'planned']
  const head = `${visible(`${change.app}/${change.service}`)}  ${change.change}: ${effect}`
  const fields = change.fields.flatMap((field) => fieldLines(change.change, field, terminal))
  return [`${paint(colour, mark, terminal)} ${head}`, ...fields].join('\n')
}

function fieldLines(
  change: ServiceChange['change'],
  { field, before, after }: ServiceChange['fields'][number],
  terminal: Terminal,
): readonly string[] {
  const arrow = terminal.hasUnicode ? '→' : '->'
  const isSecret = before === null && after === null
  const values = isSecret
    ? 'changed (its value is not shown)'
    : change === 'added'
      ? visible(after ?? 'unset')
      : `${visible(before ?? 'unset')} ${arrow} ${visible(after ?? 'unset')}`
  return wrapHanging(`${visible(field)}: ${values}`, { columns: terminal.columns, indent: 4, hang: 8 })
}

interface EffectText {
  readonly planned: string
  readonly done: string
}

function effectText({ change, effect, fields }: ServiceChange): EffectText {
  switch (effect) {
    case 'start':
      return { planned: 'would be started', done: 'started' }
    case 'stop':
      return { planned: 'would be stopped', done: 'stopped' }
    case 'replace':
      return { planned: 'would be stopped and started again', done: 'stopped and started again' }
    case 'in-place':
      return { planned: 'would be applied without a restart', done: 'applied without a restart' }
    case 'none':
      if (change === 'removed') return { planned: 'would be forgotten, nothing of it runs', done: 'forgotten' }
      if (fields.some(({ field }) => field === 'schedule'))
        return { planned: 'would be run by its schedule', done: 'run by its schedule' }
      return { planned: 'would not be started by itself', done: 'not started by itself' }
  }
}

// ---- order and counts ----------------------------------------------------------------------------------------

function printOrder(order: readonly OrderItem[], terminal: Terminal): readonly string[] {
  if (order.length < 2) return []
  const lines = order.flatMap(({ act, services }, at) => {
    const text = `${at + 1}. ${act} ${services.map(visible).join(', ')}`
    return wrapHanging(text, { columns: terminal.columns, indent: 2, hang: 5 })
  })
  return ['', paint('bold', 'In this order', terminal), ...lines, '']
}

function printSummary({ isApplied, changes, unchanged }: ChangeReport, terminal: Terminal): string {
  const count = (kind: ServiceChange['change']): number => changes.filter(({ change }) => change === kind).length
  const parts = (['added', 'removed', 'changed'] as const).flatMap((kind) => {
    const [mark, colour] = marks[kind]
    return count(kind) === 0 ? [] : [`${paint(colour, mark, terminal)} ${count(kind)} ${kind}`]
  })
  const same = `= ${unchanged} unchanged`
  if (parts.length === 0) return `${isApplied ? 'nothing changed' : 'nothing would change'}  ${same}`
  return [...parts, same].join('  ')
}
