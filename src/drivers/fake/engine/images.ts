import type { EngineImage, ImageConfig } from '../../../core/containers/model.ts'
import { digestName, parseReference, tagName } from './references.ts'
import { EngineRefusal, noSuch } from './refusal.ts'

/** What a registry has under a reference. */
export interface Published {
  readonly id: string
  /** `sha256:…` */
  readonly digest: string
  readonly sizeBytes: number
  readonly config: ImageConfig
  /** How long a pull of it takes. */
  readonly pullMs: number
}

export interface Registry {
  /** `repo:tag`: whoever pulls that, or its digest, gets this. What the tag meant before is still there by its digest. */
  publish(reference: string, image: Published): void
  /** The tag and every digest of its repository. */
  withdraw(reference: string): void
  find(reference: string): Published | null
}

/** The images that an engine has, by what they are called. */
export interface ImageStore {
  /** By reference or id; null: there is none. */
  inspect(reference: string): EngineImage | null
  has(id: string): boolean
  all(): readonly EngineImage[]
  /** As a pull, or a load from a file, of that reference does. */
  put(reference: string, image: Published): void
  /**
   * Takes the name away, and with the last one the image. `usedBy`: the container of that image, if there is one: then its
   * last name stays.
   */
  remove(reference: string, usedBy: (imageId: string) => string | null): void
  /** With all its names. */
  removeById(id: string, usedBy: (imageId: string) => string | null): void
  freeBytes: number
}

export function createRegistry(): Registry {
  const byName = new Map<string, Published>()
  const byDigest = new Map<string, Published>()
  return {
    publish(text, image) {
      const reference = parseReference(text)
      const tag = tagName(reference)
      if (tag !== null) byName.set(tag, image)
      byDigest.set(`${reference.repository}@${image.digest}`, image)
    },
    withdraw(text) {
      const { repository } = parseReference(text)
      for (const name of byName.keys()) if (name.startsWith(`${repository}:`)) byName.delete(name)
      for (const name of byDigest.keys()) if (name.startsWith(`${repository}@`)) byDigest.delete(name)
    },
    find(text) {
      const reference = parseReference(text)
      const digest = digestName(reference)
      return (digest === null ? byName.get(tagName(reference) ?? '') : byDigest.get(digest)) ?? null
    },
  }
}

export function createImageStore(freeBytes: number): ImageStore {
  const images = new Map<string, Published>()
  /** `repo:tag` and `repo@digest`, to ids. */
  const names = new Map<string, string>()

  function idOf(text: string): string | null {
    if (images.has(text)) return text
    const reference = parseReference(text)
    return names.get(digestName(reference) ?? tagName(reference) ?? '') ?? null
  }

  function namesOf(id: string): readonly string[] {
    return [...names].flatMap(([name, named]) => (named === id ? [name] : []))
  }

  function describe({ id, sizeBytes, config }: Published): EngineImage {
    const all = namesOf(id)
    const isDigest = (name: string) => name.includes('@')
    return {
      id,
      tags: all.filter((name) => !isDigest(name)),
      digests: all.filter(isDigest),
      sizeBytes,
      config,
    }
  }

  function drop(id: string, usedBy: (imageId: string) => string | null): void {
    const user = usedBy(id)
    if (user !== null) {
      const why = `container ${user.slice(0, 12)} is using its referenced image ${id.slice(7, 19)}`
      throw new EngineRefusal(409, `conflict: unable to remove repository reference: ${why}`)
    }
    for (const name of namesOf(id)) names.delete(name)
    store.freeBytes += images.get(id)?.sizeBytes ?? 0
    images.delete(id)
  }

  const store: ImageStore = {
    inspect(reference) {
      const id = idOf(reference)
      const image = id === null ? undefined : images.get(id)
      return image === undefined ? null : describe(image)
    },
    has: (id) => images.has(id),
    all: () => [...images.values()].map(describe),
    put(text, image) {
      const reference = parseReference(text)
      if (!images.has(image.id)) {
        if (store.freeBytes < image.sizeBytes) throw new EngineRefusal(500, `${text}: no space left on device`)
        store.freeBytes -= image.sizeBytes
        images.set(image.id, image)
      }
      const tag = tagName(reference)
      if (tag !== null && reference.digest === null) names.set(tag, image.id)
      names.set(`${reference.repository}@${image.digest}`, image.id)
    },
    remove(text, usedBy) {
      const id = idOf(text)
      if (id === null) throw noSuch('image', text)
      if (images.has(text)) {
        drop(id, usedBy)
        return
      }
      const reference = parseReference(text)
      const name = digestName(reference) ?? tagName(reference) ?? ''
      const others = namesOf(id).filter((one) => one !== name)
      const isLastTag = !others.some((one) => !one.includes('@'))
      // Digests are no names of their own: they go with the last tag.
      if (isLastTag && (!name.includes('@') || others.length === 0)) drop(id, usedBy)
      else names.delete(name)
    },
    removeById: drop,
    freeBytes,
  }
  return store
}
