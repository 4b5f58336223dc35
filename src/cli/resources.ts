import { shortId } from '../core/containers/among.ts'
import { byteText } from '../formats/byte-text.ts'
import type { ResourceItem, ResourceList } from '../wire/api.ts'
import { type ExitCode, exitCodes } from '../wire/exit-codes.ts'
import type { Context } from './command.ts'
import { formatOf, printList } from './output.ts'
import { sayWarnings } from './ps.ts'
import { pullText } from './status-container.ts'
import { type Column, printTable } from './table.ts'
import { paint, type Terminal, visible } from './terminal.ts'
import { UsageError } from './usage-error.ts'

/** What may be named, and the kind it is for. */
export const resourceWords = { images: 'image', volumes: 'volume', networks: 'network' } as const

/** `holdfast resources`: what apps need of the container engine, and what nothing needs any more. */
export async function runResources(context: Context): Promise<ExitCode> {
  const kinds = context.operands.map(kindOf)
  const list = await context.client.ask<ResourceList>('resources')
  const items = kinds.length === 0 ? list.items : list.items.filter(({ kind }) => kinds.includes(kind))
  const format = formatOf(context.options)
  if (items.length === 0 && (format === 'table' || format === 'wide')) {
    context.talk(`${context.operands.length === 0 ? 'nothing' : 'none of them'} is needed of a container engine\n`)
  } else {
    printList(
      context,
      { ...list, items },
      {
        name: ({ name }) => name,
        people: ({ terminal, isWide }) => printResources(items, { terminal, isWide }),
      },
    )
  }
  if (list.engine.status === 'absent') context.talk(`holdfast: ${list.engine.why}\n`)
  sayWarnings(list, context.talk)
  return exitCodes.ok
}

function kindOf(word: string): ResourceItem['kind'] {
  for (const [plural, kind] of Object.entries(resourceWords)) if (word === plural || word === kind) return kind
  throw new UsageError(`'${word}' is none of ${Object.keys(resourceWords).join(', ')}`)
}

/** One line for each. */
export function printResources(
  items: readonly ResourceItem[],
  { terminal, isWide = false }: { readonly terminal: Terminal; readonly isWide?: boolean },
): string {
  const hasSize = items.some(({ sizeBytes }) => sizeBytes !== null)
  const hasText = items.some((item) => detailText(item) !== '')
  const columns: readonly (Column & { readonly cell: (item: ResourceItem) => string })[] = [
    { ...column('KIND'), cell: ({ kind }) => kind },
    { ...column('NAME', { widthMin: 20 }), cutAt: 'middle', cell: ({ name }) => nameText(name) },
    { ...column('STATE'), cell: ({ state }) => state },
    ...(hasSize
      ? [
          {
            ...column('SIZE', { align: 'right', dropOrder: 2 }),
            cell: ({ sizeBytes }: ResourceItem) => sizeText(sizeBytes),
          },
        ]
      : []),
    { ...column('OURS', { dropOrder: 1 }), cell: ({ isOurs }) => (isOurs ? 'yes' : 'no') },
    ...(isWide ? [{ ...column('ID'), cell: ({ id }: ResourceItem) => (id === null ? '-' : shortId(id)) }] : []),
    { ...column('NEEDED BY', { dropOrder: 3, widthMin: 12 }), cell: ({ neededBy }) => neededBy.join(', ') || '-' },
    ...(hasText ? [{ ...column('WHY', { dropOrder: 4, widthMin: 20 }), cell: detailText }] : []),
  ]
  const rows = items.map((item) =>
    columns.map(({ title, cell }) => {
      const text = visible(cell(item))
      return title === 'STATE' ? { text, paint: (shown: string) => painted(item, shown, terminal) } : { text }
    }),
  )
  return printTable({ columns, rows }, terminal.columns, terminal.hasUnicode ? '…' : '...')
}

function column(title: string, how: Partial<Column> = {}): Column {
  return { title, align: 'left', dropOrder: null, widthMin: null, ...how }
}

/** An image that has no name any more is known by its id. */
function nameText(name: string): string {
  return name.startsWith('sha256:') ? shortId(name) : name
}

function sizeText(bytes: number | null): string {
  return bytes === null ? '-' : byteText(bytes)
}

function detailText({ pull, why }: ResourceItem): string {
  return pull?.isUnderWay ? pullText(pull) : why
}

/** Colour never alone: the word says the same. */
function painted({ state, neededBy }: ResourceItem, text: string, terminal: Terminal): string {
  if (state === 'failed' || (state === 'missing' && neededBy.length > 0)) return paint('red', text, terminal)
  if (state === 'present') return paint(neededBy.length > 0 ? 'green' : 'gray', text, terminal)
  return paint(state === 'missing' ? 'gray' : 'cyan', text, terminal)
}
