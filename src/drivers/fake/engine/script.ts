import { createRandom } from '../../../base/prng.ts'
import type { ContainerSettings, EngineHealth } from '../../../core/containers/model.ts'

/** What one run of a container does from its start on. */
export interface ContainerScript {
  /** Why it cannot be started; null: it can. */
  readonly startFailure: { readonly status: number; readonly message: string; readonly exitCode: number } | null
  /** Until it ends by itself; null: never. */
  readonly livesMs: number | null
  readonly exitCode: number
  readonly isOutOfMemory: boolean
  /** Signals it does not react to, without SIG. */
  readonly ignores: readonly string[]
  /** From a signal it obeys to its end. */
  readonly stopMs: number
  /** Its exit code after a signal it obeys; null: 128 and the number of the signal. */
  readonly stopCode: number | null
  /** What its healthcheck, where it has one, says from these times on, counted from the start. */
  readonly health: readonly { readonly afterMs: number; readonly status: EngineHealth['status'] }[]
  /** Files of the host that it makes, counted from the start. */
  readonly makes: readonly { readonly afterMs: number; readonly file: string }[]
}

/** Lives until it is stopped, and is healthy. */
export const livesOn: ContainerScript = {
  startFailure: null,
  livesMs: null,
  exitCode: 0,
  isOutOfMemory: false,
  ignores: [],
  stopMs: 1,
  stopCode: null,
  health: [{ afterMs: 1, status: 'healthy' }],
  makes: [],
}

/** What says in a container's environment how it behaves; the same as for processes. */
export const scriptVariable = 'HOLDFAST_FAKE'

/**
 * The script of a container by the words of its variable, e.g. `lives=3000 exit=1 ignores=TERM,INT stops=200`: as those of a
 * process (../script.ts), and exit=N: its code; ready: ms until its healthcheck passes, or `never`; makes: a file of the host
 * that it makes when it is ready; fails: it cannot be started.
 */
export function containerScriptFromEnvironment(settings: ContainerSettings, starts: number): ContainerScript {
  const words = new Map(
    (settings.environment[scriptVariable] ?? '').split(/\s+/).map((word) => {
      const [key = '', value = ''] = word.split('=')
      return [key, value] as const
    }),
  )
  const readyMs = words.get('ready') === 'never' ? null : Number(words.get('ready') ?? 1)
  const fails = words.get('fails')
  const file = words.get('makes')
  return {
    ...livesOn,
    startFailure: fails === undefined ? null : { status: 400, message: `as scripted: ${fails}`, exitCode: 127 },
    livesMs: drawn(words.get('lives') ?? 'ever', createRandom(starts).next()),
    exitCode: Number(words.get('exit') ?? 0) || 0,
    ignores: words.get('ignores')?.split(',') ?? [],
    stopMs: Number(words.get('stops') ?? 1),
    health: [{ afterMs: readyMs ?? 1, status: readyMs === null ? 'unhealthy' : 'healthy' }],
    makes: file === undefined || readyMs === null ? [] : [{ afterMs: readyMs, file }],
  }
}

function drawn(text: string, fraction: number): number | null {
  const [least = Number.NaN, most = least] = text.split('..').map(Number)
  return Number.isFinite(least) && Number.isFinite(most) ? Math.round(least + (most - least) * fraction) : null
}
