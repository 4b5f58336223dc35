import { spawnSync } from 'node:child_process'
import { pass } from '../observe.ts'
import { type Measurement, milliseconds, type Setting } from '../result.ts'
import { compare, type Row } from './compare.ts'
import { assertAllShown, type Command, clients, type Supervisord, units, untilRunning, withDaemon } from './daemon.ts'

const count = 200
/** Ours gives back 3 s after its start what starting took. */
const settleMs = 4_000
const n = 15

const rows = {
  debian: { what: `supervisorctl status of ${count}, Debian's client`, unit: 'ms', better: 'less', times: 1 },
  ours: { what: `supervisorctl status of ${count}, Holdfast's client`, unit: 'ms', better: 'less', times: 1 },
  own: { what: `supervisorctl status of ${count}, each with its own client`, unit: 'ms', better: 'less', times: 2 },
} as const satisfies Readonly<Record<string, Row>>

/** The states of 200 programs, asked for as a person does, by either client of either daemon. */
export const status: Measurement = (setting) => compare(setting, rows, 1, (supervisord) => ask(setting, supervisord))

function ask({ isQuick }: Setting, supervisord: Supervisord): Promise<Record<keyof typeof rows, readonly number[]>> {
  return withDaemon(
    supervisord,
    (site) => ({ programs: units(site, count) }),
    async (begun) => {
      await untilRunning(begun, count)
      await pass(settleMs)
      const times = { debian: [] as number[], ours: [] as number[] }
      const commands = { debian: clients.debian(begun.file), ours: clients.ours(begun.file) }
      for (const command of Object.values(commands)) assertAllShown(command, count)
      for (let at = 0; at < (isQuick ? 5 : n); at += 1) {
        times.debian.push(timeStatus(commands.debian))
        times.ours.push(timeStatus(commands.ours))
      }
      return { ...times, own: supervisord.name === 'us' ? times.ours : times.debian }
    },
  )
}

function timeStatus([program, ...args]: Command): number {
  const givenNs = process.hrtime.bigint()
  spawnSync(program, [...args, 'status'], { stdio: 'ignore' })
  return milliseconds(givenNs, process.hrtime.bigint())
}
