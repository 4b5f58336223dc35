import { statSync } from 'node:fs'
import { join } from 'node:path'
import { assert } from '../base/assert.ts'
import type { LogPort, LogReadPort, LogWriter, StreamRef } from '../engine/ports.ts'
import { errnoOf } from '../sys/errno.ts'
import { openLogFile } from './log-file.ts'
import { isStreamPath, logName, placeOf } from './log-name.ts'
import { readLog } from './log-reader.ts'
import { openLogStream } from './log-stream.ts'
import type { LogTarget, LogTargetOptions } from './log-target.ts'

export interface LogFiles extends LogPort, LogReadPort {
  /** The file a stream is written to, or would be; null when it is thrown away. */
  pathOf(stream: StreamRef): string | null
}

export interface LogFilesOptions {
  /** For streams that name no path: created when first needed. */
  readonly directory: string
  readonly warn: (message: string) => void
}

/**
 * Logs as plain files, so that `tail -f` and `grep` work on them. Streams that name the same path share one file, with
 * the limits of the latest. A path that cannot be opened is told through `warn`, and its stream goes to the directory.
 */
export function createLogFiles({ directory, warn }: LogFilesOptions): LogFiles {
  const shared = new Map<string, Shared>()
  const open = new Map<string, Shared>()
  const scratch = Buffer.allocUnsafeSlow(scratchBytes)

  const enter = (options: LogTargetOptions): Shared => {
    const { path, limits } = options
    const entered = shared.get(path) ?? { path, target: openTarget(options), users: 0 }
    shared.set(path, entered)
    entered.users++
    entered.target.setLimits(limits)
    return entered
  }

  const enterOrFallBack = (stream: StreamRef): Shared => {
    const own = { path: join(directory, logName(stream)), isOwn: true, limits: stream.spec, scratch, warn }
    if (stream.spec.path === null) return enter(own)
    const path = placeOf(stream.spec.path)
    try {
      return enter({ ...own, path, isOwn: false })
    } catch (error) {
      warn(`${stream.unit}: its ${stream.stream} cannot go to ${path} (${errnoOf(error)}); it goes to ${own.path}`)
      return enter(own)
    }
  }

  const leave = (entered: Shared): void => {
    entered.users--
    if (entered.users > 0) return
    shared.delete(entered.path)
    entered.target.close()
  }

  const pathOf = (stream: StreamRef): string | null => {
    const { path } = stream.spec
    if (path === 'none') return null
    return open.get(keyOf(stream))?.path ?? (path === null ? join(directory, logName(stream)) : placeOf(path))
  }

  return {
    open: (stream): LogWriter => {
      const key = keyOf(stream)
      assert(!open.has(key), `the log of ${key} is opened once`)
      const entered = enterOrFallBack(stream)
      open.set(key, entered)
      return {
        drain: entered.target.drain,
        close: () => {
          if (open.delete(key)) leave(entered)
        },
      }
    },
    read: (stream, options) => readLog(pathOf(stream), options),
    pathOf,
  }
}

/** One target and how many streams go to it. */
interface Shared {
  readonly path: string
  readonly target: LogTarget
  users: number
}

function keyOf({ unit, stream }: StreamRef): string {
  return `${unit} ${stream}`
}

function openTarget(options: LogTargetOptions): LogTarget {
  const { path } = options
  const isFile = !isStreamPath(path) && (statSync(path, { throwIfNoEntry: false })?.isFile() ?? true)
  return isFile ? openLogFile(options) : openLogStream(options)
}

/** One for all targets: it holds bytes only within a call. */
const scratchBytes = 64 * 1024
