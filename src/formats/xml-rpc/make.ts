import type { XmlRpcValue } from './value.ts'

export function xmlInt(value: number): XmlRpcValue {
  return { kind: 'int', value }
}

export function xmlBoolean(value: boolean): XmlRpcValue {
  return { kind: 'boolean', value }
}

export function xmlString(value: string): XmlRpcValue {
  return { kind: 'string', value }
}

export function xmlArray(values: readonly XmlRpcValue[]): XmlRpcValue {
  return { kind: 'array', values }
}

/** In the order of its keys. */
export function xmlStruct(members: Readonly<Record<string, XmlRpcValue>>): XmlRpcValue {
  return { kind: 'struct', members: Object.entries(members) }
}

/** A text, as it is or in base64, which supervisord decodes; null: it is something else, or no text. */
export function textOf(value: XmlRpcValue): string | null {
  if (value.kind === 'string') return value.value
  if (value.kind !== 'base64') return null
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(value.value)
  } catch {
    return null
  }
}
