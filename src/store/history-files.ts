import { closeSync, constants, fstatSync, ftruncateSync, mkdirSync, openSync, readFileSync, readSync } from 'node:fs'
import { join } from 'node:path'
import type { UnitId } from '../core/model.ts'
import type { HistoryEntry } from '../engine/ports.ts'
import { writeAtomically } from '../sys/atomic-write.ts'
import { errnoOf } from '../sys/errno.ts'
import { type AppendFile, appendText, openAppendFile } from './append-file.ts'
import { headOfLine, parseHistoryLine } from './history-lines.ts'

export interface HistoryFiles {
  /** In one write; first makes room where there is none. Throws the system's error; a part of it may be written then. */
  append(text: string): void
  /** What was written with a number above `after`, oldest first. What cannot be read is left out, and told. */
  entries(after: number, transitionsOf?: ReadonlySet<UnitId>): Generator<HistoryEntry>
  /** The last one. null: there is none. */
  last(): HistoryEntry | null
  close(): void
}

export const historyName = 'history.ndjson'
export const olderHistoryName = 'history.1.ndjson'

/** The two files of a history: one that is appended to, and an older one that what fits of both is moved to when it is full. */
export function openHistoryFiles(options: {
  readonly directory: string
  readonly bytesMax: number
  /** A file cannot be read. */
  readonly unreadable: (path: string, errno: string) => void
}): HistoryFiles {
  const { directory, bytesMax, unreadable } = options
  const path = join(directory, historyName)
  const olderPath = join(directory, olderHistoryName)
  let file: AppendFile | null = null

  function open(): AppendFile {
    mkdirSync(directory, { recursive: true, mode: 0o700 })
    return openAppendFile(path)
  }

  /** If we die in between, some lines are in both files, and told apart by their numbers. */
  function makeRoom(full: AppendFile): void {
    const lines = [olderPath, path].flatMap((from) => guarded(from, [], () => readLines(from)))
    writeAtomically(olderPath, sharedOut(lines, bytesMax))
    ftruncateSync(full.fd, 0)
    full.bytes = 0
  }

  function* entriesIn(from: string, after: number, owners: ReadonlySet<string> | null): Generator<HistoryEntry> {
    const lines = linesAfter(from, after, owners)
    for (;;) {
      const line = guarded(from, null, () => lines.next().value ?? null)
      if (line === null) return
      const entry = parseHistoryLine(line)
      if (entry !== null) yield entry
    }
  }

  function guarded<T>(from: string, otherwise: T, read: () => T): T {
    try {
      return read()
    } catch (error) {
      const errno = errnoOf(error)
      if (errno !== 'ENOENT') unreadable(from, errno)
      return otherwise
    }
  }

  function* entries(after: number, transitionsOf?: ReadonlySet<UnitId>): Generator<HistoryEntry> {
    const owners = transitionsOf === undefined ? null : new Set([...transitionsOf].map(ownerInLine))
    let last = after
    for (const from of [olderPath, path]) {
      for (const entry of entriesIn(from, after, owners)) {
        if (entry.seq <= last) continue
        last = entry.seq
        yield entry
      }
    }
  }

  return {
    entries,
    append(text) {
      const bytes = Buffer.byteLength(text)
      try {
        file ??= open()
        if (file.bytes > 0 && file.bytes + bytes > bytesMax) makeRoom(file)
        appendText(file, text)
      } catch (error) {
        // The next one looks anew at what is there.
        if (file !== null) closeSync(file.fd)
        file = null
        throw error
      }
    },
    last() {
      for (const from of [path, olderPath]) {
        const found = guarded(from, null, () => lastLine(from))
        if (found !== null) return found
      }
      return null
    },
    close() {
      if (file !== null) closeSync(file.fd)
      file = null
    },
  }
}

const newline = 0x0a

/** Longer than any line: see `historyUnitsMax`. */
const blockBytes = 64 * 1024

/** Of two full files this much is kept in one: the latest of each owner, as many of each, so that one that never rests costs the others nothing. */
function sharedOut(lines: readonly string[], bytesMax: number): string {
  const counts = new Map<string, number>()
  let last = Number.POSITIVE_INFINITY
  const ranked = lines.toReversed().flatMap((line, index) => {
    const head = headOfLine(line)
    if (head === null || head.seq >= last) return []
    last = head.seq
    const rank = (counts.get(head.of) ?? 0) + 1
    counts.set(head.of, rank)
    return { line, index, rank }
  })
  let bytes = 0
  const kept = ranked
    .toSorted((a, b) => a.rank - b.rank)
    .filter(({ line }) => {
      bytes += Buffer.byteLength(line) + 1
      return bytes <= bytesMax
    })
  return kept
    .toSorted((a, b) => b.index - a.index)
    .map(({ line }) => `${line}\n`)
    .join('')
}

function readLines(path: string): readonly string[] {
  return readFileSync(path, 'utf8').split('\n').slice(0, -1)
}

/** Those with a number above `after`, and of these owners, by blocks: nothing is held but what is asked for. */
function* linesAfter(path: string, after: number, owners: ReadonlySet<string> | null): Generator<string> {
  const fd = openSync(path, constants.O_RDONLY)
  try {
    let rest: Buffer = Buffer.alloc(0)
    for (;;) {
      const block = Buffer.allocUnsafe(blockBytes)
      const count = readSync(fd, block, 0, blockBytes, null)
      if (count === 0) return
      const held = rest.length === 0 ? block.subarray(0, count) : Buffer.concat([rest, block.subarray(0, count)])
      let start = 0
      for (let end = held.indexOf(newline); end !== -1; end = held.indexOf(newline, start)) {
        const isMeant = numberAt(held, start) > after && (owners === null || owners.has(ownerAt(held, start)))
        if (isMeant) yield held.toString('utf8', start, end)
        start = end + 1
      }
      // A line of such a length is none of ours.
      rest = held.length - start > 2 * blockBytes ? Buffer.alloc(0) : held.subarray(start)
    }
  } finally {
    closeSync(fd)
  }
}

/** The number behind `{"seq":`; 0 where there is none. */
function numberAt(bytes: Buffer, start: number): number {
  let value = 0
  for (let at = start + '{"seq":'.length; ; at++) {
    const digit = (bytes[at] ?? 0) - 0x30
    if (digit < 0 || digit > 9) return value
    value = value * 10 + digit
  }
}

/** The text behind `"of":"`, as it stands there. */
function ownerAt(bytes: Buffer, start: number): string {
  const begin = bytes.indexOf(ownerKey, start) + ownerKey.length
  return bytes.toString('utf8', begin, bytes.indexOf(ownerEnd, begin))
}

const ownerKey = Buffer.from('"of":"')
const ownerEnd = Buffer.from('",')

function ownerInLine(owner: string): string {
  return JSON.stringify(owner).slice(1, -1)
}

function lastLine(path: string): HistoryEntry | null {
  const fd = openSync(path, constants.O_RDONLY)
  try {
    const { size } = fstatSync(fd)
    const tail = Buffer.alloc(Math.min(size, blockBytes))
    const count = readSync(fd, tail, 0, tail.length, size - tail.length)
    const lines = tail.toString('utf8', 0, count).split('\n').slice(0, -1)
    return lines.reduceRight<HistoryEntry | null>((found, line) => found ?? parseHistoryLine(line), null)
  } finally {
    closeSync(fd)
  }
}
