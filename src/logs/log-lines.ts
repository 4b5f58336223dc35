/** A piece of one log, as its index tells it. */
export interface Segment {
  readonly bytes: Buffer
  readonly wallMs: number | null
  /** Its place among the pieces of other logs: its time, or that of its file. */
  readonly orderMs: number
  readonly attempt: number | null
  /** What stands before it was left out. */
  readonly isAfterGap: boolean
}

/** `idle`: nothing more is there now. Whoever asks again has heard of a change. */
export type Reading = Segment | 'idle'

/**
 * Moves the ends of segments to ends of lines: a line belongs to the segment in which it begins. What is longer than a
 * piece, printed by two starts of a unit, or not written to its end yet, comes in parts.
 */
export async function* wholeLines(readings: AsyncIterable<Reading>): AsyncGenerator<Reading> {
  let held: Segment | null = null
  for await (const reading of readings) {
    if (reading === 'idle') {
      if (held !== null) yield held
      held = null
      yield 'idle'
      continue
    }
    if (held !== null && (reading.isAfterGap || reading.attempt !== held.attempt)) {
      yield held
      held = null
    }
    let { bytes } = reading
    if (held !== null) {
      const end = bytes.indexOf(newline) + 1
      const line: Segment = { ...held, bytes: Buffer.concat([held.bytes, end === 0 ? bytes : bytes.subarray(0, end)]) }
      held = end === 0 && line.bytes.length < heldBytesMax ? line : null
      if (held === null) yield line
      bytes = end === 0 ? bytes.subarray(bytes.length) : bytes.subarray(end)
    }
    const end = bytes.lastIndexOf(newline) + 1
    if (end > 0) yield { ...reading, bytes: bytes.subarray(0, end) }
    if (end < bytes.length) {
      const rest = { ...reading, bytes: bytes.subarray(end) }
      if (rest.bytes.length < heldBytesMax) held = rest
      else yield rest
    }
  }
  if (held !== null) yield held
}

const newline = 0x0a
const heldBytesMax = 64 * 1024
