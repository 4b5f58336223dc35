import type { Info } from '../wire/api.ts'
import type { ExitCode } from '../wire/exit-codes.ts'
import type { ApplyBody } from '../wire/requests.ts'
import { Unreachable } from './client.ts'
import type { Context } from './command.ts'
import { startMsMax } from './up.ts'

/** What `--wait` says. */
export function waitedFor({ options }: Context): NonNullable<ApplyBody['waitFor']> {
  const value = options.value('wait')
  return value === 'healthy' || value === 'committed' ? value : 'running'
}

/**
 * A daemon for what is applied to it: it goes on with what was declared last, if anything was. A code: none could be started,
 * and it was told why.
 */
export async function startWhereNone(context: Context, timeoutMs: number | null): Promise<ExitCode | null> {
  try {
    await context.client.ask<Info>('info')
    return null
  } catch (error) {
    if (!(error instanceof Unreachable)) throw error
  }
  const { startDaemon } = await import('./start-daemon.ts')
  const deadlineMs = performance.now() + Math.max(startMsMax, timeoutMs ?? 0)
  const started = await startDaemon(context, { sources: [], deadlineMs })
  return started.kind === 'not' ? started.code : null
}
