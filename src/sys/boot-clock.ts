import { readFileSync } from 'node:fs'
import { bind } from './libc.ts'

export interface BootNow {
  readonly bootId: string
  readonly bootMs: number
  readonly wallMs: number
}

/** The time since the host booted (suspend included), with the identity of this boot, and the wall clock. */
export function bootNow(): BootNow {
  bootId ??= readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  const time = Buffer.alloc(16)
  clockGettime(bootTime, time)
  const bootMs = Number(time.readBigInt64LE(0)) * 1000 + Math.floor(Number(time.readBigInt64LE(8)) / 1e6)
  return { bootId, bootMs, wallMs: Date.now() }
}

let bootId: string | null = null

const bootTime = 7

const clockGettime = bind<(clock: number, time: Buffer) => number>('int clock_gettime(int, uint8_t *)')
