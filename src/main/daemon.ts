import { describeTerminal, type Terminal } from '../cli/terminal.ts'
import { deathsMax, deathsWindowMs } from '../core/limits.ts'
import type { Command } from '../core/model.ts'
import { emptyTarget } from '../core/revive.ts'
import { closeAllOnExec } from '../sys/cloexec.ts'
import { exitNow } from '../sys/kill.ts'
import type { UpgradeItem } from '../wire/api.ts'
import { type ExitCode, exitCodes } from '../wire/exit-codes.ts'
import { chooseHome, type Home } from '../wire/home.ts'
import { beginning } from './beginning.ts'
import { createConsoleOutput } from './console-output.ts'
import { parseDaemonArguments } from './daemon-arguments.ts'
import type { Declared } from './declared.ts'
import { dieOnBugs } from './fatal.ts'
import { createForeground, type Foreground } from './foreground.ts'
import { type Before, openFront } from './front.ts'
import { claimHome, type DriverName } from './home-driver.ts'
import { takeHome } from './home-lock.ts'
import { type Inside, openInside } from './inside.ts'
import { createLastAnswers } from './last-answers.ts'
import { saveMemory } from './memory.ts'
import { type Obedience, obeySignals } from './obey-signals.ts'
import { openOwnLog } from './own-log.ts'
import { preloadApps } from './preload.ts'
import { readDeclared } from './read-declared.ts'
import { readRunsvdir } from './runsvdir.ts'
import { rememberedSources } from './sources.ts'
import type { BegunSupervisord } from './supervisord/begin.ts'
import type { SupervisordFrontend } from './supervisord/frontend.ts'
import { obeyAsSupervisord } from './supervisord/signals.ts'
import { tellUnstarted } from './unstarted.ts'
import { takeCarried } from './upgrade-carried.ts'
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
  const declared = whatIsDeclared(wanted, rememberedSources(home.stateDirectory))
  if (declared === null) {
    return refuse(
      `nothing is known of ${home.name} yet; name what is declared: holdfast daemon FILE|DIR…`,
      exitCodes.usage,
    )
  }
  const role = wanted.supervisord
  const refuseSupervisord = (message: string): ExitCode => {
    talk(supervisordUsage(message))
    probation?.goBack(message)
    return exitCodes.usage
  }
  const read =
    role === undefined
      ? null
      : await (await import('./supervisord/begin.ts')).readSupervisord({
          ...{ role, home, file: declared.sources[0] ?? '', isFollowing: carried !== null },
        })
  if (read?.kind === 'refused') return refuseSupervisord(read.message)
  const lock = takeHome(home, carried?.lockFd ?? null)
  if (lock.kind === 'refused') return refuse(lock.message, lock.code)
  const beginning = read?.become() ?? null
  if (beginning?.kind === 'refused') return refuseSupervisord(beginning.message)
  const foreign = claimHome(home, wanted.driver)
  if (foreign !== null) return refuse(foreign, exitCodes.failed)
  closeAllOnExec()
  const before = carried === null || signals === null || probation === null ? null : { carried, signals, probation }
  const { home: homeOption, driver: driverName } = wanted
  const write = openOwnLog(home.logDirectory)?.write
  const output = { out: write ?? out, talk: write ?? talk }
  const preload = wanted.preload ?? null
  const begun = beginning?.begun ?? null
  return supervise({
    home,
    homeOption,
    driverName,
    lockFd: lock.fd,
    declared,
    preload,
    begun,
    version,
    before,
    ...output,
  })
}

/** The same as runit's `runsvdir` is called. */
export async function runRunsvdir(
  leading: readonly string[],
  args: readonly string[],
  version: string,
): Promise<number> {
  const request = readRunsvdir(args)
  if (request.kind === 'usage') {
    process.stderr.write(request.message)
    return request.code
  }
  if (request.warning !== '') process.stderr.write(`runsvdir: warning: ${request.warning}\n`)
  return runDaemon([...leading, ...request.args], version)
}

/** null: nothing is, and nobody said that this is well. */
function whatIsDeclared(said: StartedWith, last: Declared | null): Declared | null {
  const { sources, lenient, logTotalBytesMax, listen, runsvdir, preload } = said
  const configFile = said.balena?.configFile ?? process.env.CONFIG_MOUNT_POINT ?? last?.balena?.configFile ?? null
  const lockRoot = said.balena?.lockRoot ?? last?.balena?.lockRoot ?? null
  const balena = configFile === null && lockRoot === null ? {} : { balena: { configFile, lockRoot } }
  const role = said.supervisord === undefined ? {} : { supervisord: said.supervisord }
  const now: Declared = { sources, lenient, logTotalBytesMax, listen, runsvdir, ...balena, ...role }
  if (sources.length > 0) return now
  if (last !== null) return { ...asLastTime(said, last), ...balena }
  return said.isEmptyAllowed || preload !== undefined ? now : null
}

type StartedWith = Extract<ReturnType<typeof parseDaemonArguments>, { readonly kind: 'arguments' }>

/** The files of last time; what is said this time comes on top. */
function asLastTime(said: Declared, last: Declared): Declared {
  const logTotalBytesMax = said.logTotalBytesMax ?? last.logTotalBytesMax
  const listen = said.listen ?? last.listen
  const { sources, runsvdir } = last
  return { sources, lenient: said.lenient || last.lenient, logTotalBytesMax, listen, runsvdir }
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
  /** A file of apps that are there from the beginning. */
  readonly preload: string | null
  /** It was called as supervisord; else null. */
  readonly begun: BegunSupervisord | null
  readonly version: string
  readonly out: (text: string) => void
  readonly talk: (text: string) => void
}

