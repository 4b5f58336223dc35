import { once } from 'node:events'
import { createWholeLines } from '../base/whole-lines.ts'
import type { UnitList } from '../wire/api.ts'
import { type ExitCode, exitCodes } from '../wire/exit-codes.ts'
import type { Context } from './command.ts'
import { prefixLines } from './line-prefix.ts'
import { paint } from './terminal.ts'
import { shortNames } from './unit-table.ts'

/** `holdfast logs`: the bytes of one unit as they are, or the marked lines of several. */
export async function runLogs(context: Context): Promise<ExitCode> {
  const { client, operands, options, talk } = context
  const tail = options.value('tail')
  if (tail !== undefined && !/^\d{1,9}$/.test(tail)) {
    talk(`holdfast: --tail is a number of lines, not '${tail}'\n`)
    return exitCodes.usage
  }
  const { items } = await client.ask<UnitList>('units', { query: { name: operands } })
  if (items.length === 1) {
    for await (const chunk of bytesOf(context, items[0]!.unit)) await write(chunk)
    return exitCodes.ok
  }
  const names = shortNames(items)
  const width = Math.max(...items.map(({ unit }) => names.get(unit)!.length))
  const copies = items.map(({ unit }) => () => {
    const prefix = `${paint('cyan', `${names.get(unit)!.padEnd(width)} |`, context.terminal)} `
    return copyMarked(context, unit, prefix)
  })
  if (options.isSet('follow')) await Promise.all(copies.map((copy) => copy()))
  else for (const copy of copies) await copy()
  return exitCodes.ok
}

async function copyMarked(context: Context, unit: string, prefix: string): Promise<void> {
  const lines = createWholeLines()
  for await (const chunk of bytesOf(context, unit)) await write(prefixLines(lines.take(chunk), prefix))
  await write(prefixLines(lines.rest(), prefix))
}

async function* bytesOf({ client, options }: Context, unit: string): AsyncIterable<Buffer> {
  yield* await client.stream('logs', {
    query: {
      name: unit,
      stream: options.value('stream'),
      tail: options.value('tail'),
      follow: options.isSet('follow') ? 'true' : undefined,
    },
  })
}

/** A slow reader slows us, and through us the daemon's reading, never its memory. */
async function write(bytes: Buffer): Promise<void> {
  if (bytes.length > 0 && !process.stdout.write(bytes)) await once(process.stdout, 'drain')
}
