import { readFileSync } from 'node:fs'
import { assert } from '../../base/assert.ts'
import { type Decoded, decodeSources } from '../../dialects/decode-sources.ts'
import { diskSourceReader } from '../../dialects/source-reader.ts'
import { supervisordError } from '../../dialects/supervisord/problems.ts'
import type { Called } from '../../dialects/supervisord/said.ts'
import type { SupervisordSettings } from '../../dialects/supervisord/settings.ts'
import { pythonRepr } from '../../formats/python-text.ts'
import { readAbilities } from '../../sys/abilities.ts'
import { errnoOf } from '../../sys/errno.ts'
import { descriptorLimit } from '../../sys/rlimit.ts'

export type ReadFile =
  | { readonly kind: 'read'; readonly settings: SupervisordSettings; readonly decoded: Decoded }
  /** In supervisord's words, without `Error: `. */
  | { readonly kind: 'refused'; readonly message: string }

/**
 * Reads the one file of a supervisord, as that was called, in this process: nothing is supervised yet that a
 * decoder could harm, and to wait for a process of its own would take longer than all else.
 */
export async function readFile(file: string, called: Called): Promise<ReadFile> {
  try {
    readFileSync(file)
  } catch (error) {
    errnoOf(error)
    return { kind: 'refused', message: `could not read config file ${file}` }
  }
  const environment = process.env as Readonly<Record<string, string>>
  const { hard } = descriptorLimit()
  const decoded = await decodeSources([file], diskSourceReader(environment), {
    ...{ lenient: false, dialect: 'supervisord', called, abilities: readAbilities('holdfast') },
    descriptorsMax: Number.isFinite(hard) ? hard : null,
  })
  const { problems } = decoded
  const wrong = problems.find(({ severity, file: place }) => severity === 'error' && place.startsWith('-'))
  if (wrong !== undefined) {
    const text = pythonRepr(called.said[wrong.setting.replace('supervisord.', '')] ?? '')
    return { kind: 'refused', message: `invalid value for ${wrong.file} ${text}: ${supervisordError(wrong)}` }
  }
  const [settings] = decoded.supervisord
  assert(settings !== undefined, 'files of supervisord have settings')
  if (settings.error !== null) return { kind: 'refused', message: settings.error }
  const other = problems.find(({ severity }) => severity === 'error')
  if (other !== undefined) return { kind: 'refused', message: supervisordError(other) }
  return { kind: 'read', settings, decoded }
}
