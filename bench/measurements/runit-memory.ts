import { untilAllRun, untilLogged, writeServices } from '../directories.ts'
import { memoryOf, pass, supervisorPids } from '../observe.ts'
import { type DirectoriesPeer, type PeerName, withDirectories } from '../peer.ts'
import { attemptMany, type Figure, type Measurement, median, several } from '../result.ts'

const few = 50
const many = 200
/** Ours gives back 3 s after its start what starting took; the others are what they are as soon as they run. */
const settleMs = { us: 4_500, others: 1_000 } as const
const rounds = { us: 3, others: 2 } as const
const limitsKb = { bare: 60, logged: 75 } as const

/** Memory of supervisor and loggers, services not counted: with none, with 50 and with 200 service directories. */
export const runitMemory: Measurement = async ({ peers }) => {
  const figures: Figure[] = []
  const lines: Line[] = []
  for (const { name, directories } of peers) {
    if (directories === undefined) continue
    figures.push(await withNone(name, directories))
    for (const isLogged of [false, true]) {
      const found = await withServices(name, directories, isLogged)
      figures.push(...found.figures)
      if (found.line !== null) lines.push(found.line)
    }
  }
  return [...figures, ...[false, true].flatMap((isLogged) => breakEven(lines, isLogged))]
}

/** What a supervisor takes, as the line through its medians with 50 and with 200 services. */
interface Line {
  readonly peer: PeerName
  readonly isLogged: boolean
  readonly baseKb: number
  readonly eachKb: number
}

function withNone(peer: PeerName, directories: DirectoriesPeer): Promise<Figure> {
  const what = 'PSS with no service directories'
  return attemptMany({ what, peer, unit: 'MB', limit: null, note: '' }, async () => {
    const values = await several(roundsOf(peer), () => settledKb(peer, directories, 0, false))
    return values.map((kb) => kb / 1_024)
  })
}

async function withServices(
  peer: PeerName,
  directories: DirectoriesPeer,
  isLogged: boolean,
): Promise<{ readonly figures: readonly Figure[]; readonly line: Line | null }> {
  const how = isLogged ? ', each with a logger' : ''
  const ofFew: number[] = []
  const ofMany: number[] = []
  const what = `memory of a service directory${isLogged ? ' with its logger' : ''} (PSS, from ${few} to ${many})`
  const limit = peer !== 'us' ? null : isLogged ? limitsKb.logged : limitsKb.bare
  const each = await attemptMany({ what, peer, unit: 'KB', limit, note: '' }, () =>
    several(roundsOf(peer), async () => {
      const fewKb = await settledKb(peer, directories, few, isLogged)
      const manyKb = await settledKb(peer, directories, many, isLogged)
      ofFew.push(fewKb)
      ofMany.push(manyKb)
      return slope(fewKb, manyKb)
    }),
  )
  const all = await attemptMany(
    { what: `PSS with ${many} service directories${how}`, peer, unit: 'MB', limit: null, note: each.note },
    async () => ofMany.map((kb) => kb / 1_024),
  )
  if (each.value === null) return { figures: [each], line: null }
  const eachKb = slope(median(ofFew), median(ofMany))
  return { figures: [all, each], line: { peer, isLogged, eachKb, baseKb: median(ofFew) - few * eachKb } }
}

function slope(fewKb: number, manyKb: number): number {
  return (manyKb - fewKb) / (many - few)
}

/** From how many services on ours is the smaller one. */
function breakEven(lines: readonly Line[], isLogged: boolean): readonly Figure[] {
  const lineOf = (peer: PeerName) => lines.find((each) => each.peer === peer && each.isLogged === isLogged)
  const [ours, runits] = [lineOf('us'), lineOf('runit')]
  if (ours === undefined || runits === undefined) return []
  const gainKb = runits.eachKb - ours.eachKb
  return [
    {
      what: `service directories${isLogged ? ' with loggers' : ''} from which on ours takes less than runit`,
      peer: 'us',
      unit: 'services',
      n: 1,
      limit: null,
      value: gainKb > 0 ? Math.max(0, Math.ceil((ours.baseKb - runits.baseKb) / gainKb)) : null,
      note: gainKb > 0 ? 'computed from the lines through 50 and 200' : 'never: each of ours takes more',
    },
  ]
}

/** In KB, once nothing goes on. */
function settledKb(name: PeerName, peer: DirectoriesPeer, count: number, isLogged: boolean): Promise<number> {
  return withDirectories(peer, async (open, site) => {
    const { folder, sides } = writeServices(peer, site, { count, isLogged })
    const supervisor = open(folder)
    supervisor.begin()
    await untilAllRun(peer, supervisor, sides)
    if (isLogged) await untilLogged(site, count)
    await pass(name === 'us' ? settleMs.us : settleMs.others)
    supervisor.assertRunning()
    return memoryOf(supervisorPids(supervisor.roots(), site.notesPath)).pssKb
  })
}

function roundsOf(peer: PeerName): number {
  return peer === 'us' ? rounds.us : rounds.others
}
