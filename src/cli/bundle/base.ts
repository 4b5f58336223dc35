import { readFileSync, statSync } from 'node:fs'
import { basename } from 'node:path'
import { contentsBytesMax } from './limits.ts'
import { BundleError } from './model.ts'
import { parseInventory } from './parse.ts'
import { fileChunks } from './pipes.ts'
import { openBundle } from './read.ts'

/** What the device has, or will have by then. */
export interface Base {
  readonly name: string
  readonly createdAt: string
  readonly images: readonly { readonly layers: readonly string[] }[]
}

/** Of an inventory or of another bundle. Throws BundleError. */
export async function readBase(path: string): Promise<Base> {
  const name = basename(path)
  const inventory = inventoryAt(path)
  if (inventory !== null) {
    if (!inventory.takesParts) {
      throw new BundleError(
        `${path} is of ${inventory.hostName}, whose engine (${inventory.engine}) loads no image without all its layers; leave out --base`,
      )
    }
    return { name, createdAt: inventory.createdAt, images: inventory.images }
  }
  try {
    const bundle = await openBundle(fileChunks(path))
    await bundle.close()
    return { name, createdAt: bundle.contents.createdAt, images: bundle.contents.images }
  } catch (error) {
    if (!(error instanceof BundleError)) throw error
    throw new BundleError(`${path} is neither an inventory nor a bundle that can be read: ${error.message}`, {
      cause: error,
    })
  }
}

/** null: it is something else. */
function inventoryAt(path: string) {
  if (statSync(path).size > contentsBytesMax) return null
  return parseInventory(readFileSync(path, 'utf8'))
}
