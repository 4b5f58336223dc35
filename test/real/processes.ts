import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

/** A process as the kernel shows it, read without the help of what is tested. */
export interface Process {
  readonly pid: number
  readonly parent: number
  readonly group: number
  readonly session: number
  readonly startTicks: number
  readonly state: string
  readonly command: string
}

/** null: there is none (any more). Zombies count as gone. */
export function readProcess(pid: number): Process | null {
  const stat = readProc(pid, 'stat')
  if (stat === null) return null
  // The program's name may hold blanks and parentheses; what follows its last one does not.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const [state = '', parent, group, session] = fields
  if (state === 'Z' || state === 'X') return null
  return {
    pid,
    parent: Number(parent),
    group: Number(group),
    session: Number(session),
    startTicks: Number(fields[19]),
    state,
    command: (readProc(pid, 'cmdline') ?? '').replaceAll('\0', ' ').trim(),
  }
}

export function isAlive(pid: number): boolean {
  return readProcess(pid) !== null
}

export function allPids(): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
}

export function environmentOf(pid: number): Readonly<Record<string, string>> | null {
  const text = readProc(pid, 'environ')
  if (text === null) return null
  return Object.fromEntries(
    text
      .split('\0')
      .filter((entry) => entry.includes('='))
      .map((entry) => [entry.slice(0, entry.indexOf('=')), entry.slice(entry.indexOf('=') + 1)]),
  )
}

/** Descriptor to what it names, as in /proc/PID/fd. */
export function descriptorsOf(pid: number): ReadonlyMap<number, string> {
  const found = new Map<number, string>()
  for (const name of listOf(`/proc/${pid}/fd`)) {
    try {
      found.set(Number(name), readlinkSync(`/proc/${pid}/fd/${name}`))
    } catch {
      // Closed since the list was read.
    }
  }
  return found
}

/** A file below /proc/PID, or null when the process is gone. */
export function readProc(pid: number, file: string): string | null {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'latin1')
  } catch {
    // Gone, or of another user: either way not one of ours.
    return null
  }
}

/** Whether it has a handler for the signal. Without one the first process of a container does not notice it at all. */
export function isCatching(pid: number, signal: number): boolean {
  const caught = /^SigCgt:\s+([0-9a-f]+)$/m.exec(readProc(pid, 'status') ?? '')?.[1] ?? '0'
  return ((BigInt(`0x${caught}`) >> BigInt(signal - 1)) & 1n) === 1n
}

/**
 * Everything that belongs to a test's directory, however far it ran away: it has the path in its environment, or a file
 * below it open. Test directories have random names, so no one else's process is among them.
 */
export function processesOf(directory: string): readonly Process[] {
  return allPids()
    .filter((pid) => pid !== process.pid && touches(pid, directory))
    .map(readProcess)
    .filter((each) => each !== null)
}

function touches(pid: number, directory: string): boolean {
  if (readProc(pid, 'environ')?.includes(directory)) return true
  for (const target of descriptorsOf(pid).values()) if (target.startsWith(directory)) return true
  return false
}

function listOf(directory: string): readonly string[] {
  try {
    return readdirSync(directory)
  } catch {
    return []
  }
}
