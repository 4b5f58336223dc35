import { closeSync, fstatSync, openSync, readdirSync, readSync } from 'node:fs'
import { join } from 'node:path'
import { age, linkService, makeFolder } from '../directories.ts'
import { activityOf, supervisorPids, until } from '../observe.ts'
import { type DirectoriesPeer, type Peer, type PeerName, type Site, withDirectories } from '../peer.ts'
import { attemptMany, type Figure, type Measurement, median, several, spreadOf } from '../result.ts'
import { writeLogged, writeLogRun } from '../run-scripts.ts'
import { compiled } from '../tools.ts'

const lineBytes = 100
const lines = 1_000_000
const megabytes = (lines * lineBytes) / 1e6
const linesPerWrite = 40
const rounds = 3
const oldFiles = 10
/** So many times as fast as svlogd with its usual buffer. */
const factorMin = 5

/** 100 MB of lines of 100 bytes through the logger of a service directory, which stamps them, in ten files of 1 MB. */
export const runitLogs: Measurement = async ({ peers }) => {
  const runs = peers.flatMap(variants)
  const figures: Figure[] = []
  for (const run of runs) figures.push(...(await measured(run)))
  const svlogd = figures.find((each) => each.peer === 'runit' && each.unit === 'MB/s')?.value ?? null
  return figures.map((each) =>
    each.peer === 'us' && each.unit === 'MB/s' && svlogd !== null
      ? { ...each, limit: factorMin * svlogd, limitIs: 'least' }
      : each,
  )
}

interface Run {
  readonly name: PeerName
  readonly peer: DirectoriesPeer
  readonly how: string
}

/** svlogd also with the larger buffer, which its users reach for when it is too slow. */
function variants({ name, directories }: Peer): readonly Run[] {
  if (directories === undefined) return []
  const usual = { name, peer: directories, how: '' }
  if (name !== 'runit') return [usual]
  const writeLogger = (directory: string, logs: string) => writeLogRun(directory, `svlogd -tt -b 65536 ${logs}`)
  return [usual, { name, peer: { ...directories, writeLogger }, how: ' (svlogd -b 65536)' }]
}

async function measured({ name, peer, how }: Run): Promise<readonly Figure[]> {
  const what = `logger with time stamps and rotation${how}`
  const about = { peer: name, limit: null, note: '' } as const
  const processor: number[] = []
  const speed = await attemptMany({ ...about, what, unit: 'MB/s' }, () =>
    several(rounds, async () => {
      const { seconds, processorSeconds } = await flood(peer)
      processor.push(processorSeconds)
      return megabytes / seconds
    }),
  )
  if (speed.value === null) return [speed]
  const perSecond = (speed.value * 1e6) / lineBytes
  const spread = spreadOf(processor)
  return [
    speed,
    { ...about, what: `${what}: lines`, unit: '1/s', n: rounds, value: perSecond },
    {
      ...about,
      what: `${what}: processor time of supervisor and logger`,
      unit: 's',
      n: rounds,
      value: median(processor),
      spread,
    },
  ]
}

/** From the first line to the last one, in a file of the log. */
function flood(peer: DirectoriesPeer): Promise<{ readonly seconds: number; readonly processorSeconds: number }> {
  return withDirectories(peer, async (open, site) => {
    const logs = makeFolder(site, 'logs')
    const folder = makeFolder(site, 'services')
    linkService(folder, 0, writeFlood(peer, site, logs))
    age(folder)
    const supervisor = open(folder)
    supervisor.begin()
    await site.notes.until(() => site.notes.latest.has(0), 'the first line', 30_000)
    const pids = () => supervisorPids(supervisor.roots(), site.notesPath)
    const before = activityOf(pids())
    // Nobody looks at the files as long as there is more to come: that would take from what is measured.
    await site.notes.until(() => site.notes.latest.has(1_000), 'the last line to be written')
    await until(() => lastLines(logs).some(isLast), 'the last line to be in the log', 10_000)
    const atNs = process.hrtime.bigint()
    const after = activityOf(pids())
    await untilRotated(logs)
    return {
      seconds: Number(atNs - site.notes.latest.get(0)!.atNs) / 1e9,
      processorSeconds: Number(after.cpuNs - before.cpuNs) / 1e9,
    }
  })
}

function writeFlood(peer: DirectoriesPeer, site: Site, logs: string): string {
  const directory = makeFolder(site, 'available/flood')
  const command = [compiled('flood'), String(lines * lineBytes), String(linesPerWrite), site.argument(0)]
  writeLogged(directory, command, 'replaced')
  peer.writeLogger(directory, logs)
  return directory
}

/** A logger that lost lines or left out its work would be fast. */
function isLast(line: string): boolean {
  const number = String(lines - 1).padStart(16, '0')
  return /^\d{4}-\d\d-\d\d[_ T]\d\d:\d\d:\d\d\.\d+ /.test(line) && line.includes(` ${number}x`)
}

/** The oldest goes a moment after a new file has begun. */
async function untilRotated(logs: string): Promise<void> {
  const kept = () => readdirSync(logs).filter((name) => name.startsWith('@')).length
  await until(() => kept() === oldFiles, `${oldFiles} old files to be kept`, 5_000)
}

/** Of each file of the log the end. */
function lastLines(logs: string): readonly string[] {
  const names = readdirSync(logs).filter((name) => name === 'current' || name.startsWith('@'))
  return names.map((name) => lastLine(join(logs, name)))
}

function lastLine(path: string): string {
  const tail = Buffer.alloc(2 * lineBytes)
  let bytes = 0
  try {
    const file = openSync(path, 'r')
    bytes = readSync(file, tail, 0, tail.length, Math.max(0, fstatSync(file).size - tail.length))
    closeSync(file)
  } catch (error) {
    // It got another name in this moment: the next look finds it by that.
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error
  }
  return tail.toString('latin1', 0, bytes).trimEnd().split('\n').at(-1) ?? ''
}
