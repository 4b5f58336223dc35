import { pass } from '../observe.ts'
import type { Site } from '../peer.ts'
import { type Measurement, milliseconds } from '../result.ts'
import { compare, type Row } from './compare.ts'
import { type Supervisord, units, untilRunning, withDaemon } from './daemon.ts'

const count = 20
const n = 20
/** Of the original's loop, which turns once a second. */
const phaseMs = 1_000

const rows = {
  respawn: { what: 'restart after kill -9', unit: 'ms', better: 'less', times: 100 },
} as const satisfies Readonly<Record<string, Row>>

/** From `kill -9` of a program to the first act of its successor. */
export const respawn: Measurement = (setting) =>
  compare(setting, rows, 1, (supervisord) => kills(supervisord, setting.isQuick ? 5 : n))

function kills(supervisord: Supervisord, times: number): Promise<Record<keyof typeof rows, readonly number[]>> {
  return withDaemon(
    supervisord,
    (site) => ({ programs: units(site, count) }),
    async (begun, site) => {
      await untilRunning(begun, count)
      return { respawn: await timeRespawns(site, count, times) }
    },
  )
}

/** One at a time, at any time: the end of another one would wake the original. */
export async function timeRespawns(site: Site, count: number, times: number): Promise<readonly number[]> {
  const { notes } = site
  await notes.until(() => notes.latest.size === count, `${count} programs to run`)
  const found: number[] = []
  for (let at = 0; at < times; at += 1) {
    await pass(Math.random() * phaseMs)
    const index = at % count
    const { pid } = notes.latest.get(index)!
    const killedNs = process.hrtime.bigint()
    process.kill(pid, 'SIGKILL')
    await notes.until(() => notes.latest.get(index)!.pid !== pid, 'a killed program to run again', 15_000)
    found.push(milliseconds(killedNs, notes.latest.get(index)!.atNs))
  }
  return found
}
