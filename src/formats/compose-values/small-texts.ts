import { parseByteSize } from '../byte-size.ts'

/** `/dev/ttyUSB0`, `/dev/ttyUSB0:/dev/serial`, `/dev/ttyUSB0:/dev/serial:rw`; null: it is none. */
export function parseDeviceText(
  text: string,
): { readonly source: string; readonly target: string; readonly permissions: string } | null {
  const match = /^(\/[^:]*)(?::(\/[^:]*))?(?::([rwm]{1,3}))?$/.exec(text)
  if (match === null) return null
  const [, source = '', target = source, permissions = 'rwm'] = match
  return { source, target, permissions }
}

export interface TmpfsText {
  readonly target: string
  readonly sizeBytes: number | null
  readonly mode: number | null
  /** The rest, in the order it was written. */
  readonly options: string
}

/** `/run:size=64m,mode=1777,noexec`; null: it is none. */
export function parseTmpfsText(text: string): TmpfsText | null {
  const colon = text.indexOf(':')
  const target = colon === -1 ? text : text.slice(0, colon)
  if (!target.startsWith('/')) return null
  let sizeBytes: number | null = null
  let mode: number | null = null
  const options: string[] = []
  for (const option of colon === -1 ? [] : text.slice(colon + 1).split(',')) {
    const [name, value = ''] = option.split('=')
    if (name === 'size' && parseByteSize(value) !== null) sizeBytes = parseByteSize(value)
    else if (name === 'mode' && /^[0-7]{1,5}$/.test(value)) mode = Number.parseInt(value, 8)
    else if (option !== '') options.push(option)
  }
  return { target, sizeBytes, mode, options: options.join(',') }
}

/** `name:address` with `=` as the other way to write it; an address of IPv6 may be in brackets. null: it is none. */
export function parseHostText(text: string): string | null {
  const match = /^([^:=\s]+)[:=](\[?)([^\s\]]+)(\]?)$/.exec(text.trim())
  if (match === null || (match[2] === '[') !== (match[4] === ']')) return null
  return `${match[1]}:${match[3]}`
}

/** `KEY=value` or `KEY`; null where the key is empty. */
export function parsePairText(text: string): { readonly key: string; readonly value: string | null } | null {
  const equals = text.indexOf('=')
  const key = equals === -1 ? text : text.slice(0, equals)
  return key === '' ? null : { key, value: equals === -1 ? null : text.slice(equals + 1) }
}
