import { type Stats, statSync } from 'node:fs'
import { assert } from '../base/assert.ts'
import type {
  LogAppender,
  LogAppendPort,
  LogControlPort,
  LoggerPort,
  LogPort,
  LogReadPort,
  LogSpot,
  LogWriter,
  OutputNews,
  StreamRef,
} from '../engine/ports.ts'
import { errnoOf } from '../sys/errno.ts'
import { isEmptyPipe } from '../sys/pipe.ts'
import { createLogCap } from './log-cap.ts'
import { createCompressor } from './log-compress.ts'
import { openLogFile } from './log-file.ts'
import { createHandles } from './log-handles.ts'
import type { IndexDescriptors } from './log-index.ts'
import { readLogs } from './log-merge.ts'
import { foreignPlace, isStreamPath, type LogPlace, ownPlace, placeOf } from './log-name.ts'
import type { LogSource } from './log-parts.ts'
import { clearFiles } from './log-rotation.ts'
import { endPosition, readSince, startPosition } from './log-since.ts'
import { openLogStream } from './log-stream.ts'
import {
  type Drained,
  type Limits,
  type LogTarget,
  type LogTargetOptions,
  nowhere,
  type Rotated,
} from './log-target.ts'
import { createLeftovers } from './output-held.ts'
import { createSyslogs } from './output-syslog.ts'
import { openOutputWriter } from './output-writer.ts'
import { createLoggers, type LoggerParts, type Loggers } from './svlog-loggers.ts'

export interface LogFiles extends LogPort, LogAppendPort, LogReadPort, LogControlPort, LoggerPort {
  /** The file a stream is written to, or would be; null when it is thrown away. */
  pathOf(stream: StreamRef): string | null
  /** What the log directory may hold; null: that cannot be told now. */
  totalBytesMax(): number | null
  /** Resolves when nothing is being compressed or removed. */
  idle(): Promise<void>
}

export interface LogFilesOptions {
  /** For streams that name no path: created when first needed. */
  readonly directory: string
  readonly warn: (message: string) => void
  /** The wall clock. */
  readonly now?: () => number
  /** Of the log directory; what is older is removed first. Without it 10 % of its file system, at most 4 GiB. */
  readonly totalBytesMax?: number | null
  /** What streams need that go into log directories of svlogd's format. */
  readonly loggers?: Omit<LoggerParts, 'warn'>
  /** Told of output that asks for it (OutputHandling), when it is in its log. */
  readonly told?: (news: OutputNews) => void
  /** Of this daemon alone, best in memory: what handled streams hold back outlives us there. Without it, it does not. */
  readonly heldFolder?: string
  /** Where syslog listens; without it at /dev/log. */
  readonly syslogPath?: string
}

/**
 * Logs as plain files, so that `tail -f` and `grep` work on them. Streams that name the same path share one file, with
 * the limits of the latest. A path that cannot be opened is told through `warn`, and its stream goes to the directory.
 * What names a path is opened some moments after it was asked for, or with its first output: opening hundreds of files
 * takes longer than starting what writes them.
 */
