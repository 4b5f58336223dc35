import { xmlArray, xmlInt, xmlString } from '../../../formats/xml-rpc/make.ts'
import type { XmlRpcValue } from '../../../formats/xml-rpc/value.ts'
import type { ProcessState, ProcessView } from '../contract.ts'
import { textArgument } from './arguments.ts'
import { describe } from './describe.ts'
import { type Methods, nameParameter } from './method.ts'
import { namedProcess } from './names.ts'
import type { RpcParts } from './parts.ts'

export const stateCodes: Readonly<Record<ProcessState, number>> = {
  STOPPED: 0,
  STARTING: 10,
  RUNNING: 20,
  BACKOFF: 30,
  STOPPING: 40,
  EXITED: 100,
  FATAL: 200,
  UNKNOWN: 1000,
}

export function processInfoMethods({ table, nowWallMs }: Pick<RpcParts, 'table' | 'nowWallMs'>): Methods {
  /** Kept only until somebody needs the memory. */
  let kept: WeakRef<Listed> | null = null
  return {
    getProcessInfo: {
      parameters: [nameParameter],
      returns: 'struct',
      help: 'What is known about one process.',
      call: ([name]) => infoOf(namedProcess(table, textArgument(name)), seconds(nowWallMs())),
    },
    getAllProcessInfo: {
      parameters: [],
      returns: 'array',
      help: 'What is known about each process, by group and name.',
      call() {
        const processes = table.groups().flatMap((group) => group.processes)
        const now = seconds(nowWallMs())
        const last = kept?.deref()
        if (last !== undefined && last.now === now && isSame(last.processes, processes)) return last.value
        const sorted = processes.toSorted((a, b) => compare(a.group, b.group) || compare(a.name, b.name))
        const value = xmlArray(sorted.map((process) => infoOf(process, now)))
        kept = new WeakRef({ now, processes, value })
        return value
      },
    },
  }
}

/** The last answer: within a second, and while nothing happens, the next one is the same value. */
interface Listed {
  readonly now: number
  readonly processes: readonly ProcessView[]
  readonly value: XmlRpcValue
}

function isSame(a: readonly ProcessView[], b: readonly ProcessView[]): boolean {
  return a.length === b.length && a.every((process, index) => process === b[index])
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** Source: the members and their order as supervisor 4.2.5 answers them. `now`: epoch seconds. */
function infoOf(process: ProcessView, now: number): XmlRpcValue {
  const { name, group, state, spawnError, exitStatus, pid } = process
  const start = process.startWallMs === null ? 0 : seconds(process.startWallMs)
  const stop = process.stopWallMs === null ? 0 : seconds(process.stopWallMs)
  const stdout = xmlString(process.stdoutPath ?? '')
  return {
    kind: 'struct',
    members: [
      ['name', xmlString(name)],
      ['group', xmlString(group)],
      ['start', xmlInt(start)],
      ['stop', xmlInt(stop)],
      ['now', xmlInt(now)],
      ['state', xmlInt(stateCodes[state])],
      ['statename', xmlString(state)],
      ['spawnerr', xmlString(spawnError)],
      ['exitstatus', xmlInt(exitStatus)],
      ['logfile', stdout],
      ['stdout_logfile', stdout],
      ['stderr_logfile', xmlString(process.stderrPath ?? '')],
      ['pid', xmlInt(pid)],
      ['description', xmlString(describe(process, { start, stop, now }))],
    ],
  }
}

/** As far as an integer of XML-RPC reaches: until 2038. */
function seconds(wallMs: number): number {
  return Math.max(-(2 ** 31), Math.min(Math.trunc(wallMs / 1000), 2 ** 31 - 1))
}
