import type { Socket } from 'node:net'
import { pass } from '../observe.ts'
import { type Measurement, milliseconds, type Setting } from '../result.ts'
import { compare, type Row } from './compare.ts'
import { type Supervisord, units, untilRunning, withDaemon } from './daemon.ts'
import { timeRespawns } from './respawn.ts'
import { callOnce, openSilently } from './rpc.ts'

const programs = 20
const slow = 500
const calls = 50
const gapMs = 20
const dripTurns = 25
/** Each slow one says a byte in this time, one after the other. */
const dripMs = 250

const rows = {
  alone: { what: 'getState on a new connection', unit: 'ms', better: 'less', times: null },
  among: { what: `getState among ${slow} slow connections`, unit: 'ms', better: 'less', times: 1 },
  longest: {
    what: `getState among ${slow} slow connections, the longest of ${calls}`,
    unit: 'ms',
    better: 'less',
    times: null,
  },
  /** Every byte of theirs wakes the original, which sleeps a second else. */
  respawn: { what: `restart after kill -9 among ${slow} slow connections`, unit: 'ms', better: 'less', times: 1 },
} as const satisfies Readonly<Record<string, Row>>

/** What 500 clients cost the others: half of them say nothing, half a byte of a request from time to time. */
export const connections: Measurement = (setting) =>
  compare(setting, rows, 1, (supervisord) => ask(setting, supervisord))

function ask({ isQuick }: Setting, supervisord: Supervisord): Promise<Record<keyof typeof rows, readonly number[]>> {
  return withDaemon(
    supervisord,
    (site) => ({ programs: units(site, programs), main: { minfds: '4096' } }),
    async ({ socket, ...begun }, site) => {
      await untilRunning({ socket, ...begun }, programs)
      await callOnce(socket, 'supervisor.getState')
      const alone = await timeCalls(socket)
      const sockets: Socket[] = []
      let turn = 0
      const drip = setInterval(() => dripOn(sockets, turn++), dripMs / dripTurns)
      try {
        for (let at = 0; at < slow; at += 1) sockets.push(await openSilently(socket))
        await pass(2 * dripMs)
        const among = await timeCalls(socket)
        const respawn = await timeRespawns(site, programs, isQuick ? 5 : 10)
        return { alone, among, longest: [Math.max(...among)], respawn }
      } finally {
        clearInterval(drip)
        for (const each of sockets) each.destroy()
      }
    },
  )
}

/** Half of them, in turns: all at once would measure how this process writes. */
function dripOn(sockets: readonly Socket[], turn: number): void {
  sockets.forEach((socket, at) => {
    if (at % (2 * dripTurns) === 2 * (turn % dripTurns) && socket.writable) socket.write('P')
  })
}

async function timeCalls(path: string): Promise<readonly number[]> {
  const times: number[] = []
  for (let at = 0; at < calls; at += 1) {
    const givenNs = process.hrtime.bigint()
    await callOnce(path, 'supervisor.getState')
    times.push(milliseconds(givenNs, process.hrtime.bigint()))
    await pass(gapMs)
  }
  return times
}
