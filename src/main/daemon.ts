import { join } from 'node:path'
import { describeTerminal, type Terminal } from '../cli/terminal.ts'
import { explain } from '../core/explain.ts'
import { deathsMax, deathsWindowMs } from '../core/limits.ts'
import { createProbes } from '../drivers/probes/probes.ts'
import { createProcessDriver } from '../drivers/process/driver.ts'
import { cleanEnvironment } from '../drivers/process/environment.ts'
import { createScheduler } from '../drivers/schedule/scheduler.ts'
import { createEngine, type Engine } from '../engine/engine.ts'
import type { HistoryEntry } from '../engine/ports.ts'
import type { SourcesPort } from '../frontends/native/handlers.ts'
import { createLogFiles } from '../logs/log-files.ts'
import { openHistory } from '../store/history.ts'
import { createRecorder } from '../store/recorder.ts'
import { openSqliteStore } from '../store/sqlite.ts'
import { bootNow } from '../sys/boot-clock.ts'
import { closeAllOnExec } from '../sys/cloexec.ts'
import { exitNow } from '../sys/kill.ts'
import { descriptorLimit } from '../sys/rlimit.ts'
import { createWatcher } from '../sys/watcher.ts'
import type { ChangeReport, UpgradeItem } from '../wire/api.ts'
import { type ExitCode, exitCodes } from '../wire/exit-codes.ts'
import { chooseHome, type Home } from '../wire/home.ts'
import { createClock } from './clock.ts'
import { createConsoleOutput } from './console-output.ts'
import { parseDaemonArguments } from './daemon-arguments.ts'
import { decodeInChild } from './decode-child.ts'
import { combineDrivers, type RunDriver } from './drivers.ts'
import { dieOnBugs } from './fatal.ts'
import { createForeground, type Foreground } from './foreground.ts'
import { type Before, openFront } from './front.ts'
import { claimHome, type DriverName } from './home-driver.ts'
import { takeHome } from './home-lock.ts'
import { createLastAnswers } from './last-answers.ts'
import { saveMemory } from './memory.ts'
import { openOwnLog } from './own-log.ts'
import { createSources, type Declared, rememberedSources } from './sources.ts'
import { type Carried, takeCarried } from './upgrade-carried.ts'
import { beginProbation } from './upgrade-probation.ts'
import { holdSignals } from './upgrade-signals.ts'

/** Supervises until it is told to end. Answers only where it could not begin; else it ends the process itself. */
export async function runDaemon(args: readonly string[], version: string): Promise<ExitCode> {
  const carried = takeCarried()
  const out = createConsoleOutput(1)
  const talk = createConsoleOutput(2)
  dieOnBugs()
  const signals = carried === null ? null : holdSignals()
  const probation = carried === null ? null : beginProbation({ carried, args, talk })
  const refuse = (message: string, code: ExitCode): ExitCode => {
    talk(`holdfast: ${message}\n`)
    probation?.goBack(message)
    return code
  }
  const wanted = parseDaemonArguments(args)
  if (wanted.kind === 'usage') return refuse(wanted.message, exitCodes.usage)
  const choice = chooseHome({ option: wanted.home, environment: process.env, uid: process.geteuid?.() ?? 0 })
  if (choice.kind === 'bad') return refuse(choice.message, exitCodes.usage)
  const { home } = choice
  const declared = wanted.sources.length > 0 ? wanted : asLastTime(wanted, rememberedSources(home.stateDirectory))
  if (declared === null) {
    return refuse(
      `nothing is known of ${home.name} yet; name what is declared: holdfast daemon FILE|DIR…`,
      exitCodes.usage,
    )
  }
  const lock = takeHome(home, carried?.lockFd ?? null)
  if (lock.kind === 'refused') return refuse(lock.message, lock.code)
  const foreign = claimHome(home, wanted.driver)
  if (foreign !== null) return refuse(foreign, exitCodes.failed)
  closeAllOnExec()
  const before = carried === null || signals === null || probation === null ? null : { carried, signals, probation }
  const { home: homeOption, driver: driverName } = wanted
  const write = openOwnLog(home.logDirectory)?.write
  const output = { out: write ?? out, talk: write ?? talk }
  return supervise({ home, homeOption, driverName, lockFd: lock.fd, declared, version, before, ...output })
}

/** The files of last time; what is said this time comes on top. */
function asLastTime(said: Declared, last: Declared | null): Declared | null {
  if (last === null) return null
  const logTotalBytesMax = said.logTotalBytesMax ?? last.logTotalBytesMax
  const listen = said.listen ?? last.listen
  return { sources: last.sources, lenient: said.lenient || last.lenient, logTotalBytesMax, listen }
}

interface Setting {
  readonly home: Home
  /** As it was given, if it was. */
  readonly homeOption: string | undefined
  readonly driverName: DriverName
  readonly lockFd: number
  /** What the image before us handed over, in an upgrade. */
  readonly before: Before | null
  readonly declared: Declared
  readonly version: string
  readonly out: (text: string) => void
  readonly talk: (text: string) => void
}

