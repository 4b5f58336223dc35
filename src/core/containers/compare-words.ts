import { tidyPath } from './compare-difference.ts'
import type { ContainerHealthcheck, ContainerSettings, PortSpec } from './model.ts'

/** One word for each of what engines and people write in several ways. */

/** `NET_ADMIN` of `cap_net_admin`. */
export function capabilityWord(text: string): string {
  return text.toUpperCase().replace(/^CAP_/, '')
}

/** Which of them there are; those of SELinux are also set by the engine itself, so they are left out. */
export function securityWords(options: readonly string[]): readonly string[] {
  const words = options.map((option) => option.replace(/^([^:=]*):/, '$1='))
  return words
    .filter((word) => !word.startsWith('label='))
    .map((word) => (word === 'no-new-privileges=true' ? 'no-new-privileges' : word))
}

/** `host:address` of `host=address`. */
export function hostWord(text: string): string {
  return text.replace(/^([^:=]*)=/, '$1:')
}

export function portWord({ hostAddress, hostPort, containerPort, protocol }: PortSpec): string {
  return `${hostAddress}:${hostPort ?? ''}:${containerPort}/${protocol}`
}

export function exposedWord(text: string): string {
  return text.includes('/') ? text : `${text}/tcp`
}

export function deviceWord({ source, target, permissions }: ContainerSettings['devices'][number]): string {
  return `${source}:${target || source}:${[...(permissions || 'rwm')].sort().join('')}`
}

/** null: the engine's own, which is the root. */
export function directoryWord(path: string | null): string | null {
  const tidy = path === null ? '/' : tidyPath(path)
  return tidy === '/' || tidy === '' ? null : tidy
}

export function restartWord({ name, retriesMax }: ContainerSettings['restart']): ContainerSettings['restart'] {
  return { name, retriesMax: name === 'on-failure' ? retriesMax : 0 }
}

/** In whole seconds, as the engine has it; 10 is its own. */
export function graceWord(ms: number | null): number | null {
  const seconds = ms === null ? 10 : Math.ceil(ms / 1_000)
  return seconds === 10 ? null : seconds * 1_000
}

// As of signal(7), the same on x86-64 and arm64.
const signals: readonly string[] =
  '- HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT CHLD CONT STOP TSTP TTIN TTOU URG XCPU XFSZ VTALRM PROF WINCH IO PWR SYS'.split(
    ' ',
  )

/** null: the engine's own, TERM. */
export function signalWord(text: string | null): string | null {
  if (text === null) return null
  const name = /^\d+$/.test(text) ? (signals[Number(text)] ?? text) : text.toUpperCase().replace(/^SIG/, '')
  return name === 'TERM' || name === '' ? null : name
}

/** With the engine's own where nothing is said, since some engines tell that; null: none. */
export function healthcheckWord(healthcheck: ContainerHealthcheck | 'none' | null): ContainerHealthcheck | null {
  if (healthcheck === null || healthcheck === 'none') return null
  const { test, intervalMs, timeoutMs, startPeriodMs, startIntervalMs, retries } = healthcheck
  if (test === null || test.length === 0) return null
  return {
    test,
    intervalMs: intervalMs || 30_000,
    timeoutMs: timeoutMs || 30_000,
    startPeriodMs: startPeriodMs || 0,
    startIntervalMs: startIntervalMs || 5_000,
    retries: retries || 3,
  }
}
