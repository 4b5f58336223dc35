import type { SvlogdSpec, UnitId } from '../core/model.ts'
import type { StampForm } from '../formats/svlogd-stamp.ts'
import type { LogDirectory, LogServices, LogSettings } from '../svlog/model.ts'
import type { Journal } from './svlog-journal.ts'
import type { BlockNote } from './svlog-note.ts'
import type { Owner } from './svlog-owner.ts'

/** The builtin logger of one unit. Nothing of what was printed is kept here: it is in files, or still in the pipe. */
export interface Logger {
  readonly unit: UnitId
  readonly spec: SvlogdSpec
  /** null: as what we make. */
  owner: Owner | null
  /** Those that could be opened; none: not one could, or it is yet to be tried. */
  written: readonly Written[]
  /** A daemon of this boot had them open and did not close them, so that what is in them is whole. */
  isOurs: boolean
  /** The block that is being written, or that waits until it can be. */
  block: BlockNote | null
  isWaiting: boolean
  /** A death may have come after the block was taken from the pipe: what waits has to be looked at first. */
  isTaken: boolean
  isPaused: boolean
  sinceWallMs: number
  trouble: string | null
  /** The pipe that was last drained; -1: none yet. */
  pipe: number
  /** An incomplete line that cannot be decided upon is looked at again after this. */
  partialRetryMs: number
}

export interface Written {
  readonly directory: LogDirectory
  /** Of `current`; 0: not known now. */
  inode: number
}

/** What all loggers of a daemon share. */
export interface LoggerSite {
  readonly services: LogServices
  readonly journal: Journal
  readonly warn: (text: string) => void
  /** Whose directories the engine works on now; null: it does not. */
  working: Logger | null
  /** Files are closed because their directory is, and not because they were set aside. */
  isClosing: boolean
  /** Who has the lock of a file, for messages. */
  readonly lockHolder: (path: string) => { readonly pid: number; readonly name: string } | null
  /** A file that holds bytes only within a call. */
  readonly scratchPath: string
  /** Whether processors can be started. */
  readonly hasProcessors: boolean
}

/** Does something with the directories of a logger. */
export function work<T>(site: LoggerSite, logger: Logger, act: () => T): T {
  const before = site.working
  site.working = logger
  try {
    return act()
  } finally {
    site.working = before
  }
}

export function settingsOf(spec: SvlogdSpec, holdsPartialLines: boolean): LogSettings {
  return {
    stamp: stamps[spec.stamp],
    lineMaxBytes: spec.lineBytesMax || lineBytesUsual,
    replacement: replacementOf(spec),
    holdsPartialLines,
    followsMoves: false,
  }
}

const stamps: Readonly<Record<SvlogdSpec['stamp'], StampForm>> = {
  none: 'none',
  tai64n: 'tai64n',
  date: 'text',
  iso: 'iso',
}

/** svlogd takes 0 for this. */
const lineBytesUsual = 1_000

function replacementOf({ replacement, replaced }: SvlogdSpec): Uint8Array | null {
  if (replacement === null) return null
  const [by = 0] = Buffer.from(replacement)
  const set = new Set(Buffer.from(replaced))
  return Uint8Array.from({ length: 256 }, (_, byte) => (byte < 32 || byte > 126 || set.has(byte) ? by : byte))
}
