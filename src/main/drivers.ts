import type { Step } from '../core/model.ts'
import type { Driver, Post } from '../engine/ports.ts'

type StepOf<K extends Step['kind']> = Extract<Step, { kind: K }>

export interface DriverParts {
  /** Runs, and probes that are processes. */
  readonly process: Driver
  /** All other probes. */
  readonly probes: { perform(step: StepOf<'probe'>, post: Post): void }
  readonly schedules: { perform(step: StepOf<'schedule'>, post: Post): void }
}

/** One driver out of several: each step goes to the one whose kind it is. */
export function combineDrivers({ process, probes, schedules }: DriverParts): Driver {
  return {
    ...process,
    perform(steps, post) {
      const runs: Step[] = []
      for (const step of steps) {
        if (step.kind === 'schedule') schedules.perform(step, post)
        else if (step.kind === 'probe' && step.probe.kind !== 'exec') probes.perform(step, post)
        else runs.push(step)
      }
      if (runs.length > 0) process.perform(runs, post)
    },
  }
}
