import type { Now, Unit } from '../../core/model.ts'
import type { LoggerPort, Snapshot } from '../../engine/ports.ts'
import type { SuperviseStatus } from '../../formats/supervise-status.ts'
import { type Errno, errnoOf } from '../../sys/errno.ts'
import { closeDirectory, isInPlace, openDirectory, openToClients, superviseOf } from './directory.ts'
import type { Held, SuperviseSite } from './held.ts'
import { type Inherited, noneInherited } from './inherited.ts'
import { goneText, isFull, writeErrorText } from './refusals.ts'
import { readStatus, writeFirstStatus, writeStatus } from './state-files.ts'
import { absentStatus, isBelievable, isSameStatus, loggerStatus, unitStatus } from './status.ts'

/** Writes what `sv` reads. Never throws for trouble of the world: that is told once, and what it concerns goes on. */
export interface Telling {
  /** Opens a site that is not ours yet. Answers a sentence where that cannot be. */
  open(site: SuperviseSite, inherited: Inherited, snapshot: Snapshot): Held | string
  /** What is new of a site; `amended`: as if this had been told before. */
  tell(held: Held, snapshot: Snapshot, amended?: SuperviseStatus): void
  /** Nothing more is told of it. */
  forget(held: Held): void
}

export interface TellingParts {
  readonly loggers: LoggerPort | null
  readonly clock: () => Now
  /** The site is open by other descriptors: `act` exchanges them. */
  readonly exchange: (held: Held, act: () => void) => void
  readonly warn: (text: string) => void
}

export function createTelling({ loggers, clock, exchange, warn }: TellingParts): Telling {
  /** Why the files of a site do not say what they should: `gone`, or the error. */
  const troubled = new Map<Held, Errno | 'gone'>()

  function open(site: SuperviseSite, inherited: Inherited, snapshot: Snapshot): Held | string {
    const unit = snapshot.state.units.get(site.unit) ?? null
    const now = clock()
    const told = project({ site, unit, isAwaited: true, previous: believed(site, unit, now), snapshot, now })
    const files = openDirectory(site.directory, inherited)
    if (typeof files === 'string') return files
    const held: Held = {
      site,
      files,
      control: 'ignored',
      seen: unit,
      told,
      isWritten: false,
      isReplaced: false,
      isAwaited: true,
    }
    // Before anything is started: a `run` may ask sv about itself.
    write(held, null)
    return held
  }

  function tell(held: Held, snapshot: Snapshot, amended = held.told): void {
    const { site, seen: unit, isAwaited } = held
    const status = project({ site, unit, isAwaited, previous: amended, snapshot, now: clock() })
    if (held.isWritten && isSameStatus(held.told, status)) return
    const before = held.isWritten ? held.told : null
    held.told = status
    write(held, before)
  }

  function write(held: Held, before: SuperviseStatus | null): void {
    held.isWritten = false
    if (held.files.ok !== null && !isInPlace(held.site.directory, held.files)) {
      repair(held)
      return
    }
    const supervise = superviseOf(held.site.directory)
    try {
      publish(held, before)
      troubled.delete(held)
    } catch (error) {
      const errno = errnoOf(error)
      trouble(held, errno, writeErrorText(supervise, errno))
    }
  }

  /** The files of the state come before anybody can take it for supervised; on a full disk they are written later. */
  function publish(held: Held, before: SuperviseStatus | null): void {
    const { directory } = held.site
    const supervise = superviseOf(directory)
    const isFirst = held.files.ok === null
    const isNew = held.site.part === 'logger' && held.told.pid === 0
    const full = isFirst ? writeWhereFree(() => writeFirstStatus(supervise, held.told, isNew)) : null
    if (!isFirst) writeStatus(supervise, held.told, before)
    held.files = openToClients(directory, held.files)
    held.isWritten = full === null
    if (full !== null) throw Object.assign(new Error(full), { code: full })
  }

  /** Makes anew what was removed. */
  function repair(held: Held): void {
    const { directory } = held.site
    const supervise = superviseOf(directory)
    const files = openDirectory(directory, noneInherited)
    if (typeof files === 'string') {
      trouble(held, 'gone', goneText(supervise, files))
      return
    }
    exchange(held, () => {
      closeDirectory(held.files)
      held.files = files
    })
    warn(goneText(supervise, null))
    write(held, null)
  }

  /** A full disk is told once, however many sites are on it. */
  function trouble(held: Held, kind: Errno | 'gone', text: string): void {
    const isKnown = troubled.get(held) === kind
    const isCommon = kind !== 'gone' && [...troubled.values()].includes(kind)
    troubled.set(held, kind)
    if (!isKnown && !isCommon) warn(text)
  }

  function project({
    site,
    unit,
    isAwaited,
    previous,
    snapshot: { state },
    now,
  }: Pick<Held, 'site' | 'isAwaited'> & {
    readonly unit: Unit | null
    readonly previous: SuperviseStatus | null
    readonly snapshot: Snapshot
    readonly now: Now
  }): SuperviseStatus {
    const mode = state.mode.kind
    if (site.part === 'builtin-logger') {
      const logger = loggers?.state(site.unit) ?? null
      const isEnding = mode === 'stopping' || (unit === null ? !isAwaited : !unit.isDeclared)
      return loggerStatus({ logger, isEnding, pid: process.pid, now, previous })
    }
    if (unit === null) return absentStatus({ now, previous, isOver: !isAwaited })
    return unitStatus({ unit, mode, now, previous })
  }

  return { open, tell, forget: (held) => troubled.delete(held) }
}

/** What the files say from before, where it is of the process that is there now: when that was started. */
function believed(site: SuperviseSite, unit: Unit | null, now: Now): SuperviseStatus | null {
  const pid = site.part === 'builtin-logger' ? process.pid : (unit?.run?.identity?.pid ?? 0)
  const status = pid === 0 ? null : readStatus(superviseOf(site.directory))
  return status !== null && isBelievable(status, { pid, now }) ? status : null
}

/** Answers the error where the disk is full: what cannot be written is written later. */
function writeWhereFree(act: () => void): Errno | null {
  try {
    act()
    return null
  } catch (error) {
    const errno = errnoOf(error)
    if (!isFull(errno)) throw error
    return errno
  }
}
