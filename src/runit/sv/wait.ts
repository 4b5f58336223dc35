import { checkPasses } from './check.ts'
import { areMet } from './conditions.ts'
import { control } from './control.ts'
import { print } from './output.ts'
import { describe, monotonicMs, type Run, statusOf } from './run.ts'
import type { Service } from './service.ts'

/** Looks at what is not done yet until all is, or the time is over. */
export async function untilDone(run: Run, services: readonly Service[], waitSeconds: number): Promise<void> {
  // Whatever the time is: the first look is before anything could happen.
  let pending = services.filter((service) => isPending(run, service, false))
  while (pending.length > 0) {
    await new Promise((resolve) => setTimeout(resolve, lookEveryMs))
    const isOver = monotonicMs() - run.startMs > waitSeconds * 1000
    pending = pending.filter((service) => isPending(run, service, isOver))
  }
}

/** As often as the original. */
const lookEveryMs = 420

function isPending(run: Run, service: Service, isOver: boolean): boolean {
  const { conditions, kills } = run.command
  const status = statusOf(run, service)
  if (status === null) return false
  const asked = { sinceSeconds: run.startSeconds, checkPasses: () => checkPasses(service) }
  const isMet = areMet(conditions, status, asked)
  if (!isMet && !isOver) return true
  const result = isMet ? 'ok' : kills ? 'kill' : 'timeout'
  print(`${result}: ${describe(service, service.name, status)}\n`)
  if (!isMet) run.troubles += 1
  if (!isMet && kills) control(run, service, 'k')
  return false
}
