import { createRandom } from '../../base/prng.ts'
import type { Exit, Step } from '../../core/model.ts'
import type { Script } from './world.ts'

/** What says in a service's environment how its fake processes behave; without it they live until they are stopped. */
export const scriptVariable = 'HOLDFAST_FAKE'

/**
 * The script of a fake process by the words of its variable, e.g. `lives=3000 exit=1 ignores=TERM,INT stops=200`:
 * lives: ms until it ends, `1000..5000` draws one; exit: its code or SIGNAL; ignores: signals without SIG; spawn: ms
 * until its start is told; stops: ms from a signal to its end; fails: the code of a spawn that fails. The same for the same
 * unit and run.
 */
export function scriptFromEnvironment(step: Extract<Step, { kind: 'spawn' }>): Script {
  const words = new Map<string, string>()
  for (const word of (step.spec.process.environment[scriptVariable] ?? '').split(/\s+/)) {
    const [key = '', value = ''] = word.split('=')
    words.set(key, value)
  }
  const random = createRandom(step.run)
  const fails = words.get('fails')
  return {
    spawnFailure: fails === undefined ? null : { code: fails, message: 'as scripted', retry: fails === 'EAGAIN' },
    spawnMs: numberOf(words.get('spawn')) ?? 1,
    livesMs: drawn(words.get('lives'), random.next()),
    exit: exitOf(words.get('exit') ?? '0'),
    ignores: words.get('ignores')?.split(',') ?? [],
    stopMs: numberOf(words.get('stops')) ?? 1,
    stopExit: null,
    isForbidden: false,
  }
}

function numberOf(text: string | undefined): number | null {
  const value = Number(text)
  return text === undefined || !Number.isFinite(value) ? null : value
}

function drawn(text: string | undefined, fraction: number): number | null {
  const [least, most] = text?.split('..') ?? []
  const leastMs = numberOf(least)
  const mostMs = numberOf(most) ?? leastMs
  return leastMs === null || mostMs === null ? null : Math.round(leastMs + (mostMs - leastMs) * fraction)
}

function exitOf(text: string): Exit {
  const code = numberOf(text)
  return code === null ? { kind: 'signal', signal: text, core: false } : { kind: 'code', code }
}
