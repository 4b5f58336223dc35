import { untilGone } from '../observe.ts'
import { withSupervisor } from '../peer.ts'
import { attempt, type Figure, type Measurement, median, milliseconds } from '../result.ts'

const count = 200
const msMax = 500

/** From the command to the end of the last of 200 units, taken note of by its supervisor. */
export const stop: Measurement = async ({ peers }) => {
  const figures: Figure[] = []
  for (const peer of peers) {
    const n = peer.name === 'pm2' ? 1 : 3
    const limit = peer.name === 'us' ? msMax : null
    figures.push(
      await attempt({ what: `stop ${count}`, peer: peer.name, unit: 'ms', n, limit, note: '' }, async () => {
        const times: number[] = []
        for (let run = 0; run < n; run += 1)
          times.push(
            await withSupervisor(peer, async (supervisor, site) => {
              await supervisor.up(count)
              await site.notes.until(() => site.notes.latest.size === count, `${count} units to run`)
              const pids = [...site.notes.latest.values()].map((note) => note.pid)
              const gone = untilGone(pids, `${count} units to be gone`)
              const given = await supervisor.stop()
              return milliseconds(given, await gone)
            }),
          )
        return median(times)
      }),
    )
  }
  return figures
}
