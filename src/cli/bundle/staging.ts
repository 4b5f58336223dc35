import { createHash } from 'node:crypto'
import { digestOfTag, digestTag } from '../../formats/container/digest-tag.ts'
import { parseReference } from '../../formats/container/reference.ts'
import { loadArchive } from './archive.ts'
import type { EngineFacts, ImageEngine, PresentImage } from './engine.ts'
import { BundleError, type BundleImage, hexOf } from './model.ts'
import type { OpenBundle } from './read.ts'

/**
 * Images on their way into the engine have names of their own until the target is applied, so that whoever comes after a death
 * in the middle knows what was begun: `holdfast-bundle:image-ID` for each, and `holdfast-bundle:new-HASH` where the engine had
 * nothing by the name that the target has for it.
 */
const repo = 'holdfast-bundle'

export interface Staged {
  /** Which images are ours from now on, by reference or id. */
  readonly own: Readonly<Record<string, string>>
  /** Their names count from here on: what was only on its way is forgotten. */
  commit(): Promise<void>
  /** The engine is as it was before. */
  takeBack(): Promise<void>
}

export interface StagingOptions {
  readonly bundle: OpenBundle
  readonly facts: EngineFacts
  readonly present: readonly PresentImage[]
  /** Of the daemon, by reference or id. */
  readonly ownBefore: ReadonlyMap<string, string>
  /** Layers that the engine lacks. */
  readonly needed: ReadonlySet<string>
}

/** Loads the images, and then gives them the names of the target. Throws, and then has changed nothing. */
export async function stageImages(engine: ImageEngine, options: StagingOptions): Promise<Staged> {
  const { bundle, facts, present, needed } = options
  const { images } = bundle.contents
  const stagings = images.map(stagingName)
  const began = present.flatMap(({ references }) => references).filter((name) => name.startsWith(`${repo}:`))
  // An earlier one that did not come to its end, of other images.
  for (const name of began) if (name.startsWith(`${repo}:image-`) && !stagings.includes(name)) await engine.untag(name)
  const named: string[] = []
  const moved: Moved[] = []
  const takeBack = async (): Promise<void> => {
    for (const { tag, from } of moved) await engine.tag(from, tag)
    await untagAll(engine, [...new Set([...named, ...stagings])])
  }
  try {
    if (images.length > 0) await engine.load(loadArchive(bundle, { needed, nameOf: stagingName }))
    else for await (const { content } of bundle.members) for await (const _ of content);
    for (const image of images) await checkLoaded(engine, image, facts)
    const own: Record<string, string> = ownLeft(present)
    for (const image of images) {
      for (const reference of image.references) {
        const isNew = await nameImage(engine, { image, reference, began, named, moved })
        const before = options.ownBefore.get(reference)
        const id = (await engine.image(stagingName(image)))?.id ?? image.id
        if (isNew || before !== undefined) own[reference] = id
        // Its name goes to the new one; the old one is known by its id only.
        if (before !== undefined && before !== id) own[before] = before
      }
    }
    const all = new Set([...began, ...stagings, ...named])
    return { own, commit: () => untagAll(engine, [...all].filter(isStaging)), takeBack }
  } catch (error) {
    await takeBack()
    throw error
  }
}

/** A name that another image had before. */
interface Moved {
  readonly tag: { readonly repo: string; readonly tag: string }
  readonly from: string
}

function stagingName({ id }: BundleImage): string {
  return `${repo}:image-${hexOf(id)}`
}

function newName(tagged: string): string {
  return `${repo}:new-${createHash('sha256').update(tagged).digest('hex')}`
}

function isStaging(name: string): boolean {
  return name.startsWith(`${repo}:`)
}

async function untagAll(engine: ImageEngine, names: readonly string[]): Promise<void> {
  for (const name of names) await engine.untag(name)
}

/** Whatever the engine made of it: it has the layers of the bundle, and where ids mean the same, the id. */
async function checkLoaded(engine: ImageEngine, image: BundleImage, { takesParts, name }: EngineFacts): Promise<void> {
  const loaded = await engine.image(stagingName(image))
  const isSame = loaded?.layers.join() === image.layers.join() && (!takesParts || loaded.id === image.id)
  if (!isSame) {
    const which = `${image.references[0] ?? ''} (${hexOf(image.id).slice(0, 12)})`
    throw new BundleError(
      `the container engine (${name}) says that it has loaded ${which}, and has another image or none`,
    )
  }
}

/** Answers whether the engine had nothing by this name before us. What was added goes to `named`, what was another's to `moved`. */
async function nameImage(
  engine: ImageEngine,
  options: {
    readonly image: BundleImage
    readonly reference: string
    readonly began: readonly string[]
    readonly named: string[]
    readonly moved: Moved[]
  },
): Promise<boolean> {
  const { image, reference, began, named, moved } = options
  const tag = tagOf(reference)
  const tagged = `${tag.repo}:${tag.tag}`
  const mark = newName(tagged)
  const staged = stagingName(image)
  const before = await engine.image(reference)
  const isNew = before === null || began.includes(mark)
  // Said before it is done: see above.
  if (isNew) await engine.tag(staged, { repo, tag: mark.slice(repo.length + 1) })
  if (isNew) named.push(tagged, mark)
  if (before?.id === (await engine.image(staged))?.id) return isNew
  if (before !== null && !isNew) moved.push({ tag, from: before.id })
  await engine.tag(staged, tag)
  return isNew
}

/** The name that the engine takes for it. Throws BundleError where there is none. */
export function tagOf(reference: string): { readonly repo: string; readonly tag: string } {
  const byDigest = digestTag(reference)
  if (byDigest !== null) return byDigest
  const { registry, repository, tag, digest } = parseReference(reference)
  if (repository === '' || digest !== null) {
    throw new BundleError(
      `the target names an image as ${reference}, which no engine can be told; name it by a tag or a digest`,
    )
  }
  return { repo: registry === null ? repository : `${registry}/${repository}`, tag: tag ?? 'latest' }
}

/** What an earlier one that did not come to its end has named, and nobody has taken over. */
function ownLeft(present: readonly PresentImage[]): Record<string, string> {
  const own: Record<string, string> = {}
  for (const { id, references } of present) {
    for (const reference of references) {
      if (references.includes(newName(reference))) own[digestOfTag(reference)] = id
    }
  }
  return own
}
