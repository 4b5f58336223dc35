import type { XmlRpcValue } from '../../../formats/xml-rpc/value.ts'
import type { RpcAsked } from '../contract.ts'

type TypeName = 'string' | 'int' | 'boolean' | 'struct' | 'array'

/** One method, as it is listed, described and called. */
export interface Method {
  readonly parameters: readonly Parameter[]
  readonly returns: TypeName
  /** What it does and answers, in a sentence or two. */
  readonly help: string
  /** As many arguments as there are parameters, without optional ones that were not given. Throws RpcFault. */
  readonly call: (args: readonly XmlRpcValue[], asked: RpcAsked) => XmlRpcValue | Promise<XmlRpcValue>
}

export interface Parameter {
  readonly name: string
  readonly type: TypeName
  readonly about: string
  readonly isOptional?: true
}

/** By their names without the namespace. */
export type Methods = Readonly<Record<string, Method>>

export const nameParameter: Parameter = {
  name: 'name',
  type: 'string',
  about: 'the process: its name, or group:name',
}

export const namesParameter: Parameter = {
  name: 'name',
  type: 'string',
  about: 'the process: its name or group:name, or group:* for all of a group',
}

export const groupParameter: Parameter = { name: 'name', type: 'string', about: 'the group' }

export const waitParameter: Parameter = {
  name: 'wait',
  type: 'boolean',
  about: 'answer only when it is done (the default)',
  isOptional: true,
}

export const signalParameter: Parameter = {
  name: 'signal',
  type: 'string',
  about: 'the signal: HUP, SIGHUP or its number',
}
