import { readSync } from 'node:fs'
import { errnoOf } from '../sys/errno.ts'

/** What a writer writes to. */
export interface LogTarget {
  /** As LogWriter.drain. */
  drain(from: number, bytesMax: number): Drained
  setLimits(limits: Limits): void
  close(): void
}

export interface Drained {
  readonly bytes: number
  readonly isEmpty: boolean
  readonly retryMs?: number
}

export interface Limits {
  /** 0: never rotated. */
  readonly bytesMax: number
  /** 0: emptied instead of rotated. */
  readonly backupsMax: number
}

export interface LogTargetOptions {
  readonly path: string
  readonly limits: Limits
  /** Holds bytes only within a call, and only where they cannot go without us. */
  readonly scratch: Buffer
  readonly warn: (message: string) => void
  /** In the log directory: what is missing on the way to it is made. */
  readonly isOwn: boolean
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
