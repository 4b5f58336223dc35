import { isWantedUp } from '../../../core/unit/wish.ts'
import type { Snapshot } from '../../../engine/ports.ts'
import { xmlBoolean } from '../../../formats/xml-rpc/make.ts'
import type { ProcessView, RpcAsked, RpcFault } from '../contract.ts'
import { textArgument, truthArgument } from './arguments.ts'
import { fault } from './faults.ts'
import { follow, type Verdict } from './following.ts'
import { groupParameter, type Methods, namesParameter, waitParameter } from './method.ts'
import { allProcesses, isRunning, named, nameOf, processesOf } from './names.ts'
import type { RpcParts } from './parts.ts'
import { createProgramCheck, type ProgramCheck } from './program-check.ts'
import { type Outcome, statusList } from './statuses.ts'

export function startingMethods(parts: RpcParts): Methods {
  const { engine, table } = parts
  const membersOf = (group: string): readonly ProcessView[] => processesOf(table, engine.snapshot().state, group)
  return {
    startProcess: {
      parameters: [namesParameter, waitParameter],
      returns: 'boolean',
      help: 'Starts a process; true. Of a whole group: as startProcessGroup.',
      async call([first, wait], asked) {
        const name = textArgument(first)
        const isWaited = truthArgument(wait)
        const found = named(table, name)
        if (found.kind === 'group') return statusList(await startAll(parts, membersOf(found.group), isWaited, asked))
        const how: How = { isWaited, asked, shown: () => name, check: createProgramCheck(parts.environment) }
        const refusal = whyNotStarted(parts, found.process, how)
        if (refusal !== null) throw refusal
        const [outcome] = await bringUp(parts, [found.process], how)
        if (outcome?.fault) throw outcome.fault
        return xmlBoolean(true)
      },
    },
    startProcessGroup: {
      parameters: [groupParameter, waitParameter],
      returns: 'array',
      help: 'Starts the processes of a group that do not run; what became of each.',
      call: async ([name, wait], asked) =>
        statusList(await startAll(parts, membersOf(textArgument(name)), truthArgument(wait), asked)),
    },
    startAllProcesses: {
      parameters: [waitParameter],
      returns: 'array',
      help: 'Starts all processes that do not run; what became of each.',
      call: async ([wait], asked) =>
        statusList(await startAll(parts, allProcesses(table, engine.snapshot().state), truthArgument(wait), asked)),
    },
  }
}

interface How {
  /** Until it runs, else until its process was made. */
  readonly isWaited: boolean
  readonly asked: RpcAsked
  /** As faults call it. */
  readonly shown: (process: ProcessView) => string
  readonly check: ProgramCheck
}

async function startAll(
  parts: RpcParts,
  processes: readonly ProcessView[],
  isWaited: boolean,
  asked: RpcAsked,
): Promise<readonly Outcome[]> {
  const how: How = { isWaited, asked, shown: nameOf, check: createProgramCheck(parts.environment) }
  const chosen = processes.filter((process) => !isRunning(process))
  const looked = chosen.map((process) => ({ process, fault: whyNotStarted(parts, process, how) }))
  const good = looked.flatMap(({ process, fault: refusal }) => (refusal === null ? process : []))
  return [...looked.filter((one) => one.fault !== null), ...(await bringUp(parts, good, how))]
}

/** supervisord looks at the file first, then at the state. What ends still is not waited for to run. */
function whyNotStarted({ engine }: RpcParts, process: ProcessView, how: How): RpcFault | null {
  const unit = engine.snapshot().state.units.get(process.unit)
  const trouble = unit === undefined ? null : how.check(unit.spec)
  const name = how.shown(process)
  if (trouble !== null) return trouble
  if (isRunning(process)) return fault('ALREADY_STARTED', name)
  if (process.state === 'UNKNOWN') return fault('FAILED', `${name} is in an unknown process state`)
  return process.state === 'STOPPING' && how.isWaited ? fault('ABNORMAL_TERMINATION', name) : null
}

function bringUp(parts: RpcParts, processes: readonly ProcessView[], how: How): Promise<readonly Outcome[]> {
  const { asked, shown } = how
  const judge = how.isWaited ? isUp : isMade
  return follow(
    parts,
    {
      command: { kind: 'start', units: processes.map(({ unit }) => unit), by: asked.who },
      processes,
      judge: (process, snapshot) => judge(process, shown(process), snapshot),
      ifGone: (process) => fault('ABNORMAL_TERMINATION', shown(process)),
    },
    asked,
  )
}

/** Whether it runs for good. What a dependency holds back is waited for, as long as it is wanted. */
function isUp(process: ProcessView, name: string, snapshot: Snapshot): Verdict {
  switch (process.state) {
    case 'RUNNING':
      return 'done'
    case 'STARTING':
      return 'pending'
    case 'BACKOFF':
    case 'FATAL':
      return notSpawned(process, name)
    case 'STOPPED':
    case 'EXITED':
      return isWanted(process, snapshot) ? 'pending' : fault('ABNORMAL_TERMINATION', name)
    case 'STOPPING':
    case 'UNKNOWN':
      return fault('ABNORMAL_TERMINATION', name)
  }
}

/** Whether its process was made; where that is not due yet, there is nothing to wait for. */
function isMade(process: ProcessView, name: string, { state }: Snapshot): Verdict {
  switch (process.state) {
    case 'STARTING':
      return state.units.get(process.unit)?.run?.identity === null ? 'pending' : 'done'
    case 'BACKOFF':
    case 'FATAL':
      return notSpawned(process, name)
    case 'RUNNING':
    case 'STOPPED':
    case 'EXITED':
    case 'STOPPING':
    case 'UNKNOWN':
      return 'done'
  }
}

function notSpawned(process: ProcessView, name: string): RpcFault {
  return fault(process.spawnError === '' ? 'ABNORMAL_TERMINATION' : 'SPAWN_ERROR', name)
}

function isWanted({ unit }: ProcessView, { state }: Snapshot): boolean {
  const found = state.units.get(unit)
  return found !== undefined && isWantedUp(state, found)
}
