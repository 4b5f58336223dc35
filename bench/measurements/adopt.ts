import { pass, until } from '../observe.ts'
import { withSupervisor } from '../peer.ts'
import { us } from '../peers/us.ts'
import { attempt, type Measurement, median, milliseconds } from '../result.ts'

const count = 200
const msMax = 300
const settleMs = 2_000
const n = 5

/** `kill -9` of the daemon with 200 units; from the start of the next daemon until it shows all of them as running. */
export const adopt: Measurement = async ({ peers }) => {
  if (!peers.includes(us)) return []
  const what = `killed with ${count} units: from our start until all are adopted`
  const figure = await attempt({ what, peer: 'us', unit: 'ms', n, limit: msMax, note: '' }, async () => {
    const times: number[] = []
    for (let run = 0; run < n; run += 1)
      times.push(
        await withSupervisor(us, async (ours, site) => {
          await ours.up(count)
          await site.notes.until(() => site.notes.latest.size === count, `${count} units to run`)
          await pass(settleMs)
          const before = new Map([...site.notes.latest].map(([index, note]) => [index, note.pid]))
          await ours.kill()
          const given = ours.restart()
          const isBack = async () => {
            const items = await ours.list().catch(() => [])
            return items.length === count && items.every((item) => item.state === 'running')
          }
          await until(isBack, 'all units to be adopted', 30_000)
          const adopted = process.hrtime.bigint()
          site.notes.read()
          const restarted = [...site.notes.latest].filter(([index, note]) => before.get(index) !== note.pid)
          if (restarted.length > 0) throw new Error(`${restarted.length} units were started again instead of adopted`)
          return milliseconds(given, adopted)
        }),
      )
    return median(times)
  })
  return [figure]
}
