import { type Services, untilAllRun, writeServices } from '../directories.ts'
import { pass, until } from '../observe.ts'
import { type DirectoriesPeer, type Peer, type Site, withDirectories } from '../peer.ts'
import { attemptMany, type Figure, type Measurement, milliseconds } from '../result.ts'

const olds = { count: 50, ageMs: 1_500, gapMs: 37 } as const
/** All are killed within 300 ms, so none is a second old. */
const youngs = { count: 20, ageMs: 300, gapMs: 13 } as const
const told = { count: 10, throttleMs: 100, gapMs: 40 } as const
const respawnMsMax = 3.3
const heardMsMax = 20

/** `kill -9` of services that are older than a second, of younger ones, and what a command is told while these wait for their start. */
export const runitRespawn: Measurement = async ({ peers }) => {
  const figures: Figure[] = []
  for (const peer of peers) {
    const { directories } = peer
    if (directories === undefined) continue
    const about = { peer: peer.name, unit: 'ms', note: '' } as const
    const limitOf = (ms: number) => (peer.name === 'us' ? ms : null)
    figures.push(
      await attemptMany(
        { ...about, what: 'service directory: restart after kill -9, older than 1 s', limit: limitOf(respawnMsMax) },
        () => timeRespawns(directories, olds),
      ),
      await attemptMany(
        { ...about, what: 'service directory: restart after kill -9, younger than 1 s', limit: null },
        () => timeRespawns(directories, youngs),
      ),
      ...(await whileThrottled(peer, directories, limitOf(heardMsMax))),
    )
  }
  return figures
}

/** From each kill to the first act of the next process. They overlap: one peer waits a second before each. */
function timeRespawns(
  peer: DirectoriesPeer,
  { count, ageMs, gapMs }: { readonly count: number; readonly ageMs: number; readonly gapMs: number },
): Promise<readonly number[]> {
  return withRunning(peer, count, async (site) => {
    await pass(ageMs)
    const kills: Kill[] = []
    for (let index = 0; index < count; index += 1) {
      kills.push(kill(site, index))
      await pass(gapMs)
    }
    await site.notes.until(() => kills.every((each) => each.isBack()), `${count} services to run again`, 15_000)
    return kills.map((each) => milliseconds(each.atNs, site.notes.latest.get(each.index)!.atNs))
  })
}

/** A service that waits for its next start is told to be down. */
async function whileThrottled(
  peer: Peer,
  directories: DirectoriesPeer,
  limit: number | null,
): Promise<readonly Figure[]> {
  const what = 'down while a start is held back'
  const about = { peer: peer.name, unit: 'ms', note: '' } as const
  const ended: number[] = []
  const heard = await attemptMany({ ...about, what: `${what}: until its status wants down`, limit }, async () => {
    const times = await withRunning(directories, told.count, (site, { directories: all }) =>
      Promise.all(
        all.map(async (directory, index) => {
          await pass(index * told.gapMs)
          await killYoung(site, index)
          await pass(told.throttleMs)
          return timeDown(directories, directory)
        }),
      ),
    )
    ended.push(...times.map((each) => each.endedMs))
    return times.map((each) => each.heardMs)
  })
  const command = await attemptMany(
    { ...about, what: `${what}: until the command ends`, limit: null },
    async () => ended,
  )
  return [heard, { ...command, note: heard.note }]
}

/** The command may end before anybody has heard of it: it sees that the service is down. */
async function timeDown(
  peer: DirectoriesPeer,
  directory: string,
): Promise<{ readonly heardMs: number; readonly endedMs: number }> {
  const given = process.hrtime.bigint()
  const since = () => milliseconds(given, process.hrtime.bigint())
  const isHeard = () => peer.stateOf(directory)?.isWantedUp === false
  const [heardMs, endedMs] = await Promise.all([
    until(isHeard, 'the service to be wanted down', 10_000).then(since),
    peer.down(directory).then(since),
  ])
  return { heardMs, endedMs }
}

/** Whatever age it has: killed once it is back it is younger than a second. */
async function killYoung(site: Site, index: number): Promise<void> {
  const first = kill(site, index)
  await site.notes.until(first.isBack, `service ${index} to run again`, 15_000)
  await pass(youngs.ageMs)
  kill(site, index)
}

interface Kill {
  readonly index: number
  readonly atNs: bigint
  isBack(): boolean
}

function kill(site: Site, index: number): Kill {
  const { pid } = site.notes.latest.get(index)!
  const atNs = process.hrtime.bigint()
  process.kill(pid, 'SIGKILL')
  return { index, atNs, isBack: () => site.notes.latest.get(index)!.pid !== pid }
}

function withRunning<T>(
  peer: DirectoriesPeer,
  count: number,
  measure: (site: Site, services: Services) => Promise<T>,
): Promise<T> {
  return withDirectories(peer, async (open, site) => {
    const services = writeServices(peer, site, { count, isLogged: false })
    const supervisor = open(services.folder)
    supervisor.begin()
    await untilAllRun(peer, supervisor, services.sides)
    await site.notes.until(() => site.notes.latest.size === count, `${count} services to run`)
    return measure(site, services)
  })
}
