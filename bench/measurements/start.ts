import { type Peer, type Site, type Supervisor, withSupervisor } from '../peer.ts'
import { type Ours, us } from '../peers/us.ts'
import { attempt, type Figure, type Measurement, median, milliseconds } from '../result.ts'

const count = 200

/**
 * From the command to the first act of the last of 200 units; ours less our own start-up, which is the same with one unit: the C
 * loop counts from its first start as well.
 */
export const start: Measurement = async ({ peers }) => {
  const figures: Figure[] = []
  for (const peer of peers) {
    const n = peer.name === 'pm2' ? 1 : 5
    const what = `start ${count}: from the command to the last unit's first act`
    const figure = await attempt({ what, peer: peer.name, unit: 'ms', n, limit: null, note: '' }, async () => {
      const times: number[] = []
      for (let run = 0; run < n; run += 1) times.push(await timePeer(peer))
      return median(times)
    })
    figures.push(figure)
  }
  const floor = figures.find((each) => each.peer === 'spawn-loop')?.value ?? null
  const limited = figures.map((each) => (each.peer === 'us' && floor !== null ? { ...each, limit: 2 * floor } : each))
  if (!peers.includes(us)) return limited
  const told: Figure[] = []
  for (const [what, time] of ownWays) {
    const n = 5
    const figure = await attempt({ what, peer: 'us', unit: 'ms', n, limit: null, note: '' }, async () => {
      const times: number[] = []
      for (let run = 0; run < n; run += 1) times.push(await withSupervisor(us, time))
      return median(times)
    })
    told.push(figure)
  }
  return [...limited, ...told]
}

function timePeer(peer: Peer): Promise<number> {
  if (peer.name !== 'us') return withSupervisor(peer, (each, site) => timeStart(each, site, count))
  return withSupervisor(us, async (ours, site) => {
    const one = await timeFresh(ours, site, 1)
    return (await timeFresh(ours, site, count)) - one
  })
}

async function timeFresh(ours: Ours, site: Site, units: number): Promise<number> {
  const given = await ours.fresh(units)
  return milliseconds(given, await lastStart(site, units))
}

/** What a person waits for: told, not limited. */
const ownWays: readonly (readonly [string, (ours: Ours, site: Site) => Promise<number>])[] = [
  [`start ${count} with our own start-up (\`holdfast daemon FILE\`)`, (ours, site) => timeFresh(ours, site, count)],
  [`start ${count} by a running daemon (the request of \`holdfast up\`)`, (ours, site) => timeStart(ours, site, count)],
  [
    `start ${count} by the command \`holdfast up\``,
    async (ours, site) => milliseconds(await ours.upByCommandLine(count), await lastStart(site, count)),
  ],
]

/** In ms. */
export async function timeStart(supervisor: Supervisor, site: Site, units: number): Promise<number> {
  const given = await supervisor.up(units)
  return milliseconds(given, await lastStart(site, units))
}

async function lastStart(site: Site, units: number): Promise<bigint> {
  await site.notes.until(() => site.notes.latest.size === units, `${units} units to run`)
  return [...site.notes.latest.values()].reduce((latest, { atNs }) => (atNs > latest ? atNs : latest), 0n)
}
