import { byteText } from '../../formats/byte-text.ts'
import { type ExitCode, exitCodes } from '../../wire/exit-codes.ts'
import type { Context } from '../command.ts'
import { UsageError } from '../usage-error.ts'
import { type Base, readBase } from './base.ts'
import { chainsOf, layersBeyond } from './chains.ts'
import type { ImageEngine, PresentImage } from './engine.ts'
import { type BundleContents, BundleError, type BundleImage, configName, layerName, targetName } from './model.ts'
import { readSaved, type SavedImage } from './saved.ts'
import { tagOf } from './staging.ts'
import { readTarget, type TargetFiles, type WantedImage } from './target.ts'
import { createBundleWriter } from './write.ts'

/** `holdfast bundle create`: a target and the layers of its images that the device lacks, in one file. */
export async function runBundleCreate(context: Context): Promise<ExitCode> {
  const { operands, options, environment, roles, talk, out } = context
  const path = options.value('output')
  if (operands.length === 0) throw new UsageError('bundle create needs a target: TARGET.json or compose.yaml')
  if (path === undefined || path === '-') {
    throw new UsageError('bundle create writes a file, as its beginning is known last; name it: -o FILE')
  }
  const target = await readTarget(operands)
  for (const warning of target.warnings) talk(`${warning}\n`)
  const basePath = options.value('base')
  const base = basePath === undefined ? null : await readBase(basePath)
  const engine = await roles.openImageEngine({
    socketPath: null,
    environment,
    warn: (text) => talk(`holdfast: ${text}\n`),
  })
  try {
    const images = await findImages(engine, target.images, {
      isPulled: !options.isSet('no-pull'),
      platform: options.value('platform') ?? null,
      talk,
    })
    const written = await writeBundle(engine, { path, target, images, base, createdBy: `holdfast ${roles.version}` })
    out(
      `${path}  ${byteText(written.sizeBytes)}  ${written.layers} of ${written.layersTotal} layers, ${images.size} images\n`,
    )
    return exitCodes.ok
  } finally {
    engine.close()
  }
}

/** An image of the engine, by the references that the target names it by. */
interface FoundImage {
  readonly present: PresentImage
  readonly references: readonly string[]
}

/** By id. What the engine does not have is pulled. */
async function findImages(
  engine: ImageEngine,
  wanted: readonly WantedImage[],
  options: { readonly isPulled: boolean; readonly platform: string | null; talk(text: string): void },
): Promise<ReadonlyMap<string, FoundImage>> {
  const found = new Map<string, FoundImage>()
  for (const { reference, platform: own } of wanted) {
    // What cannot be loaded is told now.
    tagOf(reference)
    const platform = own ?? options.platform
    let present = await engine.image(reference)
    if (present === null) {
      if (!options.isPulled)
        throw new BundleError(`the container engine here has no ${reference}; pull it, or leave out --no-pull`)
      options.talk(`pulling ${reference}\n`)
      await engine.pull(reference, platform)
      present = await engine.image(reference)
    }
    if (present === null) throw new BundleError(`the container engine has pulled ${reference}, and does not have it`)
    refuseOtherPlatform(reference, present, platform)
    const references = [...(found.get(present.id)?.references ?? []), reference]
    found.set(present.id, { present, references })
  }
  return found
}

/** `linux/arm64` means `linux/arm64/v8` too. */
function refuseOtherPlatform(reference: string, { platform }: PresentImage, asked: string | null): void {
  if (asked === null || platform === asked || platform.startsWith(`${asked}/`)) return
  throw new BundleError(
    `${reference} is here for ${platform}, and is wanted for ${asked}; pull that one: docker pull --platform ${asked} ${reference}`,
  )
}

interface Written {
  readonly sizeBytes: number
  readonly layers: number
  readonly layersTotal: number
}

async function writeBundle(
  engine: ImageEngine,
  options: {
    readonly path: string
    readonly target: TargetFiles
    readonly images: ReadonlyMap<string, FoundImage>
    readonly base: Base | null
    readonly createdBy: string
  },
): Promise<Written> {
  const { path, target, base } = options
  const found = [...options.images.values()]
  const presentOnes = found.map(({ present }) => present)
  const known = new Set(presentOnes.flatMap(({ layers }) => layers))
  const wanted = layersBeyond(presentOnes, base === null ? new Set() : chainsOf(base.images))
  const draft = draftOf({ ...options, found, known: [...known], wanted })
  const writer = await createBundleWriter(path, draft)
  try {
    for (const [file, { bytes }] of target.files) await writer.add(targetName(file), bytes)
    const saved =
      found.length === 0
        ? { layerBytes: new Map<string, number>(), images: [] }
        : await readSaved(await engine.save(presentOnes.map(({ id }) => id)), { writer, wanted, known })
    const images = found.map((one) => bundled(one, saved.images))
    for (const { config, image } of images) await writer.add(configName(image.id), config)
    const layers = draft.layers.map(({ diffId }) => ({ diffId, sizeBytes: saved.layerBytes.get(diffId) ?? 0 }))
    const contents = { ...draft, images: images.map(({ image }) => image), layers, members: writer.members() }
    return { sizeBytes: await writer.finish(contents), layers: wanted.size, layersTotal: known.size }
  } finally {
    await writer.abandon()
  }
}

/** With the longest of everything that is known later. */
function draftOf(options: {
  readonly target: TargetFiles
  readonly found: readonly FoundImage[]
  readonly known: readonly string[]
  readonly wanted: ReadonlySet<string>
  readonly base: Base | null
  readonly createdBy: string
}): BundleContents {
  const { target, found, known, wanted, base, createdBy } = options
  const sizeBytes = Number.MAX_SAFE_INTEGER
  const sha256 = '0'.repeat(64)
  const names = [
    ...[...target.files.keys()].map(targetName),
    ...[...wanted].map(layerName),
    ...found.map(({ present }) => configName(present.id)),
  ]
  return {
    createdAt: new Date().toISOString(),
    createdBy,
    target: target.target,
    files: [...target.files].map(([path, { mode }]) => ({ path, mode })),
    images: found.map(({ present, references }) => ({ ...imageOf(present), references })),
    layers: known.map((diffId) => ({ diffId, sizeBytes })),
    base: base === null ? null : { name: base.name, createdAt: base.createdAt },
    members: names.map((name) => ({ name, sizeBytes, sha256 })),
  }
}

function imageOf({ id, digests, platform, layers }: PresentImage): Omit<BundleImage, 'references'> {
  return { id, digests, platform, layers }
}

/** By its id; where the engine has other ids than the digest of the configuration (containerd), by its layers. */
function bundled(
  { present, references }: FoundImage,
  saved: readonly SavedImage[],
): { readonly image: BundleImage; readonly config: Buffer } {
  const isSame = ({ layers }: SavedImage): boolean => layers.join() === present.layers.join()
  const alike = saved.filter(isSame)
  const one = saved.find(({ id }) => id === present.id) ?? (alike.length === 1 ? alike[0] : undefined)
  if (one === undefined || !isSame(one)) {
    throw new BundleError(`the archive of the engine does not tell which of its images is ${references[0]}`)
  }
  return { image: { ...imageOf(present), id: one.id, references }, config: one.config }
}
