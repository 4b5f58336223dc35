import { lastErrno } from './errno.ts'
import { bind } from './libc.ts'
import { signalName } from './signals.ts'

/** How a process ended, in the kernel's own encoding of a wait status. */
export type Ending =
  | { readonly kind: 'code'; readonly code: number }
  | { readonly kind: 'signal'; readonly signal: string; readonly core: boolean }

export type ChildNews =
  | { readonly kind: 'ended'; readonly pid: number; readonly ending: Ending }
  | { readonly kind: 'stopped'; readonly pid: number }
  | { readonly kind: 'continued'; readonly pid: number }

/** The next news of any child, reaping it if it ended; null when there is none now. Never waits. */
export function nextChildNews(): ChildNews | null {
  for (;;) {
    const status: [number] = [0]
    const pid = waitpid(-1, status, noHang | untraced | continuedToo)
    if (pid > 0) return { ...decode(status[0]), pid }
    if (pid === 0 || lastErrno() === 'ECHILD') return null
  }
}

/** Decodes a wait status, as waitpid, field 52 of /proc/PID/stat and PIDFD_GET_INFO have it. */
export function decodeEnding(status: number): Ending {
  const signal = status & 0x7f
  if (signal === 0) return { kind: 'code', code: (status >> 8) & 0xff }
  return { kind: 'signal', signal: signalName(signal), core: (status & 0x80) !== 0 }
}

function decode(status: number): { kind: 'ended'; ending: Ending } | { kind: 'stopped' } | { kind: 'continued' } {
  if (status === 0xffff) return { kind: 'continued' }
  if ((status & 0xff) === 0x7f) return { kind: 'stopped' }
  return { kind: 'ended', ending: decodeEnding(status) }
}

const noHang = 1
const untraced = 2
const continuedToo = 8

const waitpid = bind<(pid: number, status: [number], options: number) => number>('int waitpid(int, _Out_ int *, int)')
