import { closeSync, readFileSync } from 'node:fs'
import { type Errno, errnoOf } from '../../sys/errno.ts'
import { kill } from '../../sys/kill.ts'
import { openPidfd, signalPidfd } from '../../sys/pidfd.ts'
import { childrenOf, listPids, readStat } from '../../sys/proc.ts'

/** Signals to the commands that run under a recorder: the recorder would keep them to itself. */
export interface Commands {
  /**
   * null: sent, or waiting for the command to begin. STOP and CONT go to the recorder as well, whose pause is ours to
   * see. KILL ends both: the recorder ends with its command, and is killed where there is none.
   */
  signal(recorder: number, number: number): Errno | null
  close(): void
}

/** A recorder has its command within milliseconds, unless the host is choking; after this the next rung must do. */
const retryMs = 5
const retriesMax = 400

const killNumber = 9
const continueNumber = 18
const stopNumber = 19

export function createCommands(): Commands {
  const retries = new Set<NodeJS.Timeout>()

  function signal(recorder: number, number: number): Errno | null {
    const child = childOf(recorder)
    switch (number) {
      case stopNumber:
      case continueNumber:
        if (child !== null) signalChild(recorder, child, number)
        return kill(recorder, number)
      case killNumber:
        if (child === null) return kill(-recorder, number)
        signalChild(recorder, child, number)
        // Paused it could not see the end of its command.
        return kill(recorder, continueNumber)
    }
    const command = begunCommand(recorder, child)
    if (command !== null) return signalChild(recorder, command, number)
    later({ recorder, number, startTicks: readStat(recorder)?.startTicks ?? 0, retriesLeft: retriesMax })
    return null
  }

  function later(wait: {
    readonly recorder: number
    readonly number: number
    readonly startTicks: number
    readonly retriesLeft: number
  }): void {
    const { recorder, number, startTicks, retriesLeft } = wait
    const retry = setTimeout(() => {
      retries.delete(retry)
      const stat = readStat(recorder)
      if (stat === null || stat.startTicks !== startTicks || retriesLeft === 0) return
      const command = begunCommand(recorder, childOf(recorder))
      if (command === null) later({ ...wait, retriesLeft: retriesLeft - 1 })
      else signalChild(recorder, command, number)
    }, retryMs)
    retries.add(retry)
  }

  return {
    signal,
    close() {
      for (const retry of retries) clearTimeout(retry)
      retries.clear()
    },
  }
}

/** null: it has none yet, or its command has ended. */
function childOf(recorder: number): number | null {
  const children = childrenOf(recorder) ?? listPids().filter((pid) => readStat(pid)?.ppid === recorder)
  return children[0] ?? null
}

/** Until its program is loaded a child is a copy of the recorder, and may still have its traps. */
function begunCommand(recorder: number, child: number | null): number | null {
  return child === null || commandLine(child) === commandLine(recorder) ? null : child
}

/** ESRCH: it has ended since we looked. */
function signalChild(recorder: number, pid: number, number: number): Errno | null {
  const pidfd = openPidfd(pid)
  if (typeof pidfd === 'string') return pidfd
  try {
    return readStat(pid)?.ppid === recorder ? signalPidfd(pidfd, number) : 'ESRCH'
  } finally {
    closeSync(pidfd)
  }
}

function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1')
  } catch (error) {
    errnoOf(error)
    return ''
  }
}
