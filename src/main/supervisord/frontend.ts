import { join } from 'node:path'
import type { LogLevel, SupervisordSettings } from '../../dialects/supervisord/settings.ts'
import type {
  Clock,
  DialoguePort,
  EnginePort,
  LogControlPort,
  OutputNews,
  StdinPort,
  StreamRef,
} from '../../engine/ports.ts'
import { pythonRepr } from '../../formats/python-text.ts'
import { tellProcesses } from '../../frontends/supervisord/activity/tell-processes.ts'
import type { DaemonPort, RpcMethods } from '../../frontends/supervisord/contract.ts'
import { createEventHub } from '../../frontends/supervisord/events/hub.ts'
import { type CarriedDoor, createSupervisordDoors, type OpenFailure } from '../../frontends/supervisord/http/doors.ts'
import { createRpcMethods } from '../../frontends/supervisord/rpc/methods.ts'
import { createProcessTable } from '../../frontends/supervisord/table/table.ts'
import type { DecodeAnswer } from '../decode-child.ts'
import type { FilesPort } from '../sources.ts'
import { createActivity } from './activity.ts'
import { makeAutoLogs } from './auto-logs.ts'
import { type BegunSupervisord, withUser } from './begin.ts'
import { createGroups } from './groups.ts'
import type { KeptSettings } from './kept-settings.ts'
import { createMood } from './mood.ts'
import { removePidFile, writePidFile } from './pid-file.ts'
import { openSavedEvents } from './saved-events.ts'

export interface SupervisordParts {
  readonly engine: EnginePort
  readonly logs: LogControlPort & { pathOf(stream: StreamRef): string | null }
  readonly stdin: StdinPort
  readonly dialogues: DialoguePort
  readonly files: () => FilesPort
  /** Of [fcgi-program]s. */
  readonly onSocket: (listener: (change: 'opened' | 'closed', url: string) => void) => void
  readonly kept: KeptSettings
  /** The daemon was called as supervisord. null: it has files of it among others. */
  readonly begun: BegunSupervisord | null
  readonly runDirectory: string
  /** Of Holdfast. */
  readonly version: string
  /** With an alarm by the wall clock of its own. */
  readonly openClock: () => Clock
  /** Onto our own standard output. */
  readonly print: (text: string) => void
  readonly warn: (text: string) => void
}

/** Everything that speaks supervisord's language: for all sources of its dialect, and for listeners wherever they are declared. */
export interface SupervisordFrontend {
  readonly daemon: DaemonPort
  /** By what is known before the files are read: what was kept, or what this daemon was called with. */
  open(how: {
    readonly carried: readonly CarriedDoor[]
    /** Its programs come with the first reading, which follows: until then whoever asks for them waits. */
    readonly isEmptyYet: boolean
  }): Promise<readonly OpenFailure[]>
  /** All that the files declare is in force. */
  applied(files: Pick<DecodeAnswer, 'target' | 'supervisord'>): Promise<void>
  output(news: OutputNews): void
  /** SIGUSR2. */
  reopenLogs(): void
  /** For another image of this process. */
  handOver(waitMsMax: number): Promise<readonly CarriedDoor[]>
  /** `isOver`: the daemon ends; else another image of it goes on. */
  close(how: { readonly isOver: boolean }): void
}

