import { xmlInt, xmlString } from '../../../formats/xml-rpc/make.ts'
import type { XmlRpcResponse, XmlRpcValue } from '../../../formats/xml-rpc/value.ts'
import { type RpcAsked, RpcFault, type RpcMethods } from '../contract.ts'

/** A process as the page shows it. */
export interface Row {
  /** As it is named in calls: `group:name`, or the name alone where both are the same. */
  readonly name: string
  /** `RUNNING` */
  readonly state: string
  readonly description: string
}

/** The method's answer, a fault among them; rejects for a bug. */
export async function ask(
  methods: RpcMethods,
  { method, params }: { readonly method: string; readonly params: readonly XmlRpcValue[] },
  asked: RpcAsked,
): Promise<XmlRpcResponse> {
  try {
    return { kind: 'value', value: await methods.call(method, params, asked) }
  } catch (error) {
    if (!(error instanceof RpcFault)) throw error
    return { kind: 'fault', code: error.code, message: error.message }
  }
}

/** All processes; a text says why there are none. */
export async function askRows(methods: RpcMethods, asked: RpcAsked): Promise<readonly Row[] | string> {
  const answer = await ask(methods, { method: 'supervisor.getAllProcessInfo', params: [] }, asked)
  if (answer.kind === 'fault') return `The processes cannot be shown: ${answer.message}`
  const processes = answer.value.kind === 'array' ? answer.value.values : []
  return processes.map((process) => {
    const group = textIn(process, 'group')
    const name = textIn(process, 'name')
    return {
      name: group === name ? name : `${group}:${name}`,
      state: textIn(process, 'statename'),
      description: textIn(process, 'description'),
    }
  })
}

/** The last bytes of what a process printed, or why they cannot be shown. */
export async function askTail(
  methods: RpcMethods,
  { name, bytes }: { readonly name: string; readonly bytes: number },
  asked: RpcAsked,
): Promise<string> {
  const params = [xmlString(name), xmlInt(-bytes), xmlInt(0)]
  const answer = await ask(methods, { method: 'supervisor.readProcessStdoutLog', params }, asked)
  if (answer.kind === 'value') return answer.value.kind === 'string' ? answer.value.value : ''
  return answer.code === noFile ? `No file for ${name}` : `ERROR: ${unexpected(answer)}`
}

export function unexpected({ code, message }: { readonly code: number; readonly message: string }): string {
  return `unexpected rpc fault [${code}] ${message}`
}

export const noFile = 20

function textIn(value: XmlRpcValue, name: string): string {
  const member = value.kind === 'struct' ? value.members.find(([each]) => each === name)?.[1] : undefined
  return member?.kind === 'string' ? member.value : ''
}
