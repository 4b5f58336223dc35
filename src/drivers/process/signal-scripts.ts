import { assert } from '../../base/assert.ts'
import type { Event, Exit, Failure, RunRef, Step } from '../../core/model.ts'
import type { Post } from '../../engine/ports.ts'
import { boundary } from '../../sys/boundary.ts'
import { resolveAccount } from './account.ts'
import { admit } from './admit.ts'
import { failure, isFailure } from './failure.ts'
import { type LaunchSite, launch } from './launch.ts'
import { scriptMarks } from './markers.ts'
import type { Streams } from './streams.ts'

export type SignalStep = Extract<Step, { kind: 'signal' }>

/**
 * The programs that are asked before a signal is sent (runit's control scripts): each a process of ours, in no way a run of
 * its unit, and nobody limits its time. One at a time for each run: what is asked for meanwhile waits, in order.
 */
export interface SignalScripts {
  /** Whether a script of this run is under way. */
  isBusy(run: RunRef): boolean
  /** Of a step with a script, or of a run that is busy: the outcome comes when all before it are through. */
  perform(step: SignalStep, post: Post): void
  /** Tells of an ended child. true: it was a script. */
  ended(pid: number, exit: Exit): boolean
  /** Whatever waits for this run finds it gone; scripts that stand for no signal are run all the same. One under way goes on. */
  runEnded(run: RunRef): void
  /** Nothing is posted any more; the scripts go on. */
  close(): void
}

interface Asked {
  readonly step: SignalStep
  readonly post: Post
}

interface Queue {
  /** Of the script. */
  readonly pid: number
  readonly asked: Asked
  readonly waiting: readonly Asked[]
}

/** More than anybody asks for while a script runs. */
const waitingMax = 64

export function createSignalScripts(options: {
  readonly site: LaunchSite
  readonly homeId: string
  readonly openWriteEnds: Streams['openWriteEnds']
  readonly isAlive: (run: RunRef) => boolean
  /** Sends the signal itself, and answers what came of it. */
  readonly send: (step: SignalStep) => Event
  readonly warn: (text: string) => void
}): SignalScripts {
  const { site, homeId, openWriteEnds, isAlive, send, warn } = options
  const queues = new Map<string, Queue>()
  /** Of scripts; those whose run has ended have no queue. */
  const pids = new Map<number, string>()

  function perform(step: SignalStep, post: Post): void {
    const queue = queues.get(keyOf(step))
    if (queue === undefined) proceed([{ step, post }])
    else if (queue.waiting.length < waitingMax)
      queues.set(keyOf(step), { ...queue, waiting: [...queue.waiting, { step, post }] })
    else post(refused(step, queue.asked.step))
  }

  /** Answers one after the other, up to the first that has to wait for its script. */
  function proceed(all: readonly Asked[]): void {
    for (const [index, asked] of all.entries()) {
      const { step, post } = asked
      const isDue = isAlive(step) || isOnlyScript(step)
      const pid = step.script !== undefined && isDue ? start(step, step.script) : null
      if (pid !== null) {
        pids.set(pid, keyOf(step))
        queues.set(keyOf(step), { pid, asked, waiting: all.slice(index + 1) })
        return
      }
      post(send(step))
    }
  }

  /** null: it cannot be, which is no reason not to send the signal. */
  function start(step: SignalStep, script: NonNullable<SignalStep['script']>): number | null {
    const pid = launchScript(step, script)
    boundary('script: started')
    if (typeof pid === 'number') return pid
    warn(`${step.unit}: ${script.command.join(' ')} cannot be started, ${sentText(step)}: ${pid.message}`)
    return null
  }

  function launchScript({ unit }: SignalStep, script: NonNullable<SignalStep['script']>): number | Failure {
    const admitted = admit({ ...script.spec.process, command: script.command, commandError: null }, homeId)
    if (isFailure(admitted)) return admitted
    const { spec } = admitted
    const account = resolveAccount(spec.user)
    if (isFailure(account)) return account
    return launch(site, {
      ...{ spec, account, marks: scriptMarks(homeId, unit), stdin: site.devNull },
      // It is none of what ends with the run.
      ...{ join: [], beginning: null, ending: null },
      openWriteEnds: () => openWriteEnds(unit, spec),
    })
  }

  function ended(pid: number, exit: Exit): boolean {
    const key = pids.get(pid)
    if (key === undefined) return false
    pids.delete(pid)
    const queue = queues.get(key)
    if (queue?.pid !== pid) return true
    queues.delete(key)
    const { step, post } = queue.asked
    const isHandled = exit.kind === 'code' && exit.code === 0
    post(isHandled ? { kind: 'signalled', ...refOf(step), outcome: 'handled' } : send(step))
    proceed(queue.waiting)
    return true
  }

  return {
    isBusy: (run) => queues.size > 0 && queues.has(keyOf(run)),
    perform,
    ended,
    runEnded(run) {
      const queue = queues.get(keyOf(run))
      if (queue === undefined) return
      for (const { step, post } of [queue.asked, ...queue.waiting]) {
        post({ kind: 'signalled', ...refOf(step), outcome: 'gone' })
      }
      const answered = ({ step }: Asked): Asked => ({ step, post: () => {} })
      const waiting = queue.waiting.filter(({ step }) => isOnlyScript(step)).map(answered)
      if (waiting.length === 0) queues.delete(keyOf(run))
      else queues.set(keyOf(run), { ...queue, asked: answered(queue.asked), waiting })
    },
    close() {
      queues.clear()
      pids.clear()
    },
  }
}

/** control/d and control/x are told of an end, and not asked before it. */
function isOnlyScript({ signal, script }: SignalStep): boolean {
  return signal === '0' && script !== undefined
}

function refused(step: SignalStep, { script, signal }: SignalStep): Event {
  assert(script !== undefined, 'only a script keeps others waiting')
  const busy = `${script.command.join(' ')} (SIG${signal})`
  const message = `${waitingMax} signals wait for ${busy} already; end that script, or wait for it`
  return { kind: 'signal-failed', ...refOf(step), ...failure('too-many', message) }
}

function sentText({ signal }: SignalStep): string {
  return signal === '0' || signal === 'EOF' ? 'and is not asked' : `SIG${signal} is sent`
}

function refOf({ unit, run, signal }: SignalStep): { unit: string; run: number; signal: string } {
  return { unit, run, signal }
}

function keyOf({ unit, run }: RunRef): string {
  return `${run} ${unit}`
}
