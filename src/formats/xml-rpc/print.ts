import { printDouble } from './scalars.ts'
import type { XmlRpcCall, XmlRpcResponse, XmlRpcValue } from './value.ts'

/** A `methodCall`, to the byte as Python's xmlrpc.client writes it. */
export function printCall({ method, params }: XmlRpcCall): string {
  const name = `<methodName>${escapeText(method)}</methodName>\n`
  return `${declaration}<methodCall>\n${name}<params>\n${params.map(param).join('')}</params>\n</methodCall>\n`
}

/** A `methodResponse`, to the byte as supervisord writes it; members stand in the order they are given in. */
export function printResponse(response: XmlRpcResponse): string {
  const body =
    response.kind === 'value'
      ? `<params>\n${param(response.value)}</params>\n`
      : `<fault>\n${fault(response)}</fault>\n`
  return `${declaration}<methodResponse>\n${body}</methodResponse>\n`
}

const declaration = "<?xml version='1.0'?>\n"

function param(value: XmlRpcValue): string {
  return `<param>\n${print(value)}</param>\n`
}

function fault({ code, message }: { readonly code: number; readonly message: string }): string {
  return print({
    kind: 'struct',
    members: [
      ['faultCode', { kind: 'int', value: code }],
      ['faultString', { kind: 'string', value: message }],
    ],
  })
}

function print(value: XmlRpcValue): string {
  return `<value>${typed(value)}</value>\n`
}

function typed(value: XmlRpcValue): string {
  switch (value.kind) {
    case 'int':
      return `<int>${value.value}</int>`
    case 'boolean':
      return `<boolean>${value.value ? 1 : 0}</boolean>`
    case 'string':
      return `<string>${escapeText(value.value)}</string>`
    case 'double':
      return `<double>${printDouble(value.value)}</double>`
    case 'date':
      return `<dateTime.iso8601>${escapeText(value.value)}</dateTime.iso8601>`
    case 'base64':
      return `<base64>\n${base64(value.value)}</base64>`
    case 'array':
      return `<array><data>\n${value.values.map(print).join('')}</data></array>`
    case 'struct':
      return `<struct>\n${value.members.map(member).join('')}</struct>`
  }
}

function member([name, value]: readonly [string, XmlRpcValue]): string {
  return `<member>\n<name>${escapeText(name)}</name>\n${print(value)}</member>\n`
}

function base64(bytes: Uint8Array): string {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')
  return text.replace(/.{1,76}/g, '$&\n')
}

/** As Python does it; but characters that XML cannot carry are shown as such, since with them no client could read the answer. */
function escapeText(text: string): string {
  const escaped = /[&<>]/.test(text) ? text.replace(/[&<>]/g, (char) => escapes[char as keyof typeof escapes]) : text
  return escaped.replace(uncarried, '\ufffd')
}

const escapes = { '&': '&amp;', '<': '&lt;', '>': '&gt;' } as const

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const uncarried = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g
