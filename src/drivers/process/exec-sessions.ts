import { resolve } from 'node:path'
import { execSessionsMax } from '../../core/limits.ts'
import type { Exit, Failure, ProcessSpec, Unit, UnitId } from '../../core/model.ts'
import type { ExecExit, ExecPort, ExecRequest, ExecSession } from '../../engine/ports.ts'
import { boundary } from '../../sys/boundary.ts'
import { kill } from '../../sys/kill.ts'
import { signalNumber } from '../../sys/signals.ts'
import type { Watcher } from '../../sys/watcher.ts'
import { createAccounts } from './accounts.ts'
import { admit } from './admit.ts'
import { type ExecStreams, openExecStreams } from './exec-streams.ts'
import { failure, isFailure } from './failure.ts'
import { type LaunchSite, launch } from './launch.ts'
import { execMarker, execMarks } from './markers.ts'
import type { Survey } from './survey.ts'

/**
 * Commands that somebody runs beside a unit, in its settings: its user, environment, folder, limits and cgroups. Each is a
 * child of ours in a session of its own, and in no way a run; it ends when its client goes.
 */
export interface ExecSessions extends ExecPort {
  /** Tells of an ended child. true: it was one of these. */
  ended(pid: number, exit: Exit): boolean
  /** What a predecessor of ours left has lost its client, and is told so. */
  recover(survey: Survey): void
  /** Kills what still runs. */
  close(): void
}

interface Running {
  readonly streams: ExecStreams
  readonly exited: (exit: ExecExit) => void
  killer: NodeJS.Timeout | null
}

/** Whoever does not end when its client goes is killed after this. */
const hangUpMs = 2_000

export function createExecSessions(options: {
  readonly site: LaunchSite
  readonly homeId: string
  /** Files into which whoever joins the unit's cgroups writes 0. */
  readonly joinFiles: (unit: UnitId) => readonly string[]
  readonly watcher: Watcher
}): ExecSessions {
  const { site, homeId, joinFiles, watcher } = options
  const running = new Map<number, Running>()
  const accounts = createAccounts()

  async function start(unit: Unit, request: ExecRequest): Promise<ExecSession | Failure> {
    if (running.size >= execSessionsMax) {
      return failure('too-many', `${execSessionsMax} commands run beside units already; end one of them`)
    }
    const admitted = admit(specOf(unit.spec.process, request), homeId)
    if (isFailure(admitted)) return admitted
    const { spec } = admitted
    const account = accounts.resolve(spec.user)
    if (isFailure(account)) return account
    const { terminal, hasInput } = request
    const streams = openExecStreams({ terminal, hasInput, account, devNull: site.devNull, watcher })
    if (typeof streams === 'string') {
      return failure(streams, `no ${terminal === null ? 'pipe' : 'terminal'} can be made for it (${streams})`)
    }
    const { theirs } = streams
    let isTaken = false
    const pid = launch(site, {
      ...{ spec, account, marks: execMarks(homeId, unit.id), join: joinFiles(unit.id) },
      ...{ beginning: null, ending: null, stdin: theirs.stdin },
      ...(theirs.terminal === undefined ? {} : { terminal: theirs.terminal }),
      openWriteEnds() {
        isTaken = true
        return theirs
      },
    })
    boundary('exec: started')
    streams.closeTheirs(isTaken)
    if (typeof pid === 'number') return sessionOf(pid, streams)
    streams.close()
    return pid
  }

  function sessionOf(pid: number, streams: ExecStreams): ExecSession {
    const { promise: exit, resolve: exited } = Promise.withResolvers<ExecExit>()
    const one: Running = { streams, exited, killer: null }
    running.set(pid, one)
    const isRunning = (): boolean => running.get(pid) === one
    return {
      output: streams.read(() => !isRunning()),
      exit,
      write: streams.write,
      endInput: streams.endInput,
      resize: streams.resize,
      signal(name) {
        const number = signalNumber(name)
        if (number !== null && isRunning()) kill(-pid, number)
      },
      close() {
        streams.close()
        if (!isRunning()) return
        kill(-pid, hangUpNumber)
        one.killer ??= setTimeout(() => kill(-pid, killNumber), hangUpMs)
      },
    }
  }

  return {
    start,
    ended(pid, exit) {
      const one = running.get(pid)
      if (one === undefined) return false
      running.delete(pid)
      if (one.killer !== null) clearTimeout(one.killer)
      one.exited(exitOf(exit))
      one.streams.wake()
      return true
    },
    recover(survey) {
      const mark = execMarker(homeId, '')
      for (const { stat, environment } of survey.leaders()) {
        if (environment.some((entry) => entry.startsWith(mark))) kill(-stat.pid, hangUpNumber)
      }
    },
    close() {
      for (const [pid, { killer, streams }] of running) {
        if (killer !== null) clearTimeout(killer)
        kill(-pid, killNumber)
        streams.close()
      }
      running.clear()
    },
  }
}

const killNumber = 9
const hangUpNumber = 1

function specOf(spec: ProcessSpec, { command, environment, user, workingDir }: ExecRequest): ProcessSpec {
  return {
    ...spec,
    ...{ command, commandError: null, environment: { ...spec.environment, ...environment }, user: user ?? spec.user },
    workingDir: workingDir === null ? spec.workingDir : resolve(spec.workingDir ?? '/', workingDir),
  }
}

/** As a shell tells it. */
function exitOf(exit: Exit): ExecExit {
  switch (exit.kind) {
    case 'code':
      return { code: exit.code, why: '' }
    case 'signal':
      return { code: 128 + (signalNumber(exit.signal) ?? 0), why: `ended by SIG${exit.signal}` }
    case 'unknown':
      return { code: 1, why: 'nobody could see how it ended' }
  }
}
