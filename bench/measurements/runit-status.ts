import { execFileSync, spawnSync } from 'node:child_process'
import { untilAllRun, writeServices } from '../directories.ts'
import { pass } from '../observe.ts'
import { type DirectoriesPeer, withDirectories } from '../peer.ts'
import { attemptMany, type Figure, type Measurement, milliseconds, several } from '../result.ts'

const count = 200
/** Ours gives back 3 s after its start what starting took. */
const settleMs = 4_000
const n = 11

/** The states of 200 service directories, asked for as a person does. */
export const runitStatus: Measurement = async ({ peers }) => {
  const figures: Figure[] = []
  for (const { name, directories } of peers)
    if (directories !== undefined)
      figures.push(
        await attemptMany(
          { what: `status of ${count} service directories`, peer: name, unit: 'ms', limit: null, note: '' },
          () => timeStatus(directories),
        ),
      )
  const runits = figures.find((each) => each.peer === 'runit')?.value ?? null
  return figures.map((each) => (each.peer === 'us' && runits !== null ? { ...each, limit: withNoise(runits) } : each))
}

/** The client is the same program: what is more than runit's is chance, or files that are slower to read. */
function withNoise(ms: number): number {
  return 1.25 * ms
}

function timeStatus(peer: DirectoriesPeer): Promise<readonly number[]> {
  return withDirectories(peer, async (open, site) => {
    const { folder, directories, sides } = writeServices(peer, site, { count, isLogged: false })
    const supervisor = open(folder)
    supervisor.begin()
    await untilAllRun(peer, supervisor, sides)
    await pass(settleMs)
    const [program, ...args] = peer.status(directories)
    const told = execFileSync(program, args, { encoding: 'utf8' }).trimEnd().split('\n')
    const running = told.filter((line) => /^(run: |up )/.test(line)).length
    if (running !== count) throw new Error(`${running} of ${count} are told to run: ${told[0]}`)
    return several(n, async () => {
      const given = process.hrtime.bigint()
      spawnSync(program, args, { stdio: 'ignore' })
      return milliseconds(given, process.hrtime.bigint())
    })
  })
}