export function createSupervisordFrontend(parts: SupervisordParts): SupervisordFrontend {
  const { engine, begun, kept, warn } = parts
  const activity = createActivity({ begun, print: parts.print, warn })
  const begunLogs = begun?.decoded ? makeAutoLogs(begun.decoded.target, [begun.settings]) : null
  const groups = createGroups({
    ...{ files: parts.files, engine },
    kept: begun === null ? kept.read() : [{ ...begun.settings, groups: keptGroups(kept) }],
    comes: makeAutoLogs,
    changed: kept.write,
  })
  const settings = (): readonly SupervisordSettings[] => groups.settings()
  const identifier = (): string => settings()[0]?.identifier ?? 'supervisor'
  const log = (level: LogLevel, message: string): void => activity.write(level, message)
  const whole = createProcessTable({ engine, settings, logPathOf: parts.logs.pathOf })
  const table = whole.ours
  let told: 'nothing' | 'RUNNING' | 'STOPPING' = 'nothing'
  const tellRunning = (): void => {
    if (told !== 'nothing') return
    told = 'RUNNING'
    hub.daemon('RUNNING')
  }
  const tellStopping = (): void => {
    if (told === 'STOPPING') return
    told = 'STOPPING'
    hub.daemon('STOPPING')
  }
  // Before the hub hears of it: who is told that supervisord runs, or stops, is told so before its processes start, or stop.
  whole.subscribe(({ kind }) => {
    if (daemon.mood() === 'SHUTDOWN') tellStopping()
    else if (kind !== 'group') tellRunning()
  })
  // As with supervisord groups are not removed by beginning anew.
  const subscribeToWhole: typeof whole.subscribe = (listener) =>
    whole.subscribe((event) => {
      if (event.kind !== 'group' || event.change === 'added' || daemon.mood() === 'RUNNING') listener(event)
    })
  const saved = openSavedEvents(join(parts.runDirectory, 'supervisord-events.json'), warn)
  const hub = createEventHub({
    ...{ engine, identifier, log, dialogues: parts.dialogues, print: parts.print, saved: saved.take() },
    table: { ...whole, subscribe: subscribeToWhole },
    clock: parts.openClock(),
  })
  const daemon = createMood({
    ...{ engine, groups, activity, identifier, warn },
    async begins() {
      const all = settings()
      const notices = all.flatMap((one) => one.notices)
      const lines = begun === null ? notices : withUser(notices, all[0]?.user ?? null)
      for (const { level, message } of lines) log(level, message)
      opened = ''
      tellFailures(await follow([]))
      log('info', `supervisord started with pid ${process.pid}`)
      tellRunning()
    },
    stops: tellStopping,
    refills() {
      told = 'nothing'
    },
  })
  const forgetProcesses = tellProcesses({ table, log: activity, mood: daemon.mood })
  const methods = createRpcMethods({
    ...{ engine, table, groups, daemon, hub, stdin: parts.stdin, logs: parts.logs },
    environment: process.env,
    nowWallMs: Date.now,
  })
  // Its servers are open before its programs are there, and nobody is to be told that there are none.
  const isThere = Promise.withResolvers<void>()
  const methodsOnceThere: RpcMethods = {
    async call(...asked) {
      await isThere.promise
      return methods.call(...asked)
    },
  }
  const doors = createSupervisordDoors({
    ...{ methods: methodsOnceThere, table, activity },
    ...{ logs: parts.logs, version: parts.version },
  })
  parts.onSocket((change, url) => log('info', `${change === 'opened' ? 'Creating' : 'Closing'} socket ${url}`))
  let pidfile: string | null = null

  /** The servers that are open. */
  let opened = ''

  /** The doors, the pid file and the log are as the settings in force say. */
  async function follow(carried: readonly CarriedDoor[]): Promise<readonly OpenFailure[]> {
    const all = settings()
    activity.follow(all)
    writePid(begun === null ? (all.find((one) => one.pidfile !== null)?.pidfile ?? null) : begun.pidfile)
    const servers = all.flatMap((one) => one.servers)
    const opening = { hasRpcInterface: all.some((one) => one.hasRpcInterface), carried }
    const wanted = JSON.stringify([servers, opening.hasRpcInterface])
    // Each opening is told in the log, and a reading is none.
    if (wanted === opened) return []
    opened = wanted
    return doors.open(servers, opening)
  }

  function tellDetached({ directory }: SupervisordSettings): void {
    log('info', 'daemonizing the supervisord process')
    if (directory !== null) log('info', `set current directory: ${pythonRepr(directory)}`)
  }

  function tellFailures(failures: readonly OpenFailure[]): void {
    for (const { section, message } of failures) warn(`[${section}]: ${message}`)
  }

  function writePid(path: string | null): void {
    if (pidfile !== null && pidfile !== path) removePidFile(pidfile)
    if (path !== null && path !== pidfile && writePidFile(path) !== null)
      log('critical', `could not write pidfile ${path}`)
    pidfile = path
  }

  return {
    daemon,
    async open({ carried, isEmptyYet }) {
      if (!isEmptyYet) isThere.resolve()
      activity.follow(settings())
      for (const { level, message } of begun?.lines ?? []) log(level, message)
      const failures = await follow(carried)
      await begunLogs
      // One that begins ends instead.
      const isBeginning = begun !== null && (begun.decoded !== null || begun.lines.length > 0)
      if (isBeginning && failures.length === 0) {
        if (begun.role.isDetached) tellDetached(begun.settings)
        log('info', `supervisord started with pid ${process.pid}`)
      }
      return failures
    },
    async applied(answer) {
      groups.applied(answer)
      isThere.resolve()
      tellRunning()
      tellFailures(await follow([]))
    },
    output: (news) => hub.output(news),
    reopenLogs() {
      parts.logs.reopen()
      activity.reopen()
    },
    handOver: (waitMsMax) => doors.handOver(waitMsMax),
    close({ isOver }) {
      forgetProcesses()
      if (isOver) {
        doors.close()
        kept.remove()
        if (pidfile !== null) removePidFile(pidfile)
      } else {
        saved.put(hub.save())
      }
      hub.close()
      activity.close()
    },
  }
}

/** What was in force when the daemon before us died. */
function keptGroups(kept: KeptSettings): SupervisordSettings['groups'] {
  return kept.read().flatMap(({ groups }) => groups)
}
