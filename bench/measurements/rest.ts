import { activityOf, memoryOf, pass, supervisorPids } from '../observe.ts'
import type { PeerName } from '../peer.ts'
import { type Site, type Supervisor, withSupervisor } from '../peer.ts'
import { attempt, type Figure, type Measurement } from '../result.ts'

/** Start-up is over and its garbage collected; our units count as stable after 10 s, which is the last thing they wake us for. */
const settleMs = 13_000
const sliceMs = 5_000
const slices = 6
const pssMbMax: Readonly<Record<number, number>> = { 0: 62, 50: 65, 200: 72 }
const privateMbMax: Readonly<Record<number, number>> = { 0: 20, 50: 22, 200: 30 }
const unitKbMax = 50
const cpuPercentMax = 0.1

/** Memory with 0, 50 and 200 units, and what is done in 30 s with 200 of them when nothing happens. */
export const rest: Measurement = async ({ peers }) => {
  const figures: Figure[] = []
  for (const peer of peers) {
    const told = new Map<number, { pssMb: number; privateMb: number }>()
    for (const count of [0, 50, 200]) {
      const found = await restWith(peer.name, count, (measure) => withSupervisor(peer, measure))
      figures.push(...found.figures)
      if (found.memory !== null) told.set(count, found.memory)
    }
    const [none, all] = [told.get(0), told.get(200)]
    if (none !== undefined && all !== undefined) {
      const limit = peer.name === 'us' ? unitKbMax : null
      const perUnit = { peer: peer.name, unit: 'KB', n: 1, limit, note: '' } as const
      figures.push({ ...perUnit, what: 'memory of one unit (PSS)', value: ((all.pssMb - none.pssMb) * 1024) / 200 })
    }
  }
  return figures
}

type Use = <T>(measure: (supervisor: Supervisor, site: Site) => Promise<T>) => Promise<T>

async function restWith(peer: PeerName, count: number, use: Use) {
  const about = { peer, n: 1, note: '' } as const
  const limitOf = (limit: number | undefined) => (peer === 'us' ? (limit ?? null) : null)
  const figures: Figure[] = []
  let memory: { pssMb: number; privateMb: number } | null = null
  const pss = await attempt(
    { ...about, what: `PSS with ${count} units`, unit: 'MB', limit: limitOf(pssMbMax[count]) },
    () =>
      use(async (supervisor, site) => {
        if (count > 0) await supervisor.up(count)
        await site.notes.until(() => site.notes.latest.size === count, `${count} units to run`)
        await pass(settleMs)
        const pids = supervisorPids(supervisor.roots(), site.notesPath)
        const { pssKb, privateKb, processes } = memoryOf(pids)
        memory = { pssMb: pssKb / 1024, privateMb: privateKb / 1024 }
        figures.push({
          ...about,
          what: `private memory with ${count} units`,
          unit: 'MB',
          limit: limitOf(privateMbMax[count]),
          value: memory.privateMb,
          note: `${processes} processes`,
        })
        if (count === 200) figures.push(...(await idle(peer, pids)))
        return memory.pssMb
      }),
  )
  return { figures: [pss, ...figures], memory: memory as { pssMb: number; privateMb: number } | null }
}

async function idle(peer: PeerName, pids: readonly number[]): Promise<readonly Figure[]> {
  const first = activityOf(pids)
  let last = first
  let slicesAwake = 0
  for (let slice = 0; slice < slices; slice += 1) {
    await pass(sliceMs)
    const next = activityOf(pids)
    if (next.wakeups > last.wakeups) slicesAwake += 1
    last = next
  }
  const seconds = (slices * sliceMs) / 1_000
  const ours = peer === 'us'
  const about = { peer, n: 1 } as const
  return [
    {
      ...about,
      what: 'idle with 200 units: share of one core',
      unit: '%',
      value: Number(last.cpuNs - first.cpuNs) / 1e7 / seconds,
      limit: ours ? cpuPercentMax : null,
      note: `over ${seconds} s`,
    },
    {
      ...about,
      what: 'idle with 200 units: wake-ups',
      unit: '1/s',
      value: (last.wakeups - first.wakeups) / seconds,
      limit: null,
      note: '',
    },
    {
      ...about,
      what: `idle with 200 units: slices of ${sliceMs / 1_000} s with a wake-up, of ${slices}`,
      unit: 'slices',
      value: slicesAwake,
      // Once may be chance; a timer shows in more.
      limit: ours ? 1 : null,
      note: '',
    },
  ]
}
