import { join } from 'node:path'
import type { State } from '../core/model.ts'
import type { ServicesDirectory } from '../dialects/runit/decode.ts'
import { diskSourceReader } from '../dialects/source-reader.ts'
import { createProbes } from '../drivers/probes/probes.ts'
import { createProcessDriver } from '../drivers/process/driver.ts'
import { cleanEnvironment } from '../drivers/process/environment.ts'
import { createScheduler } from '../drivers/schedule/scheduler.ts'
import { createEngine, type Engine } from '../engine/engine.ts'
import type { DialoguePort, Driver, ExecPort, StdinPort } from '../engine/ports.ts'
import { createSupervise, type Supervise } from '../frontends/runit/supervise.ts'
import { createLogFiles, type LogFiles } from '../logs/log-files.ts'
import { type History, openHistory } from '../store/history.ts'
import { createRecorder } from '../store/recorder.ts'
import { openSqliteStore, type SqliteStore } from '../store/sqlite.ts'
import { type BootNow, bootNow } from '../sys/boot-clock.ts'
import { createInotify } from '../sys/inotify.ts'
import { lockHolder } from '../sys/lock-holder.ts'
import { descriptorLimit } from '../sys/rlimit.ts'
import { createWatcher } from '../sys/watcher.ts'
import type { Home } from '../wire/home.ts'
import { createClock } from './clock.ts'
import { type Containers, openContainers } from './containers.ts'
import type { Declared } from './declared.ts'
import type { DecodeAnswer } from './decode-child.ts'
import { combineDrivers, type RunDriver } from './drivers.ts'
import { combineExec } from './exec.ts'
import type { DriverName } from './home-driver.ts'
import { withRunitPrograms } from './program-path.ts'
import { createServices, type Services, servicesAmong } from './services.ts'
import { createSources, type DecodePlaces, decodeFiles, devicePlaces, type Sources } from './sources.ts'
import type { BegunSupervisord } from './supervisord/begin.ts'
import { openKeptSettings } from './supervisord/kept-settings.ts'
import { createSupervisordPlace, type SupervisordPlace } from './supervisord/place.ts'

/** What the image that follows finds. */
export interface ClosedInside {
  /** When the last turn was. */
  readonly closedBootMs: number
  /** Descriptors that it takes over by what they are open on. */
  readonly keep: readonly number[]
}

/** Everything behind the frontends, wired together and not yet started. */
export interface Inside {
  readonly engine: Engine
  readonly store: SqliteStore
  readonly logs: LogFiles
  readonly driver: Driver
  readonly stdin: StdinPort
  readonly exec: ExecPort
  readonly dialogues: DialoguePort
  readonly history: History
  readonly sources: Sources
  readonly supervise: Supervise
  readonly supervisord: SupervisordPlace
  readonly startedAt: BootNow
  readonly descriptorsSoft: number
  /** For another image of this process, after a last turn: what that opens itself is closed. Answers when the turn was. */
  closeInside(): ClosedInside
  /** `why`: what the history is to tell of our end. */
  close(why: string): void
}

export interface InsideSetting {
  readonly home: Home
  readonly driverName: DriverName
  readonly declared: Declared
  readonly version: string
  /** Of a daemon that was called as supervisord. */
  readonly begun: BegunSupervisord | null
  /** Onto our own standard output. */
  readonly out: (text: string) => void
  /** Another image of this process was here before us. */
  readonly isFollowing: boolean
  readonly warn: (text: string) => void
}

