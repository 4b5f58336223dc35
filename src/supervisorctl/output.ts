import { writeSync } from 'node:fs'

/** One line, or more, on stdout. */
export function say(text: string): void {
  show(`${text}\n`)
}

/** Bytes on stdout as they are. */
export function show(content: string | Uint8Array): void {
  put(1, content)
}

export function complain(text: string): void {
  put(2, text)
}

/** Whether nobody reads stdout any more. What was asked for is done all the same; only a stream ends with its reader. */
export function isUnread(): boolean {
  return unread.has(1)
}

const unread = new Set<1 | 2>()

/** By the descriptor, so that it is out in order, and before we end: Node's streams take milliseconds to load. */
function put(file: 1 | 2, content: string | Uint8Array): void {
  let bytes = typeof content === 'string' ? Buffer.from(content) : content
  while (bytes.length > 0 && !unread.has(file)) {
    try {
      bytes = bytes.subarray(writeSync(file, bytes))
    } catch (error) {
      // A pipe that somebody else made non-blocking is full.
      if ((error as NodeJS.ErrnoException).code === 'EAGAIN') Atomics.wait(never, 0, 0, fullPipeMs)
      else unread.add(file)
    }
  }
}

const fullPipeMs = 5
const never = new Int32Array(new SharedArrayBuffer(4))
