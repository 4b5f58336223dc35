import { tai64Seconds, unixSecondsOfTai64 } from './tai64.ts'

/** What a supervisor of runit's kind tells about one service, in `supervise/status` and `supervise/stat`. */
export interface SuperviseStatus {
  readonly state: 'down' | 'run' | 'finish'
  /** Unix time of the start, also during `finish`; when down, of the moment it went down. */
  readonly sinceSeconds: number
  /** 0..999999999. */
  readonly sinceNanoseconds: number
  /** Of `run` or `finish`; 0: none. */
  readonly pid: number
  readonly isPaused: boolean
  readonly want: 'up' | 'down' | 'exit'
  /** SIGTERM was sent, and the process has not died yet. */
  readonly gotTerm: boolean
}

export const statusBytes = 20

/**
 * The bytes of `supervise/status`: a TAI64N label and the numbers of daemontools' `supervise`, then two of runit.
 * Source: what runit 2.1.2 writes; seconds, nanoseconds big-endian, the pid little-endian.
 */
export function encodeStatus(status: SuperviseStatus): Uint8Array {
  const bytes = new Uint8Array(statusBytes)
  const view = new DataView(bytes.buffer)
  view.setBigUint64(0, tai64Seconds(status.sinceSeconds))
  view.setUint32(8, status.sinceNanoseconds)
  view.setUint32(12, status.pid, true)
  bytes[16] = status.isPaused ? 1 : 0
  bytes[17] = status.want === 'up' ? wantUp : wantDown
  bytes[18] = status.gotTerm ? 1 : 0
  bytes[19] = states.indexOf(status.state)
  return bytes
}

/** null: shorter than a status, or of no state there is. What is longer is read as far as it is one; `exit` is `down`. */
export function decodeStatus(bytes: Uint8Array): SuperviseStatus | null {
  if (bytes.length < statusBytes) return null
  const state = states[bytes[19]!]
  if (state === undefined) return null
  const view = new DataView(bytes.buffer, bytes.byteOffset, statusBytes)
  return {
    state,
    sinceSeconds: unixSecondsOfTai64(view.getBigUint64(0)),
    sinceNanoseconds: view.getUint32(8),
    pid: view.getUint32(12, true),
    isPaused: bytes[16] !== 0,
    want: bytes[17] === wantUp ? 'up' : 'down',
    gotTerm: bytes[18] !== 0,
  }
}

/** The line of `supervise/stat`. */
export function statText({ state, isPaused, want, gotTerm }: SuperviseStatus): string {
  const wanted = state === 'down' || want === 'up' ? '' : `, want ${want}`
  return `${state}${isPaused ? ', paused' : ''}${gotTerm ? ', got TERM' : ''}${wanted}\n`
}

/** Their places are their numbers. */
const states: readonly SuperviseStatus['state'][] = ['down', 'run', 'finish']

/** `u` and `d`, as in the commands. */
const wantUp = 0x75
const wantDown = 0x64
