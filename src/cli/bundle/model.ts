/** What a bundle holds: docs/bundles.md. Digests and ids are `sha256:` and 64 hexadecimal digits. */
export interface BundleContents {
  /** RFC 3339. */
  readonly createdAt: string
  /** `holdfast 0.1.0` */
  readonly createdBy: string
  readonly target: BundleTarget
  /** Of the target, by their place below `target/`. */
  readonly files: readonly BundleFile[]
  readonly images: readonly BundleImage[]
  /** Every layer of the images; those that no member brings, the device has to have. */
  readonly layers: readonly BundleLayer[]
  /** What the device was expected to have; null: nothing. */
  readonly base: { readonly name: string; readonly createdAt: string } | null
  /** All of them but the first and the last, in the order they come. */
  readonly members: readonly BundleMember[]
}

export interface BundleTarget {
  readonly kind: 'balena' | 'compose'
  /** Of `files`: those that are declared; the others are what these read. */
  readonly sources: readonly string[]
}

export interface BundleFile {
  /** `shop/compose.yaml`: below one directory, where there are several. */
  readonly path: string
  /** Permissions. */
  readonly mode: number
}

export interface BundleImage {
  /** The digest of its configuration. */
  readonly id: string
  /** As the target names it. */
  readonly references: readonly string[]
  /** As registries know it, where the engine was told: `repo@sha256:…`. */
  readonly digests: readonly string[]
  /** `linux/arm64/v8` */
  readonly platform: string
  /** The digest of each layer's tar, from the lowest one on. */
  readonly layers: readonly string[]
}

export interface BundleLayer {
  readonly diffId: string
  /** Of its tar. */
  readonly sizeBytes: number
}

export interface BundleMember {
  readonly name: string
  /** As it stands in the bundle. */
  readonly sizeBytes: number
  /** 64 hexadecimal digits. */
  readonly sha256: string
}

/** What the engine of a device has. */
export interface Inventory {
  readonly createdAt: string
  readonly createdBy: string
  /** Of the device. */
  readonly hostName: string
  /** `Docker 20.10.24` */
  readonly engine: string
  /** Whether it takes images without the layers that it has. */
  readonly takesParts: boolean
  readonly images: readonly InventoryImage[]
}

export interface InventoryImage {
  readonly id: string
  readonly references: readonly string[]
  readonly layers: readonly string[]
}

/** What is wrong with a bundle, or with what it meets: what, and what to do. */
export class BundleError extends Error {}

/** What is wrong with the files of a target: one line each. */
export class TargetError extends BundleError {}

/** A bundle that is none, an engine that refuses, a file that cannot be read or written: no bug of ours. */
export function isOfTheWorld(error: unknown): error is Error {
  if (error instanceof BundleError) return true
  if (!(error instanceof Error) || !('code' in error)) return false
  // What the system or zlib says; Node's own (ERR_…) are about how it was called.
  return error.name === 'EngineError' || /^(?:E[A-Z0-9]+|Z_[A-Z_]+|ZSTD_\w+)$/.test(String(error.code))
}

export const contentsName = 'bundle.json'
export const checksumName = 'bundle.sha256'

export function configName(id: string): string {
  return `images/${hexOf(id)}.json`
}

export function layerName(diffId: string): string {
  return `layers/${hexOf(diffId)}.tar.gz`
}

export function targetName(path: string): string {
  return `target/${path}`
}

export function hexOf(digest: string): string {
  return digest.slice('sha256:'.length)
}
