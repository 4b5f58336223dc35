import { readFileSync } from 'node:fs'
import { errnoOf } from './errno.ts'
import { readProcessRow } from './process-table.ts'
import { withSpareDescriptor } from './spare.ts'

export interface ProcessUsage {
  readonly rssBytes: number
  /** The most it had at any time; for a zombie nothing tells any more. */
  readonly rssPeakBytes: number
  /** Processor time: its own, and that of its children that ended and were reaped. */
  readonly cpuMs: number
}

/** What a process uses, from /proc/PID/status and /proc/PID/stat. null: no such process. */
export function processUsage(pid: number): ProcessUsage | null {
  try {
    const status = readText(`/proc/${pid}/status`)
    return {
      rssBytes: kilobytes(status, 'VmRSS'),
      rssPeakBytes: kilobytes(status, 'VmHWM'),
      cpuMs: readProcessRow(pid)?.cpuMs ?? 0,
    }
  } catch (error) {
    // It may end between two reads; whatever else, a number that is shown is worth no failure.
    errnoOf(error)
    return null
  }
}

function kilobytes(status: string, name: string): number {
  return Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0) * 1024
}

function readText(path: string): string {
  return withSpareDescriptor(() => readFileSync(path, 'latin1'))
}
