import type { CgroupLimits, IoLimit, ProcessLimits, Ulimit } from '../../core/model.ts'
import { byteText } from '../../formats/byte-text.ts'
import type { Fact } from '../../wire/api.ts'

/** What a unit is limited to, one line for each setting that says something. */
export function limitFacts(limits: ProcessLimits | null): readonly Fact[] {
  if (limits === null) return []
  const { ionice } = limits
  const facts: readonly (Fact | null)[] = [
    ...(limits.cgroup === null ? [] : cgroupFacts(limits.cgroup)),
    ...Object.entries(limits.ulimits).map(([name, ulimit]) => ({ name, value: ulimitText(ulimit) })),
    fact('nice', limits.nice, String),
    fact('ionice', ionice, (set) => (set.level === null ? set.class : `${set.class} ${set.level}`)),
    fact('oom score', limits.oomScoreAdj, String),
    fact('cpu affinity', limits.cpuAffinity, (cores) => cores.join(',')),
    fact('chroot', limits.chroot, String),
  ]
  return facts.filter((each) => each !== null)
}

function cgroupFacts(limits: CgroupLimits): readonly (Fact | null)[] {
  return [
    fact('memory', limits.memoryMaxBytes, byteText),
    fact('memory high', limits.memoryHighBytes, byteText),
    fact('memory low', limits.memoryLowBytes, byteText),
    fact('swap', limits.swapMaxBytes, byteText),
    fact('cpus', limits.cpus, String),
    fact('cpu weight', limits.cpuWeight, String),
    fact('processes', limits.pidsMax, String),
    fact('io weight', limits.ioWeight, String),
    ...limits.io.map((limit) => ({ name: 'io', value: ioText(limit) })),
  ]
}

function fact<T>(name: string, value: T | null, text: (value: T) => string): Fact | null {
  return value === null ? null : { name, value: text(value) }
}

function ulimitText({ soft, hard }: Ulimit): string {
  const text = (value: number | null): string => (value === null ? 'unlimited' : String(value))
  return soft === hard ? text(soft) : `${text(soft)}, hard ${text(hard)}`
}

function ioText(limit: IoLimit): string {
  const parts = [
    limit.readBytesPerSecond === null ? null : `read ${byteText(limit.readBytesPerSecond)}/s`,
    limit.writeBytesPerSecond === null ? null : `write ${byteText(limit.writeBytesPerSecond)}/s`,
    limit.readsPerSecond === null ? null : `${limit.readsPerSecond} reads/s`,
    limit.writesPerSecond === null ? null : `${limit.writesPerSecond} writes/s`,
  ]
  return `${limit.path}: ${parts.filter((part) => part !== null).join(', ')}`
}
