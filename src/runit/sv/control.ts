import type { SuperviseStatus } from '../../formats/supervise-status.ts'
import { explain, type Run, statusOf } from './run.ts'
import { type Service, send } from './service.ts'

/** Whether the service has the command now, or had it already. */
export function control(run: Run, service: Service, bytes: string): boolean {
  const status = statusOf(run, service)
  if (status === null) return false
  if (isWantedAlready(status, bytes.charAt(0))) return true
  const answer = send(service, bytes)
  if (answer.kind !== 'sent') explain(run, service, answer)
  return answer.kind === 'sent'
}

function isWantedAlready({ want, gotTerm }: SuperviseStatus, byte: string): boolean {
  return (byte === 'u' && want === 'up') || (byte === 'd' && want === 'down' && gotTerm)
}
