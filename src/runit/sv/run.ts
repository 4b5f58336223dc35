import { statSync } from 'node:fs'
import type { SuperviseStatus } from '../../formats/supervise-status.ts'
import type { Command } from './command.ts'
import { print, warn } from './output.ts'
import { readStatus, type Service, type StatusAnswer, troubleIn } from './service.ts'
import { statusText } from './text.ts'

/** What one call of the program has done so far. */
export interface Run {
  readonly command: Command
  readonly startMs: number
  readonly startSeconds: number
  /** What the exit code counts. */
  troubles: number
  /** As an init script's `status`; null: that was not asked, or not answered. */
  lsbStatus: number | null
}

/** null: it has none, and that was said. */
export function statusOf(run: Run, service: Service): SuperviseStatus | null {
  const answer = readStatus(service)
  if (answer.kind === 'status') return answer.status
  if (answer.kind === 'trouble') run.lsbStatus ??= lsbUnknown
  explain(run, service, answer)
  return null
}

/** Empty where it cannot be told whether it is normally down. */
export function describe({ name, directory }: Service, shownName: string, status: SuperviseStatus): string {
  let isNormallyDown = false
  const unknown = troubleIn(() => {
    isNormallyDown = statSync(`${directory}/down`, { throwIfNoEntry: false }) !== undefined
  })
  if (unknown === null) return statusText(shownName, status, { nowSeconds: unixSeconds(), isNormallyDown })
  warn(`unable to stat ${name}/down: ${unknown.text}`)
  return ''
}

export function explain(run: Run, service: Service, answer: Exclude<StatusAnswer, { readonly kind: 'status' }>): void {
  if (answer.kind === 'trouble') complain(run, 'warning', service, answer.message)
  else if (run.command.bytes === 'x') print(`ok: ${service.name}: runsv not running\n`)
  else complain(run, 'fail', service, 'runsv not running')
}

export function complain(run: Run, severity: 'fail' | 'warning', { name }: Service, message: string): void {
  run.troubles += 1
  print(`${severity}: ${name}: ${message}\n`)
}

export function unixSeconds(): number {
  return Math.floor(Date.now() / 1000)
}

/** Not by `performance`: it takes milliseconds to load. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6
}

/** Of the Linux Standard Base, for an init script's `status`. */
export const lsbNotRunning = 3
const lsbUnknown = 4
