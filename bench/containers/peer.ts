import type { PeerName } from '../peer.ts'

/** Who brings containers to be as declared. */
export interface ContainersPeer {
  readonly name: PeerName
  /** null: not installed on this machine. */
  version(): string | null
  open(ground: Ground): Promise<ContainersSupervisor>
}

/** An engine that has the image, and nothing else; and a directory for one peer. */
export interface Ground {
  readonly directory: string
  readonly socketPath: string
  readonly image: string
}

export interface ContainersSupervisor {
  /** The processes that stay. */
  roots(): readonly number[]
  /** Gives the command after which the app has these services. Resolves with when it was given, after it has ended. */
  apply(services: readonly Service[]): Promise<number>
  /** Stops and starts one. As `apply`. */
  restart(name: string): Promise<number>
  /** As `apply` by the command line of one that has a daemon, its own start included. */
  applyByCommandLine?(services: readonly Service[]): Promise<number>
  close(): Promise<void>
}

export interface Service {
  readonly name: string
  readonly version: string
  readonly needs: readonly string[]
}

/** Now, by the wall clock in ms with its fractions: what the engine's events bear. */
export function nowMs(): number {
  return performance.timeOrigin + performance.now()
}
