import { xmlArray, xmlInt, xmlString, xmlStruct } from '../../../formats/xml-rpc/make.ts'
import type { XmlRpcValue } from '../../../formats/xml-rpc/value.ts'
import type { ProcessView, RpcFault } from '../contract.ts'
import { faultCodes } from './faults.ts'

/** What became of one of several processes. null: all is well. */
export interface Outcome {
  readonly process: ProcessView
  readonly fault: RpcFault | null
}

export function statusList(outcomes: readonly Outcome[]): XmlRpcValue {
  return xmlArray(outcomes.map(status))
}

function status({ process, fault }: Outcome): XmlRpcValue {
  return xmlStruct({
    name: xmlString(process.name),
    group: xmlString(process.group),
    status: xmlInt(fault?.code ?? faultCodes.SUCCESS),
    description: xmlString(fault?.message ?? 'OK'),
  })
}
