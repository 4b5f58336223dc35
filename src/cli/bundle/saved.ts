import { createHash } from 'node:crypto'
import { readTar, type TarMember } from '../../formats/tar.ts'
import { configBytesMax } from './limits.ts'
import { BundleError, layerName } from './model.ts'
import { gzipped, uncompressed } from './pipes.ts'
import type { BundleWriter } from './write.ts'

/** What an archive of images had, beside the layers that were written. */
export interface SavedImages {
  /** Of each layer that was seen, the bytes of its tar. */
  readonly layerBytes: ReadonlyMap<string, number>
  readonly images: readonly SavedImage[]
}

export interface SavedImage {
  /** As it is hashed to the id of the image. */
  readonly config: Buffer
  readonly id: string
  readonly layers: readonly string[]
  readonly platform: string
}

/** The descriptions in an archive, all together. */
const descriptionsBytesMax = 256 * 1024 * 1024

/**
 * Reads an archive as `docker save` makes it, in the format of any engine: layers are known by what is in them, as older engines
 * name them otherwise, and tell which is which at the end only. Those that are `wanted` go to the bundle as they come, each once.
 */
export async function readSaved(
  chunks: AsyncIterable<Uint8Array>,
  options: { readonly writer: BundleWriter; readonly wanted: ReadonlySet<string>; readonly known: ReadonlySet<string> },
): Promise<SavedImages> {
  const { writer, wanted, known } = options
  const layerBytes = new Map<string, number>()
  const descriptions = new Map<string, Buffer>()
  let left = descriptionsBytesMax
  for await (const member of readTar(chunks)) {
    if (member.kind !== 'file' || member.sizeBytes === 0) continue
    if (isUnwanted(member.name, known, wanted)) {
      layerBytes.set(`sha256:${member.name.slice('blobs/sha256/'.length)}`, member.sizeBytes)
      continue
    }
    const start = member.sizeBytes <= configBytesMax ? await whole(member) : null
    if (start !== null && isDescription(start)) {
      left -= start.length
      if (left < 0) throw new BundleError('the archive of the engine has too many descriptions')
      descriptions.set(member.name, start)
      continue
    }
    const content = start === null ? member.content : once(start)
    const { diffId, sizeBytes } = await takeLayer(content, { ...options, member, taken: layerBytes })
    layerBytes.set(diffId, sizeBytes)
  }
  for (const layer of wanted) {
    if (!writer.members().some(({ name }) => name === layerName(layer)))
      throw new BundleError(`the archive of the engine has no layer ${layer}`)
  }
  return { layerBytes, images: imagesIn(descriptions) }
}

/** Newer engines name layers by what is in them: then they need not be looked at. */
function isUnwanted(name: string, known: ReadonlySet<string>, wanted: ReadonlySet<string>): boolean {
  const [, hex] = /^blobs\/sha256\/([0-9a-f]{64})$/.exec(name) ?? []
  const digest = `sha256:${hex}`
  return hex !== undefined && known.has(digest) && !wanted.has(digest)
}

/** Written while it is looked at; taken back where it turns out not to be wanted. */
async function takeLayer(
  content: AsyncIterable<Uint8Array>,
  options: {
    readonly member: TarMember
    readonly writer: BundleWriter
    readonly wanted: ReadonlySet<string>
    readonly taken: ReadonlyMap<string, number>
  },
): Promise<{ readonly diffId: string; readonly sizeBytes: number }> {
  const { member, writer, wanted, taken } = options
  const hash = createHash('sha256')
  let sizeBytes = 0
  async function* watched(): AsyncGenerator<Uint8Array> {
    for await (const chunk of uncompressed(content)) {
      hash.update(chunk)
      sizeBytes += chunk.length
      yield chunk
    }
  }
  const written = await writer.begin(member.sizeBytes)
  for await (const chunk of gzipped(watched())) await written.write(chunk)
  const diffId = `sha256:${hash.digest('hex')}`
  if (wanted.has(diffId) && !taken.has(diffId)) await written.end(layerName(diffId))
  else await written.drop()
  return { diffId, sizeBytes }
}

async function whole({ content }: TarMember): Promise<Buffer> {
  const parts: Uint8Array[] = []
  for await (const part of content) parts.push(part)
  return Buffer.concat(parts)
}

async function* once(bytes: Buffer): AsyncGenerator<Uint8Array> {
  yield bytes
}

/** A tar begins with the name of a file, and its header has zeros. */
function isDescription(bytes: Buffer): boolean {
  return (bytes[0] === 0x7b || bytes[0] === 0x5b) && !bytes.subarray(0, 512).includes(0)
}

// ---- which image is which ---------------------------------------------------------------------------------------------------

function imagesIn(descriptions: ReadonlyMap<string, Buffer>): readonly SavedImage[] {
  const listed = jsonOf(descriptions.get('manifest.json'))
  if (!Array.isArray(listed)) throw new BundleError('the archive of the engine does not tell what images it has')
  return listed.map((entry: { readonly Config?: unknown }) => {
    const config = descriptions.get(String(entry?.Config))
    if (config === undefined) throw new BundleError('the archive of the engine has not the description of each image')
    return savedImage(config)
  })
}

export function savedImage(config: Buffer): SavedImage {
  const said = jsonOf(config) as {
    readonly os?: unknown
    readonly architecture?: unknown
    readonly variant?: unknown
    readonly rootfs?: { readonly diff_ids?: unknown }
  } | null
  const layers = said?.rootfs?.diff_ids
  if (!Array.isArray(layers) || !layers.every((layer) => typeof layer === 'string'))
    throw new BundleError('the description of an image does not tell its layers')
  const platform = [said?.os, said?.architecture, said?.variant]
  return {
    config,
    id: `sha256:${createHash('sha256').update(config).digest('hex')}`,
    layers,
    platform: platform.filter((part) => typeof part === 'string' && part !== '').join('/'),
  }
}

function jsonOf(bytes: Buffer | undefined): unknown {
  try {
    return JSON.parse(bytes?.toString('utf8') ?? 'null')
  } catch {
    return null
  }
}
