import { chmodSync, mkdtempSync, readlinkSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { allPids, processesOf, readProcess } from '../real/processes.ts'
import { until } from '../real/until.ts'

/** What one side has and starts lies below a directory of its own. */
export interface SideDirectory {
  readonly path: string
  /** What runs of this side, a line for each. */
  describe(): readonly string[]
  /** Nothing that it started is left, and the directory is gone. */
  end(): Promise<void>
}

/** `supervising`: the commands that start others. It goes with this process too, however that is ended. */
export function createSideDirectory(prefix: string, supervising: RegExp): SideDirectory {
  const path = mkdtempSync(join(tmpdir(), prefix))
  const kill = (): number => killBelow(path, supervising)
  removeAtExit(path, kill)
  chmodSync(path, 0o755)
  return {
    path,
    describe() {
      const processes = processesBelow(path).map(readProcess)
      return processes.flatMap((each) =>
        each === null ? [] : [`  ${each.pid} (parent ${each.parent}, ${each.state}) ${each.command}`],
      )
    },
    async end() {
      await until('every process of a side to be gone', () => kill() === 0)
      rmSync(path, { recursive: true, force: true })
      openDirectories.delete(path)
    },
  }
}

/** Supervisors first: one that is killed starts nothing in place of the others. Gives how many processes there were. */
function killBelow(directory: string, supervising: RegExp): number {
  const found = processesBelow(directory).map((pid) => readProcess(pid))
  const processes = found.filter((each) => each !== null)
  const supervisors = processes.filter((each) => supervising.test(each.command))
  for (const { pid } of supervisors.length > 0 ? supervisors : processes) tryKill(pid)
  return processes.length
}

/** By environment, open files, or where they are: some services keep nothing but that. */
function processesBelow(directory: string): readonly number[] {
  const found = new Set(processesOf(directory).map(({ pid }) => pid))
  for (const pid of allPids()) if (pid !== process.pid && workingDirectory(pid).startsWith(directory)) found.add(pid)
  return [...found]
}

function workingDirectory(pid: number): string {
  try {
    return readlinkSync(`/proc/${pid}/cwd`)
  } catch {
    // Gone, or of another user.
    return ''
  }
}

function tryKill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // Gone by itself.
  }
}

/** Of tests that are not over, with what kills their processes: left when this process is ended from outside. */
const openDirectories = new Map<string, () => number>()

function removeAtExit(directory: string, kill: () => number): void {
  if (openDirectories.size === 0 && process.listenerCount('exit', removeOpenDirectories) === 0) {
    process.on('exit', removeOpenDirectories)
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => process.exit(1))
  }
  openDirectories.set(directory, kill)
}

function removeOpenDirectories(): void {
  for (const [directory, kill] of openDirectories) {
    for (let tries = 0; tries < 1000 && kill() > 0; tries++);
    rmSync(directory, { recursive: true, force: true })
  }
}
