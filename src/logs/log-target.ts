import { readSync } from 'node:fs'
import type { LogAppender, LogPiece, LogSpot } from '../engine/ports.ts'
import { errnoOf } from '../sys/errno.ts'
import type { IndexDescriptors } from './log-index.ts'
import type { LogPlace } from './log-name.ts'

/** What a writer writes to. */
export interface LogTarget {
  /** As LogWriter.drain. `attempt` null: as before. */
  drain(from: number, bytesMax: number, attempt: number | null): Drained
  /** As LogAppender.write. `attempt` null: as before. */
  write(written: Writing): ReturnType<LogAppender['write']>
  /** null: it takes what it is given now. Else it stands still, and is to be asked again after so many milliseconds. */
  restMs(): number | null
  /**
   * What passed through our memory on its way from a pipe: all of it is taken, by a target that stands still too; what
   * cannot be written is dropped and counted. `attempt` null: as before.
   */
  put(bytes: Buffer, attempt: number | null): void
  /** What it was opened on may have been moved or removed: from now on it is what stands at its path. */
  reopen(): void
  setLimits(limits: Limits): void
  close(): void
}

export interface Writing {
  readonly pieces: readonly LogPiece[]
  readonly attempt: number | null
  readonly announce: (spot: LogSpot | null, bytes: number) => void
}

/** Takes everything and keeps nothing. */
export const nowhere: LogTarget = {
  drain: () => ({ bytes: 0, isEmpty: true }),
  write: ({ pieces }) => ({ bytes: pieces.reduce((sum, { bytes }) => sum + bytes.length, 0) }),
  restMs: () => null,
  put: () => {},
  reopen: () => {},
  setLimits: () => {},
  close: () => {},
}

/** What takes nothing now is tried again after this: a terminal that stands still, a pipe that nobody reads. */
export const blockedRetryMs = 50

/** And this: a disk that is full, a folder that is gone. */
export const refusedRetryMs = 1_000

export interface Drained {
  readonly bytes: number
  readonly isEmpty: boolean
  readonly retryMs?: number
}

export interface Limits {
  /** 0: never rotated for its size. */
  readonly bytesMax: number
  /** 0: emptied instead of rotated. */
  readonly backupsMax: number
  /** 0: never rotated for its age. */
  readonly ageMaxMs: number
  readonly compress: boolean
}

export interface LogTargetOptions {
  readonly place: LogPlace
  readonly limits: Limits
  /** Holds bytes only within a call, and only where they cannot go without us. */
  readonly scratch: Buffer
  readonly warn: (message: string) => void
  /** The wall clock. */
  readonly now: () => number
  readonly descriptors: IndexDescriptors
  readonly onRotated: (rotated: Rotated) => void
}

/** A part was finished, or an earlier daemon may have left some. */
export interface Rotated {
  readonly place: LogPlace
  readonly compress: boolean
}

/** Bytes that were thrown away since this was last told in the log. */
export interface Losses {
  bytes: number
  why: string
}

/** Takes bytes that cannot be written out of the pipe, so that the service does not block on our trouble. */
export function dropSome(losses: Losses, from: number, scratch: Buffer, why: string): number | 'empty' {
  const bytes = readSome(from, scratch, scratch.length)
  if (bytes === 'empty') return 'empty'
  losses.bytes += bytes
  losses.why = why
  return bytes
}

export function readSome(from: number, scratch: Buffer, bytesMax: number): number | 'empty' {
  try {
    const bytes = readSync(from, scratch, 0, Math.min(bytesMax, scratch.length), null)
    return bytes === 0 ? 'empty' : bytes
  } catch (error) {
    if (errnoOf(error) === 'EAGAIN') return 'empty'
    throw error
  }
}

export function markerLine({ bytes, why }: Losses): string {
  return `holdfast: dropped ${bytes} bytes (${why})\n`
}
