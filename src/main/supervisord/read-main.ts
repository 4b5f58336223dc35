import { readFileSync } from 'node:fs'
import { assert } from '../../base/assert.ts'
import { diskSourceReader } from '../../dialects/source-reader.ts'
import { decodeSupervisord } from '../../dialects/supervisord/decode.ts'
import { supervisordError } from '../../dialects/supervisord/problems.ts'
import type { SupervisordSettings } from '../../dialects/supervisord/settings.ts'
import { pythonRepr } from '../../formats/python-text.ts'
import { errnoOf } from '../../sys/errno.ts'

/** What the file says of supervisord itself, with what was said on the command line before it. */
export type ReadMain =
  | { readonly kind: 'settings'; readonly settings: SupervisordSettings }
  /** In supervisord's words, without `Error: `. */
  | { readonly kind: 'refused'; readonly message: string }

/** Reads the file in this process: what it says of programs is read again, by the child that reads configuration. */
export function readMain(file: string, said: Readonly<Record<string, string>>): ReadMain {
  try {
    readFileSync(file)
  } catch (error) {
    errnoOf(error)
    return { kind: 'refused', message: `could not read config file ${file}` }
  }
  const environment = process.env as Readonly<Record<string, string>>
  const { problems, supervisord: settings } = decodeSupervisord([file], diskSourceReader(environment), said)
  const wrong = problems.find(({ severity, file: place }) => severity === 'error' && place.startsWith('-'))
  if (wrong !== undefined) {
    const text = pythonRepr(said[wrong.setting.replace('supervisord.', '')] ?? '')
    return { kind: 'refused', message: `invalid value for ${wrong.file} ${text}: ${supervisordError(wrong)}` }
  }
  assert(settings !== undefined, 'files of supervisord have settings')
  return settings.error === null ? { kind: 'settings', settings } : { kind: 'refused', message: settings.error }
}
