import type { Called } from '../dialects/supervisord/said.ts'
import type { TcpAddress } from '../wire/tcp-address.ts'

/**
 * What is declared where, and what was said with it. Remembered, so that a daemon started without files goes on with
 * those of last time.
 */
export interface Declared {
  readonly sources: readonly string[]
  readonly lenient: boolean
  /** What the logs may take together; null: as much as is usual for their file system. */
  readonly logTotalBytesMax: number | null
  /** Where the API listens over TCP; null: nowhere. */
  readonly listen: TcpAddress | null
  /**
   * The sources are directories of service directories, whatever is in them by now, and the daemon is to act as runsvdir does.
   * inherit: what no logger reads goes to its own output. store: into its logs. null: it is an ordinary daemon.
   */
  readonly runsvdir: 'inherit' | 'store' | null
  /** Where what target states need is found; absent: where it usually is. */
  readonly balena?: BalenaPlaces
  /** The daemon is to act as supervisord does, and its one source is the file; absent: it is an ordinary daemon. */
  readonly supervisord?: SupervisordRole
}

/** As `holdfast supervisord` was called. */
export interface SupervisordRole extends Called {
  /** It was started in the background: nobody sees what it prints. */
  readonly isDetached: boolean
}

export interface BalenaPlaces {
  /** A config.json as balenaOS has it, absolute; null: none. */
  readonly configFile: string | null
  /** The directory of update locks; null: that of the original agent. */
  readonly lockRoot: string | null
}
