import { requestBytesMax } from '../core/limits.ts'
import type { ApiError } from './api.ts'
import type { ExecBody } from './requests.ts'

/**
 * What goes over the connection of `POST /v1/exec` once it is upgraded, both ways: frames of a kind (one byte), the length of
 * what follows (32 bits, big-endian), and so many bytes.
 */
export const execProtocol = 'holdfast-exec'

/** `begin` comes first, and `started` or `refused` in answer to it; `exit` is the last of all. */
export const frameKinds = {
  /** From the client: ExecBody. */
  begin: 1,
  /** Bytes for its stdin. */
  input: 2,
  /** Its stdin ends. */
  'end-input': 3,
  /** TerminalFrame: the window has another size. */
  resize: 4,
  /** The name of a signal for it. */
  signal: 5,
  /** From the daemon: StartedFrame. */
  started: 16,
  stdout: 17,
  stderr: 18,
  /** ExitFrame. */
  exit: 19,
  /** ApiError. */
  refused: 20,
} as const

export type FrameKind = keyof typeof frameKinds

export interface TerminalFrame {
  readonly rows: number
  readonly columns: number
}

export interface StartedFrame {
  readonly unit: string
}

/** As a shell tells it: 128 and the number of the signal that ended it; 126 and 127: it could not be run, was not found. */
export interface ExitFrame {
  readonly code: number
  /** What the code alone does not tell; else empty. */
  readonly why: string
}

/** What the frames with JSON hold. */
export interface FrameContents {
  readonly begin: ExecBody
  readonly resize: TerminalFrame
  readonly started: StartedFrame
  readonly exit: ExitFrame
  readonly refused: ApiError
}

export interface Frame {
  readonly kind: FrameKind
  readonly bytes: Buffer
}

const headBytes = 5

/** Of one frame; whoever has more sends several. */
export const frameBytesMax = requestBytesMax

export function printFrame(kind: FrameKind, bytes: Uint8Array = new Uint8Array(0)): Buffer {
  const frame = Buffer.allocUnsafe(headBytes + bytes.length)
  frame[0] = frameKinds[kind]
  frame.writeUInt32BE(bytes.length, 1)
  frame.set(bytes, headBytes)
  return frame
}

export function printJsonFrame<K extends keyof FrameContents>(kind: K, content: FrameContents[K]): Buffer {
  return printFrame(kind, Buffer.from(JSON.stringify(content)))
}

/** Takes bytes in whatever pieces they come and gives the frames that are complete. Throws where they are none. */
export function createFrameParser(): { take(bytes: Buffer): readonly Frame[] } {
  let held: Buffer = Buffer.alloc(0)
  return {
    take(bytes) {
      held = held.length === 0 ? bytes : Buffer.concat([held, bytes])
      const frames: Frame[] = []
      while (held.length >= headBytes) {
        const kind = kindsByNumber.get(held[0]!)
        const length = held.readUInt32BE(1)
        if (kind === undefined || length > frameBytesMax) throw new Error('what came is no frame of an exec')
        if (held.length < headBytes + length) break
        frames.push({ kind, bytes: held.subarray(headBytes, headBytes + length) })
        held = held.subarray(headBytes + length)
      }
      return frames
    },
  }
}

const kindsByNumber: ReadonlyMap<number, FrameKind> = new Map(
  (Object.keys(frameKinds) as FrameKind[]).map((kind) => [frameKinds[kind], kind]),
)
