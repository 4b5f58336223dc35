import { spawn } from 'node:child_process'
import { closeSync, openSync, readdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { activityOf, pass, supervisorPids, until } from '../observe.ts'
import { type Flooded, type Peer, type Site, withFlood, withSite } from '../peer.ts'
import { loopGap } from '../peers/us.ts'
import { attempt, type Figure, type Measurement, median } from '../result.ts'
import { compiled } from '../tools.ts'

const bytes = 500_000_000
const rounds = 3
/** 1 GB/s. */
const blockSecondsMax = 0.5
const loopGapMsMax = 20
const floods = 10
const floodMs = 10_000

/** 500 MB of lines of 100 bytes into the log, in blocks and line by line, and what the engine feels of ten floods. */
export const logs: Measurement = async ({ peers }) => {
  const figures: Figure[] = []
  for (const lines of [40, 1]) {
    const how = lines === 1 ? 'a line a write' : `${lines} lines a write`
    const straight = await straightIntoFile(lines, how)
    const found = [straight]
    for (const peer of peers) if (peer.flood !== undefined) found.push(...(await throughLog(peer, lines, how)))
    figures.push(...found.map((figure) => limited(figure, found, lines, straight.value)))
  }
  if (peers.some((peer) => peer.name === 'us')) figures.push(await gap())
  return figures
}

/** Blocks: 1 GB/s. Line by line: as long as the writer straight into a file. Less processor time than any peer. */
function limited(figure: Figure, found: readonly Figure[], lines: number, straight: number | null): Figure {
  if (figure.peer !== 'us') return figure
  if (!figure.what.includes('processor')) return { ...figure, limit: lines === 1 ? straight : blockSecondsMax }
  const others = found.flatMap(({ what, peer, value }) => (what === figure.what && peer !== 'us' ? (value ?? []) : []))
  return { ...figure, limit: others.length === 0 ? null : Math.min(...others) }
}

async function throughLog(peer: Peer, lines: number, how: string): Promise<readonly Figure[]> {
  const about = { peer: peer.name, unit: 's', n: rounds, limit: null, note: '' } as const
  const processor: number[] = []
  const time = await attempt({ ...about, what: `500 MB into the log, ${how}` }, async () => {
    const times: number[] = []
    for (let round = 0; round < rounds; round += 1) {
      const one = await withFlood(peer, [argumentsOf(lines)], (supervisor, site) => measure(supervisor, site))
      times.push(one.seconds)
      processor.push(one.processorSeconds)
    }
    return median(times)
  })
  const value = processor.length === rounds ? median(processor) : null
  return [time, { ...about, what: `500 MB into the log, ${how}: processor time of supervisor and logger`, value }]
}

const argumentsOf = (lines: number) => (site: Site) => [
  compiled('flood'),
  String(bytes),
  String(lines),
  site.argument(0),
]

async function measure(supervisor: Flooded, site: Site): Promise<{ seconds: number; processorSeconds: number }> {
  const pidsOf = () => supervisorPids(supervisor.roots(), site.notesPath)
  const before = activityOf(pidsOf())
  await supervisor.begin()
  await until(() => bytesIn(supervisor.logs()) >= bytes, '500 MB in the log')
  const atNs = process.hrtime.bigint()
  site.notes.read()
  const after = activityOf(pidsOf())
  return {
    seconds: Number(atNs - site.notes.latest.get(0)!.atNs) / 1e9,
    processorSeconds: Number(after.cpuNs - before.cpuNs) / 1e9,
  }
}

/** Of all files below a folder, without what is no log. */
function bytesIn(folder: string): number {
  let sum = 0
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    const stat = statSync(join(folder, name), { throwIfNoEntry: false })
    if (stat?.isFile() && !name.endsWith('.idx')) sum += stat.size
  }
  return sum
}

/** The same writer with a file as its stdout: nobody in between. */
async function straightIntoFile(lines: number, how: string): Promise<Figure> {
  const about = { peer: 'spawn-loop', unit: 's', n: rounds, limit: null, note: 'straight into a file' } as const
  return attempt({ ...about, what: `500 MB into the log, ${how}` }, async () => {
    const times: number[] = []
    for (let round = 0; round < rounds; round += 1) times.push(await withSite((site) => writeStraight(site, lines)))
    return median(times)
  })
}

async function writeStraight(site: Site, lines: number): Promise<number> {
  const [program = '', ...words] = argumentsOf(lines)(site)
  const path = join(site.directory, 'straight')
  const output = openSync(path, 'w')
  const child = spawn(program, words, { stdio: ['ignore', output, 'inherit'] })
  closeSync(output)
  try {
    await site.notes.until(() => site.notes.latest.has(1_000), 'the last line to be written')
    return Number(site.notes.latest.get(1_000)!.atNs - site.notes.latest.get(0)!.atNs) / 1e9
  } finally {
    child.kill('SIGKILL')
    rmSync(path)
  }
}

/** The longest time in which the engine's loop did nothing else, while ten units write without end. */
async function gap(): Promise<Figure> {
  const what = 'longest gap in the loop with ten units that flood'
  return attempt({ what, peer: 'us', unit: 'ms', n: 1, limit: loopGapMsMax, note: `over ${floodMs / 1_000} s` }, () => {
    const flood = (index: number) => (site: Site) => [compiled('flood'), '0', '1', site.argument(index)]
    return withFlood(
      loopGap,
      Array.from({ length: floods }, (_, index) => flood(index)),
      async (supervisor, site) => {
        await supervisor.begin()
        await site.notes.until(() => site.notes.latest.size === floods, 'ten floods to run')
        await pass(1_000)
        supervisor.mark?.()
        await pass(floodMs)
        return supervisor.gapMs!()
      },
    )
  })
}