async function supervise(setting: Setting): Promise<ExitCode> {
  const { home, before, begun, version, out, talk } = setting
  let supervisord: SupervisordFrontend | null = null
  const warn = (text: string): void => {
    // What it prints is its activity log, as supervisord's.
    if (begun === null || supervisord === null) talk(`holdfast: ${text}\n`)
    else supervisord.daemon.activity.write('warn', `holdfast: ${text}`)
  }
  const inside = await openInside({ ...setting, isFollowing: before !== null, warn })
  const { engine, store, history, sources, startedAt } = inside
  const lastAnswers = createLastAnswers()
  const { runsvdir } = setting.declared
  // Its output is that of the services.
  const silent = () => {}
  const isSilent = runsvdir !== null || begun !== null
  const own = isSilent ? { out: silent, talk: silent } : { out, talk }
  const foreground = createForeground({ ...own, terminal: ownTerminal, home })
  if (runsvdir !== null) tellUnstarted(engine, warn)
  const isGoingOn = inside.supervisord.isGoingOn()
  if (begun !== null || isGoingOn) supervisord = await inside.supervisord.need()
  const asked = obey({ ...setting, ...inside, foreground, supervisord, warn })
  before?.signals.release()
  const deaths = store.deathsWithin(deathsWindowMs)
  const repeated = deaths >= deathsMax ? `the daemon died ${deaths} times within ${deathsWindowMs / 1_000} s` : null
  const held = before?.carried.held ?? repeated
  history.daemon(...beginning({ version, held, carried: before?.carried ?? null, last: history.before }), startedAt)
  await engine.start({
    held,
    async first(state) {
      await inside.supervisord.goingOn(state.target)
      const commands = begun === null || isGoingOn ? sources.begin(state) : [nothingYet]
      return held === null ? commands : []
    },
  })
  inside.supervise.settle()
  before?.probation.turned()
  saveMemory()
  const isBeginning = begun !== null && !isGoingOn
  const carriedDoors = before?.carried.supervisordDoors ?? []
  const isEmptyYet = isBeginning && held === null && before === null
  const failures = (await supervisord?.open({ carried: carriedDoors, isEmptyYet })) ?? []
  if (isBeginning && failures.length > 0) {
    inside.close('its servers could not be opened')
    talk(supervisordUsage(failures[0]!.message))
    return exitNow(exitCodes.usage)
  }
  for (const { section, message } of failures) warn(`[${section}]: ${message}`)
  const front = await openFront({ ...setting, ...inside, lastAnswers, warn })
  const end = (code: number): never => {
    front.close()
    inside.close(code === exitCodes.ok ? 'everything has ended' : 'nothing could be supervised')
    before?.probation.pass()
    return exitNow(code)
  }
  for (const signal of [...(before?.carried.signals ?? []), ...(before?.signals.came ?? [])]) {
    process.kill(process.pid, signal)
  }
  foreground.say(`Holdfast ${version}, pid ${process.pid}\nhome ${home.name}, socket ${home.socketPath}`)
  if (held !== null) {
    warn(`held: ${held}; what runs is kept, nothing new is applied until: holdfast up`)
  } else if (before !== null) foreground.say(upgradeText(front.upgrade(), engine.snapshot().state.units.size))
  else if (!(await readDeclared({ engine, sources, foreground, warn })))
    end(begun === null ? exitCodes.configurationInvalid : exitCodes.usage)
  if (held === null && before === null && setting.preload !== null)
    await preloadApps({ path: setting.preload, sources, say: foreground.say, warn })
  foreground.follow(engine)
  const how = await Promise.race([engine.stopped.then(() => 'stopped'), asked.left.then(() => 'left')])
  if (how === 'left') {
    engine.finish()
    front.close()
    inside.close('left everything running')
    before?.probation.pass()
    return exitNow(exitCodes.ok)
  }
  await lastAnswers.given(lastAnswersMsMax)
  foreground.say('everything has ended')
  return end(asked.exitCode() ?? exitCodes.ok)
}

/** The program of supervisord that is called anew starts what its file says, and not what it said last time. */
const nothingYet: Command = {
  kind: 'set-target',
  target: emptyTarget,
  by: { kind: 'daemon' },
  why: 'supervisord begins',
  isUnread: true,
}

/** As it is told by supervisord. */
function supervisordUsage(message: string): string {
  return `Error: ${message}\nFor help, use supervisord -h\n`
}

function obey(
  parts: Pick<Setting, 'declared' | 'begun'> &
    Pick<Inside, 'engine' | 'sources' | 'logs'> & {
      readonly foreground: Foreground
      readonly supervisord: SupervisordFrontend | null
      readonly warn: (text: string) => void
    },
): Obedience {
  const { declared, begun, logs, supervisord } = parts
  const reopenLogs = (): void => (supervisord === null ? logs.reopen() : supervisord.reopenLogs())
  if (begun === null || supervisord === null)
    return obeySignals({ ...parts, isRunsvdir: declared.runsvdir !== null, reopenLogs })
  obeyAsSupervisord({ daemon: supervisord.daemon, reopenLogs })
  return { exitCode: () => null, left: Promise.withResolvers<void>().promise }
}

/** A client that does not take its answer cannot keep us from ending. */
const lastAnswersMsMax = 1_000

function upgradeText(item: UpgradeItem | null, units: number): string {
  if (item === null) return `upgraded; ${units} units were left alone`
  const { from, to, why, gapMs } = item
  const gap = gapMs === null ? '' : `, after ${gapMs} ms`
  if (why !== '')
    return `the upgrade to ${to.version} failed: ${why}; ${from.version} goes on${gap}, ${units} units were left alone`
  return `upgraded from ${from.version}${gap}; ${units} units were left alone`
}

function ownTerminal(): Terminal {
  return describeTerminal({ stream: process.stdout, environment: process.env, colour: 'auto' })
}
