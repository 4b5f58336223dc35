import type { OutputPiece } from './demux.ts'
import { EngineError } from './engine-error.ts'

/** One message of a container's log, as the engine keeps it: a line, or a piece of one that is longer than 16 KiB. */
export interface LogMessage {
  readonly stream: OutputPiece['stream']
  /** When the engine took it, as it writes that; the pieces of one line all have the time of the first. */
  readonly stamp: string
  readonly time: StampTime
  /** With the end of its line, unless it is a piece of one. */
  readonly bytes: Buffer
}

export interface StampTime {
  /** Since 1970. */
  readonly seconds: number
  readonly nanos: number
}

export interface Messages {
  /** What is whole, in the engine's order. Throws EngineError. */
  take(chunk: Buffer): readonly LogMessage[]
  /** The answer has come to its end: what may be left. */
  rest(): readonly LogMessage[]
}

/**
 * Takes apart what the engine answers about a container's log with `timestamps=1`. Without a terminal each message is a frame
 * of its own (see demux.ts): RFC 3339 with nanoseconds, a space, the message. `runStart`: see `terminalMessages`.
 */
export function createMessages({ isTty, runStart }: { readonly isTty: boolean; readonly runStart: string }): Messages {
  return isTty ? terminalMessages(runStart) : framedMessages()
}

/** The engine cuts at 16 KiB; whatever is larger than this is no message. */
const messageBytesMax = 4 * 1024 * 1024

const headBytes = 8

function framedMessages(): Messages {
  const timeOf = createStampReader()
  let held: Buffer = Buffer.alloc(0)
  return {
    take(chunk) {
      const bytes = held.length === 0 ? chunk : Buffer.concat([held, chunk])
      const messages: LogMessage[] = []
      let at = 0
      while (bytes.length - at >= headBytes) {
        const stream = bytes[at] === 2 ? 'stderr' : 'stdout'
        const length = bytes.readUInt32BE(at + 4)
        if (bytes[at]! > 2 || bytes.readUIntBE(at + 1, 3) !== 0 || length > messageBytesMax) throw malformed(bytes, at)
        if (bytes.length - at - headBytes < length) break
        const payload = bytes.subarray(at + headBytes, at + headBytes + length)
        const stampBytes = payload.subarray(0, stampBytesMax).indexOf(space)
        const stamp = payload.toString('latin1', 0, Math.max(0, stampBytes))
        const time = timeOf(stamp)
        if (time === null) throw malformed(bytes, at)
        messages.push({ stream, stamp, time, bytes: payload.subarray(stampBytes + 1) })
        at += headBytes + length
      }
      // A copy: what is held must not keep the whole chunk.
      held = Buffer.from(bytes.subarray(at))
      return messages
    },
    rest: () => [],
  }
}

/** Longer than any time with nanoseconds and a zone. */
const stampBytesMax = 40
const space = 0x20
const newline = 0x0a

/** A line without an end that is as long as the engine lets it be, or a multiple of it, may be followed by the next message. */
const pieceBytes = 16 * 1024
const stampChars = 30
const stampPattern = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z /g

/**
 * With a terminal nothing says where a message ends but the end of its line. Two kinds have none: a piece, which ends at 16
 * KiB, where a time follows; and the last words of a run, before the first of the next one, whose time is no earlier than
 * `runStart` (when the present run began, as the engine writes it).
 */
function terminalMessages(runStart: string): Messages {
  const timeOf = createStampReader()
  const began = timeOf(runStart)
  let held: Buffer = Buffer.alloc(0)

  /** The length of the first message in these bytes, its time included; null: that is not to be told yet. */
  function lengthOf(bytes: Buffer, time: StampTime): number | null {
    const lineEnd = bytes.indexOf(newline, stampChars + 1)
    const end = lineEnd === -1 ? bytes.length : lineEnd + 1
    const pieceEnd = stampChars + 1 + pieceBytes
    if (pieceEnd < end || lineEnd === -1) {
      const next = timeOf(bytes.toString('latin1', pieceEnd, pieceEnd + stampChars))
      if (next !== null && bytes[pieceEnd + stampChars] === space) return pieceEnd
    }
    if (began !== null && isBefore(time, began)) {
      for (const { index, 0: text } of bytes.toString('latin1', stampChars + 1, end).matchAll(stampPattern)) {
        const next = timeOf(text.slice(0, -1))
        if (next !== null && !isBefore(next, began)) return stampChars + 1 + index
      }
    }
    return lineEnd === -1 ? null : end
  }

  function messageOf(bytes: Buffer, time: StampTime): LogMessage {
    const stamp = bytes.toString('latin1', 0, stampChars)
    return { stream: 'stdout', stamp, time, bytes: bytes.subarray(stampChars + 1) }
  }

  function stampTime(bytes: Buffer): StampTime {
    const time = timeOf(bytes.toString('latin1', 0, stampChars))
    if (time === null) throw malformed(bytes, 0)
    return time
  }

  return {
    take(chunk) {
      let bytes = held.length === 0 ? chunk : Buffer.concat([held, chunk])
      const messages: LogMessage[] = []
      while (bytes.length > stampChars) {
        const time = stampTime(bytes)
        const length = lengthOf(bytes, time)
        if (length === null) break
        messages.push(messageOf(bytes.subarray(0, length), time))
        bytes = bytes.subarray(length)
      }
      if (bytes.length > messageBytesMax) throw malformed(bytes, 0)
      held = Buffer.from(bytes)
      return messages
    },
    rest() {
      if (held.length <= stampChars) return []
      const last = messageOf(held, stampTime(held))
      held = Buffer.alloc(0)
      return [last]
    },
  }
}

export function isBefore(one: StampTime, other: StampTime): boolean {
  return one.seconds < other.seconds || (one.seconds === other.seconds && one.nanos < other.nanos)
}

/** Milliseconds of the wall clock. */
export function wallMsOf({ seconds, nanos }: StampTime): number {
  return seconds * 1_000 + Math.floor(nanos / 1_000_000)
}

/** RFC 3339, with up to nine decimals; null: it is none. */
export function parseStamp(text: string): StampTime | null {
  return createStampReader()(text)
}

/** Most of many have the second of the one before. */
function createStampReader(): (text: string) => StampTime | null {
  let known = { text: '', zone: '', seconds: 0 }
  return (text) => {
    const [, second, fraction = '', zone = ''] = rfc3339.exec(text) ?? []
    if (second === undefined) return null
    if (second !== known.text || zone !== known.zone) {
      known = { text: second, zone, seconds: Date.parse(second + zone) / 1_000 }
    }
    return { seconds: known.seconds, nanos: Number(fraction.padEnd(9, '0')) }
  }
}

const rfc3339 = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/

function malformed(bytes: Buffer, at: number): EngineError {
  const message = `what the container engine tells of a log is not readable: ${bytes.toString('hex', at, at + 48)}`
  return new EngineError({ code: 'MALFORMED', message, retry: true })
}
