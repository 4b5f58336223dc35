import type { Step } from '../core/model.ts'
import type { Driver, Post, StdinPort } from '../engine/ports.ts'

type StepOf<K extends Step['kind']> = Extract<Step, { kind: K }>

/** What runs units. */
export interface RunDriver extends Driver {
  readonly stdin: StdinPort
  /** It answers every kind of probe itself, because there is nothing that could be connected to. */
  readonly answersProbes?: boolean
  /** `isFollowed`: another image of this same process goes on at once. */
  close(options: { readonly isFollowed: boolean }): void
}

export interface DriverParts {
  /** Runs, and probes that are processes. */
  readonly runs: RunDriver
  /** All other probes. */
  readonly probes: { perform(step: StepOf<'probe'>, post: Post): void }
  readonly schedules: { perform(step: StepOf<'schedule'>, post: Post): void }
}

/** One driver out of several: each step goes to the one whose kind it is. */
export function combineDrivers({ runs, probes, schedules }: DriverParts): Driver {
  const isOthers = (step: StepOf<'probe'>): boolean => step.probe.kind !== 'exec' && runs.answersProbes !== true
  return {
    ...runs,
    perform(steps, post) {
      const own: Step[] = []
      for (const step of steps) {
        if (step.kind === 'schedule') schedules.perform(step, post)
        else if (step.kind === 'probe' && isOthers(step)) probes.perform(step, post)
        else own.push(step)
      }
      if (own.length > 0) runs.perform(own, post)
    },
  }
}
