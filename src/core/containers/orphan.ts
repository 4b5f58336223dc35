import type { UnitSpec } from '../model.ts'
import { noChecks, noHooks, noLabels, plainEnd, plainPriority, plainProcess } from '../target/plain.ts'
import type { EngineContainer } from './model.ts'

/** What a container is, that is ours and that nobody declares: enough to end it as it says itself. */
export function orphanSpec({ name, imageId, settings }: EngineContainer): UnitSpec {
  return {
    ...plainEnd,
    process: plainProcess,
    container: {
      containerName: name,
      image: imageId,
      platform: null,
      pull: 'never',
      strategy: { kind: 'download-then-kill' },
      adopts: null,
      lockFiles: [],
      settings,
    },
    runHash: 'orphan',
    autostart: false,
    restart: {
      when: 'no',
      successExits: [0],
      stableMs: 0,
      early: 'by-policy',
      backoff: { shape: 'exponential', firstMs: 1_000, factor: 2, maxMs: 60_000, jitter: 0, freeRestarts: 0 },
      budget: null,
    },
    stop: [
      {
        signal: (settings.stopSignal ?? 'TERM').replace(/^SIG/, ''),
        scope: 'main',
        waitMs: settings.stopGraceMs ?? 10_000,
      },
      { signal: 'KILL', scope: 'tree', waitMs: 5_000 },
    ],
    dependsOn: [],
    appPriority: plainPriority,
    priority: plainPriority,
    processName: null,
    manualStop: 'until-started',
    checks: noChecks,
    hooks: noHooks,
    schedule: null,
    once: null,
    labels: noLabels,
  }
}
