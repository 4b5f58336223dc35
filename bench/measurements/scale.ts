import { withSupervisor } from '../peer.ts'
import { us } from '../peers/us.ts'
import { attempt, type Figure, type Measurement } from '../result.ts'
import { timeStart } from './start.ts'

/** A unit among 5,000 may cost this much more than one among 1,000: noise, not another order of growth. */
const growthMax = 1.5

/** 1,000 and 5,000 units; of the peers those that can hold 1,000. */
export const scale: Measurement = async ({ peers }) => {
  const figures: Figure[] = []
  for (const peer of peers)
    for (const count of [1_000, 5_000]) {
      if (peer.unitsMax < count || (count > 1_000 && peer !== us)) continue
      const what = `start ${count.toLocaleString('en')}: for each unit`
      figures.push(
        await attempt({ what, peer: peer.name, unit: 'ms', n: 1, limit: null, note: '' }, () =>
          withSupervisor(peer, async (supervisor, site) => (await timeStart(supervisor, site, count)) / count),
        ),
      )
    }
  const [thousand, most] = figures.filter((each) => each.peer === 'us')
  if (thousand === undefined || most === undefined) return figures
  const isKnown = thousand.value !== null && most.value !== null
  return [
    ...figures,
    {
      what: 'cost of a unit among 5,000 against one among 1,000',
      peer: 'us',
      unit: '×',
      n: 1,
      limit: growthMax,
      value: isKnown ? most.value! / thousand.value! : null,
      note: isKnown ? '' : 'one of the two did not come up',
    },
  ]
}
