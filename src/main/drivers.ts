import type { EngineStep } from '../core/containers/model.ts'
import type { Run, Step } from '../core/model.ts'
import { containerFacts, containerFactsOfAll } from '../drivers/docker/facts.ts'
import type { DialoguePort, Driver, ExecPort, Post, StdinPort } from '../engine/ports.ts'

type StepOf<K extends Step['kind']> = Extract<Step, { kind: K }>

/** What runs units. */
export interface RunDriver extends Driver {
  readonly stdin: StdinPort
  readonly dialogues: DialoguePort
  /** Absent: nothing can run beside its units. */
  readonly exec?: ExecPort
  /** Told of sockets that units share; absent: it has none. */
  readonly onSocket?: (listener: (change: 'opened' | 'closed', url: string) => void) => void
  /** It answers every kind of probe itself, because there is nothing that could be connected to. */
  readonly answersProbes?: boolean
  /** `isFollowed`: another image of this same process goes on at once. */
  close(options: { readonly isFollowed: boolean }): void
}

/** What the container engine is asked for, the signals to containers among it. */
export interface ContainerDriver {
  perform(step: ContainerStep, post: Post): void
  events(post: Post, signal: AbortSignal): void
  close(): void
}

export type ContainerStep = EngineStep | (StepOf<'signal'> & { readonly container: string })

export interface DriverParts {
  /** Runs, and probes that are processes. */
  readonly runs: RunDriver
  /** All other probes. */
  readonly probes: { perform(step: StepOf<'probe'>, post: Post): void }
  readonly containers: ContainerDriver
  readonly schedules: { perform(step: StepOf<'schedule'>, post: Post): void }
}

/** One driver out of several: each step goes to the one whose kind it is. */
export function combineDrivers({ runs, probes, containers, schedules }: DriverParts): Driver {
  const isOthers = (step: StepOf<'probe'>): boolean => step.probe.kind !== 'exec' && runs.answersProbes !== true
  return {
    ...runs,
    events(post, signal) {
      runs.events(post, signal)
      containers.events(post, signal)
    },
    perform(steps, post) {
      const own: Step[] = []
      for (const step of steps) {
        if (step.kind === 'schedule') schedules.perform(step, post)
        else if (step.kind === 'probe' && isOthers(step)) probes.perform(step, post)
        else if (isOfContainers(step)) containers.perform(step, post)
        else own.push(step)
      }
      if (own.length > 0) runs.perform(own, post)
    },
    facts: (run, unit) => (isContainer({ run }) ? containerFacts(run) : runs.facts(run, unit)),
    factsOfAll(all) {
      const own = runs.factsOfAll(all.filter((one) => !isContainer(one)))
      return new Map([...own, ...containerFactsOfAll(all.filter(isContainer))])
    },
  }
}

function isContainer({ run }: { readonly run: Run }): boolean {
  return run.identity?.container !== undefined
}

function isOfContainers(step: Step): step is ContainerStep {
  switch (step.kind) {
    case 'spawn':
    case 'forget':
    case 'observe':
    case 'probe':
    case 'schedule':
      return false
    case 'signal':
      return step.container !== undefined
    default:
      return true
  }
}
