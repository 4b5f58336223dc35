import { readFileSync } from 'node:fs'
import type { Target } from '../core/model.ts'
import { type DecodedWithOrigins, decodeWithOrigins } from '../dialects/decode-sources.ts'
import { diskSourceReader } from '../dialects/source-reader.ts'
import { printProblem } from '../formats/format-error.ts'
import { readAbilities } from '../sys/abilities.ts'

export interface DecodedFiles {
  readonly target: Target
  /** One line each, as compilers print them. */
  readonly errors: readonly string[]
  readonly warnings: readonly string[]
}

/** What files declare, read here and without a daemon. */
export async function decodeFiles(
  sources: readonly string[],
  options: { readonly lenient: boolean; readonly environment: Readonly<Record<string, string>> },
): Promise<DecodedFiles> {
  const { target, problems } = await readFiles(sources, options)
  const told = (wanted: 'error' | 'warning'): readonly string[] =>
    problems.filter(({ severity }) => severity === wanted).map(printProblem)
  return { target, errors: told('error'), warnings: told('warning') }
}

/** The same, with problems as data and where everything was written. */
export async function readFiles(
  sources: readonly string[],
  options: {
    readonly lenient: boolean
    readonly environment: Readonly<Record<string, string>>
    readonly serviceDirectories?: 'checked'
  },
): Promise<DecodedWithOrigins> {
  const { environment, ...rest } = options
  return decodeWithOrigins(sources, diskSourceReader(environment), {
    ...rest,
    descriptorsMax: hardDescriptorLimit(),
    abilities: readAbilities('holdfast'),
  })
}

/** null: not limited, or not known. */
function hardDescriptorLimit(): number | null {
  const limit = /^Max open files\s+\S+\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))
  return limit === null ? null : Number(limit[1])
}
