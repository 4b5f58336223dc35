import {
  age,
  linkService,
  makeFolder,
  unlinkService,
  untilAllRun,
  writeService,
  writeServices,
} from '../directories.ts'
import { isAlive, pass, until } from '../observe.ts'
import { type Directories, type DirectoriesPeer, type Site, withDirectories } from '../peer.ts'
import { attemptMany, type Figure, type Measurement, milliseconds } from '../result.ts'

const links = 20
/** What runs already where one link comes after the other. */
const count = 200
const gapMs = 30
const msMax = 20

/** From a new link to the first act of its service, and from its removal until the service is gone. */
export const runitLinks: Measurement = async ({ peers }) => {
  const figures: Figure[] = []
  for (const { name, directories } of peers) {
    if (directories === undefined) continue
    const about = { peer: name, unit: 'ms', limit: name === 'us' ? msMax : null, note: '' } as const
    const gone: number[] = []
    const added = await attemptMany({ ...about, what: 'new link to running' }, async () => {
      const times = await (directories.looksEveryMs > 0 ? inManyFolders(directories) : inOneFolder(directories))
      gone.push(...times.map((each) => each.goneMs))
      return times.map((each) => each.runningMs)
    })
    const removed = await attemptMany({ ...about, what: 'link removed to down' }, async () => gone)
    figures.push(...[added, { ...removed, note: added.note }].flatMap((each) => [each, longest(each)]))
  }
  return figures
}

function longest(figure: Figure): Figure {
  const { spread, ...about } = figure
  return { ...about, what: `${figure.what}: the longest of ${links}`, value: spread?.[1] ?? null }
}

interface Times {
  readonly runningMs: number
  readonly goneMs: number
}

/** One link after the other, beside 200 services that run. */
function inOneFolder(peer: DirectoriesPeer): Promise<readonly Times[]> {
  return withDirectories(peer, async (open, site) => {
    const { folder, sides } = writeServices(peer, site, { count, isLogged: false })
    const supervisor = open(folder)
    supervisor.begin()
    await untilAllRun(peer, supervisor, sides)
    const indexes = Array.from({ length: links }, (_, at) => count + at)
    const directories = indexes.map((index) => writeService(site, index))
    const times: Times[] = []
    for (const [at, index] of indexes.entries()) {
      await pass(gapMs)
      const runningMs = await timeLink({ site, supervisor, folder, index, directory: directories[at]! })
      await pass(gapMs)
      times.push({ runningMs, goneMs: await timeUnlink({ site, supervisor, folder, index }) })
    }
    return times
  })
}

/** Each link into a folder with a supervisor of its own, at moments spread over the time in which it looks once. */
function inManyFolders(peer: DirectoriesPeer): Promise<readonly Times[]> {
  return withDirectories(peer, async (open, site) => {
    const folders = Array.from({ length: links }, (_, index) => makeFolder(site, `folders/${index}`))
    const supervisors = folders.map((folder) => {
      age(folder)
      const supervisor = open(folder)
      supervisor.begin()
      return supervisor
    })
    const stepMs = peer.looksEveryMs / links
    return Promise.all(
      supervisors.map(async (supervisor, index) => {
        const folder = folders[index]!
        const directory = writeService(site, index)
        await pass(peer.looksEveryMs + index * stepMs)
        const runningMs = await timeLink({ site, supervisor, folder, index, directory })
        // Now all look at the same distance from their links: what is waited for would come in step.
        await pass(index * stepMs)
        return { runningMs, goneMs: await timeUnlink({ site, supervisor, folder, index }) }
      }),
    )
  })
}

interface Place {
  readonly site: Site
  readonly supervisor: Directories
  readonly folder: string
  readonly index: number
}

async function timeLink({
  site,
  supervisor,
  folder,
  index,
  directory,
}: Place & { readonly directory: string }): Promise<number> {
  const given = linkService(folder, index, directory)
  await supervisor.tell()
  await site.notes.until(() => site.notes.latest.has(index), `service ${index} to run`, 30_000)
  return milliseconds(given, site.notes.latest.get(index)!.atNs)
}

async function timeUnlink({ site, supervisor, folder, index }: Place): Promise<number> {
  const { pid } = site.notes.latest.get(index)!
  const given = unlinkService(folder, index)
  await supervisor.tell()
  await until(() => !isAlive(pid), `service ${index} to be gone`, 30_000)
  return milliseconds(given, process.hrtime.bigint())
}
