import { pythonInteger, pythonRepr } from '../../../formats/python-text.ts'
import { textOf } from '../../../formats/xml-rpc/make.ts'
import type { XmlRpcValue } from '../../../formats/xml-rpc/value.ts'
import { fault } from './faults.ts'

/** Throws RpcFault where it is no text; supervisord answers HTTP 500 to that. */
export function textArgument(value: XmlRpcValue | undefined): string {
  const text = value === undefined ? null : textOf(value)
  if (text === null) throw fault('INCORRECT_PARAMETERS')
  return text
}

/** What Python's int() makes of it. Throws RpcFault where that is nothing. */
export function integerArgument(value: XmlRpcValue | undefined): number {
  const found = value === undefined ? null : integerOf(value)
  if (found === null) throw fault('INCORRECT_PARAMETERS')
  return found
}

function integerOf(value: XmlRpcValue): number | null {
  switch (value.kind) {
    case 'int':
      return value.value
    case 'double':
      return Number.isFinite(value.value) ? Math.trunc(value.value) + 0 : null
    case 'boolean':
      return Number(value.value)
    case 'string':
    case 'base64':
      return pythonInteger(textOf(value) ?? '')
    case 'date':
    case 'array':
    case 'struct':
      return null
  }
}

/** Whether Python takes it for true. Not given: it is. */
export function truthArgument(value: XmlRpcValue | undefined): boolean {
  if (value === undefined) return true
  switch (value.kind) {
    case 'int':
    case 'double':
      return value.value !== 0
    case 'boolean':
      return value.value
    case 'string':
    case 'date':
    case 'base64':
      return value.value.length > 0
    case 'array':
      return value.values.length > 0
    case 'struct':
      return value.members.length > 0
  }
}

/** As Python's str() shows it, for faults that repeat what was given. */
export function pythonText(value: XmlRpcValue): string {
  return textOf(value) ?? pythonShown(value)
}

function pythonShown(value: XmlRpcValue): string {
  switch (value.kind) {
    case 'int':
      return String(value.value)
    case 'double':
      return Number.isInteger(value.value) ? value.value.toFixed(1) : String(value.value)
    case 'boolean':
      return value.value ? 'True' : 'False'
    case 'string':
    case 'date':
      return pythonRepr(value.value)
    case 'base64':
      return pythonRepr(textOf(value) ?? '')
    case 'array':
      return `[${value.values.map(pythonShown).join(', ')}]`
    case 'struct':
      return `{${value.members.map(([name, member]) => `${pythonRepr(name)}: ${pythonShown(member)}`).join(', ')}}`
  }
}
