import { type Stats, statSync } from 'node:fs'
import { assert } from '../base/assert.ts'
import type {
  LogAppender,
  LogAppendPort,
  LoggerPort,
  LogPort,
  LogReadPort,
  LogSpot,
  LogWriter,
  StreamRef,
} from '../engine/ports.ts'
import { errnoOf } from '../sys/errno.ts'
import { createLogCap } from './log-cap.ts'
import { createCompressor } from './log-compress.ts'
import { openLogFile } from './log-file.ts'
import { createHandles } from './log-handles.ts'
import type { IndexDescriptors } from './log-index.ts'
import { readLogs } from './log-merge.ts'
import { foreignPlace, isStreamPath, type LogPlace, ownPlace, placeOf } from './log-name.ts'
import type { LogSource } from './log-parts.ts'
import { endPosition, readSince, startPosition } from './log-since.ts'
import { openLogStream } from './log-stream.ts'
import type { Limits, LogTarget, LogTargetOptions, Rotated } from './log-target.ts'
import { createLoggers, type LoggerParts, type Loggers } from './svlog-loggers.ts'

export interface LogFiles extends LogPort, LogAppendPort, LogReadPort, LoggerPort {
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
}

/**
 * Logs as plain files, so that `tail -f` and `grep` work on them. Streams that name the same path share one file, with
 * the limits of the latest. A path that cannot be opened is told through `warn`, and its stream goes to the directory.
 */
export function createLogFiles(options: LogFilesOptions): LogFiles {
  const { directory, warn, now = Date.now, totalBytesMax } = options
  const shared = new Map<string, Shared>()
  const open = new Map<string, Shared>()
  const appended = new Map<string, { readonly entered: Shared; users: number }>()
  const scratch = Buffer.allocUnsafeSlow(scratchBytes)
  const descriptors: IndexDescriptors = new Set()
  const handles = createHandles()
  const compressor = createCompressor({ warn })
  const cap = createLogCap({
    directory,
    bytesMax: totalBytesMax ?? null,
    isIndexInUse: (indexBase) => shared.values().some(({ place }) => place.indexBase === indexBase),
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

  /** Where the first of them went, all go that come while it is open. */
  const append = (stream: StreamRef): LogAppender => {
    const key = keyOf(stream)
    const one = appended.get(key) ?? { entered: enterOrFallBack(stream), users: 0 }
    appended.set(key, one)
    one.users++
    one.entered.target.setLimits(stream.spec)
    let attempt: number | null = null
    let isOpen = true
    return {
      write: (pieces, announce) => one.entered.target.write({ pieces, attempt, announce }),
      begin: (begun) => {
        attempt = begun
      },
      close: () => {
        if (!isOpen) return
        isOpen = false
        one.users--
        if (one.users > 0) return
        appended.delete(key)
        leave(one.entered)
      },
    }
  }

  const placeFor = (stream: StreamRef): LogPlace | null => {
    const { path } = stream.spec
    if (path === 'none') return null
    const entered = open.get(keyOf(stream)) ?? appended.get(keyOf(stream))?.entered
    if (entered !== undefined) return entered.place
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
      const entered = enterOrFallBack(stream)
      open.set(key, entered)
      let attempt: number | null = null
      return {
        drain: (fd, bytesMax) => entered.target.drain(fd, bytesMax, attempt),
        begin: (begun) => {
          attempt = begun
        },
        close: () => {
          if (open.delete(key)) leave(entered)
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
