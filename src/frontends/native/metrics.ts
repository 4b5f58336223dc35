import { constants } from 'node:os'
import { nextRound } from '../../base/pause.ts'
import type { Exit, JobRun, State, Unit, UnitId } from '../../core/model.ts'
import { shownState, shownStates } from '../../core/shown.ts'
import { indexServices } from '../../core/unit/wish.ts'
import type { RunFacts, Snapshot } from '../../engine/ports.ts'
import type { Info } from '../../wire/api.ts'
import type { Answer } from './exchange.ts'
import {
  endOfMetrics,
  type Family,
  openMetricsType,
  printFamily,
  printLabels,
  type Sample,
  stateSamples,
} from './open-metrics.ts'

/**
 * What `GET /v1/metrics` tells. As many samples as there are units, times a fixed number: no label comes from elsewhere.
 * Between two families whatever else waits has its turn.
 */
export async function metrics(parts: {
  readonly snapshot: Snapshot
  readonly facts: ReadonlyMap<UnitId, RunFacts>
  readonly identity: Pick<Info, 'version' | 'startedAt'>
}): Promise<Answer> {
  const text: string[] = []
  for (const families of [daemonFamilies(parts), unitFamilies(parts)]) {
    for (const family of families) {
      text.push(printFamily(family))
      await nextRound()
    }
  }
  return { kind: 'text', contentType: openMetricsType, text: text.join('') + endOfMetrics }
}

type Parts = Parameters<typeof metrics>[0]

// ---- the daemon ------------------------------------------------------------------------------------------------

const modes: readonly State['mode']['kind'][] = ['running', 'stopping', 'held']

function* daemonFamilies({ snapshot, identity }: Parts): Iterable<Family> {
  const { state, now, storeTrouble } = snapshot
  const startedMs = Date.parse(identity.startedAt)
  const one = (value: number): readonly Sample[] => [{ labels: '', value }]
  yield {
    name: 'holdfast',
    type: 'info',
    help: 'The version of the daemon.',
    samples: [{ labels: printLabels({ version: identity.version }), value: 1 }],
  }
  yield {
    name: 'holdfast_start_time_seconds',
    type: 'gauge',
    unit: 'seconds',
    help: 'When the daemon started, since 1970.',
    samples: one(startedMs / 1_000),
  }
  yield {
    name: 'holdfast_uptime_seconds',
    type: 'gauge',
    unit: 'seconds',
    help: 'How long the daemon has been running.',
    samples: one(Math.max(0, now.wallMs - startedMs) / 1_000),
  }
  yield {
    name: 'holdfast_turns',
    type: 'counter',
    help: 'Turns of the engine that changed something.',
    samples: one(state.version),
  }
  yield {
    name: 'holdfast_mode',
    type: 'stateset',
    help: 'held: what runs is kept, and nothing new is applied. stopping: everything is stopped, then the daemon ends.',
    samples: stateSamples('holdfast_mode', modes, state.mode.kind, ''),
  }
  yield {
    name: 'holdfast_store_trouble',
    type: 'gauge',
    help: '1 while the state cannot be stored; supervision goes on.',
    samples: one(storeTrouble === null ? 0 : 1),
  }
  yield {
    name: 'holdfast_resident_memory_bytes',
    type: 'gauge',
    unit: 'bytes',
    help: 'Memory of the daemon itself.',
    samples: one(process.memoryUsage.rss()),
  }
  yield {
    name: 'holdfast_cpu_seconds',
    type: 'counter',
    unit: 'seconds',
    help: 'Processor time of the daemon itself.',
    samples: one(ownCpuSeconds()),
  }
}

function ownCpuSeconds(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e6
}

// ---- units -----------------------------------------------------------------------------------------------------

