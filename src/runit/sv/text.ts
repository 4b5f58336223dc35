import type { SuperviseStatus } from '../../formats/supervise-status.ts'

/** `run: web: (pid 4711) 12s, want down`, as runit words it. `isNormallyDown`: it has a file `down`. */
export function statusText(
  name: string,
  status: SuperviseStatus,
  { nowSeconds, isNormallyDown }: { readonly nowSeconds: number; readonly isNormallyDown: boolean },
): string {
  const { state, pid, isPaused, want, gotTerm } = status
  const isThere = pid !== 0
  const seconds = Math.max(0, nowSeconds - status.sinceSeconds)
  return [
    `${state}: ${name}: ${state === 'down' ? '' : `(pid ${pid}) `}${seconds}s`,
    isThere && isNormallyDown ? ', normally down' : '',
    !isThere && !isNormallyDown ? ', normally up' : '',
    isThere && isPaused ? ', paused' : '',
    !isThere && want === 'up' ? ', want up' : '',
    isThere && want === 'down' ? ', want down' : '',
    isThere && gotTerm ? ', got TERM' : '',
  ].join('')
}
