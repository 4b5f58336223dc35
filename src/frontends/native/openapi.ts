import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { errnoOf } from '../../sys/errno.ts'
import type { Info } from '../../wire/api.ts'
import type { Answer } from './exchange.ts'
import { Refusal } from './refusal.ts'

/** The description that comes with this program; made by scripts/generate.ts. It is read for each who asks, and not kept. */
export async function openApi(identity: Pick<Info, 'directory'>): Promise<Answer> {
  const path = join(identity.directory, 'schema/openapi.json')
  try {
    return { kind: 'text', contentType: 'application/json', text: await readFile(path) }
  } catch (error) {
    throw new Refusal('failed', `${path} cannot be read (${errnoOf(error)})`, 'install the whole package')
  }
}
