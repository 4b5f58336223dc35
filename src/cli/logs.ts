import { once } from 'node:events'
import { createWholeLines } from '../base/whole-lines.ts'
import type { UnitItem, UnitList } from '../wire/api.ts'
import { type ExitCode, exitCodes } from '../wire/exit-codes.ts'
import { createChunkParser, type LogChunkHeader } from '../wire/log-chunks.ts'
import type { Context } from './command.ts'
import { createPrefixes, eachLine, prefixLines } from './line-prefix.ts'
import { shortNames } from './unit-table.ts'
import { UsageError } from './usage-error.ts'

/** `holdfast logs`: the bytes of one unit as they are, or the lines of several in the order of time, marked. */
export async function runLogs(context: Context): Promise<ExitCode> {
  const { client, operands, options } = context
  const view = viewOf(context)
  const label = options.values('label')
  const { items } = await client.ask<UnitList>('units', { query: { name: operands, label } })
  const needsLines = view.pattern !== null || view.isJson || options.isSet('timestamps')
  if (items.length === 1 && !needsLines) {
    for await (const bytes of await ask(context, 'raw')) await write(bytes)
    return exitCodes.ok
  }
  await copyLines(await ask(context, 'chunks'), printerFor(context, view, items))
  return exitCodes.ok
}

interface View {
  /** Only lines that match; null: all. */
  readonly pattern: RegExp | null
  readonly isJson: boolean
}

/** Throws UsageError. */
function viewOf({ options }: Context): View {
  const tail = options.value('tail')
  if (tail !== undefined && !/^\d{1,9}$/.test(tail)) {
    throw new UsageError(`--tail is a number of lines, not '${tail}'`)
  }
  if (options.isSet('follow')) {
    const unfit = ['previous', 'until'].find((name) => options.isSet(name))
    if (unfit !== undefined) throw new UsageError(`--follow has no end, and --${unfit} has one: leave one away`)
  }
  const output = options.value('output')
  return { pattern: patternOf(options.value('grep')), isJson: output === 'json' || output === 'ndjson' }
}

function patternOf(text: string | undefined): RegExp | null {
  if (text === undefined) return null
  try {
    return new RegExp(text)
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    throw new UsageError(`--grep: ${error.message}`)
  }
}

function ask({ client, operands, options }: Context, format: 'raw' | 'chunks'): Promise<AsyncIterable<Buffer>> {
  const isTrue = (name: string) => (options.isSet(name) ? 'true' : undefined)
  return client.stream('logs', {
    query: {
      format,
      name: operands,
      label: options.values('label'),
      stream: options.value('stream'),
      tail: options.value('tail'),
      since: options.value('since'),
      until: options.value('until'),
      previous: isTrue('previous'),
      follow: isTrue('follow'),
    },
  })
}

/** Whole lines of one stream, as they are to be shown. */
type Printer = (lines: Buffer, about: LogChunkHeader) => Buffer

async function copyLines(answer: AsyncIterable<Buffer>, print: Printer): Promise<void> {
  const parser = createChunkParser()
  // What has no end yet is held back, so that no line is cut by another stream's.
  const held = new Map<string, { readonly lines: ReturnType<typeof createWholeLines>; about: LogChunkHeader }>()
  for await (const piece of answer) {
    const shown: Buffer[] = []
    for (const { header, bytes } of parser.take(piece)) {
      const key = `${header.unit} ${header.stream}`
      const stream = held.get(key) ?? { lines: createWholeLines(), about: header }
      stream.about = header
      held.set(key, stream)
      shown.push(print(stream.lines.take(bytes), header))
    }
    await write(Buffer.concat(shown))
  }
  for (const { lines, about } of held.values()) await write(print(lines.rest(), about))
}

function printerFor(context: Context, { pattern, isJson }: View, items: readonly UnitItem[]): Printer {
  const show = isJson ? jsonPrinter(items) : textPrinter(context, items)
  if (pattern === null) return show
  return (lines, about) => {
    const matching = [...eachLine(lines)].filter((line) => pattern.test(line.toString('utf8')))
    return show(Buffer.concat(matching.flatMap((line) => [line, Buffer.from('\n')])), about)
  }
}

function textPrinter({ options, terminal }: Context, items: readonly UnitItem[]): Printer {
  const names = shownNames(items)
  const prefixOf = createPrefixes([...names.values()], terminal)
  const isTimed = options.isSet('timestamps')
  return (lines, { unit, time }) => {
    const name = items.length > 1 ? prefixOf(names.get(unit) ?? unit) : ''
    return prefixLines(lines, name + (isTimed ? `${time ?? '-'.padEnd(timeWidth)} ` : ''))
  }
}

/** The app says nothing where there is only one. */
function shownNames(items: readonly UnitItem[]): ReadonlyMap<string, string> {
  const names = shortNames(items)
  const isOneApp = new Set(items.map(({ app }) => app)).size === 1
  return isOneApp ? new Map([...names].map(([unit, name]) => [unit, name.slice(name.indexOf('/') + 1)])) : names
}

const timeWidth = '2026-02-28T13:00:00.000Z'.length

/** Bytes that are no UTF-8 become U+FFFD: JSON has no others. */
function jsonPrinter(items: readonly UnitItem[]): Printer {
  const byUnit = new Map(items.map((item) => [item.unit, item]))
  return (lines, { unit, stream, time, attempt }) => {
    // A unit that was declared since is named by its id alone.
    const { app = null, service = null } = byUnit.get(unit) ?? {}
    const objects = [...eachLine(lines)].map((line) => {
      return `${JSON.stringify({ time, app, service, unit, stream, attempt, line: line.toString('utf8') })}\n`
    })
    return Buffer.from(objects.join(''))
  }
}

/** A slow reader slows us, and through us the daemon's reading, never its memory. */
async function write(bytes: Buffer): Promise<void> {
  if (bytes.length > 0 && !process.stdout.write(bytes)) await once(process.stdout, 'drain')
}
