import { parseShortOptions, type ShortOption } from '../../formats/short-options.ts'
import type { LogSettings } from '../../svlog/model.ts'

export interface SvlogdOptions {
  readonly settings: LogSettings
  /** How much is read at once. */
  readonly bufferBytes: number
  readonly isVerbose: boolean
  readonly directories: readonly string[]
}

/** `usage`: what is said before the usage, if anything. */
export type ReadOptions = SvlogdOptions | { readonly kind: 'usage'; readonly message: string | null }

/** `-ttv -r c -R chars -l len -b buflen dir…`, with svlogd's ways with what makes no sense. */
export function readOptions(args: readonly string[]): ReadOptions {
  const parsed = parseShortOptions(args, 'R:r:l:b:tvV')
  if (parsed.kind === 'bad') return { kind: 'usage', message: parsed.message }
  const { options, operands } = parsed
  const replacement = readReplacement(options)
  const lineMaxBytes = readNumber(options, 'l', 1000)
  const bufferBytes = readNumber(options, 'b', 1024)
  const isWrong = replacement === 'wrong' || operands.length === 0 || bufferBytes <= lineMaxBytes
  if (isWrong || options.some(({ letter }) => letter === 'V')) return { kind: 'usage', message: null }
  const stamps = options.filter(({ letter }) => letter === 't').length
  return {
    settings: {
      stamp: (['none', 'tai64n', 'text', 'iso'] as const)[Math.min(stamps, 3)]!,
      lineMaxBytes,
      replacement,
      holdsPartialLines: true,
      followsMoves: true,
    },
    bufferBytes,
    isVerbose: options.some(({ letter }) => letter === 'v'),
    directories: operands,
  }
}

export const usage = 'usage: svlogd [-ttv] [-r c] [-R abc] [-l len] [-b buflen] dir ...\n\n'

/** Digits at the beginning; none, or 0, is the default. */
function readNumber(options: readonly ShortOption[], letter: string, otherwise: number): number {
  const value = options.findLast((option) => option.letter === letter)?.value ?? ''
  return Number(/^[0-9]*/.exec(value)![0]) || otherwise
}

/** `-r` gives the byte that replaces, `-R` (then `_`, without `-r`) more bytes that are replaced. */
function readReplacement(options: readonly ShortOption[]): Uint8Array | null | 'wrong' {
  const wanted = options.filter(({ letter }) => letter === 'r').map(({ value }) => Buffer.from(value ?? ''))
  if (wanted.some((bytes) => bytes.length !== 1)) return 'wrong'
  const more = options.findLast(({ letter }) => letter === 'R')?.value ?? null
  if (wanted.length === 0 && more === null) return null
  const by = wanted.at(-1)?.[0] ?? '_'.charCodeAt(0)
  const set = new Set(Buffer.from(more ?? ''))
  return Uint8Array.from({ length: 256 }, (_, byte) => (byte < 32 || byte > 126 || set.has(byte) ? by : byte))
}