async function supervise(setting: Setting): Promise<ExitCode> {
  const { home, driverName, before, declared, version, out, talk } = setting
  const { stateDirectory, runDirectory, logDirectory } = home
  const warn = (text: string): void => talk(`holdfast: ${text}\n`)
  // On the other core while the store is opened and what runs is adopted. An upgrade applies nothing that nobody asked for.
  const ahead = before === null ? decodeInChild({ ...declared, runDirectory }) : null
  ahead?.catch(() => {}) // whoever takes it is told
  const watcher = createWatcher()
  const descriptorsSoft = startNofileSoft()
  const clock = createClock({ watcher, warn })
  const startedAt = clock.now()
  const store = openSqliteStore({ stateDirectory, runDirectory, warn })
  store.noteStart(startedAt)
  const logs = createLogFiles({ directory: logDirectory, totalBytesMax: declared.logTotalBytesMax, warn })
  const startRunDriver = (): RunDriver =>
    createProcessDriver({
      runDirectory: join(runDirectory, 'process'),
      homeId: store.homeId,
      logs,
      clock: () => clock.now(),
      watcher,
      startNofileSoft: descriptorsSoft,
      baseEnvironment: cleanEnvironment(process.env),
      isFollowing: before !== null,
      warn,
    })
  const startPlaying = async (): Promise<RunDriver> => {
    warn('the units are only played (--driver fake): no process is started')
    return (await import('./played-driver.ts')).createPlayedDriver(createClock({ watcher, warn }))
  }
  const runDriver = driverName === 'fake' ? await startPlaying() : startRunDriver()
  const probes = createProbes({ logs })
  const driver = combineDrivers({ runs: runDriver, probes, schedules: createScheduler({ warn }) })
  const recorder = createRecorder({ directory: join(stateDirectory, 'recorder'), warn })
  const history = openHistory({ directory: stateDirectory, warn })
  const engine = createEngine({ store, driver, clock, recorder, warn })
  engine.subscribe(history.turn)
  const lastAnswers = createLastAnswers()
  const sources = createSources({ engine, runDirectory, stateDirectory, declared, ahead })
  /** Closing the rest would take as long as starting the next image's. */
  const closeInside = (): { readonly closedBootMs: number } => {
    store.noteCleanEnd()
    const closedBootMs = bootNow().bootMs
    engine.finish()
    history.close()
    runDriver.close({ isFollowed: true })
    recorder.close()
    return { closedBootMs }
  }
  const close = (): void => {
    engine.close()
    runDriver.close({ isFollowed: false })
    recorder.close()
    store.noteCleanEnd()
    probes.close()
    watcher.close()
    store.close()
  }
  const end = (code: ExitCode): never => {
    front.close()
    close()
    history.daemon('ended', code === exitCodes.ok ? 'everything has ended' : 'nothing could be supervised', clock.now())
    history.close()
    before?.probation.pass()
    return exitNow(code)
  }

  const foreground = createForeground({ out, terminal: ownTerminal, home })
  obeySignals({ engine, sources, foreground, warn })
  before?.signals.release()
  const deaths = store.deathsWithin(deathsWindowMs)
  const repeated = deaths >= deathsMax ? `the daemon died ${deaths} times within ${deathsWindowMs / 1_000} s` : null
  const held = before?.carried.held ?? repeated
  history.daemon(...beginning({ version, held, carried: before?.carried ?? null, last: history.before }), startedAt)
  await engine.start({ held })
  before?.probation.turned()
  saveMemory()
  const front = await openFront({
    ...setting,
    engine,
    logs,
    stdin: runDriver.stdin,
    driver,
    sources,
    history,
    lastAnswers,
    startedAt,
    descriptorsSoft,
    closeInside,
    warn,
  })
  for (const signal of [...(before?.carried.signals ?? []), ...(before?.signals.came ?? [])]) {
    process.kill(process.pid, signal)
  }
  foreground.say(`Holdfast ${version}, pid ${process.pid}\nhome ${home.name}, socket ${home.socketPath}`)
  if (held !== null) {
    warn(`held: ${held}; what runs is kept, nothing new is applied until: holdfast up`)
  } else if (before !== null) foreground.say(upgradeText(front.upgrade(), engine.snapshot().state.units.size))
  else if (!(await readDeclared({ engine, sources, foreground, warn }))) end(exitCodes.configurationInvalid)
  foreground.follow(engine)
  await engine.stopped
  await lastAnswers.given(lastAnswersMsMax)
  foreground.say('everything has ended')
  return end(exitCodes.ok)
}

/** A client that does not take its answer cannot keep us from ending. */
const lastAnswersMsMax = 1_000

