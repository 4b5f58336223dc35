/** Keeps the last bytes of what is added to it, and takes no more memory than twice that. */
export interface TailBytes {
  add(bytes: Buffer): void
  /** A copy of what is kept. */
  all(): Buffer
}

export function createTailBytes(bytesMax: number): TailBytes {
  let memory = Buffer.alloc(0)
  let start = 0
  let end = 0

  /** Makes room behind the end: by moving what is kept to the front where half of the memory is free, else by more memory. */
  function makeRoom(bytes: number): void {
    const kept = end - start
    const needed = kept + bytes
    const next = memory.length >= 2 * needed ? memory : Buffer.allocUnsafeSlow(2 * needed)
    memory.copy(next, 0, start, end)
    memory = next
    start = 0
    end = kept
  }

  return {
    add(bytes) {
      const added = bytes.length > bytesMax ? bytes.subarray(bytes.length - bytesMax) : bytes
      start = Math.max(start, end + added.length - bytesMax)
      if (end + added.length > memory.length) makeRoom(added.length)
      end += added.copy(memory, end)
    },
    all: () => Buffer.from(memory.subarray(start, end)),
  }
}
