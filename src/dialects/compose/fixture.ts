import assert from 'node:assert/strict'
import type { Abilities } from '../../base/abilities.ts'
import type { Service, Target } from '../../core/model.ts'
import { printProblem } from '../../formats/format-error.ts'
import { decodeSources } from '../decode-sources.ts'
import { memorySourceReader } from '../memory-source-reader.ts'

/** What the tests of this dialect are made of: one file, one service `a`, and problems as they are printed. */

export const file = '/srv/My Shop/holdfast.yaml'

export interface Circumstances {
  readonly dotEnv?: string
  readonly environment?: Readonly<Record<string, string>>
  readonly lenient?: boolean
  readonly abilities?: Abilities
}

export async function decode(
  text: string,
  more: Circumstances = {},
): Promise<{ readonly target: Target; readonly problems: readonly string[] }> {
  const files = { [file]: text, ...(more.dotEnv === undefined ? {} : { '/srv/My Shop/.env': more.dotEnv }) }
  const reader = memorySourceReader({ files, environment: more.environment ?? {} })
  const { target, problems } = await decodeSources([file], reader, {
    lenient: more.lenient ?? false,
    descriptorsMax: null,
    abilities: more.abilities ?? null,
  })
  return { target, problems: problems.map((problem) => printProblem(problem).replace(`${file}:`, '')) }
}

/** The one service `a`, of these lines below it. */
export async function service(lines: string, more: Circumstances = {}): Promise<Service> {
  const { target, problems } = await decode(textOf(lines), more)
  assert.deepEqual(problems, [])
  return target.apps.myshop!.services.a!
}

/** What is wrong with such a service; its lines begin at 4:5. */
export async function problemsOf(lines: string, more: Circumstances = {}): Promise<readonly string[]> {
  return (await decode(textOf(lines), more)).problems
}

function textOf(lines: string): string {
  return `services:\n  a:\n    command: x\n${lines.replace(/^/gm, '    ')}\n`
}
