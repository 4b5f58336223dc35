import { closeSync, openSync, readdirSync, readFileSync, readSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

/** A unit's own note of its start: see unit.c. */
export interface Note {
  readonly index: number
  readonly pid: number
  readonly atNs: bigint
}

/** Reads what the units of one site note. */
export interface Notes extends Disposable {
  /** The latest note of each unit, by index. */
  readonly latest: ReadonlyMap<number, Note>
  /** Takes in what was written since. */
  read(): void
  /** Throws when the condition does not come to hold in time. */
  until(condition: () => boolean, what: string, timeoutMs?: number): Promise<void>
}

const noteBytes = 16

export function openNotes(path: string): Notes {
  const fd = openSync(path, 'a+', 0o666)
  const latest = new Map<number, Note>()
  const buffer = Buffer.alloc(noteBytes * 1_024)
  let position = 0
  const read = () => {
    for (;;) {
      const bytes = readSync(fd, buffer, 0, buffer.length, position)
      const whole = bytes - (bytes % noteBytes)
      for (let at = 0; at < whole; at += noteBytes) {
        const index = buffer.readUInt32LE(at)
        latest.set(index, { index, pid: buffer.readUInt32LE(at + 4), atNs: buffer.readBigUInt64LE(at + 8) })
      }
      position += whole
      if (whole < buffer.length) return
    }
  }
  return {
    latest,
    read,
    async until(condition, what, timeoutMs = 120_000) {
      await until(
        () => {
          read()
          return condition()
        },
        what,
        timeoutMs,
      )
    },
    [Symbol.dispose]() {
      closeSync(fd)
    },
  }
}

export async function until(
  condition: () => boolean | Promise<boolean>,
  what: string,
  timeoutMs = 120_000,
): Promise<void> {
  const deadline = performance.now() + timeoutMs
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`not within ${timeoutMs / 1_000} s: ${what}`)
    await sleep(2)
  }
}

/** What time alone decides: units that must grow older than a throttle, memory that settles, a window to look at. */
export async function pass(ms: number): Promise<void> {
  await sleep(ms)
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    // ESRCH: gone. EPERM cannot be: everything here is ours.
    return false
  }
}

/** Not even a zombie's: that waits for its parent only, which may be an init that takes its time. */
export function isRunning(pid: number): boolean {
  const stat = readProc(pid, 'stat')
  return stat !== null && !/^[ZX]/.test(stat.slice(stat.lastIndexOf(')') + 2))
}

/** When the last of the processes was gone. A zombie still counts: nobody has taken note of its end. */
export async function untilGone(pids: readonly number[], what: string): Promise<bigint> {
  let at = 0
  await until(() => {
    while (at < pids.length && !isAlive(pids[at]!)) at += 1
    return at === pids.length
  }, what)
  return process.hrtime.bigint()
}

/** The processes and all they started, without the units themselves. */
export function supervisorPids(roots: readonly number[], notesPath: string): readonly number[] {
  const children = new Map<number, number[]>()
  for (const name of readdirSync('/proc')) {
    const pid = Number(name)
    const stat = Number.isInteger(pid) ? readProc(pid, 'stat') : null
    if (stat === null) continue
    // The name in brackets may hold spaces and brackets itself.
    const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
    children.set(parent, [...(children.get(parent) ?? []), pid])
  }
  const found: number[] = []
  const visit = (pid: number) => {
    if (!(readProc(pid, 'cmdline') ?? '').includes(`${notesPath}:`)) found.push(pid)
    for (const child of children.get(pid) ?? []) visit(child)
  }
  for (const pid of roots) visit(pid)
  return [...new Set(found)]
}

/** All processes that run as units of this site, whoever started them. */
export function unitPids(notesPath: string): readonly number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => {
      const words = Number.isInteger(pid) ? (readProc(pid, 'cmdline') ?? '').split('\0') : []
      return words.slice(1).some((word) => word.startsWith(`${notesPath}:`))
    })
}

export interface Memory {
  readonly pssKb: number
  readonly privateKb: number
  readonly processes: number
}

export function memoryOf(pids: readonly number[]): Memory {
  let pssKb = 0
  let privateKb = 0
  for (const pid of pids) {
    const rollup = readProc(pid, 'smaps_rollup') ?? ''
    const field = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(rollup)?.[1] ?? 0)
    pssKb += field('Pss')
    privateKb += field('Private_Clean') + field('Private_Dirty')
  }
  return { pssKb, privateKb, processes: pids.length }
}

/** All pages that are in memory, also those that others share. */
export function residentMb(pids: readonly number[]): number {
  const kb = pids.map((pid) => Number(/^VmRSS:\s+(\d+)/m.exec(readProc(pid, 'status') ?? '')?.[1] ?? 0))
  return kb.reduce((sum, each) => sum + each, 0) / 1024
}

export interface Activity {
  readonly cpuNs: bigint
  /** Times a thread went to sleep by itself: each is a wake-up before. */
  readonly wakeups: number
}

export function activityOf(pids: readonly number[]): Activity {
  let cpuNs = 0n
  let wakeups = 0
  for (const pid of pids) {
    for (const thread of listProc(pid, 'task')) {
      cpuNs += BigInt((readProc(pid, `task/${thread}/schedstat`) ?? '0').split(' ')[0]!)
      const status = readProc(pid, `task/${thread}/status`) ?? ''
      wakeups += Number(/^voluntary_ctxt_switches:\s+(\d+)/m.exec(status)?.[1] ?? 0)
    }
  }
  return { cpuNs, wakeups }
}

/** Processor time of what these processes started and have seen the end of. */
export function childrenNs(pids: readonly number[]): bigint {
  let ticks = 0
  for (const pid of pids) {
    const stat = readProc(pid, 'stat') ?? ''
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    ticks += Number(fields[13] ?? 0) + Number(fields[14] ?? 0)
  }
  // The kernel's clock for these ticks 100 times a second.
  return BigInt(ticks) * 10_000_000n
}

/** null: the process or thread is gone. */
function readProc(pid: number, file: string): string | null {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8')
  } catch {
    return null
  }
}

function listProc(pid: number, folder: string): readonly string[] {
  try {
    return readdirSync(`/proc/${pid}/${folder}`)
  } catch {
    return []
  }
}
