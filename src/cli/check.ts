import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Target } from '../core/model.ts'
import { decodeSources } from '../dialects/decode-sources.ts'
import { diskSourceReader } from '../dialects/source-reader.ts'
import { printProblem } from '../formats/format-error.ts'
import { readAbilities } from '../sys/abilities.ts'
import { type ExitCode, exitCodes } from '../wire/exit-codes.ts'
import type { Context } from './command.ts'

/** `holdfast check`: what is wrong with files, without a daemon. */
export async function runCheck({ operands, options, environment, out, talk }: Context): Promise<ExitCode> {
  const { target, problems } = await decodeSources(
    operands.map((path) => resolve(path)),
    diskSourceReader(environment),
    {
      lenient: options.isSet('lenient'),
      descriptorsMax: hardDescriptorLimit(),
      abilities: readAbilities('holdfast'),
    },
  )
  for (const problem of problems) out(`${printProblem(problem)}\n`)
  const errors = problems.filter(({ severity }) => severity === 'error').length
  if (errors > 0) {
    talk(`holdfast: ${count(errors, 'error')}, ${count(problems.length - errors, 'warning')}\n`)
    return exitCodes.configurationInvalid
  }
  talk(`good: ${describe(target)}\n`)
  return exitCodes.ok
}

function describe(target: Target): string {
  const apps = Object.values(target.apps)
  const services = apps.flatMap((app) => Object.values(app.services))
  const units = services.reduce((sum, service) => sum + service.instances.length, 0)
  return `${count(apps.length, 'app')}, ${count(services.length, 'service')}, ${count(units, 'unit')}`
}

function count(number: number, word: string): string {
  return `${number} ${word}${number === 1 ? '' : 's'}`
}

/** null: not limited, or not known. */
function hardDescriptorLimit(): number | null {
  const limit = /^Max open files\s+\S+\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))
  return limit === null ? null : Number(limit[1])
}
