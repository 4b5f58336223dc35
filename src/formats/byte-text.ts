/** `512 B`, `1.5 KiB`, `12.3 MiB`, `2 GiB`: short, for a person; 1024 based. */
export function byteText(bytes: number): string {
  let value = bytes
  let at = 0
  // What would be shown as 1024 belongs to the next unit.
  while (at < units.length - 1 && value >= (at === 0 ? 1024 : 1023.95)) {
    value /= 1024
    at += 1
  }
  return `${at === 0 ? value : value.toFixed(1).replace(/\.0$/, '')} ${units[at]}`
}

const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const
