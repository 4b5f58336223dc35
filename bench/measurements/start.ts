import { type Site, type Supervisor, withSupervisor } from '../peer.ts'
import { us } from '../peers/us.ts'
import { attempt, type Figure, type Measurement, median, milliseconds } from '../result.ts'

const count = 200

/** From the command to the first act of the last of 200 units. */
export const start: Measurement = async ({ peers }) => {
  const figures: Figure[] = []
  for (const peer of peers) {
    const n = peer.name === 'pm2' ? 1 : 5
    const what = `start ${count}: from the command to the last unit's first act`
    const figure = await attempt({ what, peer: peer.name, unit: 'ms', n, limit: null, note: '' }, async () => {
      const times: number[] = []
      for (let run = 0; run < n; run += 1)
        times.push(await withSupervisor(peer, (each, site) => timeStart(each, site, count)))
      return median(times)
    })
    figures.push(figure)
  }
  const floor = figures.find((each) => each.peer === 'spawn-loop')?.value ?? null
  const limited = figures.map((each) => (each.peer === 'us' && floor !== null ? { ...each, limit: 2 * floor } : each))
  return peers.includes(us) ? [...limited, await byCommandLine()] : limited
}

/** In ms. */
export async function timeStart(supervisor: Supervisor, site: Site, units: number): Promise<number> {
  const given = await supervisor.up(units)
  return milliseconds(given, await lastStart(site, units))
}

async function lastStart(site: Site, units: number): Promise<bigint> {
  await site.notes.until(() => site.notes.latest.size === units, `${units} units to run`)
  return [...site.notes.latest.values()].reduce((latest, { atNs }) => (atNs > latest ? atNs : latest), 0n)
}

function byCommandLine(): Promise<Figure> {
  const n = 5
  const what = `start ${count}, with the start of \`holdfast up\` itself`
  return attempt({ what, peer: 'us', unit: 'ms', n, limit: null, note: '' }, async () => {
    const times: number[] = []
    for (let run = 0; run < n; run += 1) {
      const time = await withSupervisor(us, async (ours, site) => {
        const given = await ours.upByCommandLine(count)
        return milliseconds(given, await lastStart(site, count))
      })
      times.push(time)
    }
    return median(times)
  })
}
