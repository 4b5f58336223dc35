import { createRandom } from '../../base/prng.ts'
import type { Exit, Step } from '../../core/model.ts'
import type { Script } from './world.ts'

/** What says in a service's environment how its fake processes behave; without it they live until they are stopped. */
export const scriptVariable = 'HOLDFAST_FAKE'

/**
 * The script of a fake process by the words of its variable, e.g. `lives=3000 exit=1 ignores=TERM,INT stops=200 pre.exit=3`:
 * lives: ms until it ends, `1000..5000` draws one, `ever`: until it is stopped; exit: its code or SIGNAL; ignores: signals
 * without SIG, and EOF; handles: signals that the script asked before them deals with; spawn: ms until its start is told; stops: ms from a signal to its end; fails: the code of a spawn that
 * fails. Before one of these, `pre.` and `post.` mean the hooks, which otherwise end well after a moment.
 * For checks: ready: ms until they pass, or `never`; flaps: ms after which they fail, then pass again; answers: ms until an
 * answer. The same for the same unit and run.
 */
export function scriptFromEnvironment(step: Extract<Step, { kind: 'spawn' }>): Script {
  const words = wordsOf(step.spec.process.environment[scriptVariable] ?? '')
  const word = (name: string) => words.get(step.role === 'main' ? name : `${step.role}.${name}`)
  const fails = word('fails')
  const handles = word('handles')?.split(',')
  const lives = word('lives') ?? (step.role === 'main' ? 'ever' : '20')
  return {
    spawnFailure: fails === undefined ? null : { code: fails, message: 'as scripted', retry: fails === 'EAGAIN' },
    spawnMs: numberOf(word('spawn')) ?? 1,
    livesMs: drawn(lives, createRandom(step.run).next()),
    exit: exitOf(word('exit') ?? '0'),
    ignores: word('ignores')?.split(',') ?? [],
    ...(handles === undefined ? {} : { handles }),
    stopMs: numberOf(word('stops')) ?? 1,
    stopExit: null,
    isForbidden: false,
    checked: {
      passesMs: numberOf(words.get('ready') ?? '0'),
      flapsMs: numberOf(words.get('flaps')),
      answerMs: numberOf(words.get('answers')) ?? 1,
    },
  }
}

function wordsOf(text: string): ReadonlyMap<string, string> {
  const words = new Map<string, string>()
  for (const word of text.split(/\s+/)) {
    const [key = '', value = ''] = word.split('=')
    words.set(key, value)
  }
  return words
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