function* unitFamilies({ snapshot, facts }: Parts): Iterable<Family> {
  const { state, now } = snapshot
  const index = indexServices(state)
  const labelled = [...state.units.values()].map((unit) => ({ unit, labels: labelsOf(unit) }))
  const startOf = (startedBootMs: number): number => (now.wallMs - (now.bootMs - startedBootMs)) / 1_000
  /** A sample for each unit that has such a value; null: it has none. */
  const each = (value: (unit: Unit) => number | null | undefined): readonly Sample[] =>
    labelled.flatMap(({ unit, labels }) => {
      const found = value(unit) ?? null
      return found === null ? [] : { labels, value: found }
    })
  yield {
    name: 'holdfast_unit_state',
    type: 'stateset',
    help: 'The state of a unit, in the words of holdfast ps.',
    samples: labelled.flatMap(({ unit, labels }) =>
      stateSamples('holdfast_unit_state', shownStates, shownState(state, index, unit), labels),
    ),
  }
  yield {
    name: 'holdfast_unit_up',
    type: 'gauge',
    help: '1 while its main process runs.',
    samples: each(({ phase }) => (phase === 'up' ? 1 : 0)),
  }
  yield {
    name: 'holdfast_unit_healthy',
    type: 'gauge',
    help: '1 while its check passes; absent where nothing is checked, or nothing runs.',
    samples: each(healthOf),
  }
  yield {
    name: 'holdfast_unit_restarts',
    type: 'counter',
    help: 'Restarts nobody asked for, since it was declared or last started by hand.',
    samples: each(({ restarts }) => restarts),
  }
  yield {
    name: 'holdfast_unit_start_time_seconds',
    type: 'gauge',
    unit: 'seconds',
    help: 'When its process was started, since 1970; absent while nothing runs.',
    samples: each(({ run }) => (run?.identity == null ? null : startOf(run.startedBootMs))),
  }
  yield {
    name: 'holdfast_unit_cpu_seconds',
    type: 'counter',
    unit: 'seconds',
    help: 'Processor time of its present run, with everything it started.',
    samples: each(({ id }) => seconds(facts.get(id)?.cpuMs)),
  }
  yield {
    name: 'holdfast_unit_resident_memory_bytes',
    type: 'gauge',
    unit: 'bytes',
    help: 'Memory of its processes; what they share counts for each.',
    samples: each(({ id }) => facts.get(id)?.rssBytes),
  }
  yield {
    name: 'holdfast_unit_memory_bytes',
    type: 'gauge',
    unit: 'bytes',
    help: 'Memory as its cgroup counts it, page cache included; absent without a cgroup.',
    samples: each(({ id }) => facts.get(id)?.memoryBytes),
  }
  yield {
    name: 'holdfast_unit_oom_kills',
    type: 'counter',
    help: 'Processes of its present run that were killed for lack of memory; absent without a cgroup.',
    samples: each(({ id }) => facts.get(id)?.oomKills),
  }
  yield {
    name: 'holdfast_unit_processes',
    type: 'gauge',
    help: 'Its processes.',
    samples: each(({ id }) => facts.get(id)?.processes),
  }
  yield {
    name: 'holdfast_unit_last_exit_code',
    type: 'gauge',
    help: 'How its last run ended: the exit code, or 128 and the number of the signal; absent where it is not known.',
    samples: each(({ end }) => exitCode(end.exit)),
  }
  yield* jobFamilies(each)
}

function* jobFamilies(each: (value: (unit: Unit) => number | null) => readonly Sample[]): Iterable<Family> {
  yield {
    name: 'holdfast_job_last_success_time_seconds',
    type: 'gauge',
    unit: 'seconds',
    help: 'When it last ended well as a job, since 1970.',
    samples: each(({ job }) => seconds(lastRun(job, ({ outcome }) => outcome === 'expected')?.endedWallMs)),
  }
  yield {
    name: 'holdfast_job_last_duration_seconds',
    type: 'gauge',
    unit: 'seconds',
    help: 'How long its last run as a job took.',
    samples: each(({ job }) => {
      const last = lastRun(job, ({ run, endedWallMs }) => run !== null && endedWallMs !== null)
      return last === null ? null : seconds(last.endedWallMs! - last.startedWallMs)
    }),
  }
  yield {
    name: 'holdfast_job_next_run_time_seconds',
    type: 'gauge',
    unit: 'seconds',
    help: 'When its schedule starts it next, since 1970.',
    samples: each(({ job }) => seconds(job?.due === 'known' ? job.dueWallMs : null)),
  }
}

function labelsOf({ app, service, id }: Unit): string {
  return printLabels({ app, service, unit: id })
}

function healthOf({ health }: Unit): number | null {
  const status = (health?.readiness ?? health?.liveness)?.status
  return status === undefined ? null : status === 'healthy' ? 1 : 0
}

function exitCode(exit: Exit | null): number | null {
  switch (exit?.kind) {
    case undefined:
    case 'unknown':
      return null
    case 'code':
      return exit.code
    case 'signal': {
      const numbers: Readonly<Record<string, number | undefined>> = constants.signals
      const number = numbers[`SIG${exit.signal}`]
      return number === undefined ? null : 128 + number
    }
  }
}

function lastRun(job: Unit['job'], isMeant: (run: JobRun) => boolean): JobRun | null {
  return job?.history.findLast(isMeant) ?? null
}

function seconds(ms: number | null | undefined): number | null {
  return ms === null || ms === undefined ? null : ms / 1_000
}
