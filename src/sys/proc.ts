import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { type Errno, errnoOf } from './errno.ts'
import { withSpareDescriptor } from './spare.ts'

export interface ProcessStat {
  readonly pid: number
  /** May hold anything, spaces and parentheses too. */
  readonly comm: string
  /** One letter; Z: ended and not yet reaped. */
  readonly state: string
  readonly ppid: number
  readonly pgid: number
  readonly sid: number
  /** When it started, in clock ticks (1/100 s) since boot. */
  readonly startTicks: number
  /** The wait status once it ended; 0 before, and when we may not see it. */
  readonly exitStatus: number
}

/** null: no such process. */
export function readStat(pid: number): ProcessStat | null {
  try {
    // As UTF-8, which Node reads three times as fast; of a name that is none only the name suffers.
    return parseStat(readText(`/proc/${pid}/stat`, 'utf8'))
  } catch (error) {
    return absent(error)
  }
}

/** Parses /proc/PID/stat. */
export function parseStat(text: string): ProcessStat {
  const open = text.indexOf('(')
  const close = text.lastIndexOf(')')
  // fields[0] is field 3 of proc(5).
  const fields = text.slice(close + 2).split(' ')
  return {
    pid: Number(text.slice(0, open)),
    comm: text.slice(open + 1, close),
    state: fields[0] ?? '?',
    ppid: Number(fields[1]),
    pgid: Number(fields[2]),
    sid: Number(fields[3]),
    startTicks: Number(fields[19]),
    exitStatus: Number(fields[49]),
  }
}

/** Killed and not gone yet: for some moments more it is listed, with its files still open. */
export function isDying(pid: number): boolean {
  try {
    const status = readText(`/proc/${pid}/status`)
    const pending = [...status.matchAll(/^(?:Sig|Shd)Pnd:\s+([0-9a-f]+)/gm)].map(([, mask]) => BigInt(`0x${mask}`))
    if (pending.some((mask) => (mask & killBit) !== 0n)) return true
    const text = readText(`/proc/${pid}/stat`)
    const [state, , , , , , flags] = text.slice(text.lastIndexOf(')') + 2).split(' ')
    return state === 'Z' || state === 'X' || (Number(flags) & exitingFlag) !== 0
  } catch (error) {
    // What we may not look at lives, as far as we can tell.
    if (errnoOf(error) === 'EACCES') return false
    absent(error)
    return true
  }
}

/** SIGKILL, number 9, in a mask of signals. */
const killBit = 1n << 8n

/** PF_EXITING in field 9 of /proc/PID/stat: see sched.h of the kernel. */
const exitingFlag = 0x4

/** `NAME=value` strings the process was started with; empty for a zombie. ENOENT, ESRCH: gone. EACCES: not ours to see. */
export function readEnvironment(pid: number): readonly string[] | Errno {
  try {
    let text = readText(`/proc/${pid}/environ`, 'utf8')
    // While a program is loaded into a process, that shows neither environment nor arguments.
    for (let looks = 0; text === '' && looks < loadingLooksMax && hasProgram(pid); looks += 1) {
      const isLoading = readCommand(pid).length === 0
      if (isLoading) Atomics.wait(idle, 0, 0, 1)
      text = readText(`/proc/${pid}/environ`, 'utf8')
      if (!isLoading) break
    }
    return text.split('\0')
  } catch (error) {
    return errnoOf(error)
  }
}

/** At a millisecond each: a program is loaded in less, unless the host is choking. */
const loadingLooksMax = 50

const idle = new Int32Array(new SharedArrayBuffer(4))

/** Zombies have none, nor have the kernel's own processes. */
function hasProgram(pid: number): boolean {
  return readLink(`/proc/${pid}/exe`) !== null
}

/** Its argv; empty for a zombie, for one of the kernel's own, and where it is gone or not ours to see. */
export function readCommand(pid: number): readonly string[] {
  try {
    const text = readText(`/proc/${pid}/cmdline`, 'utf8')
    return text === '' ? [] : text.replace(/\0+$/, '').split('\0')
  } catch (error) {
    absent(error)
    return []
  }
}

/** Every process there is. */
export function listPids(): readonly number[] {
  return listFolder('/proc').map(Number).filter(Number.isInteger)
}

/** The children of a process (of all its threads); null where the kernel was built without this list. */
export function childrenOf(pid: number): readonly number[] | null {
  try {
    // We start everything from our main thread, and the kernel hands orphans to it: our other threads have no children.
    const tasks = pid === process.pid ? [pid] : listFolder(`/proc/${pid}/task`)
    return tasks.flatMap((task) =>
      readText(`/proc/${pid}/task/${task}/children`).split(' ').filter(Boolean).map(Number),
    )
  } catch (error) {
    absent(error)
    return hasChildrenList() ? [] : null
  }
}

/** The path behind each descriptor of a process. */
export function readDescriptors(pid: number): readonly string[] | Errno {
  try {
    return listFolder(`/proc/${pid}/fd`).flatMap((fd) => readLink(`/proc/${pid}/fd/${fd}`) ?? [])
  } catch (error) {
    return errnoOf(error)
  }
}

/** The user on whose behalf a process runs, also where it changed its effective one. null: no such process. */
export function realUid(pid: number): number | null {
  const uid = /^Uid:\s+(\d+)/m.exec(readStatus(pid) ?? '')
  return uid ? Number(uid[1]) : null
}

/** The inode of our pid namespace: pids mean something only together with it. */
export function ownPidNamespace(): string {
  return /\d+/.exec(readlinkSync('/proc/self/ns/pid'))?.[0] ?? ''
}

function readStatus(pid: number): string | null {
  try {
    return readText(`/proc/${pid}/status`)
  } catch (error) {
    return absent(error)
  }
}

function readLink(path: string): string | null {
  try {
    return readlinkSync(path)
  } catch (error) {
    return absent(error)
  }
}

let childrenListKnown: boolean | null = null

function hasChildrenList(): boolean {
  if (childrenListKnown === null) {
    try {
      readText(`/proc/self/task/${process.pid}/children`)
      childrenListKnown = true
    } catch (error) {
      absent(error)
      childrenListKnown = false
    }
  }
  return childrenListKnown
}

/** A process may end between two reads; anything else but that is a bug. */
function absent(error: unknown): null {
  const errno = errnoOf(error)
  if (errno === 'ENOENT' || errno === 'ESRCH' || errno === 'EACCES') return null
  throw error
}

function readText(path: string, encoding: 'latin1' | 'utf8' = 'latin1'): string {
  return withSpareDescriptor(() => readFileSync(path, encoding))
}

function listFolder(path: string): readonly string[] {
  return withSpareDescriptor(() => readdirSync(path))
}
