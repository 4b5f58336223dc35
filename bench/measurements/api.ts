import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { bootNow } from '../../src/sys/boot-clock.ts'
import { pass } from '../observe.ts'
import { type Site, withSupervisor } from '../peer.ts'
import { us } from '../peers/us.ts'
import { attempt, type Figure, type Measurement, median } from '../result.ts'
import { root } from '../tools.ts'

const count = 200
const connections = 16
const readMs = 5_000
const readsPerSecond = 5_000
const turnMsMax = 5
const psMsMax = 60
const jsonMsMax = 80
const jsonKbMax = 200
const settleMs = 3_000
const kills = 60
const n = 21

/**
 * Reads of all units over kept connections: as many as go, then so many a second, while units are killed; how long after
 * that the engine takes its turn is in its own recording. Then the command line with its own start.
 */
export const api: Measurement = async ({ peers }) => {
  if (!peers.includes(us)) return []
  const figures: Figure[] = []
  const more = (what: string, unit: Figure['unit'], value: number, limit: number | null, note = '') =>
    figures.push({ what, peer: 'us', unit, n, limit, value, note })
  const what = `GET /v1/units with ${count} units, ${connections} connections: each`
  const first = await attempt({ what, peer: 'us', unit: 'ms', n: 1, limit: 1_000 / readsPerSecond, note: '' }, () =>
    withSupervisor(us, async (ours, site) => {
      await ours.up(count)
      await site.notes.until(() => site.notes.latest.size === count, `${count} units to run`)
      await pass(settleMs)
      const idle = await killSome(site)
      const socketPath = join(site.directory, 'home/run/holdfast.sock')
      const paced = readMany(socketPath, readsPerSecond)
      const busy = await killSome(site)
      const { perSecond } = await paced.end(0)
      const most = await readMany(socketPath, null).end(readMs)
      const [idleTurns, busyTurns] = [turnsAfter(site, idle), turnsAfter(site, busy)]
      more('from the end of a unit to its turn, 99 of 100', 'ms', percentile(idleTurns, 0.99), turnMsMax)
      more(
        `the same with ${readsPerSecond.toLocaleString('en')} reads a second`,
        'ms',
        percentile(busyTurns, 0.99),
        turnMsMax,
      )
      more('reads a second at that time', '1/s', perSecond, null)
      const table = await timeCommand(site, ['ps'])
      const json = await timeCommand(site, ['ps', '-o', 'json'])
      more(`holdfast ps with ${count} units`, 'ms', table.ms, psMsMax)
      more(`holdfast ps -o json with ${count} units`, 'ms', json.ms, jsonMsMax)
      more('what that prints', 'KB', json.bytes / 1_000, jsonKbMax)
      return 1_000 / most.perSecond
    }),
  )
  return [first, ...figures]
}

interface Kill {
  readonly unit: string
  readonly atBootMs: number
}

async function killSome(site: Site): Promise<readonly Kill[]> {
  const done: Kill[] = []
  for (let index = 0; index < kills; index += 1) {
    const { pid } = site.notes.latest.get(index)!
    done.push({ unit: `bench/unit-${index}/1`, atBootMs: bootNow().bootMs })
    process.kill(pid, 'SIGKILL')
    await site.notes.until(() => site.notes.latest.get(index)!.pid !== pid, `unit ${index} to run again`)
    await pass(20)
  }
  return done
}

/** Of each kill, the milliseconds until the turn that took note of it. */
function turnsAfter({ directory }: Site, killed: readonly Kill[]): readonly number[] {
  const lines = readFileSync(join(directory, 'home/state/recorder/recording.ndjson'), 'utf8').split('\n').slice(0, -1)
  const ends = new Map<string, number[]>()
  for (const line of lines) {
    const { kind, now, events = [] } = JSON.parse(line)
    if (kind !== 'turn') continue
    for (const event of events) {
      if (event.kind === 'exited') ends.set(event.unit, [...(ends.get(event.unit) ?? []), now.bootMs])
    }
  }
  return killed.map(({ unit, atBootMs }) => {
    const turn = ends.get(unit)?.find((bootMs) => bootMs >= atBootMs)
    if (turn === undefined) throw new Error(`the recording does not tell the end of ${unit}`)
    return turn - atBootMs
  })
}

interface Readers {
  /** Goes on for so long, ends, and tells how many answers came since the beginning. */
  end(ms: number): Promise<{ readonly perSecond: number }>
}

/** Each connection asks again when it has its whole answer: at once, or when its turn has come. */
function readMany(path: string, perSecond: number | null): Readers {
  let reads = 0
  let asked = 0
  const begin = performance.now()
  const request = Buffer.from('GET /v1/units HTTP/1.1\r\nhost: holdfast\r\n\r\n')
  const idle: Socket[] = []
  const ask = (): void => {
    const due = perSecond === null ? Number.POSITIVE_INFINITY : ((performance.now() - begin) / 1_000) * perSecond
    while (asked < due) {
      const socket = idle.shift()
      if (socket === undefined) return
      asked += 1
      socket.write(request)
    }
  }
  const sockets = Array.from({ length: connections }, () => {
    let left = 0
    const socket = connect(path, () => {
      idle.push(socket)
      ask()
    })
    socket.on('data', (bytes: Buffer) => {
      if (left === 0) {
        const head = bytes.indexOf('\r\n\r\n')
        left = head + 4 + Number(/content-length: (\d+)/i.exec(bytes.toString('latin1', 0, head))?.[1])
      }
      left -= bytes.length
      if (left > 0) return
      reads += 1
      idle.push(socket)
      ask()
    })
    return socket
  })
  const timer = setInterval(ask, 1)
  return {
    async end(ms) {
      await pass(ms)
      clearInterval(timer)
      for (const socket of sockets) socket.destroy()
      return { perSecond: (reads / (performance.now() - begin)) * 1_000 }
    },
  }
}

async function timeCommand(
  site: Site,
  args: readonly string[],
): Promise<{ readonly ms: number; readonly bytes: number }> {
  const env = { ...process.env, HOLDFAST_HOME: join(site.directory, 'home') }
  let bytes = 0
  const times: number[] = []
  for (let run = 0; run < n; run += 1) {
    const begin = performance.now()
    bytes = execFileSync(join(root, 'bin/holdfast'), args, { env, maxBuffer: 64 * 1024 * 1024 }).length
    times.push(performance.now() - begin)
  }
  return { ms: median(times), bytes }
}

function percentile(values: readonly number[], share: number): number {
  return values.toSorted((a, b) => a - b)[Math.ceil(values.length * share) - 1]!
}
