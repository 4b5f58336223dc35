import { readCgroupFile } from './hierarchies.ts'

/** What the cgroups of a unit counted since they were made for its run. null: not counted here. */
export interface CgroupUsage {
  readonly memoryBytes: number | null
  readonly memoryPeakBytes: number | null
  readonly processes: number | null
  readonly processesPeak: number | null
  readonly cpuMs: number | null
  readonly oomKills: number | null
}

/** Reads the counters from whichever of these folders has them: those of v2 and v1 have different names. */
export function usageIn(folders: readonly string[]): CgroupUsage {
  const number = (name: string): number | null => firstOf(folders, (folder) => numberOf(textIn(folder, name)))
  const counter = (name: string, line: string): number | null =>
    firstOf(folders, (folder) => counterOf(textIn(folder, name), line))
  const usec = counter('cpu.stat', 'usage_usec')
  const nsec = number('cpuacct.usage')
  return {
    memoryBytes: number('memory.current') ?? number('memory.usage_in_bytes'),
    memoryPeakBytes: number('memory.peak') ?? number('memory.max_usage_in_bytes'),
    processes: number('pids.current'),
    processesPeak: number('pids.peak'),
    cpuMs: usec !== null ? usec / 1_000 : nsec === null ? null : nsec / 1_000_000,
    oomKills: counter('memory.events', 'oom_kill') ?? counter('memory.oom_control', 'oom_kill'),
  }
}

function firstOf<T>(folders: readonly string[], read: (folder: string) => T | null): T | null {
  for (const folder of folders) {
    const found = read(folder)
    if (found !== null) return found
  }
  return null
}

function textIn(folder: string, name: string): string | null {
  const found = readCgroupFile(folder, name)
  return typeof found === 'string' ? found : null
}

function numberOf(text: string | null): number | null {
  const value = text === null || text.trim() === '' ? Number.NaN : Number(text)
  return Number.isFinite(value) ? value : null
}

/** The value of a line `name value`. In both versions `cpu.stat` exists, with different lines. */
function counterOf(text: string | null, name: string): number | null {
  const line = text?.split('\n').find((one) => one.startsWith(`${name} `))
  return numberOf(line?.slice(name.length) ?? null)
}
