import { closeSync, readSync } from 'node:fs'
import { assert } from '../../base/assert.ts'
import { probeBytesMax } from '../../core/limits.ts'
import type { Exit, Failure, UnitId } from '../../core/model.ts'
import { durationText, exitText } from '../../core/text.ts'
import type { Post } from '../../engine/ports.ts'
import { boundary } from '../../sys/boundary.ts'
import { errnoOf } from '../../sys/errno.ts'
import { kill } from '../../sys/kill.ts'
import { makePipe } from '../../sys/pipe.ts'
import type { Watch, Watcher } from '../../sys/watcher.ts'
import { type ProbeStep, probed, timerMsMax } from '../probes/outcome.ts'
import { createAccounts } from './accounts.ts'
import { admit } from './admit.ts'
import { failure, isFailure } from './failure.ts'
import { type LaunchSite, launch } from './launch.ts'
import { probeMarker, probeMarks } from './markers.ts'
import { type Survey, takeSurvey } from './survey.ts'

/** Commands that tell whether a unit works: each a process of ours for a moment, in no way a run of the unit. */
export interface ExecProbes {
  /** `probed` comes when it has ended, at the latest when its time is over. */
  perform(step: ProbeStep, post: Post): void
  /** Tells of an ended child. true: it was a probe. */
  ended(pid: number, exit: Exit): boolean
  /** Kills what a predecessor of ours left. */
  recover(survey: Survey): void
  /** Kills all there are; nothing is posted any more. `isFollowed`: another image of this process recovers at once. */
  close(options: { readonly isFollowed: boolean }): void
}

interface ExecProbe {
  readonly step: ProbeStep
  readonly post: Post
  readonly pid: number
  readonly startedMs: number
  readonly timeout: NodeJS.Timeout
  /** null: closed, because it said too much. */
  pipe: { readonly fd: number; readonly watch: Watch | null } | null
  /** The beginning of what it said. */
  kept: Buffer
  readBytes: number
  /** It has been answered, and its process is still to end. */
  isTold: boolean
}

/** More than is ever shown, however its characters are encoded. */
const keptBytesMax = 4096

