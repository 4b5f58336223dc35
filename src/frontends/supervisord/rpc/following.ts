import type { Command, UnitId } from '../../../core/model.ts'
import type { EnginePort, Snapshot } from '../../../engine/ports.ts'
import type { ProcessTable, ProcessView, RpcAsked, RpcFault } from '../contract.ts'
import { fault } from './faults.ts'
import type { Outcome } from './statuses.ts'

/** pending: it may yet become so. */
export type Verdict = 'pending' | 'done' | RpcFault

export interface Errand {
  readonly command: Extract<Command, { readonly units: readonly UnitId[] }>
  /** Those of the command's units, in the order in which they are told where they are done together. */
  readonly processes: readonly ProcessView[]
  /** Whether it has come to what was asked for; asked for each state it comes to, and after each turn. */
  readonly judge: (process: ProcessView, snapshot: Snapshot) => Verdict
  /** What is to be said of a process that was removed meanwhile. */
  readonly ifGone: (process: ProcessView) => Verdict
}

/**
 * Sends one command and follows what becomes of its processes, until each has come to an end. Answers them in the order in
 * which they did. Throws RpcFault when the command is not taken, or when the client is gone; how many wait is limited by
 * how many clients there may be. The table has to have subscribed to the engine before, so that it shows each turn first.
 */
export async function follow(
  { engine, table }: { readonly engine: EnginePort; readonly table: ProcessTable },
  errand: Errand,
  { signal }: RpcAsked,
): Promise<readonly Outcome[]> {
  const { command, processes, judge, ifGone } = errand
  if (processes.length === 0) return []
  if (signal.aborted) throw clientGone()
  const settled = Promise.withResolvers<void>()
  const left = new Map(processes.map((process) => [process.unit, process]))
  const ended: Outcome[] = []
  let isTaken = false
  /** States that were come to in this turn: one may lead to the next within it. */
  let passed: ProcessView[] = []

  const settle = (process: ProcessView, verdict: Verdict): void => {
    if (verdict === 'pending' || !left.delete(process.unit)) return
    ended.push({ process, fault: verdict === 'done' ? null : verdict })
    if (left.size === 0) settled.resolve()
  }
  const look = (snapshot: Snapshot): void => {
    const seen = Map.groupBy(passed, ({ unit }) => unit)
    passed = []
    for (const process of [...left.values()]) {
      for (const state of seen.get(process.unit) ?? []) settle(process, judge(state, snapshot))
      const present = table.byUnit(process.unit)
      settle(process, present === null ? ifGone(process) : judge(present, snapshot))
    }
  }
  const stops = [
    table.subscribe((event) => {
      if (event.kind === 'state' && left.has(event.process.unit)) passed.push(event.process)
    }),
    engine.subscribe((snapshot, _transitions, commands) => {
      isTaken ||= commands.includes(command)
      if (isTaken) look(snapshot)
      else passed = []
    }),
  ]
  const leave = (): void => settled.reject(clientGone())
  signal.addEventListener('abort', leave, { once: true })
  try {
    engine.command(command).catch((error: unknown) => settled.reject(notTaken(error)))
    await settled.promise
    return ended
  } finally {
    for (const stop of stops) stop()
    signal.removeEventListener('abort', leave)
  }
}

/** A command that nothing is waited for. Throws RpcFault when it is not taken. */
export async function take(engine: EnginePort, command: Command): Promise<void> {
  try {
    await engine.command(command)
  } catch (error) {
    throw notTaken(error)
  }
}

/** Nobody reads it. */
export function clientGone(): RpcFault {
  return fault('FAILED', 'the client is gone')
}

/** What the engine refuses it says why; anything that is no error is a bug. */
function notTaken(error: unknown): unknown {
  return error instanceof Error ? fault('FAILED', error.message) : error
}
