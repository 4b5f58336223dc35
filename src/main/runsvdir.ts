import { parseShortOptions } from '../formats/short-options.ts'

/** What `runsvdir` was asked for, as arguments of the daemon; or what it says instead, and its exit code. */
export type RunsvdirRequest =
  | { readonly kind: 'daemon'; readonly args: readonly string[]; readonly warning: string }
  | { readonly kind: 'usage'; readonly message: string; readonly code: number }

/**
 * Reads `[-P] dir [log]` as runit's runsvdir does. `-P` says nothing new: here every service has a session of its own. With
 * `log` what the services say is kept in their logs, where runsvdir would show the end of it in its own command line.
 */
export function readRunsvdir(args: readonly string[]): RunsvdirRequest {
  const parsed = parseShortOptions(args, 'PV')
  if (parsed.kind === 'bad') return { kind: 'usage', message: `runsvdir: ${parsed.message}\n${usageText}`, code: 1 }
  const [directory, log] = parsed.operands
  const isAsked = parsed.options.some(({ letter }) => letter === 'V')
  if (isAsked || directory === undefined) return { kind: 'usage', message: usageText, code: 1 }
  const isTooShort = log !== undefined && log.length < 7
  const warning = isTooShort ? 'log must have at least seven characters: what the services say goes to stderr' : ''
  return {
    kind: 'daemon',
    args: ['--runsvdir', log === undefined || isTooShort ? 'inherit' : 'store', directory],
    warning,
  }
}

const usageText = 'usage: runsvdir [-P] dir\n'
