import { readCommand, readStat } from '../../sys/proc.ts'
import { processUsage } from '../../sys/process-usage.ts'
import type { ProcessItem } from '../../wire/api.ts'

/** Of one unit, so many processes are looked at: more fit on no screen, and each costs three reads in /proc. */
export const processesTold = 64

/** Of a command line, this much tells which one it is. */
const commandCharsMax = 200

/** What is told of a process, without its place. */
export type ProcessLook = Omit<ProcessItem, 'depth'>

/** null: there is no such process any more. */
export function lookAtProcess(pid: number): ProcessLook | null {
  const stat = readStat(pid)
  if (stat === null) return null
  const command = readCommand(pid)
  // A zombie has no command line any more, only its name.
  const text = command.length === 0 ? `[${stat.comm}]` : command.join(' ')
  return {
    pid,
    parentPid: stat.ppid,
    command: text.length > commandCharsMax ? `${text.slice(0, commandCharsMax - 1)}…` : text,
    state: stat.state,
    rssBytes: processUsage(pid)?.rssBytes ?? 0,
  }
}

/**
 * The processes of a unit, each after its parent; the first one is its own. What has left its parent and was found
 * otherwise stands below the first one.
 */
export function processTree(
  pids: readonly number[],
  look: (pid: number) => ProcessLook | null = lookAtProcess,
): readonly ProcessItem[] {
  const looks = pids.slice(0, processesTold).flatMap((pid) => look(pid) ?? [])
  const known = new Set(looks.map(({ pid }) => pid))
  const [own] = looks
  if (own === undefined) return []
  const children = Map.groupBy(looks.slice(1), ({ parentPid }) => (known.has(parentPid) ? parentPid : own.pid))
  const items: ProcessItem[] = []
  const add = (process: ProcessLook, depth: number): void => {
    items.push({ ...process, depth })
    for (const child of children.get(process.pid) ?? []) add(child, depth + 1)
  }
  add(own, 0)
  return items
}
