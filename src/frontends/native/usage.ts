import type { Run, UnitId, UnitSpec } from '../../core/model.ts'
import type { Driver, EnginePort, RunFacts } from '../../engine/ports.ts'
import { type BootNow, bootNow } from '../../sys/boot-clock.ts'
import { hostUsage } from '../../sys/host-usage.ts'
import { apiVersion, type HostUsage, type UnitUsage, type UsageItem, type UsageList } from '../../wire/api.ts'

import { coresMax, processesMax } from './containers.ts'

/** What all runs use, looked up at most so often however many ask. */
export interface UsageLook {
  facts(): ReadonlyMap<UnitId, RunFacts>
  list(): UsageList
}

/** All of one moment. */
interface Look {
  readonly bootMs: number
  readonly wallMs: number
  readonly host: HostUsage
  readonly facts: ReadonlyMap<UnitId, RunFacts>
}

/** A look costs some 40 µs for each run; who draws curves asks once a second. */
const lookMsMin = 500

export function createUsageLook(parts: {
  readonly engine: Pick<EnginePort, 'snapshot'>
  readonly driver: Pick<Driver, 'factsOfAll'>
  readonly clock?: () => Pick<BootNow, 'bootMs' | 'wallMs'>
}): UsageLook {
  const { engine, driver, clock = bootNow } = parts
  let look: Look | null = null

  function recent(): Look {
    const { bootMs, wallMs } = clock()
    if (look === null || bootMs - look.bootMs >= lookMsMin) {
      look = { bootMs, wallMs, host: hostUsage(), facts: driver.factsOfAll(livingRuns(engine)) }
    }
    return look
  }

  return {
    facts: () => recent().facts,
    list() {
      const { bootMs, wallMs, host, facts } = recent()
      const items = [...engine.snapshot().state.units.values()].map(({ id, spec }): UnitUsage => {
        const found = facts.get(id)
        return { unit: id, usage: found === undefined ? null : usageItem(found, spec) }
      })
      const at = new Date(wallMs).toISOString()
      return { apiVersion, kind: 'UsageList', at, bootMs, host, items }
    },
  }
}

function livingRuns(engine: Pick<EnginePort, 'snapshot'>): readonly { readonly unit: UnitId; readonly run: Run }[] {
  return [...engine.snapshot().state.units.values()].flatMap(({ id, run }) => {
    return run === null || run.identity === null ? [] : { unit: id, run }
  })
}

export function usageItem(live: RunFacts, spec: Pick<UnitSpec, 'process' | 'container'>): UsageItem {
  const { processesMax, cpusMax, memoryMaxBytes } = mostOf(spec)
  return {
    rssBytes: live.rssBytes,
    rssPeakBytes: live.rssPeakBytes,
    processes: live.processes,
    processesPeak: live.processesPeak,
    processesMax,
    cpuMs: live.cpuMs,
    cpusMax,
    memoryBytes: live.memoryBytes,
    memoryPeakBytes: live.memoryPeakBytes,
    memoryMaxBytes,
    oomKills: live.oomKills,
  }
}

/** What it is limited to; null: not. */
function mostOf({
  process,
  container,
}: Pick<UnitSpec, 'process' | 'container'>): Pick<UsageItem, 'processesMax' | 'cpusMax' | 'memoryMaxBytes'> {
  if (container !== undefined) {
    const { settings } = container
    return { processesMax: processesMax(settings), cpusMax: coresMax(settings), memoryMaxBytes: settings.memoryBytes }
  }
  const cgroup = process.limits?.cgroup ?? null
  return {
    processesMax: cgroup?.pidsMax ?? null,
    cpusMax: cgroup?.cpus ?? null,
    memoryMaxBytes: cgroup?.memoryMaxBytes ?? null,
  }
}
