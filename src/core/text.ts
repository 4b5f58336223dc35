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

/** `root (uid 0)`, `its declaration`. */
export function whoText(who: Who): string {
  switch (who.kind) {
    case 'declared':
      return 'its declaration'
    case 'user':
      return `${who.name} (uid ${who.uid})`
    case 'daemon':
      return 'the daemon'
    case 'schedule':
      return 'its schedule'
  }
}

/** `400 ms`, `3.2 s`, `5 min`, `2 h`: short, for a person. */
export function durationText(ms: number): string {
  if (ms < 1_000) return `${Math.max(0, Math.round(ms))} ms`
  if (ms < 60_000) return `${trim(ms / 1_000)} s`
  if (ms < 3_600_000) return `${trim(ms / 60_000)} min`
  return `${trim(ms / 3_600_000)} h`
}

function trim(value: number): string {
  return value < 10 ? value.toFixed(1).replace(/\.0$/, '') : String(Math.round(value))
}
