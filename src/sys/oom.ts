import { readFileSync, writeFileSync } from 'node:fs'
import { type Errno, errnoOf } from './errno.ts'

/** How readily the kernel kills this process when memory is short: -1000 never, 0 ordinary, 1000 first. Inherited. */
export function oomScoreAdj(): number {
  return Number(readFileSync('/proc/self/oom_score_adj', 'utf8'))
}

/** null: done. Lowering it below what a privileged process once set needs CAP_SYS_RESOURCE (EACCES). */
export function setOomScoreAdj(pid: number, value: number): Errno | null {
  try {
    writeFileSync(`/proc/${pid}/oom_score_adj`, `${value}\n`)
    return null
  } catch (error) {
    return errnoOf(error)
  }
}
