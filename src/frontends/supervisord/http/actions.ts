import { xmlString } from '../../../formats/xml-rpc/make.ts'
import type { XmlRpcResponse } from '../../../formats/xml-rpc/value.ts'
import type { RpcAsked, RpcMethods } from '../contract.ts'
import { ask, noFile, unexpected } from './asking.ts'

/** What a button of the page asks for. `name`: empty where it is about all of them. */
export interface Action {
  readonly action: string
  readonly name: string
}

/** Resolves when it is done, with what the page says of it; null: there is no such action. */
export async function takeAction(
  methods: RpcMethods,
  { action, name }: Action,
  asked: RpcAsked,
): Promise<string | null> {
  const call = (method: string): Promise<XmlRpcResponse> =>
    ask(methods, { method: `supervisor.${method}`, params: name === '' ? [] : [xmlString(name)] }, asked)
  const toAll = (method: string): Promise<XmlRpcResponse> =>
    ask(methods, { method: `supervisor.${method}`, params: [] }, asked)

  // The buttons are of processes: a group that is named by hand is none.
  if (name.endsWith(':*')) return `No such process named ${name}`
  switch (action) {
    case 'refresh':
      return `Page refreshed at ${timeText(new Date())}`
    case 'stopall':
      return worst([await toAll('stopAllProcesses')]) ?? `All stopped at ${timeText(new Date())}`
    case 'restartall': {
      const answers = [await toAll('stopAllProcesses'), await toAll('startAllProcesses')]
      return worst(answers) ?? `All restarted at ${timeText(new Date())}`
    }
    case 'start':
      return name === '' ? null : startText(name, await call('startProcess'), 'started')
    case 'stop': {
      if (name === '') return null
      const answer = await call('stopProcess')
      return answer.kind === 'fault' ? faultText(name, answer) : `Process ${name} stopped`
    }
    case 'restart': {
      if (name === '') return null
      const stopped = await call('stopProcess')
      if (stopped.kind === 'fault' && stopped.code !== notRunning) return faultText(name, stopped)
      return startText(name, await call('startProcess'), 'restarted')
    }
    case 'clearlog': {
      if (name === '') return null
      const answer = await call('clearProcessLogs')
      return answer.kind === 'fault' ? faultText(name, answer) : `Log for ${name} cleared`
    }
    default:
      return null
  }
}

type Fault = Extract<XmlRpcResponse, { kind: 'fault' }>

function startText(name: string, answer: XmlRpcResponse, done: 'started' | 'restarted'): string {
  if (answer.kind === 'value') return `Process ${name} ${done}`
  const known = startFaults[answer.code]
  return known === undefined ? faultText(name, answer) : `ERROR: Process ${name}: ${known}`
}

function faultText(name: string, fault: Fault): string {
  return fault.code === badName ? `No such process named ${name}` : `ERROR: Process ${name}: ${unexpected(fault)}`
}

function worst(answers: readonly XmlRpcResponse[]): string | null {
  const fault = answers.find((answer) => answer.kind === 'fault')
  return fault === undefined ? null : `ERROR: ${unexpected(fault)}`
}

const badName = 10
const notRunning = 70

const startFaults: Readonly<Record<number, string>> = {
  [noFile]: 'no such file',
  21: 'file not executable',
  40: 'abnormal termination',
  50: 'spawn error',
  60: 'already started',
}

/** As C's ctime writes it: `Sun Nov  1 00:32:15 2026`, by the local clock. */
export function timeText(date: Date): string {
  const [day, month, , year] = date.toDateString().split(' ')
  return `${day} ${month} ${String(date.getDate()).padStart(2)} ${date.toTimeString().slice(0, 8)} ${year}`
}
