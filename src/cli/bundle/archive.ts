import { tarEnd, tarHeader, tarPadding } from '../../formats/tar.ts'
import { BundleError, type BundleImage, configName, hexOf, layerName } from './model.ts'
import type { OpenBundle } from './read.ts'
import { savedImage } from './saved.ts'

/**
 * A bundle as an archive that `docker load` takes, made while it is read: the layers that are `needed`, still compressed, and the
 * configurations. What the engine is to make of them comes last, and only when all of the bundle was what it should be: before
 * that it does nothing but put them aside.
 */
export async function* loadArchive(
  bundle: OpenBundle,
  options: { readonly needed: ReadonlySet<string>; nameOf(image: BundleImage): string },
): AsyncGenerator<Uint8Array> {
  const { images, layers } = bundle.contents
  const wanted = new Set(
    layers.filter(({ diffId }) => options.needed.has(diffId)).map(({ diffId }) => layerName(diffId)),
  )
  const byConfig = new Map(images.map((image) => [configName(image.id), image]))
  for await (const { member, content } of bundle.members) {
    const { name, sizeBytes } = member
    const image = byConfig.get(name)
    if (image !== undefined) {
      const parts: Uint8Array[] = []
      for await (const part of content) parts.push(part)
      const config = Buffer.concat(parts)
      checkConfig(image, config)
      yield* fileOf(name, config)
    } else if (wanted.has(name)) {
      yield tarHeader({ name, sizeBytes })
      yield* content
      yield tarPadding(sizeBytes)
    }
  }
  const listed = images.map((image) => ({
    Config: configName(image.id),
    RepoTags: [options.nameOf(image)],
    Layers: image.layers.map(layerName),
  }))
  yield* fileOf('manifest.json', Buffer.from(JSON.stringify(listed)))
  yield tarEnd
}

function* fileOf(name: string, bytes: Buffer): Generator<Uint8Array> {
  yield tarHeader({ name, sizeBytes: bytes.length })
  yield bytes
  yield tarPadding(bytes.length)
}

function checkConfig(image: BundleImage, config: Buffer): void {
  const said = savedImage(config)
  const isSame = said.id === image.id && said.layers.join() === image.layers.join()
  if (!isSame) throw new BundleError(`it is damaged: the image ${hexOf(image.id).slice(0, 12)} is another than it says`)
}
