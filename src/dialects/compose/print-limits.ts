import type { CgroupLimits, IoLimit, ProcessLimits, Ulimit } from '../../core/model.ts'
import { noCgroupLimits, noProcessLimits } from '../../core/target/plain.ts'
import { printByteSize } from '../../formats/byte-size.ts'
import type { YamlRecord, YamlValue } from '../../formats/yaml-text.ts'
import { rates } from './blkio.ts'
import { type Style, unlessEmpty, unlessUsual } from './print-value.ts'

/** The keys of Compose. */
export function printLimits(limits: ProcessLimits | null): YamlRecord {
  const { ulimits, oomScoreAdj, cpuAffinity, cgroup } = limits ?? noProcessLimits
  const { memoryMaxBytes, memoryLowBytes, swapMaxBytes, cpus, cpuWeight, pidsMax } = cgroup ?? noCgroupLimits
  return {
    ulimits: unlessEmpty(Object.fromEntries(Object.entries(ulimits).map(([name, one]) => [name, printUlimit(one)]))),
    mem_limit: size(memoryMaxBytes),
    mem_reservation: size(memoryLowBytes),
    memswap_limit: swapMaxBytes === null ? undefined : size((memoryMaxBytes ?? 0) + swapMaxBytes),
    cpus: cpus ?? undefined,
    cpu_shares: cpuWeight === null ? undefined : sharesOf(cpuWeight),
    cpuset: cpuAffinity === null ? undefined : ranges(cpuAffinity),
    pids_limit: pidsMax ?? undefined,
    oom_score_adj: oomScoreAdj ?? undefined,
    blkio_config: cgroup === null ? undefined : printBlkio(cgroup),
  }
}

/** `x-holdfast.limits` */
export function printOwnLimits(limits: ProcessLimits | null, style: Style): YamlValue | undefined {
  if (limits === null) return undefined
  const { nice, ionice, chroot, cgroup } = limits
  return unlessEmpty({
    nice: nice ?? undefined,
    ionice: ionice === null ? undefined : ionice.level === null ? ionice.class : `${ionice.class}:${ionice.level}`,
    chroot: chroot ?? undefined,
    memory_high: size(cgroup?.memoryHighBytes ?? null),
    enforcement: unlessUsual(style, limits.enforcement, 'required'),
  })
}

function size(bytes: number | null): string | undefined {
  return bytes === null ? undefined : printByteSize(bytes)
}

function printUlimit({ soft, hard }: Ulimit): YamlValue {
  const print = (limit: number | null) => limit ?? 'unlimited'
  return soft === hard ? print(soft) : { soft: print(soft), hard: print(hard) }
}

// The least number of shares that gives this weight; see decodeLimits.
function sharesOf(weight: number): number {
  return 2 + Math.ceil(((weight - 1) * 262_142) / 9_999)
}

// The least weight of cgroup v1 that gives this one; see decodeBlkio.
function blkioWeightOf(weight: number): number {
  return 10 + Math.ceil(((weight - 1) * 990) / 9_999)
}

function ranges(cpus: readonly number[]): string {
  const parts: { readonly first: number; last: number }[] = []
  for (const cpu of cpus) {
    const part = parts.at(-1)
    if (part !== undefined && part.last + 1 === cpu) part.last = cpu
    else parts.push({ first: cpu, last: cpu })
  }
  return parts.map(({ first, last }) => (first === last ? `${first}` : `${first}-${last}`)).join(',')
}

function printBlkio({ ioWeight, io }: CgroupLimits): YamlRecord | undefined {
  const lists = Object.entries(rates).map(([key, rate]) => {
    const limited = io.filter((limit) => limit[rate] !== null)
    return [key, limited.length === 0 ? undefined : limited.map((limit) => printRate(limit, rate))] as const
  })
  return unlessEmpty({
    weight: ioWeight === null ? undefined : blkioWeightOf(ioWeight),
    ...Object.fromEntries(lists),
  })
}

function printRate(limit: IoLimit, rate: Exclude<keyof IoLimit, 'path'>): YamlRecord {
  const value = limit[rate]!
  return { path: limit.path, rate: rate.endsWith('BytesPerSecond') ? printByteSize(value) : value }
}
