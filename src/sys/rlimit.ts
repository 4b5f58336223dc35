import { type Errno, lastErrno } from './errno.ts'
import { bind } from './libc.ts'

export interface DescriptorLimit {
  /** Infinity: no limit. */
  readonly soft: number
  readonly hard: number
}

/** How many descriptors a process may have: RLIMIT_NOFILE. */
export function descriptorLimit(): DescriptorLimit {
  const limit = Buffer.alloc(16)
  if (getrlimit(descriptors, limit) < 0) throw new Error(`reading the limit of descriptors failed (${lastErrno()})`)
  return { soft: decode(limit.readBigUInt64LE(0)), hard: decode(limit.readBigUInt64LE(8)) }
}

/** Changes the soft limit; what is open stays open. EINVAL: above the hard limit. null: done. */
export function setSoftDescriptorLimit(soft: number): Errno | null {
  const limit = Buffer.alloc(16)
  if (getrlimit(descriptors, limit) < 0) return lastErrno()
  limit.writeBigUInt64LE(encode(soft), 0)
  return setrlimit(descriptors, limit) < 0 ? lastErrno() : null
}

const descriptors = 7
const infinity = 0xffff_ffff_ffff_ffffn

function decode(value: bigint): number {
  return value === infinity ? Number.POSITIVE_INFINITY : Number(value)
}

function encode(value: number): bigint {
  return value === Number.POSITIVE_INFINITY ? infinity : BigInt(value)
}

const getrlimit = bind<(resource: number, limit: Buffer) => number>('int getrlimit(int, uint8_t *)')
const setrlimit = bind<(resource: number, limit: Buffer) => number>('int setrlimit(int, uint8_t *)')
