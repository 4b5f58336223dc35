import { pass } from '../observe.ts'
import { type Site, withSupervisor } from '../peer.ts'
import { attempt, type Figure, type Measurement, median, milliseconds } from '../result.ts'

const count = 50
/** Older than every peer's throttle and start time: runit and s6 hold back for 1 s, supervisord counts 1 s as started. */
const ageMs = 3_000
/** pm2 and supervisord do things now and then; so do we not hit them in step. */
const gapMs = 37

/** From `kill -9` of a unit to the first act of the next run: 50 units, each killed once. */
export const respawn: Measurement = async ({ peers }) => {
  const what = 'restart after kill -9, median of 50'
  const figures: Figure[] = []
  for (const peer of peers)
    figures.push(
      await attempt({ what, peer: peer.name, unit: 'ms', n: count, limit: null, note: '' }, () =>
        withSupervisor(peer, async (supervisor, site) => {
          await supervisor.up(count)
          await site.notes.until(() => site.notes.latest.size === count, `${count} units to run`)
          await pass(ageMs)
          const times: number[] = []
          for (let index = 0; index < count; index += 1) {
            times.push(await timeRespawn(site, index))
            await pass(gapMs)
          }
          return median(times)
        }),
      ),
    )
  // The C loop is the floor, not a peer: it records nothing and nobody can ask it.
  const others = figures.filter((each) => each.peer !== 'us' && each.peer !== 'spawn-loop' && each.value !== null)
  const limit = Math.min(2.5, ...others.map((each) => each.value!))
  return figures.map((each) => (each.peer === 'us' ? { ...each, limit } : each))
}

async function timeRespawn(site: Site, index: number): Promise<number> {
  const before = site.notes.latest.get(index)!
  const killed = process.hrtime.bigint()
  process.kill(before.pid, 'SIGKILL')
  const isBack = () => site.notes.latest.get(index)!.pid !== before.pid
  await site.notes.until(isBack, `unit ${index} to run again`, 15_000)
  return milliseconds(killed, site.notes.latest.get(index)!.atNs)
}
