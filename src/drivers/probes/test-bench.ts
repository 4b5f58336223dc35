import type { Check, CheckName, Event, LogSpec, Probe } from '../../core/model.ts'
import { noChecks, noHooks, noLabels, nullStdin, plainEnd } from '../../core/target/plain.ts'
import type { LogReadPort } from '../../engine/ports.ts'
import type { ProbeStep } from './outcome.ts'
import { createProbes } from './probes.ts'

type Answer = Extract<Event, { kind: 'probed' }>

/** For tests: probes without a driver or a unit. */
export interface ProbeBench {
  /** Performs one probe and resolves with its answer. */
  probe(probe: Probe, more?: Partial<ProbeStep>): Promise<Answer>
  /** All answers so far. */
  readonly answers: readonly Answer[]
  close(): void
}

export function createProbeBench(logs: LogReadPort = noLogs): ProbeBench {
  const probes = createProbes({ logs })
  const answers: Answer[] = []
  return {
    answers,
    probe: (probe, more = {}) =>
      new Promise((done) => {
        probes.perform(stepOf(probe, more), (event) => {
          if (event.kind !== 'probed') throw new Error(`a probe was answered by ${event.kind}`)
          answers.push(event)
          done(event)
        })
      }),
    close: probes.close,
  }
}

const log: LogSpec = { path: null, bytesMax: 0, backupsMax: 0, ageMaxMs: 0, compress: false }

export function stepOf(probe: Probe, more: Partial<ProbeStep> = {}): ProbeStep {
  const check: CheckName = 'readiness'
  const timeoutMs: Check['timeoutMs'] = 10_000
  return {
    ...{ kind: 'probe', unit: 'a/b/1', attempt: 1, check, seq: 1, probe, timeoutMs, why: 'test' },
    run: {
      ...{ n: 1, role: 'main', runHash: 'test', startedBootMs: 0, identity: null, shortfalls: [] },
      ...{ isAdopted: false, isPaused: false, isStable: false, gotTerm: false },
    },
    spec: {
      process: {
        ...{ command: ['true'], commandError: null, workingDir: null, environment: {}, envFiles: [], user: null },
        ...{
          inheritEnvironment: false,
          umask: null,
          stdout: log,
          stderr: log,
          stdin: nullStdin,
          limits: null,
          logger: null,
        },
        cgroup: false,
      },
      restart: {
        ...{ when: 'no', successExits: [0], stableMs: 1_000, early: 'by-policy', budget: null },
        backoff: { shape: 'linear', firstMs: 0, factor: 1, maxMs: 0, jitter: 0, freeRestarts: 0 },
      },
      ...plainEnd,
      ...{ runHash: 'test', autostart: true, stop: [], dependsOn: [], manualStop: 'until-started' },
      ...{ appPriority: 0, priority: 0, processName: null },
      ...{ checks: noChecks, hooks: noHooks, noLabels, schedule: null, once: null, labels: noLabels },
    },
    ...more,
  }
}

const noLogs: LogReadPort = {
  read: () => {
    throw new Error('nothing is logged here')
  },
  position: () => Promise.reject(new Error('nothing is logged here')),
  readSince: () => Promise.reject(new Error('nothing is logged here')),
}
