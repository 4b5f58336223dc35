import { holdfast } from '../../real/harness.ts'
import { startOriginal } from './original.ts'
import { type StartSupervisor, startSupervisor } from './supervisor.ts'

/** What stands beside the original: Holdfast, or the original once more, which proves that the scripts are steady. */
export type SecondSide = 'ours' | 'original'

const secondSideByDefault: SecondSide = 'ours'

export const secondSide: SecondSide = toSecondSide(process.env.HOLDFAST_RUNIT_SIDE ?? secondSideByDefault)

export const startSecond: StartSupervisor = (place) => (secondSide === 'ours' ? startOurs(place) : startOriginal(place))

const startOurs: StartSupervisor = (place) =>
  startSupervisor(place, [holdfast, '--home', place.home, 'runsvdir', place.services])

function toSecondSide(text: string): SecondSide {
  if (text === 'ours' || text === 'original') return text
  throw new Error(`HOLDFAST_RUNIT_SIDE is ours or original, not ${text}`)
}
