import { closeSync, constants, mkdirSync, openSync, readdirSync, readSync, rmSync, writeSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { hashText } from '../../base/hash.ts'
import type { Now } from '../../core/model.ts'
import type { LogAppendPort, LogSpot } from '../../engine/ports.ts'
import { boundary } from '../../sys/boundary.ts'
import { errnoOf } from '../../sys/errno.ts'
import { beginning, type Position, type Sink } from './container-logs-position.ts'

/**
 * How far the log of each container is stored, in a small file each, so that a death of ours at any moment loses and doubles
 * nothing. It is written BEFORE the bytes: where they will stand, and what the position is then. After a death the
 * size of the log tells how many of these bytes it still got; they count from the position before. The file has two
 * places that are written in turn, each with a number and a digest: of a record that a death tore, the one before holds,
 * and nothing of what the torn one announced was begun.
 */
export interface Cursors {
  /** The containers that have one. */
  ids(): readonly string[]
  /** Made when it is first written. */
  of(id: string): Cursor
  remove(id: string): void
}

export interface Cursor {
  /** What is stored. */
  readonly state: CursorState
  /** So many bytes go to this place of a log, next. `then`: where that comes to when all of them are there. */
  announce(sink: Sink, spot: LogSpot | null, bytes: number, then: Position): void
  /** They are there. */
  written(then: Position): void
  /** Nothing is written; this is how it is now. */
  settle(state: Partial<CursorState>): void
  close(): void
}

export interface CursorState {
  readonly position: Position
  /** The streams that were asked for, and where they went: another choice counts otherwise. */
  readonly layout: string
  /** When the run began that the last message is of, as the engine writes it. */
  readonly startedAt: string
  /** That run has ended, and everything of it is stored. */
  readonly isDrained: boolean
  /** It was told that nothing of it can be read. */
  readonly isUnreadable: boolean
  /** The wall clock less the time since the boot, by which a clock that was set back is noticed. */
  readonly clock: { readonly bootId: string; readonly offsetMs: number }
}

interface Stored {
  readonly number: number
  readonly state: CursorState
  /** What is being written; null: nothing. */
  readonly write: {
    readonly sink: Sink
    readonly spot: LogSpot | null
    readonly bytes: number
    readonly then: Position
  } | null
}

const suffix = '.cursor'

/** One record, the path of its log included; they stand at 0 and here. */
const placeBytes = 8 * 1024

/**
 * Looks at once at what stands in the logs, so it has to be made before anything else is written to them. The
 * directory is made with the first of them. Throws the system's error where it cannot be read.
 */
export function openCursors(options: {
  readonly directory: string
  readonly logs: Pick<LogAppendPort, 'stored'>
  readonly clock: () => Now
  readonly warn: (text: string) => void
}): Cursors {
  const { directory, logs, clock, warn } = options
  const cursors = new Map<string, Cursor>()
  const pathOf = (id: string): string => join(directory, id + suffix)
  for (const name of namesIn(directory)) {
    if (!name.endsWith(suffix)) continue
    const id = name.slice(0, -suffix.length)
    const stored = load(pathOf(id), warn)
    if (stored === null) continue
    const state = resolve(stored, logs)
    const cursor = cursorAt(pathOf(id), { number: stored.number, state }, options)
    // Once others write to that log its size tells nothing any more.
    if (stored.write !== null && state.position !== stored.write.then) cursor.settle({})
    cursors.set(id, cursor)
  }
  return {
    ids: () => [...cursors.keys()],
    of(id) {
      const state = { ...fresh, clock: clockOf(clock()) }
      const cursor = cursors.get(id) ?? cursorAt(pathOf(id), { number: 0, state }, options)
      cursors.set(id, cursor)
      return cursor
    },
    remove(id) {
      cursors.get(id)?.close()
      cursors.delete(id)
      rmSync(pathOf(id), { force: true })
    },
  }
}

/** None where it was never made. */
function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory)
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error
    return []
  }
}

function openMaking(path: string): number {
  const flags = constants.O_RDWR | constants.O_CREAT
  try {
    return openSync(path, flags, 0o600)
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    return openSync(path, flags, 0o600)
  }
}

const fresh: Omit<CursorState, 'clock'> = {
  position: beginning,
  layout: '',
  startedAt: '',
  isDrained: false,
  isUnreadable: false,
}

export function clockOf({ bootId, bootMs, wallMs }: Now): CursorState['clock'] {
  return { bootId, offsetMs: wallMs - bootMs }
}

/** How many of the announced bytes were written before the death. */
function resolve({ state, write }: Stored, logs: Pick<LogAppendPort, 'stored'>): CursorState {
  if (write === null) return state
  const { sink, spot, bytes, then } = write
  const stored = spot === null ? bytes : logs.stored(spot)
  if (stored === bytes) return { ...state, position: then }
  const { position } = state
  return { ...state, position: { ...position, skip: { ...position.skip, [sink]: position.skip[sink] + stored } } }
}

function cursorAt(
  path: string,
  from: { readonly number: number; readonly state: CursorState },
  { clock, warn }: { readonly clock: () => Now; readonly warn: (text: string) => void },
): Cursor {
  let { number, state } = from
  let fd: number | null = null
  let isTold = false

  function put(write: Stored['write']): void {
    number += 1
    try {
      fd ??= openMaking(path)
      const text = JSON.stringify({ number, state, write } satisfies Stored)
      writeSync(fd, `${hashText(text)} ${Buffer.byteLength(text)} ${text}\n`, (number % 2) * placeBytes)
    } catch (error) {
      // Its output is worth more than that it is stored only once.
      if (!isTold) warn(`${path} cannot be written (${errnoOf(error)}): after a death some output may be doubled`)
      isTold = true
    }
    boundary('cursor: written')
  }

  return {
    get state() {
      return state
    },
    announce(sink, spot, bytes, then) {
      state = { ...state, isDrained: false, clock: clockOf(clock()) }
      put({ sink, spot, bytes, then })
    },
    written(then) {
      state = { ...state, position: then }
    },
    settle(changed) {
      state = { ...state, ...changed, clock: clockOf(clock()) }
      put(null)
    },
    close() {
      if (fd !== null) closeSync(fd)
      fd = null
    },
  }
}

/** The later one of the two that is whole; null: there is none. */
function load(path: string, warn: (text: string) => void): Stored | null {
  try {
    const fd = openSync(path, constants.O_RDONLY)
    try {
      const found = [readAt(fd, 0), readAt(fd, placeBytes)].filter((stored) => stored !== null)
      return found.sort((one, other) => other.number - one.number)[0] ?? null
    } finally {
      closeSync(fd)
    }
  } catch (error) {
    warn(`${path} cannot be read (${errnoOf(error)}): the output of that container is stored from its beginning`)
    return null
  }
}

/** The digest and the number of bytes are of what stood there last: what is left of a longer one before is not read. */
function readAt(fd: number, position: number): Stored | null {
  const bytes = Buffer.alloc(placeBytes)
  const read = readSync(fd, bytes, 0, placeBytes, position)
  const [head, digest, length] = /^([0-9a-f]{16}) (\d{1,5}) /.exec(bytes.toString('latin1', 0, 24)) ?? []
  if (head === undefined) return null
  const text = bytes.toString('utf8', head.length, Math.min(head.length + Number(length), read))
  return hashText(text) === digest ? JSON.parse(text) : null
}
