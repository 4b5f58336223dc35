import { hostname } from 'node:os'
import { writeAtomically } from '../../sys/atomic-write.ts'
import type { Info } from '../../wire/api.ts'
import { type ExitCode, exitCodes } from '../../wire/exit-codes.ts'
import { Unreachable } from '../client.ts'
import type { Context } from '../command.ts'
import type { ImageEngine } from './engine.ts'
import { printInventory } from './parse.ts'

/** `holdfast bundle inventory`: which images and layers the engine of this device has. */
export async function runBundleInventory(context: Context): Promise<ExitCode> {
  const { options, out, talk, roles } = context
  const engine = await engineOfDaemon(context)
  try {
    const { name, takesParts } = await engine.about()
    const images = (await engine.images()).filter(({ layers }) => layers.length > 0)
    const text = printInventory({
      createdAt: new Date().toISOString(),
      createdBy: `holdfast ${roles.version}`,
      hostName: hostname(),
      engine: name,
      takesParts,
      images: images.map(({ id, references, digests, layers }) => ({
        id,
        references: [...references, ...digests],
        layers,
      })),
    })
    const path = options.value('output') ?? '-'
    if (path === '-') out(text)
    else {
      writeAtomically(path, text, 0o644)
      const layers = new Set(images.flatMap((image) => image.layers))
      talk(`${path}: ${images.length} images of ${layers.size} layers (${name} on ${hostname()})\n`)
    }
    return exitCodes.ok
  } finally {
    engine.close()
  }
}

/** The one that the daemon of this home asks; without a daemon, the one that it would ask if it were started here. */
export async function engineOfDaemon({ client, roles, environment, talk }: Context): Promise<ImageEngine> {
  const warn = (text: string): void => talk(`holdfast: ${text}\n`)
  try {
    const { engineSocket } = await client.ask<Info>('info')
    return await roles.openImageEngine({ socketPath: engineSocket, environment, warn })
  } catch (error) {
    if (!(error instanceof Unreachable)) throw error
    return await roles.openImageEngine({ socketPath: null, environment, warn })
  }
}
