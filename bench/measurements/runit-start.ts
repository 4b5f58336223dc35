import { untilAllRun, untilLogged, writeServices } from '../directories.ts'
import { type DirectoriesPeer, withDirectories } from '../peer.ts'
import { attemptMany, type Figure, type Measurement, milliseconds, several } from '../result.ts'

const count = 200
const rounds = { bare: 5, logged: 3 } as const

/** From the start of the supervisor of 200 service directories until every status file says that its side runs. */
export const runitStart: Measurement = async ({ peers }) => {
  const figures: Figure[] = []
  for (const isLogged of [false, true])
    for (const { name, directories } of peers) {
      if (directories === undefined) continue
      const what = `${count} service directories up${isLogged ? ', each with a logger' : ''}`
      const n = isLogged ? rounds.logged : rounds.bare
      figures.push(
        await attemptMany({ what, peer: name, unit: 'ms', limit: null, note: '' }, () =>
          several(n, () => timeStart(directories, isLogged)),
        ),
      )
    }
  return figures.map((each) => (each.peer === 'us' ? { ...each, limit: runitsValue(each.what, figures) } : each))
}

function timeStart(peer: DirectoriesPeer, isLogged: boolean): Promise<number> {
  return withDirectories(peer, async (open, site) => {
    const { folder, sides } = writeServices(peer, site, { count, isLogged })
    const supervisor = open(folder)
    const given = supervisor.begin()
    const upNs = await untilAllRun(peer, supervisor, sides)
    if (isLogged) await untilLogged(site, count)
    return milliseconds(given, upNs)
  })
}

function runitsValue(what: string, figures: readonly Figure[]): number | null {
  return figures.find((each) => each.what === what && each.peer === 'runit')?.value ?? null
}
