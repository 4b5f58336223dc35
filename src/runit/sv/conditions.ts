import type { SuperviseStatus } from '../../formats/supervise-status.ts'

/**
 * Whether what the commands `conditions` ask for has come about, by the service's status. `sinceSeconds`: when they were
 * given; seconds are all that the original compares. `checkPasses` runs the service's own check: it is asked where it counts.
 */
export function areMet(
  conditions: string,
  status: SuperviseStatus,
  asked: { readonly sinceSeconds: number; checkPasses(): boolean },
): boolean {
  return Array.from(conditions).every((condition) => isMet(condition, status, asked))
}

function isMet(
  condition: string,
  { state, pid, isPaused, want, gotTerm, sinceSeconds }: SuperviseStatus,
  asked: { readonly sinceSeconds: number; checkPasses(): boolean },
): boolean {
  const isThere = pid !== 0
  const isNew = sinceSeconds >= asked.sinceSeconds
  switch (condition) {
    case 'u':
      return isThere && state === 'run' && asked.checkPasses()
    case 'd':
      return !isThere && state === 'down'
    case 'C':
      // Down is as good as available: so the original has it, and run scripts rely on it.
      return !isThere || asked.checkPasses()
    case 't':
    case 'k':
      return (!isThere && want === 'down') || (isThere && isNew && !gotTerm && asked.checkPasses())
    case 'o':
      return isThere ? want === 'down' : isNew
    case 'p':
      return !isThere || isPaused
    case 'c':
      return !isThere || !isPaused
    case 'x':
      // It has a status, so it is still supervised.
      return false
    default:
      // What the other signals do shows in no status.
      return true
  }
}
