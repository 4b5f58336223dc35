/** NAME and value of `NAME=value`; null where there is no value. */
export function splitPair(text: string): readonly [name: string, value: string | null] {
  const equals = text.indexOf('=')
  return equals === -1 ? [text, null] : [text.slice(0, equals), text.slice(equals + 1)]
}

/** As `extra_hosts` has it in a list. */
export function extraHostText(host: string, address: string): string {
  return `${host}=${address}`
}
