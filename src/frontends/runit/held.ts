import type { Unit, UnitId } from '../../core/model.ts'
import type { SuperviseStatus } from '../../formats/supervise-status.ts'
import type { Watch } from '../../sys/watcher.ts'
import type { OpenDirectory } from './directory.ts'

/** A directory that is to have a `supervise`. */
export interface SuperviseSite {
  /** Of a builtin logger: the unit whose output it takes. */
  readonly unit: UnitId
  /** Absolute: the service directory, or the `log` in it. */
  readonly directory: string
  readonly part: 'service' | 'logger' | 'builtin-logger'
  /** The logger of a service, the service of a logger: both are given back together. null: there is none. */
  readonly partner: UnitId | null
}

/** A site that is ours, for as long as it is. */
export interface Held {
  site: SuperviseSite
  files: OpenDirectory
  /** Commands wait in the FIFO (ignored), are waited for, or are being taken one by one. */
  control: 'ignored' | 'taking' | Watch
  /** As it was told last. null: the engine does not know it, yet or any more. */
  seen: Unit | null
  told: SuperviseStatus
  /** The files say what was told. */
  isWritten: boolean
  /** Its unit has another directory by now: given back as soon as nothing of it runs here any more. */
  isReplaced: boolean
  /** It is about to be declared: that the engine does not know it yet is no reason to give it back. */
  isAwaited: boolean
}

/** Loggers first: whoever waits for a service to be given back waits for its `ok`. */
export function inOrderOfRelease(all: Iterable<Held>): readonly Held[] {
  const isService = ({ site }: Held): number => (site.part === 'service' ? 1 : 0)
  return [...all].toSorted((a, b) => isService(a) - isService(b))
}
