import type { Options } from './command.ts'
import { UsageError } from './usage-error.ts'

/** Milliseconds of `--timeout`, which is in seconds; null: it is not given. Throws UsageError. */
export function timeoutOf(options: Options): number | null {
  const text = options.value('timeout')
  if (text === undefined) return null
  if (/^\d+(\.\d+)?$/.test(text)) return Math.round(Number(text) * 1_000)
  throw new UsageError(`--timeout is a number of seconds, not '${text}'; write --timeout 30`)
}
