import { pass } from '../observe.ts'
import { command } from '../peer.ts'
import type { Measurement } from '../result.ts'
import { compare, type Row } from './compare.ts'
import { type Begun, clients, type Supervisord, units, untilRunning, withDaemon } from './daemon.ts'
import { openRpc } from './rpc.ts'

/** With the one that restarts 200, for which the original just has descriptors enough as it comes. */
const count = 199
const settleMs = 4_000
const windowMs = 3_000
/** Fewer in a window, and nothing was going on. */
const restartsMin = 3
const perSecond = { unit: '1/s', better: 'more', times: 5 } as const

const rows = {
  quiet: { what: `getAllProcessInfo of ${count + 1} programs on one connection`, ...perSecond },
  changing: { what: 'the same while one of them ends twice a second', ...perSecond },
} as const satisfies Readonly<Record<string, Row>>

/** How often all programs can be asked for, one call after the other. */
export const calls: Measurement = (setting) => compare(setting, rows, 3, ask)

function ask(supervisord: Supervisord): Promise<Record<keyof typeof rows, readonly number[]>> {
  return withDaemon(
    supervisord,
    (site) => ({
      programs: [
        ...units(site, count),
        {
          name: 'restless',
          command: 'sleep 0.5',
          settings: { startsecs: '0', autorestart: 'true', autostart: 'false' },
        },
      ],
    }),
    async (begun) => {
      await untilRunning(begun, count)
      await pass(settleMs)
      const quiet = await callsPerSecond(begun)
      const [program, ...args] = clients.debian(begun.file)
      await command(program, [...args, 'start', 'restless'])
      const before = begun.activity.count("spawned: 'restless'")
      const changing = await callsPerSecond(begun)
      const restarts = begun.activity.count("spawned: 'restless'") - before
      if (restarts < restartsMin) throw new Error(`it was started ${restarts} times in ${windowMs} ms`)
      return { quiet: [quiet], changing: [changing] }
    },
  )
}

async function callsPerSecond({ socket }: Begun): Promise<number> {
  const connection = await openRpc(socket)
  try {
    // Code that was never run is slower in either.
    for (let at = 0; at < 20; at += 1) await connection.call('supervisor.getAllProcessInfo')
    const begunMs = performance.now()
    let answers = 0
    while (performance.now() - begunMs < windowMs) {
      const body = await connection.call('supervisor.getAllProcessInfo')
      if (body.split('<name>statename</name>').length !== count + 2) throw new Error('an answer has not all programs')
      answers += 1
    }
    return (answers * 1_000) / (performance.now() - begunMs)
  } finally {
    connection.close()
  }
}
