import type { Random } from '../../src/base/prng.ts'
import { service as plainService } from '../../src/core/fixture.ts'
import type { App, Hook, LoggerSpec, ProcessSpec, Service, StopRung } from '../../src/core/model.ts'

/** Service directories as they are decoded: what they say comes and goes while they run, and they have loggers. */

const appName = 'sv'
const plainProcess: ProcessSpec = plainService('plain').process
const directoriesMax = 5

/** Two seeds in five have them, of a stream of their own: what the others draw stays as it is. */
export function hasDirectories(seed: number): boolean {
  return seed % 5 === 0 || seed % 5 === 4
}

export function drawDirectories(random: Random): App {
  const names = Array.from({ length: random.whole(2, 4) }, (_, index) => `v${index}`)
  return appOf(names.flatMap((name) => drawDirectory(random, name)))
}

/** One of them comes, goes, or is changed in a way that somebody who edits it may change it. */
export function changeDirectories(random: Random, { services }: App): App {
  const all = Object.values(services)
  const writers = all.filter((service) => !isLogger(service))
  const name = `v${random.whole(0, directoriesMax - 1)}`
  const known = writers.find((writer) => writer.name === name)
  const others = all.filter((service) => service.name !== name && service.name !== loggerName(name))
  if (known === undefined) return appOf([...others, ...drawDirectory(random, name)])
  const log = all.find((service) => service.name === loggerName(name)) ?? null
  const put = (writer: Service, logger: Service | null = log) =>
    appOf([...others, writer, ...(logger === null ? [] : [logger])])
  switch (random.whole(0, 9)) {
    case 0:
    case 1:
      return writers.length === 1 ? appOf(all) : appOf(others)
    case 2:
    case 3:
      return put({ ...known, autostart: !known.autostart })
    case 4:
      return log === null ? put(known) : put(known, { ...log, autostart: !log.autostart })
    case 5:
    case 6:
      return appOf([...others, ...withLog(random, known)])
    case 7:
      return put({ ...known, hooks: drawHooks(random) })
    case 8:
      return put({ ...known, ...drawEnd(random) })
    default: {
      const command = [...known.process.command.slice(0, 2), String(random.whole(1, 99))]
      return put({ ...known, process: { ...known.process, command } })
    }
  }
}

function appOf(services: readonly Service[]): App {
  const keyed = Object.fromEntries(services.map((service) => [service.name, service]))
  return { name: appName, source: '/etc/service', dialect: 'runit', priority: 999, services: keyed }
}

function drawDirectory(random: Random, name: string): readonly Service[] {
  const writer: Service = {
    ...plainService(name, {
      autostart: random.chance(0.8),
      autostartAgain: false,
      manualStop: random.chance(0.9) ? 'until-daemon-restart' : 'until-started',
      restart,
      hooks: drawHooks(random),
      priority: drawPriority(random),
    }),
    process: { ...plainProcess, command: ['server', name], inheritEnvironment: true },
    ...drawEnd(random),
  }
  return withLog(random, writer)
}

/** Mostly a logger of its own, sometimes the daemon itself, sometimes none. */
function withLog(random: Random, writer: Service): readonly Service[] {
  const drawn = random.next()
  const by = (logger: LoggerSpec | null): Service => ({ ...writer, process: { ...writer.process, logger } })
  if (drawn < 0.15) return [by(null)]
  if (drawn < 0.3) return [by(builtin)]
  const name = loggerName(writer.name)
  const end: StopRung = { signal: 'EOF', scope: 'main', waitMs: random.whole(50, 2_000) }
  const stop = drawLadder(random, 'd', {})
  const logger: Service = {
    ...plainService(name, { autostart: random.chance(0.85), autostartAgain: false, restart, stop }),
    manualStop: writer.manualStop,
    process: {
      ...plainProcess,
      command: ['server', name],
      inheritEnvironment: true,
      stdin: { kind: 'output', unit: unitOf(writer.name) },
    },
    retire: random.chance(0.6) ? [end] : [end, { signal: 'KILL', scope: 'tree', waitMs: 500 }],
    priority: drawPriority(random),
  }
  return [by({ kind: 'unit', unit: unitOf(name), stderr: plainProcess.stdout }), logger]
}

const builtin: LoggerSpec = {
  kind: 'svlogd',
  svlogd: { directories: ['/log'], stamp: 'none', replacement: null, replaced: '', lineBytesMax: 1_000, user: null },
  stderr: plainProcess.stdout,
}

const restart: Service['restart'] = {
  when: 'always',
  successExits: [0],
  stableMs: 1_000,
  early: 'always',
  backoff: { shape: 'linear', firstMs: 1_000, factor: 1, maxMs: 1_000, jitter: 0, freeRestarts: 0 },
  budget: null,
}

/** As it really is, and every other way. */
function drawPriority(random: Random): number {
  return random.chance(0.5) ? 1 : random.whole(0, 3)
}

function drawHooks(random: Random): Service['hooks'] {
  const pre: Hook = { command: ['control/u'], timeoutMs: null, ignoreFailure: true }
  const post: Hook = { command: ['./finish'], timeoutMs: null, ignoreFailure: true, isFinish: true }
  return { preStart: random.chance(0.3) ? pre : null, postStop: random.chance(0.5) ? post : null }
}

function drawEnd(random: Random): Pick<Service, 'stop' | 'retire' | 'signalScripts'> {
  const scripts = random.chance(0.4) ? { TERM: ['control/t'], HUP: ['control/h'] } : {}
  const stop = drawLadder(random, 'd', scripts)
  return { stop, retire: random.chance(0.4) ? drawLadder(random, 'x', scripts) : null, signalScripts: scripts }
}

/** It ends in SIGCONT or in word to a script: whoever ignores SIGTERM lives on, unless there is a kill behind it. */
function drawLadder(random: Random, letter: string, { TERM }: Service['signalScripts']): readonly StopRung[] {
  const waitMs = random.chance(0.4) ? random.whole(100, 2_000) : 0
  const term: StopRung = { signal: 'TERM', scope: 'main', waitMs: 0 }
  const asked: StopRung = TERM === undefined ? term : { ...term, script: TERM }
  const last: readonly StopRung[] = random.chance(0.4)
    ? [{ signal: '0', scope: 'main', waitMs, script: [`control/${letter}`] }]
    : []
  const kill: readonly StopRung[] = waitMs === 0 ? [] : [{ signal: 'KILL', scope: 'tree', waitMs: 500 }]
  return [asked, { signal: 'CONT', scope: 'main', waitMs: last.length === 0 ? waitMs : 0 }, ...last, ...kill]
}

function isLogger({ process }: Service): boolean {
  return process.stdin.kind === 'output'
}

function loggerName(name: string): string {
  return `${name}.log`
}

function unitOf(name: string): string {
  return `${appName}/${name}/1`
}
