import type { Exit, Who } from './model.ts'

/** `exit code 1`, `SIGKILL`, `SIGSEGV, core dumped`, `an unknown exit`. */
export function exitText(exit: Exit): string {
  switch (exit.kind) {
    case 'code':
      return `exit code ${exit.code}`
    case 'signal':
      if (exit.isOutOfMemory) return `SIG${exit.signal}, out of memory`
      return exit.core ? `SIG${exit.signal}, core dumped` : `SIG${exit.signal}`
    case 'unknown':
      return 'an unknown exit'
  }
}

/** `root (uid 0)`, `key ci`, `its declaration`. */
export function whoText(who: Who): string {
  switch (who.kind) {
    case 'declared':
      return 'its declaration'
    case 'user':
      return `${who.name} (uid ${who.uid})`
    case 'key':
      return `key ${who.name}`
    case 'client':
      return who.name
    case 'daemon':
      return 'the daemon'
    case 'schedule':
      return 'its schedule'
  }
}

/** Who waits for an answer, and can ask again: not the daemon by itself, nor what is declared. */
export function isSomebody({ kind }: Who): boolean {
  return kind === 'user' || kind === 'key' || kind === 'client'
}

/** `400 ms`, `3.2 s`, `5 min`, `2 h`: short, for a person. */
export function durationText(ms: number): string {
  if (ms < 1_000) return `${Math.max(0, Math.round(ms))} ms`
  if (ms < 60_000) return `${trim(ms / 1_000)} s`
  if (ms < 3_600_000) return `${trim(ms / 60_000)} min`
  return `${trim(ms / 3_600_000)} h`
}

/** `1st`, `2nd`, `3rd`, `11th`. */
export function ordinal(value: number): string {
  const isTeen = value % 100 >= 11 && value % 100 <= 13
  return `${value}${(isTeen ? null : { 1: 'st', 2: 'nd', 3: 'rd' }[value % 10]) ?? 'th'}`
}

function trim(value: number): string {
  return value < 10 ? value.toFixed(1).replace(/\.0$/, '') : String(Math.round(value))
}
