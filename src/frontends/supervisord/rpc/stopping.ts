import { isWantedUp } from '../../../core/unit/wish.ts'
import { xmlBoolean } from '../../../formats/xml-rpc/make.ts'
import type { ProcessView, RpcAsked } from '../contract.ts'
import { textArgument, truthArgument } from './arguments.ts'
import { fault } from './faults.ts'
import { follow, take, type Verdict } from './following.ts'
import { groupParameter, type Methods, namesParameter, waitParameter } from './method.ts'
import { allProcesses, isRunning, isStopped, named, processesOf } from './names.ts'
import type { RpcParts } from './parts.ts'
import { type Outcome, statusList } from './statuses.ts'

export function stoppingMethods(parts: RpcParts): Methods {
  const { engine, table } = parts
  const membersOf = (group: string): readonly ProcessView[] => processesOf(table, engine.snapshot().state, group)
  const stopAll = async (processes: readonly ProcessView[], isWaited: boolean, asked: RpcAsked) =>
    statusList(await takeDown(parts, processes.filter(isStoppable(parts)), isWaited, asked))
  return {
    stopProcess: {
      parameters: [namesParameter, waitParameter],
      returns: 'boolean',
      help: 'Stops a process; true. Of a whole group: as stopProcessGroup.',
      async call([first, wait], asked) {
        const name = textArgument(first)
        const isWaited = truthArgument(wait)
        const found = named(table, name)
        if (found.kind === 'group') return stopAll(membersOf(found.group), isWaited, asked)
        if (!isStoppable(parts)(found.process)) throw fault('NOT_RUNNING', name)
        const [outcome] = await takeDown(parts, [found.process], isWaited, asked)
        if (outcome?.fault) throw outcome.fault
        return xmlBoolean(true)
      },
    },
    stopProcessGroup: {
      parameters: [groupParameter, waitParameter],
      returns: 'array',
      help: 'Stops the processes of a group that run; what became of each.',
      call: async ([name, wait], asked) => stopAll(membersOf(textArgument(name)), truthArgument(wait), asked),
    },
    stopAllProcesses: {
      parameters: [waitParameter],
      returns: 'array',
      help: 'Stops all processes that run; what became of each.',
      call: async ([wait], asked) => stopAll(allProcesses(table, engine.snapshot().state), truthArgument(wait), asked),
    },
  }
}

/** What is about to run, and has no process yet, can be stopped as well: else nobody could take back that it was started. */
function isStoppable({ engine }: RpcParts): (process: ProcessView) => boolean {
  const { state } = engine.snapshot()
  return (process) => {
    if (isRunning(process)) return true
    const unit = state.units.get(process.unit)
    return (unit?.phase === 'idle' || unit?.phase === 'backoff') && isWantedUp(state, unit)
  }
}

async function takeDown(
  parts: RpcParts,
  processes: readonly ProcessView[],
  isWaited: boolean,
  asked: RpcAsked,
): Promise<readonly Outcome[]> {
  const command = { kind: 'stop', units: processes.map(({ unit }) => unit), by: asked.who } as const
  if (!isWaited) {
    if (processes.length > 0) await take(parts.engine, command)
    return processes.map((process) => ({ process, fault: null }))
  }
  return follow(parts, { command, processes, judge, ifGone: () => 'done' }, asked)
}

function judge(process: ProcessView): Verdict {
  if (process.state === 'UNKNOWN') {
    return fault('FAILED', `unknown problem killing ${process.name} (${process.pid})`)
  }
  return isStopped(process) ? 'done' : 'pending'
}
