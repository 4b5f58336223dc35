import { readdirSync } from 'node:fs'
import { memoryOf, pass, supervisorPids } from '../observe.ts'
import type { Measurement, Setting } from '../result.ts'
import { compare, type Row, type Values } from './compare.ts'
import { type Supervisord, units, untilRunning, withDaemon } from './daemon.ts'

const counts = [0, 50, 200] as const
const most = 200
/** At 10 s ours count as stable, the last time that they wake it. */
const settleMs = { usual: 13_000, quick: 4_500 } as const
/** Fewer than the 5 of the original. */
const descriptorsTimes = 10 / 9

type Key = `${'pss' | 'private'}${(typeof counts)[number]}` | 'daemon' | 'keepers' | 'descriptors'

const rows: Readonly<Record<Key, Row>> = {
  pss0: memoryRow('PSS', 0),
  private0: memoryRow('private memory', 0),
  pss50: memoryRow('PSS', 50),
  private50: memoryRow('private memory', 50),
  pss200: memoryRow('PSS', 200),
  private200: memoryRow('private memory', 200),
  descriptors: descriptorsRow('descriptors for a program, of all processes', descriptorsTimes),
  daemon: descriptorsRow('descriptors for a program, of the daemon', null),
  keepers: descriptorsRow('descriptors for a program, of its keepers', null),
}

/** What a daemon takes that has nothing to do: memory of all its processes, and descriptors for each program. */
export const rest: Measurement = (setting) => compare(setting, rows, 3, (supervisord) => look(setting, supervisord))

function memoryRow(what: string, count: number): Row {
  return { what: `${what} with ${count} programs`, unit: 'MB', better: 'less', times: null }
}

function descriptorsRow(what: string, times: number | null): Row {
  return { what, unit: 'descriptors', better: 'less', times }
}

async function look(setting: Setting, supervisord: Supervisord): Promise<Values<Key>> {
  const [none, few, many] = [
    await resting(setting, supervisord, 0),
    await resting(setting, supervisord, 50),
    await resting(setting, supervisord, most),
  ]
  const each = (of: keyof Resting): readonly number[] => [(many[of] - none[of]) / most]
  return {
    pss0: [none.pssMb],
    private0: [none.privateMb],
    pss50: [few.pssMb],
    private50: [few.privateMb],
    pss200: [many.pssMb],
    private200: [many.privateMb],
    descriptors: each('descriptors'),
    daemon: each('daemonDescriptors'),
    keepers: [(each('descriptors')[0] ?? 0) - (each('daemonDescriptors')[0] ?? 0)],
  }
}

interface Resting {
  readonly pssMb: number
  readonly privateMb: number
  readonly descriptors: number
  readonly daemonDescriptors: number
}

function resting({ isQuick }: Setting, supervisord: Supervisord, count: number): Promise<Resting> {
  return withDaemon(
    supervisord,
    (site) => ({ programs: units(site, count) }),
    async (begun, site) => {
      await begun.activity.until('supervisord started with pid', 1, 30_000)
      await untilRunning(begun, count)
      await pass(isQuick ? settleMs.quick : settleMs.usual)
      const pids = supervisorPids([begun.pid], site.notesPath)
      const { pssKb, privateKb } = memoryOf(pids)
      return {
        pssMb: pssKb / 1_024,
        privateMb: privateKb / 1_024,
        descriptors: pids.reduce((sum, pid) => sum + descriptorsOf(pid), 0),
        daemonDescriptors: descriptorsOf(begun.pid),
      }
    },
  )
}

function descriptorsOf(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length
}
