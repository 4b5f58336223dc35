import type { NetworkSpec, VolumeSpec } from '../../../core/containers/model.ts'
import type { Setting } from '../values.ts'

/** What the services of one app have around them, and what of it they use. */
export interface Scene {
  readonly app: string
  /** By key; `default` is always there. */
  readonly networks: ReadonlyMap<string, NetworkSpec>
  readonly volumes: ReadonlyMap<string, VolumeSpec>
  readonly secrets: ReadonlyMap<string, SharedFile>
  readonly configs: ReadonlyMap<string, SharedFile>
  readonly usedNetworks: Set<string>
  readonly usedVolumes: Set<string>
  /** How many more ports may be published. */
  readonly portsLeft: { count: number }
  /** How much more the files that services name may hold. */
  readonly bytesLeft: { count: number }
  /** What files of variables hold that were read one after the other, by their paths. */
  readonly envFiles: Map<string, Readonly<Record<string, string>>>
  readonly links: Link[]
}

/** A secret or a config: a file of the host, or why there is none. */
export type SharedFile =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'elsewhere'; readonly why: string }

/** A name that a service has for another one. */
export interface Link {
  readonly from: string
  readonly to: string
  /** null: its own. */
  readonly alias: string | null
  readonly at: Setting
}
