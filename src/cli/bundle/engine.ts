/** What is asked of the container engine for bundles. What it refuses is thrown as an Error whose message says why. */
export interface ImageEngine {
  readonly socketPath: string
  about(): Promise<EngineFacts>
  /** All that have layers or a name. */
  images(): Promise<readonly PresentImage[]>
  /** By reference or id; null: it is not there. */
  image(reference: string): Promise<PresentImage | null>
  pull(reference: string, platform: string | null): Promise<void>
  /** An archive as `docker save` makes it. */
  save(ids: readonly string[]): Promise<AsyncIterable<Buffer>>
  /** Returns when all of it is loaded. What `chunks` throws ends it, and nothing of it is loaded. */
  load(chunks: AsyncIterable<Uint8Array>): Promise<void>
  tag(image: string, name: { readonly repo: string; readonly tag: string }): Promise<void>
  /** Only this name; an image goes with its last one. Nothing happens where it is not there, or in use. */
  untag(reference: string): Promise<void>
  close(): void
}

export interface EngineFacts {
  /** `Docker 20.10.24` */
  readonly name: string
  /** Where it keeps images, as it sees it; empty: it does not say. */
  readonly rootDirectory: string
  /**
   * Whether it loads an image without the layers that it has. Docker with its graph drivers does; its containerd image store and
   * Podman want all of them.
   */
  readonly takesParts: boolean
}

export interface PresentImage {
  readonly id: string
  /** Tags. */
  readonly references: readonly string[]
  readonly digests: readonly string[]
  /** `linux/arm64/v8` */
  readonly platform: string
  readonly layers: readonly string[]
}
