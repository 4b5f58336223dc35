import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import type { Declared } from './sources.ts'

export type DaemonArguments =
  | {
      readonly kind: 'arguments'
      readonly home: string | undefined
      readonly lenient: boolean
      /** Absolute; none: the sources of last time. */
      readonly sources: readonly string[]
    }
  | { readonly kind: 'usage'; readonly message: string }

/** What `parseDaemonArguments` reads back, for a daemon of the same home with these sources. */
export function daemonArguments(home: string | undefined, declared: Declared): readonly string[] {
  const options = [...(home === undefined ? [] : ['--home', home]), ...(declared.lenient ? ['--lenient'] : [])]
  return [...options, ...declared.sources]
}

/** What stands after `holdfast daemon`. The command table of the CLI describes the same options. */
export function parseDaemonArguments(args: readonly string[]): DaemonArguments {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: { home: { type: 'string' }, lenient: { type: 'boolean' }, color: { type: 'string' } },
      allowPositionals: true,
    })
    return {
      kind: 'arguments',
      home: values.home,
      lenient: values.lenient ?? false,
      sources: positionals.map((path) => resolve(path)),
    }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    if (!code.startsWith('ERR_PARSE_ARGS')) throw error
    return { kind: 'usage', message: `daemon: ${(error as Error).message.split('. ')[0]}; see: holdfast help daemon` }
  }
}
