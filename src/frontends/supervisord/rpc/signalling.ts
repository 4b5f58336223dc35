import { pythonStrip } from '../../../formats/python-text.ts'
import { parseSignalName } from '../../../formats/signal-name.ts'
import { xmlBoolean } from '../../../formats/xml-rpc/make.ts'
import type { XmlRpcValue } from '../../../formats/xml-rpc/value.ts'
import type { ProcessView, RpcAsked } from '../contract.ts'
import { pythonText, textArgument } from './arguments.ts'
import { fault } from './faults.ts'
import { take } from './following.ts'
import { groupParameter, type Methods, namesParameter, signalParameter } from './method.ts'
import { allProcesses, isSignallable, named, processesOf } from './names.ts'
import type { RpcParts } from './parts.ts'
import { statusList } from './statuses.ts'

export function signallingMethods(parts: RpcParts): Methods {
  const { engine, table } = parts
  const membersOf = (group: string): readonly ProcessView[] => processesOf(table, engine.snapshot().state, group)
  return {
    signalProcess: {
      parameters: [namesParameter, signalParameter],
      returns: 'boolean',
      help: 'Sends a signal to a process; true. Of a whole group: as signalProcessGroup.',
      async call([first, signal], asked) {
        const name = textArgument(first)
        const found = named(table, name)
        if (found.kind === 'group') return signalAll(parts, membersOf(found.group), signal!, asked)
        const sent = signalOf(signal!)
        if (sent === null) throw fault('BAD_SIGNAL', pythonText(signal!))
        if (!isSignallable(found.process)) throw fault('NOT_RUNNING', name)
        await send(parts, [found.process], sent, asked)
        return xmlBoolean(true)
      },
    },
    signalProcessGroup: {
      parameters: [groupParameter, signalParameter],
      returns: 'array',
      help: 'Sends a signal to the processes of a group that run; what became of each.',
      call: async ([name, signal], asked) => signalAll(parts, membersOf(textArgument(name)), signal!, asked),
    },
    signalAllProcesses: {
      parameters: [signalParameter],
      returns: 'array',
      help: 'Sends a signal to all processes that run; what became of each.',
      call: async ([signal], asked) => signalAll(parts, allProcesses(table, engine.snapshot().state), signal!, asked),
    },
  }
}

async function signalAll(
  parts: RpcParts,
  processes: readonly ProcessView[],
  signal: XmlRpcValue,
  asked: RpcAsked,
): Promise<XmlRpcValue> {
  const chosen = processes.filter(isSignallable)
  const sent = signalOf(signal)
  if (sent !== null) await send(parts, chosen, sent, asked)
  const refusal = sent === null ? fault('BAD_SIGNAL', pythonText(signal)) : null
  return statusList(chosen.map((process) => ({ process, fault: refusal })))
}

/** Without SIG; `0` is a signal that is not sent. null: there is none of that name or number. */
function signalOf(value: XmlRpcValue): string | null {
  const text =
    value.kind === 'double' || value.kind === 'boolean'
      ? String(Math.trunc(Number(value.value)))
      : pythonStrip(pythonText(value))
  return /^[+-]?0+$/.test(text) ? '0' : parseSignalName(text)
}

async function send(
  { engine }: RpcParts,
  processes: readonly ProcessView[],
  signal: string,
  { who }: RpcAsked,
): Promise<void> {
  if (signal === '0' || processes.length === 0) return
  await take(engine, { kind: 'signal', units: processes.map(({ unit }) => unit), signal, by: who })
}
