import { unixSecondsOfTai64 } from '../../../src/formats/tai64.ts'

/** The 20 bytes of supervise/status, as the original writes and its clients read them. */
export interface Status {
  /** Wall clock, milliseconds; of the start of run, or of the moment it went down. */
  readonly timeMs: number
  readonly nanoseconds: number
  /** 0: none. */
  readonly pid: number
  readonly paused: number
  readonly want: string
  readonly gotTerm: number
  readonly state: 'down' | 'run' | 'finish'
}

const states = ['down', 'run', 'finish'] as const

/** Throws for anything that is not exactly one valid status. */
export function decodeStatus(bytes: Buffer): Status {
  const state = states[bytes[19] ?? -1]
  const nanoseconds = bytes.length === 20 ? bytes.readUInt32BE(8) : Number.NaN
  const want = String.fromCharCode(bytes[17] ?? 0)
  if (!(nanoseconds < 1e9) || state === undefined || !['u', 'd'].includes(want) || bytes[16]! > 1 || bytes[18]! > 1)
    throw new Error(`not a status: ${bytes.length} bytes, ${bytes.toString('hex')}`)
  return {
    timeMs: unixSecondsOfTai64(bytes.readBigUInt64BE(0)) * 1000 + nanoseconds / 1e6,
    nanoseconds,
    pid: bytes.readUInt32LE(12),
    paused: bytes[16]!,
    want,
    gotTerm: bytes[18]!,
    state,
  }
}
