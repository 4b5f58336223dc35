import type { XmlRpcValue } from './value.ts'

/** A value without parts, from what its element holds; a text says what is wrong. */
export function parseScalar(type: string, text: string): XmlRpcValue | string {
  switch (type) {
    case 'string':
      return { kind: 'string', value: text }
    case 'int':
    case 'i4':
      return parseInteger(text.trim())
    case 'boolean':
      // supervisord takes whatever is not 1 for false.
      return { kind: 'boolean', value: text.trim() === '1' }
    case 'double':
      return parseDouble(text.trim())
    case 'dateTime.iso8601':
      return /^\d{8}T\d\d:\d\d:\d\d$/.test(text.trim())
        ? { kind: 'date', value: text.trim() }
        : 'a date is written 19980717T14:08:55'
    case 'base64':
      return parseBase64(text.replace(/[ \t\r\n]+/g, ''))
    default:
      // i8, nil and what else others have added: supervisord takes their text, which is a number where it needs one.
      return { kind: 'string', value: text }
  }
}

/** As Python prints it, whose words the clients read. */
export function printDouble(value: number): string {
  const word = [...notNumbers].find(([, each]) => Object.is(each, value))?.[0]
  if (word !== undefined) return word
  const text = Object.is(value, -0) ? '-0' : String(value)
  return /[.e]/.test(text) ? text : `${text}.0`
}

function parseInteger(text: string): XmlRpcValue | string {
  if (!/^[+-]?\d{1,16}$/.test(text) || !Number.isSafeInteger(Number(text))) return 'this is no integer'
  // -0 is no integer of anybody.
  return { kind: 'int', value: Number(text) + 0 }
}

function parseDouble(text: string): XmlRpcValue | string {
  const word = notNumbers.get(text)
  if (word !== undefined) return { kind: 'double', value: word }
  if (!/^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/.test(text)) return 'this is no number'
  return { kind: 'double', value: Number(text) }
}

const notNumbers: ReadonlyMap<string, number> = new Map([
  ['inf', Number.POSITIVE_INFINITY],
  ['-inf', Number.NEGATIVE_INFINITY],
  ['nan', Number.NaN],
])

function parseBase64(text: string): XmlRpcValue | string {
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return 'this is not base64'
  return { kind: 'base64', value: new Uint8Array(Buffer.from(text, 'base64')) }
}