export function createLogFiles(options: LogFilesOptions): LogFiles {
  const { directory, warn, now = Date.now, totalBytesMax, told = () => {} } = options
  const shared = new Map<string, Shared>()
  const open = new Map<string, Opened>()
  const appended = new Map<string, Entered>()
  /** In the order in which they were asked for. */
  const unopened = new Set<Opened>()
  let isOpening = false
  const leftovers = createLeftovers(options.heldFolder ?? null)
  const output = { warn, told, syslogs: createSyslogs(options.syslogPath) }
  const scratch = Buffer.allocUnsafeSlow(scratchBytes)
  const descriptors: IndexDescriptors = new Set()
  const handles = createHandles()
  const compressor = createCompressor({ warn })
  const cap = createLogCap({
    directory,
    bytesMax: totalBytesMax ?? null,
    isIndexInUse: (indexBase) => {
      openAll()
      return shared.values().some(({ place }) => place.indexBase === indexBase)
    },
    warn,
  })

  let builtin: Loggers | null = null
  const loggers = (): Loggers => {
    assert(options.loggers !== undefined, 'whoever logs into log directories says what that needs')
    builtin ??= createLoggers({ ...options.loggers, warn })
    return builtin
  }

  const onRotated = ({ place, compress }: Rotated): void => {
    if (compress) compressor.request(place.path)
    cap.grown()
  }

  const enter = (place: LogPlace, limits: Limits): Shared => {
    const about = { place, limits, scratch, warn, now, descriptors, onRotated }
    const entered = shared.get(place.path) ?? { place, target: openTarget(about), users: 0 }
    shared.set(place.path, entered)
    entered.users++
    entered.target.setLimits(limits)
    return entered
  }

  const enterOrFallBack = (stream: StreamRef): Shared => {
    const own = ownPlace(directory, stream)
    if (stream.spec.path === null) return enter(own, stream.spec)
    if (stream.spec.path === 'none') return { place: nowherePlace, target: nowhere, users: 1 }
    const path = placeOf(stream.spec.path)
    try {
      return enter(foreignPlace(directory, path), stream.spec)
    } catch (error) {
      warn(`${stream.unit}: its ${stream.stream} cannot go to ${path} (${errnoOf(error)}); it goes to ${own.path}`)
      return enter(own, stream.spec)
    }
  }

  const leave = (entered: Shared): void => {
    entered.users--
    if (entered.users > 0) return
    shared.delete(entered.place.path)
    entered.target.close()
  }

  const sharedOf = (opened: Opened): Shared => {
    unopened.delete(opened)
    opened.shared ??= enterOrFallBack(opened.stream)
    return opened.shared
  }

  const openAll = (msMax = Number.POSITIVE_INFINITY): void => {
    const since = performance.now()
    for (const opened of unopened) {
      sharedOf(opened)
      if (performance.now() - since >= msMax) return
    }
  }

  const openSoon = (opened: Opened): void => {
    unopened.add(opened)
    if (!isOpening) setTimeout(openSome, openAfterMs).unref()
    isOpening = true
  }

  const openSome = (): void => {
    openAll(openSliceMs)
    isOpening = unopened.size > 0
    if (isOpening) setTimeout(openSome, 0).unref()
  }

  /** Where the first of them went, all go that come while it is open. */
  const append = (stream: StreamRef): LogAppender => {
    const key = keyOf(stream)
    const one = appended.get(key) ?? { stream, shared: enterOrFallBack(stream), users: 0 }
    appended.set(key, one)
    one.users++
    one.shared.target.setLimits(stream.spec)
    let attempt: number | null = null
    let isOpen = true
    return {
      write: (pieces, announce) => one.shared.target.write({ pieces, attempt, announce }),
      begin: (begun) => {
        attempt = begun
      },
      close: () => {
        if (!isOpen) return
        isOpen = false
        one.users--
        if (one.users > 0) return
        appended.delete(key)
        leave(one.shared)
      },
    }
  }

  const writerOf = (opened: Opened): LogWriter => {
    const { stream } = opened
    const { handling } = stream.spec
    const target = (): LogTarget => sharedOf(opened).target
    const key = keyOf(stream)
    if (handling !== undefined)
      return openOutputWriter({ ...stream, handling }, { target, heldPath: leftovers.pathOf(key), parts: output })
    leftovers.take(key, (bytes) => target().put(bytes, null))
    let attempt: number | null = null
    return {
      drain: (fd, bytesMax) =>
        opened.shared === null && isEmptyPipe(fd) ? nothing : target().drain(fd, bytesMax, attempt),
      begin: (begun) => {
        attempt = begun
      },
      close: () => {},
    }
  }

  /** What it names may be another place by now: a link, or a path that could not be opened. */
  const reopen = (): void => {
    for (const entered of [...open.values(), ...appended.values()]) {
      const last = entered.shared
      if (last === null) continue
      if (wantedPath(directory, entered.stream) === last.place.path) continue
      entered.shared = enterOrFallBack(entered.stream)
      leave(last)
    }
    for (const { target } of shared.values()) target.reopen()
  }

  const clear = (stream: StreamRef): string | null => {
    if (stream.svlogd !== undefined) return 'it is in log directories of svlogd, which are not cleared'
    const place = placeFor(stream)
    if (place === null || isStreamPath(place.path)) return null
    try {
      clearFiles(place, stream.spec.backupsMax)
    } catch (error) {
      return `${place.path} cannot be cleared (${errnoOf(error)})`
    } finally {
      shared.get(place.path)?.target.reopen()
    }
    return null
  }

  const placeFor = (stream: StreamRef): LogPlace | null => {
    const { path } = stream.spec
    if (path === 'none') return null
    const entered = open.get(keyOf(stream)) ?? appended.get(keyOf(stream))
    if (entered?.shared) return entered.shared.place
    return path === null ? ownPlace(directory, stream) : foreignPlace(directory, placeOf(path))
  }

  /** What can be read; what passes through us is not kept. */
  const sourceOf = (stream: StreamRef): LogSource | null => {
    const place = placeFor(stream)
    return place === null || isStreamPath(place.path) ? null : { place, handles }
  }

  return {
    open: (stream): LogWriter => {
      if (stream.svlogd !== undefined) return loggers().open(stream)
      const key = keyOf(stream)
      assert(!open.has(key), `the log of ${key} is opened once`)
      const opened: Opened = { stream, shared: null }
      open.set(key, opened)
      const { path } = stream.spec
      if (path === null || path === 'none') sharedOf(opened)
      else openSoon(opened)
      const writer = writerOf(opened)
      return {
        ...writer,
        close: () => {
          if (!open.delete(key)) return
          writer.close()
          unopened.delete(opened)
          if (opened.shared !== null) leave(opened.shared)
        },
      }
    },
    append,
    stored: storedOf,
    read(streams, options) {
      // Several streams may share one file: it is read once, for the first of them.
      const logs = new Map<string, { ref: StreamRef; source: LogSource }>()
      for (const ref of streams) {
        const source = sourceOf(ref)
        if (source !== null && !logs.has(source.place.path)) logs.set(source.place.path, { ref, source })
      }
      return readLogs([...logs.values()], options)
    },
    position: async (stream) => {
      const source = sourceOf(stream)
      return source === null ? startPosition : endPosition(source)
    },
    readSince: async (stream, since, options) => {
      const source = sourceOf(stream)
      return source === null ? { bytes: new Uint8Array(0), position: startPosition } : readSince(source, since, options)
    },
    pathOf: (stream) =>
      (stream.stream === 'stdout' ? builtin?.pathOf(stream.unit) : null) ?? placeFor(stream)?.path ?? null,
    totalBytesMax: cap.bytesMax,
    catchUp: () => openAll(),
    reopen,
    clear,
    state: (unit) => builtin?.state(unit) ?? null,
    control: (unit, action) => builtin?.control(unit, action),
    idle: async () => {
      await compressor.idle()
      await cap.idle()
    },
  }
}

