import type { StreamRef } from '../../engine/ports.ts'

/** The file name of a stream's FIFO: the same unit always has the same, and no two units share one, whatever their bytes. */
export function streamFileName(unit: string, stream: StreamRef['stream']): string {
  return `${unitFileName(unit)}.${stream}`
}

/** A unit's id as one path component: what is not plain becomes %XX, what is too long is cut and ends with a digest. */
export function unitFileName(unit: string): string {
  const plain = unit.replace(/[^A-Za-z0-9_.-]/gu, escapeBytes)
  if (plain.length <= plainLengthMax) return plain
  // A plain name never has a tilde, so a cut one cannot be another unit's.
  // Hardly ever needed, and loading it costs every start 7 ms.
  const { createHash } = process.getBuiltinModule('node:crypto')
  return `${plain.slice(0, plainLengthMax / 2)}~${createHash('sha256').update(unit).digest('hex').slice(0, 32)}`
}

function escapeBytes(character: string): string {
  return character === '/' ? '%2F' : Buffer.from(character).toString('hex').toUpperCase().replace(/../g, '%$&')
}

/** File names end at 255 bytes; this leaves room for the stream's name. */
const plainLengthMax = 200
