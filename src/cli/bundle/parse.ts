import { configBytesMax as targetFileBytesMax } from '../../core/limits.ts'
import { parseReference } from '../../formats/container/reference.ts'
import {
  configBytesMax,
  filesBytesMax,
  filesMax,
  imagesMax,
  layersMax,
  layersPerImageMax,
  referencesMax,
} from './limits.ts'
import {
  type BundleContents,
  BundleError,
  type BundleFile,
  type BundleImage,
  type BundleLayer,
  type BundleMember,
  type BundleTarget,
  configName,
  type Inventory,
  type InventoryImage,
  layerName,
  targetName,
} from './model.ts'

/** The formats that are written, and the only ones that are read. */
const bundleFormat = { format: 'holdfast-bundle', version: 1 } as const
const inventoryFormat = { format: 'holdfast-inventory', version: 1 } as const

export function printContents(contents: BundleContents): string {
  return JSON.stringify({ ...bundleFormat, ...contents }, null, 1)
}

export function printInventory(inventory: Inventory): string {
  return `${JSON.stringify({ ...inventoryFormat, ...inventory }, null, 1)}\n`
}

/** Throws BundleError where it is none, of another version, or says something that cannot be. */
export function parseContents(text: string): BundleContents {
  const fields = fieldsOf(jsonOf(text), 'bundle.json')
  checkFormat(fields, bundleFormat, 'a bundle')
  const contents: BundleContents = {
    createdAt: timeOf(fields.createdAt, 'createdAt'),
    createdBy: wordsOf(fields.createdBy, 'createdBy'),
    target: targetOf(fields.target),
    files: listOf(fields.files, 'files', filesMax).map(fileOf),
    images: listOf(fields.images, 'images', imagesMax).map(imageOf),
    layers: listOf(fields.layers, 'layers', layersMax).map(layerOf),
    base: fields.base === null ? null : baseOf(fields.base),
    members: listOf(fields.members, 'members', filesMax + imagesMax + layersMax).map(memberOf),
  }
  checkTarget(contents)
  checkImages(contents)
  checkMembers(contents)
  return contents
}

/** null: the text is no inventory at all. Throws BundleError where it is one that cannot be read. */
export function parseInventory(text: string): Inventory | null {
  if (!text.includes(`"${inventoryFormat.format}"`)) return null
  const fields = fieldsOf(jsonOf(text), 'the inventory')
  checkFormat(fields, inventoryFormat, 'an inventory')
  if (typeof fields.takesParts !== 'boolean') throw wrong('takesParts')
  return {
    createdAt: timeOf(fields.createdAt, 'createdAt'),
    createdBy: wordsOf(fields.createdBy, 'createdBy'),
    hostName: wordsOf(fields.hostName, 'hostName'),
    engine: wordsOf(fields.engine, 'engine'),
    takesParts: fields.takesParts,
    images: listOf(fields.images, 'images', layersMax).map(inventoryImageOf),
  }
}

// ---- what fits together ------------------------------------------------------------------------------------------------

function checkTarget({ target, files }: BundleContents): void {
  const paths = new Set(files.map(({ path }) => path))
  if (paths.size !== files.length) throw wrong('files: one is there twice')
  for (const source of target.sources) if (!paths.has(source)) throw wrong(`target: ${source} is not among its files`)
  if (target.sources.length === 0) throw wrong('target: there is none')
  if (target.kind === 'balena' && files.length !== 1) throw wrong('target: a target state is one file')
  const tops = new Set(files.map(({ path }) => path.split('/')[0]))
  if (target.kind === 'compose' && (tops.size !== 1 || files.some(({ path }) => !path.includes('/')))) {
    throw wrong('files: they are not below one directory')
  }
}

function checkImages({ images, layers }: BundleContents): void {
  const ids = new Set(images.map(({ id }) => id))
  if (ids.size !== images.length) throw wrong('images: one is there twice')
  const references = images.flatMap((image) => image.references)
  if (new Set(references).size !== references.length) throw wrong('images: two have one name')
  const known = new Set(layers.map(({ diffId }) => diffId))
  if (known.size !== layers.length) throw wrong('layers: one is there twice')
  const used = new Set(images.flatMap((image) => image.layers))
  for (const layer of used) if (!known.has(layer)) throw wrong(`layers: ${layer} is missing`)
  if (used.size !== known.size) throw wrong('layers: one belongs to no image')
}

/** Every member is what one of the lists asks for, and nothing but layers may be left out. */
function checkMembers({ files, images, layers, members }: BundleContents): void {
  const mostBytes = new Map<string, number>()
  for (const { path } of files) mostBytes.set(targetName(path), targetFileBytesMax)
  for (const { id } of images) mostBytes.set(configName(id), configBytesMax)
  const asked = new Set(mostBytes.keys())
  for (const { diffId } of layers) mostBytes.set(layerName(diffId), Number.MAX_SAFE_INTEGER)
  const names = new Set<string>()
  let [filesBytes, totalBytes] = [0, 0]
  for (const [at, { name, sizeBytes }] of members.entries()) {
    const most = mostBytes.get(name)
    if (most === undefined) throw wrong(`members: nothing asks for ${JSON.stringify(name)}`)
    if (names.has(name)) throw wrong(`members: ${name} is there twice`)
    if (sizeBytes > most) throw wrong(`members: ${name} has ${sizeBytes} bytes, and may have ${most}`)
    const isFile = name.startsWith('target/')
    if (isFile && at >= files.length) throw wrong(`members: ${name} comes behind the images`)
    if (isFile) filesBytes += sizeBytes
    totalBytes += sizeBytes
    names.add(name)
  }
  for (const name of asked) if (!names.has(name)) throw wrong(`members: ${name} is missing`)
  if (filesBytes > filesBytesMax) throw wrong(`files: they have ${filesBytes} bytes, and may have ${filesBytesMax}`)
  if (!Number.isSafeInteger(totalBytes)) throw wrong('members: their sizes make no sense')
}