export function createExecProbes(options: {
  readonly site: LaunchSite
  readonly homeId: string
  /** Files into which whoever joins the unit's cgroups writes 0. */
  readonly joinFiles: (unit: UnitId) => readonly string[]
  readonly watcher: Watcher
}): ExecProbes {
  const { site, homeId, watcher } = options
  const probes = new Map<number, ExecProbe>()
  const accounts = createAccounts()
  const buffer = Buffer.alloc(16 * 1024)
  /** Without any there is nothing to look for, and a look is at all processes of the host. */
  let hasBegun = false

  function perform(step: ProbeStep, post: Post): void {
    const startedMs = performance.now()
    const started = start(step)
    if (isFailure(started)) {
      post(probed(step, { isOk: false, output: started.message, durationMs: performance.now() - startedMs }))
      return
    }
    hasBegun = true
    const { pid, fd } = started
    const timeout = setTimeout(() => giveUp(probe), Math.min(step.timeoutMs, timerMsMax))
    const probe: ExecProbe = {
      ...{ step, post, pid, startedMs, timeout },
      ...{ pipe: null, kept: Buffer.alloc(0), readBytes: 0, isTold: false },
    }
    const watch = watcher.watch(fd, (isHungUp) => {
      // Nobody is left to say more, which would be reported without end.
      if (!read(probe) || isHungUp) hush(probe)
      return 'little'
    })
    // Unwatched it is read once, at the end.
    probe.pipe = { fd, watch: typeof watch === 'string' ? null : watch }
    probes.set(pid, probe)
  }

  function start(step: ProbeStep): { readonly pid: number; readonly fd: number } | Failure {
    assert(step.probe.kind === 'exec', 'only commands are probes of the process driver')
    const admitted = admit({ ...step.spec.process, command: step.probe.command, commandError: null }, homeId)
    if (isFailure(admitted)) return admitted
    const { spec } = admitted
    const account = accounts.resolve(spec.user)
    if (isFailure(account)) return account
    const pipe = makePipe()
    if (typeof pipe === 'string') return failure(pipe, `no pipe can be made for its output (${pipe})`)
    let isTaken = false
    const pid = launch(site, {
      ...{ spec, account, marks: probeMarks(homeId, step.unit), join: options.joinFiles(step.unit) },
      ...{ beginning: null, ending: null, stdin: site.devNull },
      openWriteEnds() {
        isTaken = true
        return { stdout: pipe.write, stderr: pipe.write }
      },
    })
    if (!isTaken) closeSync(pipe.write)
    boundary('probe: started')
    if (typeof pid === 'number') return { pid, fd: pipe.read }
    closeSync(pipe.read)
    return pid
  }

  /** false: it has said more than anybody reads. */
  function read(probe: ExecProbe): boolean {
    if (probe.pipe === null) return false
    for (;;) {
      const bytes = readSome(probe.pipe.fd, buffer)
      if (bytes === 0) return true
      const missing = keptBytesMax - probe.kept.length
      if (missing > 0) probe.kept = Buffer.concat([probe.kept, buffer.subarray(0, Math.min(bytes, missing))])
      probe.readBytes += bytes
      if (probe.readBytes > probeBytesMax) return false
    }
  }

  /** Whoever goes on writing gets SIGPIPE. */
  function hush(probe: ExecProbe): void {
    probe.pipe?.watch?.stop()
    if (probe.pipe !== null) closeSync(probe.pipe.fd)
    probe.pipe = null
  }

  function giveUp(probe: ExecProbe): void {
    killAll([probe.pid])
    tell(probe, { isOk: false, output: `took longer than ${durationText(probe.step.timeoutMs)}` })
  }

  function ended(pid: number, exit: Exit): boolean {
    const probe = probes.get(pid)
    if (probe === undefined) return false
    probes.delete(pid)
    read(probe)
    // What it left in its group; its children that hold the pipe are not waited for.
    kill(-pid, killNumber)
    const isOk = exit.kind === 'code' && exit.code === 0
    const said = probe.kept.toString('utf8').trim()
    const why = said === '' ? exitText(exit) : `${exitText(exit)}: ${said}`
    tell(probe, { isOk, output: isOk ? said : why })
    return true
  }

  function tell(probe: ExecProbe, outcome: { readonly isOk: boolean; readonly output: string }): void {
    if (probe.isTold) return
    probe.isTold = true
    clearTimeout(probe.timeout)
    hush(probe)
    probe.post(probed(probe.step, { ...outcome, durationMs: performance.now() - probe.startedMs }))
  }

  /** By the marks as well: children of a probe may have left its group. */
  function killMarked(survey: Survey): void {
    killAll(survey.withMarkerPrefix(probeMarker(homeId, '')).map((stat) => stat.pid))
  }

  return {
    perform,
    ended,
    recover: killMarked,
    close({ isFollowed }) {
      for (const probe of probes.values()) {
        clearTimeout(probe.timeout)
        hush(probe)
      }
      killAll([...probes.keys()])
      probes.clear()
      // What left its group is found by whoever follows, before anything else is begun.
      if (hasBegun && !isFollowed) killMarked(takeSurvey())
    },
  }
}

const killNumber = 9

/** Their groups, and what they started outside of these. */
function killAll(pids: readonly number[]): void {
  if (pids.length === 0) return
  const below = takeSurvey().descendants(pids)
  for (const pid of pids) kill(-pid, killNumber)
  for (const pid of [...pids, ...below]) kill(pid, killNumber)
}

/** 0: there is nothing now, and perhaps never will be. */
function readSome(fd: number, buffer: Buffer): number {
  try {
    return readSync(fd, buffer)
  } catch (error) {
    if (errnoOf(error) === 'EAGAIN') return 0
    throw error
  }
}
