const newline = 0x0a

/** A line longer than this is passed on in parts. */
const heldBytesMax = 64 * 1024

export interface WholeLines {
  /** The complete lines so far; what follows the last newline is held back for the next piece. */
  take(bytes: Uint8Array): Buffer
  /** What is still held back. */
  rest(): Buffer
}

/** Cuts a stream that comes in pieces at its line ends, so that several can be woven into one. */
export function createWholeLines(): WholeLines {
  let held = Buffer.alloc(0)
  return {
    take(bytes) {
      const all = Buffer.concat([held, bytes])
      const end = all.length > heldBytesMax ? all.length : all.lastIndexOf(newline) + 1
      held = all.subarray(end)
      return all.subarray(0, end)
    },
    rest() {
      const rest = held
      held = Buffer.alloc(0)
      return rest
    },
  }
}