// ---- one value at a time -------------------------------------------------------------------------------------------------

type Fields = Readonly<Record<string, unknown>>

function checkFormat(fields: Fields, { format, version }: { format: string; version: number }, what: string): void {
  if (fields.format !== format) throw new BundleError(`it is not ${what} of Holdfast`)
  if (fields.version === version) return
  throw new BundleError(
    `it is ${what} of version ${JSON.stringify(fields.version)}, and this Holdfast reads version ${version}; use the Holdfast that wrote it, or a newer one`,
  )
}

function targetOf(value: unknown): BundleTarget {
  const { kind, sources } = fieldsOf(value, 'target')
  if (kind !== 'balena' && kind !== 'compose') throw wrong('target.kind')
  return { kind, sources: listOf(sources, 'target.sources', filesMax).map(pathOf) }
}

function fileOf(value: unknown): BundleFile {
  const { path, mode } = fieldsOf(value, 'files')
  if (typeof mode !== 'number' || !Number.isInteger(mode) || mode < 0 || mode > 0o777) throw wrong('files: mode')
  return { path: pathOf(path), mode }
}

function pathOf(value: unknown): string {
  if (typeof value !== 'string' || value.length > 1024) throw wrong('files: path')
  if (!isSafePath(value)) throw wrong(`files: the path ${JSON.stringify(value)} leads elsewhere`)
  return value
}

/** Relative, and nowhere but below where it is put. */
export function isSafePath(path: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  if (/[\x00-\x1f\x7f]/.test(path)) return false
  return path.split('/').every((part) => part !== '' && part !== '.' && part !== '..')
}

function imageOf(value: unknown): BundleImage {
  const { id, references, digests, platform, layers } = fieldsOf(value, 'images')
  return {
    id: digestOf(id, 'images: id'),
    references: listOf(references, 'images: references', referencesMax).map(referenceOf),
    digests: listOf(digests, 'images: digests', referencesMax).map(referenceOf),
    platform: wordsOf(platform, 'images: platform'),
    layers: listOf(layers, 'images: layers', layersPerImageMax).map((one) => digestOf(one, 'images: layers')),
  }
}

function inventoryImageOf(value: unknown): InventoryImage {
  const { id, references, layers } = fieldsOf(value, 'images')
  return {
    id: digestOf(id, 'images: id'),
    references: listOf(references, 'images: references', referencesMax).map((one) =>
      wordsOf(one, 'images: references'),
    ),
    layers: listOf(layers, 'images: layers', layersPerImageMax).map((one) => digestOf(one, 'images: layers')),
  }
}

function layerOf(value: unknown): BundleLayer {
  const { diffId, sizeBytes } = fieldsOf(value, 'layers')
  return { diffId: digestOf(diffId, 'layers: diffId'), sizeBytes: sizeOf(sizeBytes, 'layers: sizeBytes') }
}

function baseOf(value: unknown): NonNullable<BundleContents['base']> {
  const { name, createdAt } = fieldsOf(value, 'base')
  return { name: wordsOf(name, 'base.name'), createdAt: timeOf(createdAt, 'base.createdAt') }
}

function memberOf(value: unknown): BundleMember {
  const { name, sizeBytes, sha256 } = fieldsOf(value, 'members')
  if (typeof name !== 'string' || typeof sha256 !== 'string' || !/^[0-9a-f]{64}$/.test(sha256)) throw wrong('members')
  return { name, sizeBytes: sizeOf(sizeBytes, 'members: sizeBytes'), sha256 }
}

function referenceOf(value: unknown): string {
  if (typeof value !== 'string') throw wrong('images: references')
  try {
    parseReference(value)
    return value
  } catch (error) {
    throw wrong(`images: ${(error as Error).message}`)
  }
}

function digestOf(value: unknown, what: string): string {
  if (typeof value !== 'string' || !/^sha256:[0-9a-f]{64}$/.test(value)) throw wrong(what)
  return value
}

function sizeOf(value: unknown, what: string): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) throw wrong(what)
  return value
}

/** Shown to people: without anything that a terminal would obey. */
function wordsOf(value: unknown, what: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  if (typeof value !== 'string' || value.length > 1024 || /[\x00-\x1f\x7f-\x9f]/.test(value)) throw wrong(what)
  return value
}

function timeOf(value: unknown, what: string): string {
  const text = wordsOf(value, what)
  if (Number.isNaN(Date.parse(text))) throw wrong(what)
  return text
}

function listOf(value: unknown, what: string, most: number): readonly unknown[] {
  if (!Array.isArray(value)) throw wrong(what)
  if (value.length > most) throw wrong(`${what}: there are ${value.length}, and may be ${most}`)
  return value
}

function fieldsOf(value: unknown, what: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wrong(what)
  return { ...value }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new BundleError(`it is damaged: its table of contents is no JSON (${(error as Error).message})`)
  }
}

function wrong(what: string): BundleError {
  return new BundleError(`it is damaged, or somebody else made it: ${what}`)
}
