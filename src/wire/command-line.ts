/** Options that may stand before the command's name and take a value. */
const leadingWithValue: readonly string[] = ['--home', '--color']

export interface SplitLine {
  /** Options before the command's name. */
  readonly leading: readonly string[]
  readonly name: string | undefined
  readonly rest: readonly string[]
}

/** Finds the command's name, so that main can tell the daemon from the commands without loading either. */
export function splitLine(args: readonly string[]): SplitLine {
  let at = 0
  while (at < args.length && args[at]!.startsWith('-')) at += leadingWithValue.includes(args[at]!) ? 2 : 1
  return { leading: args.slice(0, at), name: args[at], rest: args.slice(at + 1) }
}
