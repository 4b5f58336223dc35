import { rpcAnswerCharsMax } from '../../../core/limits.ts'
import { textOf, xmlArray, xmlInt, xmlString, xmlStruct } from '../../../formats/xml-rpc/make.ts'
import type { XmlRpcValue } from '../../../formats/xml-rpc/value.ts'
import { type RpcAsked, RpcFault } from '../contract.ts'
import { fault } from './faults.ts'
import { clientGone } from './following.ts'

export type Call = (method: string, params: readonly XmlRpcValue[], asked: RpcAsked) => Promise<XmlRpcValue>

/**
 * One call after the other, each of them waited for. Source: supervisor answers values as they are, where the convention of
 * others has them in arrays of one.
 */
export async function multicall(call: Call, calls: XmlRpcValue | undefined, asked: RpcAsked): Promise<XmlRpcValue> {
  if (calls?.kind !== 'array') throw fault('INCORRECT_PARAMETERS')
  const results: XmlRpcValue[] = []
  let chars = 0
  for (const one of calls.values) {
    if (asked.signal.aborted) throw clientGone()
    const isRoom = chars < rpcAnswerCharsMax
    const result = isRoom ? await answer(call, one, asked) : faultStruct(fault('FAILED', 'the answer is too large'))
    chars += charsOf(result)
    results.push(result)
  }
  return xmlArray(results)
}

async function answer(call: Call, one: XmlRpcValue, asked: RpcAsked): Promise<XmlRpcValue> {
  try {
    const { method, params } = readCall(one)
    return await call(method, params, asked)
  } catch (error) {
    if (error instanceof RpcFault) return faultStruct(error)
    throw error
  }
}

function readCall(one: XmlRpcValue): { readonly method: string; readonly params: readonly XmlRpcValue[] } {
  const members = new Map(one.kind === 'struct' ? one.members : [])
  const name = members.get('methodName')
  if (name === undefined) throw fault('INCORRECT_PARAMETERS', 'No methodName')
  const method = textOf(name)
  if (method === null) throw fault('INCORRECT_PARAMETERS')
  if (method === 'system.multicall') throw fault('INCORRECT_PARAMETERS', 'Recursive system.multicall forbidden')
  const params = members.get('params') ?? xmlArray([])
  if (params.kind !== 'array') throw fault('INCORRECT_PARAMETERS')
  return { method, params: params.values }
}

function faultStruct({ code, message }: RpcFault): XmlRpcValue {
  return xmlStruct({ faultCode: xmlInt(code), faultString: xmlString(message) })
}

/** Markup around a value, about. */
const markupChars = 50

/** How long it is when it is printed, about. */
function charsOf(value: XmlRpcValue): number {
  switch (value.kind) {
    case 'string':
    case 'date':
    case 'base64':
      return markupChars + value.value.length
    case 'array':
      return value.values.reduce((sum, one) => sum + charsOf(one), markupChars)
    case 'struct':
      return value.members.reduce((sum, [name, one]) => sum + name.length + markupChars + charsOf(one), markupChars)
    case 'int':
    case 'boolean':
    case 'double':
      return markupChars
  }
}