/** One target and how many streams go to it. */
interface Shared {
  readonly place: LogPlace
  readonly target: LogTarget
  users: number
}

/** A stream that is open, and where it goes now. */
interface Entered {
  readonly stream: StreamRef
  shared: Shared
  users: number
}

/** One that is drained from a pipe; `shared` null: its file is not opened yet. */
interface Opened {
  readonly stream: StreamRef
  shared: Shared | null
}

const nothing: Drained = { bytes: 0, isEmpty: true }

/** Until then hundreds of programs have been started, and nobody has missed their files. */
const openAfterMs = 250

/** In a row, before whatever else waits gets its turn. */
const openSliceMs = 4

/** What is thrown away is nowhere, and may be handled on its way. */
const nowherePlace: LogPlace = { path: '', isOwn: false, indexBase: '' }

function wantedPath(directory: string, stream: StreamRef): string {
  const { path } = stream.spec
  if (path === 'none') return nowherePlace.path
  return path === null ? ownPlace(directory, stream).path : placeOf(path)
}

function keyOf({ unit, stream }: StreamRef): string {
  return `${unit} ${stream}`
}

/** Only we write to it, and it is moved only when nothing of it is missing: what is elsewhere, or was cut, was complete. */
function storedOf({ path, device, inode, bornMs, offset, bytes }: LogSpot): number {
  const there = lookAt(path)
  const isSame = there?.dev === device && there.ino === inode && there.birthtimeMs === bornMs
  if (!isSame || there.size < offset) return bytes
  return Math.min(there.size - offset, bytes)
}

function lookAt(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false })
  } catch (error) {
    errnoOf(error)
    return undefined
  }
}

function openTarget(options: LogTargetOptions): LogTarget {
  const { path } = options.place
  const isFile = !isStreamPath(path) && (statSync(path, { throwIfNoEntry: false })?.isFile() ?? true)
  return isFile ? openLogFile(options) : openLogStream(options)
}

/** One for all targets: it holds bytes only within a call. */
const scratchBytes = 64 * 1024
