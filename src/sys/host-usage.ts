import { readFileSync } from 'node:fs'
import { withSpareDescriptor } from './spare.ts'

export interface HostUsage {
  readonly cpus: number
  /** Processor time of all cores since boot, without what was idle. */
  readonly cpuBusyMs: number
  readonly memoryTotalBytes: number
  readonly memoryAvailableBytes: number
  /** Of the last 1, 5 and 15 minutes. */
  readonly load: readonly [number, number, number]
}

/** What the host uses, from three small files. Throws where /proc is not mounted. */
export function hostUsage(): HostUsage {
  return {
    ...parseCpus(readText('/proc/stat')),
    ...parseMemory(readText('/proc/meminfo')),
    load: parseLoad(readText('/proc/loadavg')),
  }
}

/** Parses /proc/stat: `cpu user nice system idle iowait irq softirq steal guest guest_nice` in ticks, then each core. */
export function parseCpus(text: string): Pick<HostUsage, 'cpus' | 'cpuBusyMs'> {
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = (/^cpu +(.*)$/m.exec(text)?.[1] ?? '')
    .split(' ')
    .map(Number)
  // What guests use is in user and nice already.
  const ticks = user + nice + system + irq + softirq + steal
  return { cpus: [...text.matchAll(/^cpu\d/gm)].length, cpuBusyMs: ticks * tickMs }
}

const tickMs = 10

/** Parses /proc/meminfo. */
export function parseMemory(text: string): Pick<HostUsage, 'memoryTotalBytes' | 'memoryAvailableBytes'> {
  const bytes = (name: string): number => Number(new RegExp(`^${name}: +(\\d+) kB`, 'm').exec(text)?.[1] ?? 0) * 1024
  return { memoryTotalBytes: bytes('MemTotal'), memoryAvailableBytes: bytes('MemAvailable') }
}

/** Parses /proc/loadavg. */
export function parseLoad(text: string): HostUsage['load'] {
  const [one = 0, five = 0, fifteen = 0] = text.split(' ').map(Number)
  return [one, five, fifteen]
}

function readText(path: string): string {
  return withSpareDescriptor(() => readFileSync(path, 'latin1'))
}