export async function openInside(setting: InsideSetting): Promise<Inside> {
  const { home, driverName, declared, isFollowing, warn } = setting
  const { stateDirectory, runDirectory, logDirectory } = home
  // On the other core while the store is opened and what runs is adopted. An upgrade applies nothing that nobody asked for.
  const clean = cleanEnvironment(process.env)
  const reader = diskSourceReader(clean)
  const decodePlaces = { runDirectory, device: devicePlaces(stateDirectory, declared) }
  const directories = servicesAmong(declared, reader)
  const ahead = isFollowing ? null : readAhead(setting, directories, decodePlaces)
  ahead?.catch(() => {}) // whoever takes it is told
  const watcher = createWatcher()
  const descriptorsSoft = startNofileSoft()
  const clock = createClock({ watcher, warn })
  const startedAt = clock.now()
  const store = openSqliteStore({ stateDirectory, runDirectory, warn })
  store.noteStart(startedAt)
  const baseEnvironment = directories.length === 0 ? clean : withRunitPrograms(clean, process.argv[1] ?? '')
  const environment = Object.entries(baseEnvironment).map(([name, value]) => `${name}=${value}`)
  const logs = createLogFiles({
    directory: logDirectory,
    totalBytesMax: declared.logTotalBytesMax,
    loggers: {
      folder: join(runDirectory, 'svlogd'),
      processors: { watcher, environment, descriptorsSoft },
      lockHolder,
    },
    heldFolder: join(runDirectory, 'held'),
    told: (news) => supervisord.output(news),
    warn,
  })
  const startRunDriver = (): RunDriver =>
    createProcessDriver({
      runDirectory: join(runDirectory, 'process'),
      homeId: store.homeId,
      logs,
      clock: () => clock.now(),
      watcher,
      startNofileSoft: descriptorsSoft,
      baseEnvironment,
      isFollowing,
      warn,
    })
  const startPlaying = async (): Promise<RunDriver> => {
    warn('the units are only played (--driver fake): no process is started')
    return (await import('./played-driver.ts')).createPlayedDriver(createClock({ watcher, warn }))
  }
  const runs = driverName === 'fake' ? await startPlaying() : startRunDriver()
  const probes = createProbes({ logs })
  const playContainers = async (): Promise<Containers> =>
    (await import('./played-driver.ts')).createPlayedContainers(createClock({ watcher, warn }), store.homeId)
  const containers: Containers =
    driverName === 'fake'
      ? await playContainers()
      : openContainers({ stateDirectory, homeId: store.homeId, logs, clock, warn })
  const exec = combineExec({ processes: runs.exec ?? null, containers: containers.exec })
  const combined = combineDrivers({ runs, probes, containers, schedules: createScheduler({ warn }) })
  const driver: Driver = {
    ...combined,
    events: (post, signal) =>
      combined.events((event) => {
        if (event.kind === 'exited') supervise.hear(event.unit)
        post(event)
      }, signal),
  }
  const recorder = createRecorder({ directory: join(stateDirectory, 'recorder'), warn })
  const history = openHistory({ directory: stateDirectory, warn })
  const engine = createEngine({ store, driver, clock, recorder, warn })
  engine.subscribe(history.turn)
  engine.subscribe(containers.turned)
  const supervise = createSupervise({
    engine,
    loggers: logs,
    watcher,
    clock: () => clock.now(),
    isFollowing,
    exit: (unit) => sources.exit(unit),
    warn,
  })
  const openServices = (changed: () => void): Services => {
    const openInotify = () => createInotify(watcher)
    const services = createServices({ reader, supervise, openInotify, state, changed, warn })
    engine.subscribe(services.turned)
    return services
  }
  const state = (): State => engine.snapshot().state
  const supervisord = createSupervisordPlace({
    ...{ engine, logs, stdin: runs.stdin, dialogues: runs.dialogues, files: () => sources.files, runDirectory, warn },
    onSocket: (listener) => runs.onSocket?.(listener),
    kept: openKeptSettings(stateDirectory, warn),
    openClock: () => createClock({ watcher, warn }),
    version: setting.version,
    begun: setting.begun,
    print: setting.out,
  })
  const { preparing, applied } = supervisord
  const sources = createSources({
    ...{ engine, runDirectory, stateDirectory, declared, ahead, reader, openServices, preparing, applied, warn },
  })
  return {
    ...{
      engine,
      store,
      logs,
      driver,
      stdin: runs.stdin,
      exec,
      dialogues: runs.dialogues,
      history,
      sources,
      supervise,
      supervisord,
      startedAt,
      descriptorsSoft,
    },
    closeInside() {
      // Before the last turn, and not after it: the rest ends with the image, and to close it would take as long as to open it.
      store.noteCleanEnd()
      const closedBootMs = bootNow().bootMs
      engine.finish()
      history.close()
      runs.close({ isFollowed: true })
      containers.close()
      recorder.close()
      supervise.close({ isFollowed: true })
      supervisord.frontend()?.close({ isOver: false })
      return { closedBootMs, keep: supervise.descriptors() }
    },
    close(why) {
      engine.close()
      sources.close()
      supervisord.frontend()?.close({ isOver: true })
      supervise.close({ isFollowed: false })
      runs.close({ isFollowed: false })
      containers.close()
      recorder.close()
      store.noteCleanEnd()
      probes.close()
      watcher.close()
      store.close()
      history.daemon('ended', why, clock.now())
      history.close()
    },
  }
}

/** What is declared, being read: in a process of its own, but for what supervisord has read already. */
function readAhead(
  { declared, begun }: Pick<InsideSetting, 'declared' | 'begun'>,
  directories: readonly ServicesDirectory[],
  places: DecodePlaces,
): Promise<DecodeAnswer> {
  const decoded = begun?.decoded ?? null
  return decoded === null ? decodeFiles(declared, directories, places) : Promise.resolve(decoded)
}

/** Node raised the soft limit before we could see it; the launcher noted the one it found. */
function startNofileSoft(): number {
  const noted = process.env.HOLDFAST_NOFILE_SOFT ?? ''
  if (noted === 'unlimited') return descriptorLimit().hard
  return /^\d+$/.test(noted) ? Number(noted) : descriptorLimit().soft
}
