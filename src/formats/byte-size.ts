/** Bytes of a size as Compose writes it: `10m`, `1.5gb`, `512k`, `64b`, `100`; 1024 based. null when it is none. */
export function parseByteSize(text: string): number | null {
  const match = /^(\d+(?:\.\d+)?) ?(?:([kmgt]?)(?:i?b)?)$/i.exec(text)
  if (match === null) return null
  const power = ['', 'k', 'm', 'g', 't'].indexOf(match[2]!.toLowerCase())
  const bytes = Math.floor(Number(match[1]) * 1024 ** power)
  return Number.isSafeInteger(bytes) ? bytes : null
}

/** The shortest form that parseByteSize reads back exactly. */
export function printByteSize(bytes: number): string {
  for (const [power, unit] of [
    [4, 'tb'],
    [3, 'gb'],
    [2, 'mb'],
    [1, 'kb'],
  ] as const) {
    if (bytes > 0 && bytes % 1024 ** power === 0) return `${bytes / 1024 ** power}${unit}`
  }
  return `${bytes}b`
}
