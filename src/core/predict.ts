import type { Event, Identity, Now, State, Step } from './model.ts'
import { observe } from './observe.ts'

/** What we expect of the world if the step works: for dry runs, previews and tests. The step must have begun. */
export function predict(state: State, step: Step, now: Now): State {
  return observe(state, expected(step, state), now).state
}

function expected(step: Step, state: State): readonly Event[] {
  switch (step.kind) {
    case 'spawn':
      return [{ kind: 'spawned', unit: step.unit, run: step.run, identity: imagined(state, step.run) }]
    case 'signal':
      if (step.purpose !== 'ladder') return []
      return [
        { kind: 'exited', unit: step.unit, run: step.run, exit: { kind: 'signal', signal: step.signal, core: false } },
      ]
    case 'probe':
      return [
        {
          kind: 'probed',
          unit: step.unit,
          run: step.run.n,
          check: step.check,
          seq: step.seq,
          isOk: true,
          output: '',
          durationMs: 0,
        },
      ]
    case 'forget':
    case 'observe':
    case 'schedule':
      return []
    default:
      return []
  }
}

function imagined(state: State, run: number): Identity {
  return { pid: run, startTicks: 0, bootId: state.bootId, pidNamespace: 'imagined' }
}
