import { type Measurement, milliseconds } from '../result.ts'
import { compare, type Row } from './compare.ts'
import { type Begun, type Supervisord, units, untilRunning, withDaemon } from './daemon.ts'
import { callOnce } from './rpc.ts'

const count = 200

const rows = {
  start: { what: `${count} programs RUNNING, from the start of the daemon`, unit: 'ms', better: 'less', times: 5 },
  stop: { what: `${count} programs: from SIGTERM until the daemon is gone`, unit: 'ms', better: 'less', times: 5 },
} as const satisfies Readonly<Record<string, Row>>

/** 200 programs from the start of the daemon, and to its end. */
export const start: Measurement = (setting) => compare(setting, rows, 5, startAndStop)

function startAndStop(supervisord: Supervisord): Promise<Record<keyof typeof rows, readonly number[]>> {
  return withDaemon(
    supervisord,
    (site) => ({ programs: units(site, count) }),
    async (begun, site) => {
      const startMs = milliseconds(begun.givenNs, await untilRunning(begun, count))
      await assertRunning(begun)
      await site.notes.until(() => site.notes.latest.size === count, `${count} programs to run`)
      const toldNs = process.hrtime.bigint()
      process.kill(begun.pid, 'SIGTERM')
      await begun.ended
      return { start: [startMs], stop: [milliseconds(toldNs, process.hrtime.bigint())] }
    },
  )
}

async function assertRunning({ socket }: Begun): Promise<void> {
  const running = (await callOnce(socket, 'supervisor.getAllProcessInfo')).split('<string>RUNNING</string>').length - 1
  if (running !== count) throw new Error(`${running} of ${count} programs are told to be RUNNING`)
}
