import type { Options } from '../command.ts'
import { UsageError } from '../usage-error.ts'

/** `-o` is a file of those that write one. */
export function checkFormat(options: Options, action: string): void {
  const format = options.value('output') ?? 'table'
  if (format !== 'table' && format !== 'json')
    throw new UsageError(`bundle ${action} -o is table or json, not '${format}'`)
}
