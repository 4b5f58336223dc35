import { constants } from 'node:os'
import { assert } from '../base/assert.ts'
import { bind } from './libc.ts'

/** Which signals a process ignores and which it blocks: bit n-1 is signal n, as in /proc/PID/status. */
export interface SignalState {
  readonly ignored: bigint
  readonly blocked: bigint
}

/**
 * Sets what each signal does to this process, and what this thread blocks. Node starts by making it all its own: SIGPIPE and
 * SIGXFSZ ignored, SIGINT, SIGTERM and SIGUSR1 handled, the rest by default, nothing blocked.
 */
export function setSignalState({ ignored, blocked }: SignalState): void {
  for (let number = 1; number <= signalMax; number += 1) {
    if (untouched.has(number)) continue
    // The C library refuses the ones it keeps for itself, which is fine.
    signal(number, isIn(ignored, number) ? ignore : byDefault)
  }
  const mask = Buffer.alloc(signalSetBytes)
  mask.writeBigUInt64LE(blocked, 0)
  const isSet = sigprocmask(setMask, mask, null) === 0
  assert(isSet, 'the signal mask can be set')
}

function isIn(set: bigint, number: number): boolean {
  return ((set >> BigInt(number - 1)) & 1n) === 1n
}

const { SIGKILL, SIGSTOP, SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP } = constants.signals
// V8 catches its own faults; handlers do not outlive an exec.
const untouched: ReadonlySet<number> = new Set([SIGKILL, SIGSTOP, SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP])
const signalMax = 64
const signalSetBytes = 128

const byDefault = 0
const ignore = 1
const setMask = 2

const signal = bind<(number: number, action: number) => unknown>('intptr_t signal(int, intptr_t)')
const sigprocmask = bind<(how: number, set: Buffer, old: null) => number>('int sigprocmask(int, uint8_t *, uint8_t *)')
