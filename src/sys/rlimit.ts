import { assert } from '../base/assert.ts'
import { type Errno, lastErrno } from './errno.ts'
import { bind } from './libc.ts'

export type Resource = 'cpu' | 'fsize' | 'data' | 'stack' | 'core' | 'rss' | 'nproc' | 'nofile' | 'memlock' | 'as'

/** A soft limit that is ready to be set: setting it must not need memory where it limits memory. */
export interface SoftLimit {
  readonly resource: Resource
  readonly limit: Buffer
}

export interface DescriptorLimit {
  /** Infinity: no limit. */
  readonly soft: number
  readonly hard: number
}

/** At most the hard limit, which stays. `soft`: bytes, seconds or a number; null: the hard limit itself. */
export function prepareSoftLimit(resource: Resource, soft: bigint | null): SoftLimit {
  const limit = read(resource)
  const hard = limit.readBigUInt64LE(hardOffset)
  limit.writeBigUInt64LE(soft === null || soft > hard ? hard : soft, 0)
  return { resource, limit }
}

export function setSoftLimit({ resource, limit }: SoftLimit): Errno | null {
  return setrlimit(numbers[resource], limit) < 0 ? lastErrno() : null
}

/** How many descriptors a process may have. */
export function descriptorLimit(): DescriptorLimit {
  const limit = read('nofile')
  return { soft: decode(limit.readBigUInt64LE(0)), hard: decode(limit.readBigUInt64LE(hardOffset)) }
}

/** Changes the soft limit; what is open stays open. EINVAL: above the hard limit. null: done. */
export function setSoftDescriptorLimit(soft: number): Errno | null {
  const limit = read('nofile')
  limit.writeBigUInt64LE(encode(soft), 0)
  return setSoftLimit({ resource: 'nofile', limit })
}

function read(resource: Resource): Buffer {
  const limit = Buffer.alloc(limitBytes)
  const isRead = getrlimit(numbers[resource], limit) === 0
  assert(isRead, `the limit of ${resource} can be read`)
  return limit
}

const infinity = 0xffff_ffff_ffff_ffffn

function decode(value: bigint): number {
  return value === infinity ? Number.POSITIVE_INFINITY : Number(value)
}

function encode(value: number): bigint {
  return value === Number.POSITIVE_INFINITY ? infinity : BigInt(value)
}

const limitBytes = 16
const hardOffset = 8

// The same on x86, ARM and RISC-V.
const numbers: Readonly<Record<Resource, number>> = {
  cpu: 0,
  fsize: 1,
  data: 2,
  stack: 3,
  core: 4,
  rss: 5,
  nproc: 6,
  nofile: 7,
  memlock: 8,
  as: 9,
}

const getrlimit = bind<(resource: number, limit: Buffer) => number>('int getrlimit(int, uint8_t *)')
const setrlimit = bind<(resource: number, limit: Buffer) => number>('int setrlimit(int, uint8_t *)')
