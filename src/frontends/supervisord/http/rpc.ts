import { callLimits, parseCall } from '../../../formats/xml-rpc/parse.ts'
import { printResponse } from '../../../formats/xml-rpc/print.ts'
import type { XmlRpcCall, XmlRpcResponse, XmlRpcValue } from '../../../formats/xml-rpc/value.ts'
import { type ActivityLog, RpcFault, type RpcMethods } from '../contract.ts'
import type { Asked } from './asked.ts'
import { isForeign } from './origin.ts'
import type { Reply } from './replies.ts'

export interface RpcParts {
  readonly methods: RpcMethods
  readonly activity: ActivityLog
}

/** `POST /RPC2`. Rejects for a bug in a method. */
export async function answerRpc({ methods, activity }: RpcParts, asked: Asked): Promise<Reply> {
  if (asked.method !== 'POST') return { kind: 'error', status: 400 }
  if (isForeign(asked)) return { kind: 'error', status: 403 }
  if (asked.body === null) return { kind: 'error', status: 411 }
  const text = textOf(asked.body)
  const call = text === null ? { kind: 'bad' as const, message: 'it is not UTF-8' } : parseCall(text, callLimits)
  if ('kind' in call) {
    const shown = JSON.stringify((text ?? '').slice(0, shownCharsMax))
    activity.write('error', `XML-RPC request data ${shown} is invalid: ${call.message}`)
    return { kind: 'error', status: 400 }
  }
  const body = bodyOf(await respond({ methods, activity }, call, asked))
  return { kind: 'whole', status: 200, headers: [['Content-Type', 'text/xml']], body }
}

/** A list that has not changed since it was asked for is the same value: whoever asks again and again has it printed once. */
function bodyOf(response: XmlRpcResponse): string | Buffer {
  if (response.kind === 'fault' || response.value.kind !== 'array') return printResponse(response)
  const known = printed.get(response.value)
  if (known !== undefined) return known
  const body = Buffer.from(printResponse(response))
  printed.set(response.value, body)
  return body
}

const printed = new WeakMap<XmlRpcValue, Buffer>()

async function respond(
  { methods, activity }: RpcParts,
  call: XmlRpcCall,
  { who, signal }: Asked,
): Promise<XmlRpcResponse> {
  const { method, params } = call
  activity.write('trace', `XML-RPC method called: ${method}()`)
  try {
    const value = await methods.call(method, params, { who, signal })
    activity.write('trace', `XML-RPC method ${method}() returned successfully`)
    return { kind: 'value', value }
  } catch (error) {
    if (!(error instanceof RpcFault)) throw error
    const { code, message } = error
    activity.write('trace', `XML-RPC method ${method}() returned fault: [${code}] ${message}`)
    return { kind: 'fault', code, message }
  }
}

/** null: it is no text. */
function textOf(bytes: Buffer): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return null
  }
}

/** Enough to find out who sends it. */
const shownCharsMax = 200