/** What the history tells of our beginning. */
function beginning(options: {
  readonly version: string
  readonly held: string | null
  readonly carried: Carried | null
  /** What the daemon before us wrote last. */
  readonly last: HistoryEntry | null
}): readonly ['started' | 'upgraded', string] {
  const { version, held, carried, last } = options
  const asHeld = held === null ? '' : `; held: ${held}`
  if (carried !== null) {
    const { news } = carried
    const what = news.kind === 'back' ? `the other version failed (${news.why}); back to` : 'to'
    return ['upgraded', `${what} version ${version}, pid ${process.pid}${asHeld}`]
  }
  const isOrderly = last === null || (last.kind === 'daemon' && last.what === 'ended')
  const death = isOrderly ? '' : '; the one before it ended without a word'
  return ['started', `version ${version}, pid ${process.pid}${death}${asHeld}`]
}

interface Conversation {
  readonly engine: Engine
  readonly sources: SourcesPort
  readonly foreground: Foreground
  readonly warn: (text: string) => void
}

/** Applies what the files declare now. false: they cannot be used, and there is nothing from earlier to go on with. */
async function readDeclared({ engine, sources, foreground, warn }: Conversation): Promise<boolean> {
  const hasEarlier = engine.snapshot().state.units.size > 0
  try {
    const report = await sources.read({ sources: null, lenient: null, apply: true, by: { kind: 'daemon' } })
    for (const line of [...report.errors, ...report.warnings]) foreground.say(line)
    if (report.errors.length > 0) return goOnWithEarlier(hasEarlier, warn)
    foreground.say(`${engine.snapshot().state.units.size} units declared in ${sources.current().join(', ')}`)
    return true
  } catch (error) {
    warn(error instanceof Error ? error.message : String(error))
    return goOnWithEarlier(hasEarlier, warn)
  }
}

function goOnWithEarlier(hasEarlier: boolean, warn: (text: string) => void): boolean {
  if (hasEarlier) warn('these files are not applied; supervision goes on with what was declared before')
  else warn('nothing can be supervised; correct the errors above, then start again')
  return hasEarlier
}

function upgradeText(item: UpgradeItem | null, units: number): string {
  if (item === null) return `upgraded; ${units} units were left alone`
  const { from, to, why, gapMs } = item
  const gap = gapMs === null ? '' : `, after ${gapMs} ms`
  if (why !== '')
    return `the upgrade to ${to.version} failed: ${why}; ${from.version} goes on${gap}, ${units} units were left alone`
  return `upgraded from ${from.version}${gap}; ${units} units were left alone`
}

/** SIGTERM and SIGINT end everything in order, SIGHUP reads the files again and reports. */
function obeySignals({ engine, sources, foreground, warn }: Conversation): void {
  const stop = (signal: string) => (): void => {
    if (engine.snapshot().state.mode.kind === 'stopping') {
      foreground.say(waitingFor(engine))
      return
    }
    foreground.say(`${signal}: stopping everything in order; again tells what is waited for`)
    engine
      .command({ kind: 'shutdown', by: { kind: 'daemon' }, why: signal })
      .catch((error: Error) => warn(error.message))
  }
  process.on('SIGTERM', stop('SIGTERM'))
  process.on('SIGINT', stop('SIGINT'))
  process.on('SIGHUP', () => {
    sources
      .read({ sources: null, lenient: null, apply: false, by: { kind: 'daemon' } })
      .then((report) => foreground.say(reloadText(report)))
      .catch((error: Error) => warn(error.message))
  })
}

function waitingFor(engine: Engine): string {
  const { state } = engine.snapshot()
  const accounts = explain(state, bootNow()).filter(({ unit }) => state.units.get(unit)?.run !== null)
  return ['still waiting for:', ...accounts.map(({ unit, state, next }) => `  ${unit}  ${state}: ${next}`)].join('\n')
}

function reloadText(report: ChangeReport): string {
  const changes = report.changes.map(({ app, service, change, fields }) => {
    const what = change === 'changed' ? fields.map(({ field }) => field).join(', ') : ''
    return `  ${app}/${service}  ${change}${what === '' ? '' : `: ${what}`}`
  })
  const summary =
    report.errors.length > 0
      ? 'SIGHUP: the files have errors; nothing changes'
      : changes.length === 0
        ? 'SIGHUP: nothing differs'
        : 'SIGHUP: these differ; apply them with: holdfast up'
  return [...report.errors, ...report.warnings, summary, ...changes].join('\n')
}

/** Node raised the soft limit before we could see it; the launcher noted the one it found. */
function startNofileSoft(): number {
  const noted = process.env.HOLDFAST_NOFILE_SOFT ?? ''
  if (noted === 'unlimited') return descriptorLimit().hard
  return /^\d+$/.test(noted) ? Number(noted) : descriptorLimit().soft
}

function ownTerminal(): Terminal {
  return describeTerminal({ stream: process.stdout, environment: process.env, colour: 'auto' })
}
