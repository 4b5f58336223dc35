import { closeSync, constants, mkdirSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { assert } from '../../base/assert.ts'
import type { Event, Exit, Failure, Identity, Now, RunRef, StdinSpec, Step, UnitId } from '../../core/model.ts'
import type {
  DialoguePort,
  Driver,
  ExecPort,
  LogAppendPort,
  LogPort,
  Post,
  RunHandle,
  StdinPort,
} from '../../engine/ports.ts'
import { boundary } from '../../sys/boundary.ts'
import { type Errno, errnoOf } from '../../sys/errno.ts'
import { oomScoreAdj } from '../../sys/oom.ts'
import { endingByPidfd, openPidfd } from '../../sys/pidfd.ts'
import { setBlocking } from '../../sys/pipe.ts'
import { becomeSubreaper } from '../../sys/prctl.ts'
import { childrenOf, isDying, ownPidNamespace, type ProcessStat, readStat } from '../../sys/proc.ts'
import { type ChildNews, decodeEnding, nextChildNews } from '../../sys/wait.ts'
import type { Watcher } from '../../sys/watcher.ts'
import { type Account, resolveAccount } from './account.ts'
import { admit } from './admit.ts'
import { createBeginnings } from './beginnings.ts'
import { createCgroups } from './cgroups.ts'
import { createCommands } from './commands.ts'
import { createDialogues } from './dialogues.ts'
import { createEndings, exitOfStatus } from './endings.ts'
import type { Environment } from './environment.ts'
import { createExecProbes } from './exec-probes.ts'
import { createExecSessions } from './exec-sessions.ts'
import { factsOf, factsOfAll } from './facts.ts'
import { failure, isFailure } from './failure.ts'
import { createKeepers } from './keepers.ts'
import { type LaunchSite, launch } from './launch.ts'
import { createLooks } from './looks.ts'
import { runMarks } from './markers.ts'
import { type Found, isZombie, resolveRun } from './resolve.ts'
import { type SpawnStep, specOfRole } from './roles.ts'
import { createRuns, endScopeOf, type LiveRun } from './runs.ts'
import { killLeftovers, killStrays, type SignalContext, signalContext, signalRun } from './signal.ts'
import { createSignalScripts, type SignalStep } from './signal-scripts.ts'
import { createSockets } from './sockets.ts'
import { createStreams, type Reopened } from './streams.ts'
import { takeSurvey } from './survey.ts'
import { findUnstored, type Unstored } from './unstored.ts'

export interface ProcessDriverOptions {
  /** For FIFOs and the keepers' record; made if missing. One driver at a time. */
  readonly runDirectory: string
  /** Tells this home's processes from another daemon's. No slash. */
  readonly homeId: string
  readonly logs: LogPort & LogAppendPort
  readonly clock: () => Now
  /** Stays open when the driver is closed. */
  readonly watcher: Watcher
  /** The soft limit of descriptors that services get: the one we were started with. */
  readonly startNofileSoft: number
  /** What services inherit that ask for the daemon's environment: see `cleanEnvironment`. */
  readonly baseEnvironment: Environment
  /** Another image of this same process was here before us, and left what runs as our children: an upgrade in place. */
  readonly isFollowing?: boolean
  readonly warn: (text: string) => void
  /** false: never ask the kernel for the exit code of a reaped process, as kernels before 6.15 cannot tell. */
  readonly asksPidfdInfo?: boolean
}

export interface ProcessDriver extends Driver {
  readonly stdin: StdinPort
  readonly exec: ExecPort
  readonly dialogues: DialoguePort
  /** Called with each listening socket that is opened or closed, as `unix://…` or `tcp://…`; one listener. */
  onSocket(listener: (change: 'opened' | 'closed', url: string) => void): void
  /** `isFollowed`: another image of this same process goes on at once; only news stop coming, and every keeper stays. */
  close(options?: { readonly isFollowed: boolean }): void
}

/** Of starts in a row, before whatever else waits gets its turn. */
const sliceMs = 20

/** A process was started; its identity is not yet complete. */
interface Launched {
  readonly live: LiveRun
  readonly startedBootMs: number
  readonly shortfalls: readonly string[]
}

/**
 * Host processes: started by posix_spawn, reaped by one loop, their output moved from FIFOs into the logs. `close`
 * stops watching and leaves every run as it is; probes are killed, and keepers nobody needs any more. Throws when the run
 * directory cannot be used.
 */
export function createProcessDriver(options: ProcessDriverOptions): ProcessDriver {
  const { runDirectory, homeId, watcher, warn } = options
  mkdirSync(runDirectory, { recursive: true, mode: 0o700 })
  const { bootId } = options.clock()
  const pidNamespace = ownPidNamespace()
  const devNull = openSync('/dev/null', constants.O_RDWR)
  const keepers = createKeepers({ file: join(runDirectory, 'keepers.json'), bootId, homeId, devNull, watcher, warn })
  const streams = createStreams({ folder: join(runDirectory, 'fifo'), logs: options.logs, keepers, watcher, warn })
  const dialogues = createDialogues({ logs: options.logs, watcher, now: () => options.clock().wallMs })
  const sockets = createSockets({ warn })
  const cgroups = createCgroups(homeId)
  const looks = createLooks()
  const beginnings = createBeginnings(join(runDirectory, 'begun'))
  const endings = createEndings(join(runDirectory, 'ends'))
  const commands = createCommands()
  const runs = createRuns()
  const site: LaunchSite = {
    daemonEnvironment: options.baseEnvironment,
    startNofileSoft: options.startNofileSoft,
    ownOomScoreAdj: oomScoreAdj(),
    devNull,
  }
  const probes = createExecProbes({ site, homeId, watcher, joinFiles: cgroups.joinFiles })
  const execs = createExecSessions({ site, homeId, watcher, joinFiles: cgroups.joinFiles })
  const scripts = createSignalScripts({
    ...{ site, homeId, openWriteEnds: streams.openWriteEnds, warn },
    isAlive: (run) => runs.get(run) !== null,
    send: sendLater,
  })
  let listener: Post | null = null
  let early: Event[] = []
  let mayReap = false
  let isClosed = false
  /** Stored runs whose process could not be told so far. */
  const doubtful = new Map<UnitId, RunHandle>()
  /** Runs of an earlier daemon were found: what they leave behind is not below us. */
  let hasForeign = false
  /** Units whose last run has ended here, and left nothing behind. */
  const swept = new Set<UnitId>()

  const refused = becomeSubreaper()
  if (refused !== null) warn(`orphans of services go to init, out of reach (${refused})`)
  process.on('SIGCHLD', reap)

  // ---- steps

  function perform(steps: readonly Step[], post: Post): void {
    startReaping()
    const context = contextNow()
    const ending: UnitId[] = []
    for (const step of steps) {
      switch (step.kind) {
        case 'spawn':
          break
        case 'signal': {
          if (step.script !== undefined || scripts.isBusy(step)) {
            scripts.perform(step, post)
            break
          }
          const outcome = send(step, context)
          post(outcome)
          if (isEndOfInput(outcome)) ending.push(step.unit)
          break
        }
        case 'forget':
          streams.forget(step.unit)
          beginnings.forget(step.unit)
          endings.forget(step.unit)
          swept.delete(step.unit)
          doubtful.delete(step.unit)
          cgroups.remove(step.unit)
          break
        case 'probe':
          probes.perform(step, post)
          break
        case 'schedule':
          assert(false, "times are not the process driver's")
          break
        case 'observe':
          for (const event of resolveAll([...doubtful.values()])) if (event.kind !== 'unresolved') post(event)
          post(observe())
      }
    }
    // All together, and before what they read is printed to anew.
    if (ending.length > 0) streams.endInputs(ending)
    const spawns = steps.filter((step) => step.kind === 'spawn')
    if (spawns.length > 0) spawnInSlices(spawns, prepare(spawns), post)
  }

  function send(step: SignalStep, context: SignalContext): Event {
    const run = runs.get(step)
    const outcome = signalRun(step, run, context)
    if (run?.pidfd && outcome.kind === 'signalled' && outcome.outcome === 'sent') tellPause(run, step.signal)
    return outcome
  }

  /** After its script, or after that of another one. */
  function sendLater(step: SignalStep): Event {
    const outcome = send(step, contextNow())
    if (isEndOfInput(outcome)) streams.endInputs([step.unit])
    return outcome
  }

  /** Many starts are made in slices, so that output is drained and questions are answered in between. */
  function spawnInSlices(
    steps: readonly SpawnStep[],
    accounts: ReadonlyMap<UnitId, Account | Failure>,
    post: Post,
  ): void {
    if (isClosed) return
    const context = contextNow()
    const since = performance.now()
    const begun: (Event | Launched)[] = []
    let next = 0
    while (next < steps.length && (next === 0 || performance.now() - since < sliceMs)) {
      const step = steps[next]!
      begun.push(spawnRun(step, accounts.get(step.unit) ?? failure('bug', 'was not prepared'), context))
      next += 1
    }
    // Read after all are under way: a process that is just being loaded lets us wait for its entry.
    for (const one of begun) post('kind' in one ? one : spawned(one))
    if (next < steps.length) setImmediate(() => spawnInSlices(steps.slice(next), accounts, post))
  }

  function spawned({ live, startedBootMs, shortfalls }: Launched): Event {
    const { unit, run } = live
    // Even if it ended already: its entry stays until we reap it.
    const startTicks = readStat(live.identity.pid)?.startTicks ?? 0
    const identity: Identity = { ...live.identity, startTicks }
    runs.add({ ...live, identity })
    return { kind: 'spawned', unit, run, identity, startedBootMs, ...(shortfalls.length > 0 ? { shortfalls } : {}) }
  }

  /** Everything the starts of one turn need is made together, and kept, before the first of them happens. */
  function prepare(steps: readonly SpawnStep[]): ReadonlyMap<UnitId, Account | Failure> {
    const accounts = new Map<UnitId, Account | Failure>()
    // Looked up once for all that start together: each look reads the user database.
    const byUser = new Map<string | null, Account | Failure>()
    for (const { unit, spec } of steps) {
      const { user } = spec.process
      const account = byUser.get(user) ?? resolveAccount(user)
      byUser.set(user, account)
      accounts.set(unit, account)
    }
    const needs = steps.flatMap(({ unit, spec }) => {
      const account = accounts.get(unit)
      return account && !isFailure(account) ? [{ unit, spec: spec.process, account }] : []
    })
    for (const [unit, trouble] of streams.prepare(needs)) accounts.set(unit, trouble)
    return accounts
  }

  /** The run, its identity not yet complete, or why there is none. */
  function spawnRun(step: SpawnStep, account: Account | Failure, context: SignalContext): Launched | Event {
    const { unit, run } = step
    const failed = (trouble: Failure): Event => ({ kind: 'spawn-failed', unit, run, ...trouble })
    if (isFailure(account)) return failed(account)
    const stdin = openStdin(step, account)
    if (typeof stdin !== 'number') return failed(stdin)
    try {
      const launched = launchRun({ step, account, stdin, context })
      dialogues.settle(step, !isFailure(launched))
      if (isFailure(launched)) sockets.release(step)
      return isFailure(launched) ? failed(launched) : launched
    } finally {
      if (stdin !== devNull) closeSync(stdin)
    }
  }

  /** Hooks have none. */
  function openStdin(step: SpawnStep, account: Account): number | Failure {
    const { unit, role, spec } = step
    const { stdin } = spec.process
    if (stdin.kind === 'null' || role !== 'main') return devNull
    try {
      switch (stdin.kind) {
        case 'pipe':
          return streams.openStdin(unit)
        case 'output':
          return streams.openOutput(stdin.unit)
        case 'file':
          return openInput(stdin.path)
        case 'events': {
          const opened = dialogues.open(step)
          return typeof opened === 'number' ? opened : stdinFailure(stdin, opened)
        }
        case 'socket':
          return sockets.open(step, stdin.socket, account)
      }
    } catch (error) {
      return stdinFailure(stdin, errnoOf(error))
    }
  }

  function launchRun(request: {
    readonly step: SpawnStep
    readonly account: Account
    readonly stdin: number
    readonly context: SignalContext
  }): Launched | Failure {
    const { step, account, stdin, context } = request
    const { unit, run } = step
    const endScope = endScopeOf(step.spec)
    // What the last run left behind was killed when it ended, unless that was in another daemon's time.
    if (endScope === 'tree' && !swept.delete(unit)) killStrays(unit, context)
    const admitted = admit(specOfRole(step), homeId)
    if (isFailure(admitted)) return admitted
    const { spec } = admitted
    const cgroup = cgroups.prepare(unit, spec)
    if (isFailure(cgroup)) return cgroup
    // What is still there was printed before.
    streams.drainRest(unit)
    streams.begin(unit, step.attempt)
    const startedBootMs = options.clock().bootMs
    const pid = launch(site, {
      ...{ spec, account, join: cgroup.join, stdin, marks: runMarks(homeId, step) },
      beginning: beginnings.prepare(unit, run),
      ending: step.isRecorded ? endings.prepare(unit, run) : null,
      openWriteEnds: () => streams.openWriteEnds(unit, spec, dialogues.takeStdout(step)),
    })
    if (typeof pid !== 'number') return pid
    const identity: Identity = { pid, startTicks: 0, bootId, pidNamespace }
    const isRecorded = step.isRecorded && endings.isRecorded(unit, run)
    const shortfalls = [...admitted.shortfalls, ...cgroup.shortfalls]
    return {
      live: { unit, run, identity, endScope, isRecorded, look: looks.now(), isChild: true, pidfd: null },
      ...{ startedBootMs, shortfalls },
    }
  }

  function observe(): Event {
    const takenBootMs = options.clock().bootMs
    // Whatever news was lost is found here.
    reap()
    for (const run of runs.all()) if (run.pidfd) checkAdopted(run)
    return { kind: 'observed', takenBootMs, alive: runs.all().map(({ unit, run }) => ({ unit, run })) }
  }

  // ---- ends

  function startReaping(): void {
    if (mayReap) return
    mayReap = true
    reap()
  }

  function reap(): void {
    const context = contextNow()
    // Whoever is told of an end may close us in between.
    for (let news = nextNews(); news !== null; news = nextNews()) {
      boundary('reap: child reaped')
      const run = runs.byPid(news.pid)
      if (run === null) {
        if (news.kind === 'ended') helperEnded(news.pid, news.ending)
      } else if (news.kind === 'ended') finish(run, news.ending, context)
      else tell({ kind: news.kind === 'stopped' ? 'paused' : 'continued', unit: run.unit, run: run.run })
    }
  }

  /** A child that is no run. */
  function helperEnded(pid: number, ending: Exit): void {
    const isKnown = probes.ended(pid, ending) || scripts.ended(pid, ending) || execs.ended(pid, ending)
    if (!isKnown) keepers.ended(pid)
  }

  function nextNews(): ChildNews | null {
    return mayReap ? nextChildNews() : null
  }

  function finish(run: LiveRun, ending: Exit, context: SignalContext): void {
    const told = run.isRecorded ? exitOfRecorded(run, ending) : ending
    const isKilled = told.kind === 'signal' && told.signal === 'KILL'
    const isOutOfMemory = isKilled && (cgroups.usage(run.unit)?.oomKills ?? 0) > 0
    const exit: Exit = isOutOfMemory ? { ...told, isOutOfMemory } : told
    runs.remove(run)
    killLeftovers(run, context)
    if (run.endScope === 'tree') swept.add(run.unit)
    release(run)
    streams.drainRest(run.unit)
    dialogues.end(run)
    sockets.release(run)
    boundary('reap: last words taken')
    // Busy since its start, we could not have seen its end before.
    const unseen = run.look === looks.now() ? { livedMs: 0 } : {}
    tell({ kind: 'exited', unit: run.unit, run: run.run, exit, ...unseen })
    scripts.runEnded(run)
  }

  /** `ending`: of the recorder, which may have been killed over writing it down. */
  function exitOfRecorded({ unit, run }: RunRef, ending: Exit): Exit {
    return endings.exitOf(unit, run) ?? (ending.kind === 'code' ? exitOfStatus(ending.code) : ending)
  }

  /** Only parents are told of a pause; for adopted runs our own signal is the news. */
  function tellPause(run: LiveRun, signal: string): void {
    if (signal === 'STOP') tell({ kind: 'paused', unit: run.unit, run: run.run })
    if (signal === 'CONT') tell({ kind: 'continued', unit: run.unit, run: run.run })
  }

  function tell(event: Event): void {
    if (listener) listener(event)
    else early.push(event)
  }

  // ---- after our own restart

  async function recover(handles: readonly RunHandle[]): Promise<readonly Event[]> {
    keepers.recover()
    hasForeign = handles.length > 0 || keepers.pids().size > 0
    const survey = takeSurvey(options.isFollowing ? strangers(handles) : null)
    probes.recover(survey)
    execs.recover(survey)
    streams.reopen(handles.map(reopened))
    // First, so that they are not taken for what an older run left behind.
    const excluded = new Set([...keepers.pids(), process.pid])
    const found = findUnstored(handles, { homeId, survey, excluded }).flatMap(take)
    const events = resolveAll(handles)
    // Before a number that was used while nothing could be stored is used again.
    const known = [...handles.map(({ unit, run }) => ({ unit, run: run.n })), ...runs.all()]
    beginnings.keep(known)
    endings.keep(known)
    startReaping()
    return [...events, ...found]
  }

  /** Whatever the image before us started and could not tell us of is a child of ours now. */
  function strangers(handles: readonly RunHandle[]): readonly number[] | null {
    const children = childrenOf(process.pid)
    const known = new Set([...keepers.pids(), ...handles.map(({ run }) => run.identity?.pid)])
    return children?.filter((pid) => !known.has(pid)) ?? null
  }

  /** What became of each run; those that cannot be told are kept for the next observation. */
  function resolveAll(handles: readonly RunHandle[]): readonly Event[] {
    if (handles.length === 0) return []
    const after = contextNow()
    const context = {
      bootId,
      pidNamespace,
      homeId,
      survey: after.survey,
      excluded: new Set([...keepers.pids(), process.pid]),
      fifosOf: streams.paths,
      cgroupMembers: cgroups.members,
      hasBegun: (unit: UnitId, run: number) => beginnings.has(unit, run) || endings.exitOf(unit, run) !== null,
    }
    return handles.flatMap((handle) => {
      const found = resolveRun(handle, context)
      if (found.kind === 'doubtful') doubtful.set(handle.unit, handle)
      else doubtful.delete(handle.unit)
      return settle(handle, found, after)
    })
  }

  function take({ unit, run, role, attempt, stat }: Unstored): readonly Event[] {
    const identity: Identity = { pid: stat.pid, startTicks: stat.startTicks, bootId, pidNamespace }
    const isRecorded = endings.isRecorded(unit, run)
    cgroups.adopt(stat.pid)
    const live: LiveRun = {
      ...{ unit, run, identity, isRecorded, look: null, isChild: isChild(stat) },
      endScope: endScopeOf(null),
      pidfd: null,
    }
    if (live.isChild) runs.add(live)
    else if (!watchAdopted(live)) return []
    streams.reopen([{ unit, spec: null, attempt, pid: stat.pid }])
    return [{ kind: 'found', unit, run, role, attempt, identity, isChild: live.isChild }]
  }

  function settle(handle: RunHandle, found: Found, context: SignalContext): readonly Event[] {
    const { unit } = handle
    const run = handle.run.n
    switch (found.kind) {
      case 'alive':
        return adopt(handle, found.stat, context)
      case 'zombie':
        return [ended(handle, decodeEnding(found.stat.exitStatus), context)]
      case 'gone':
        return [ended(handle, { kind: 'unknown' }, context)]
      case 'not-started':
        return [{ kind: 'not-started', unit, run }]
      case 'doubtful':
        return [{ kind: 'unresolved', unit, run, message: found.message }]
    }
  }

  function adopt(handle: RunHandle, stat: ProcessStat, context: SignalContext): readonly Event[] {
    const { unit } = handle
    const run = handle.run.n
    const identity: Identity = { pid: stat.pid, startTicks: stat.startTicks, bootId, pidNamespace }
    const isRecorded = endings.isRecorded(unit, run)
    cgroups.adopt(stat.pid)
    const endScope = endScopeOf(handle.spec)
    const live: LiveRun = { unit, run, identity, endScope, isRecorded, look: null, isChild: isChild(stat), pidfd: null }
    const { stdin } = handle.spec.process
    if (stdin.kind === 'socket' && handle.run.role === 'main') sockets.adopt({ unit, run, pid: stat.pid }, stdin.socket)
    // It may have been paused while we were away.
    const paused: readonly Event[] = stat.state === 'T' ? [{ kind: 'paused', unit, run }] : []
    if (live.isChild) {
      // We took the place of the daemon that started it: its end is told to us as to any parent.
      runs.add(live)
      return [{ kind: 'adopted', unit, run, identity, isChild: true }, ...paused]
    }
    if (!watchAdopted(live)) return [ended(handle, { kind: 'unknown' }, context)]
    return [{ kind: 'adopted', unit, run, identity }, ...paused]
  }

  /** false: it ended since we looked. */
  function watchAdopted(run: LiveRun): boolean {
    const { unit, identity } = run
    const { pid } = identity
    const pidfd = openPidfd(pid)
    if (pidfd === 'ESRCH') return false
    if (typeof pidfd === 'string') {
      warn(`${unit}: the end of process ${pid} cannot be watched (${pidfd}); it is noticed at the next observation`)
    } else {
      const watch = watcher.watch(pidfd, () => {
        checkAdopted(run)
        return 'little'
      })
      run.pidfd = { fd: pidfd, watch: typeof watch === 'string' ? null : watch }
    }
    runs.add(run)
    return true
  }

  function ended(handle: RunHandle, ending: Exit, context: SignalContext): Event {
    const { unit } = handle
    const ref = { unit, run: handle.run.n }
    const exit = endings.isRecorded(unit, ref.run) ? exitOfRecorded(ref, ending) : ending
    sockets.release(ref)
    // What carries its mark may belong to a newer run.
    const isAlone = runs.all().every((run) => run.unit !== unit)
    if (isAlone && endScopeOf(handle.spec) === 'tree') killStrays(unit, context, true)
    streams.drainRest(unit)
    return { kind: 'exited', ...ref, exit }
  }

  /** An adopted run ended if its entry is a zombie, or not its own any more. */
  function checkAdopted(run: LiveRun): void {
    const stat = readStat(run.identity.pid)
    const isThere = stat !== null && stat.startTicks === run.identity.startTicks
    if (isThere && !isZombie(stat)) return
    finish(run, isThere ? decodeEnding(stat.exitStatus) : exitOfReaped(run), contextNow())
  }

  function exitOfReaped(run: LiveRun): Exit {
    if (run.pidfd === null || options.asksPidfdInfo === false) return { kind: 'unknown' }
    return endingByPidfd(run.pidfd.fd) ?? { kind: 'unknown' }
  }

  function release(run: LiveRun): void {
    if (run.pidfd === null) return
    run.pidfd.watch?.stop()
    closeSync(run.pidfd.fd)
    run.pidfd = null
  }

  /** Whoever got a pipe of ours has it from a run: what is left of our own runs became a child of ours, if it was none before. */
  function mayBeHeld(): boolean {
    const keeperPids = keepers.pids()
    return hasForeign || refused !== null || childrenOf(process.pid)?.every((pid) => keeperPids.has(pid)) !== true
  }

  function contextNow(): SignalContext {
    return signalContext({ homeId, runs, cgroups, commands, keeperPids: keepers.pids() })
  }

  return {
    perform,
    recover,
    events(post, signal) {
      listener = post
      signal.addEventListener('abort', () => {
        listener = null
      })
      const kept = early
      early = []
      for (const event of kept) post(event)
      startReaping()
    },
    facts: (run, unit) => factsOf(run, unit, { bootId, cgroups }),
    factsOfAll: (all) => factsOfAll(all, { bootId, cgroups }),
    stdin: { write: streams.writeStdin },
    exec: { start: execs.start },
    dialogues: { subscribe: dialogues.subscribe },
    onSocket: sockets.onChange,
    close({ isFollowed } = { isFollowed: false }) {
      isClosed = true
      process.off('SIGCHLD', reap)
      mayReap = false
      commands.close()
      probes.close({ isFollowed })
      execs.close()
      scripts.close()
      // What is open ends with the image, and nothing of it waits to be written.
      if (isFollowed) return
      for (const run of runs.all()) release(run)
      streams.close()
      dialogues.close()
      sockets.close()
      cgroups.close()
      keepers.close(mayBeHeld() ? holdersNow() : () => [])
      closeSync(devNull)
    },
  }
}

/** Answers the processes that have one of these files open, as it is now. */
function holdersNow(): (paths: readonly string[]) => readonly number[] {
  const survey = takeSurvey()
  const isHolder = ({ pid }: ProcessStat): boolean => !isDying(pid)
  return (paths) =>
    survey
      .withOpenFiles(paths)
      .filter(isHolder)
      .map(({ pid }) => pid)
}

/** Nobody but the daemon that started it is the parent of its process; after an upgrade in place that is us. */
function isChild(stat: ProcessStat): boolean {
  return stat.ppid === process.pid
}

function isEndOfInput(event: Event): boolean {
  return event.kind === 'signalled' && event.signal === 'EOF' && event.outcome === 'sent'
}

function reopened({ unit, spec, attempt, run }: RunHandle): Reopened {
  return { unit, spec: spec?.process ?? null, attempt, pid: run.identity?.pid ?? null }
}

/** Neither waits, as a FIFO would have us do, nor takes a terminal; the process itself gets an ordinary descriptor. */
function openInput(path: string): number {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY)
  setBlocking(fd)
  return fd
}

function stdinFailure(stdin: Exclude<StdinSpec, { kind: 'null' }>, code: Errno): Failure {
  if (stdin.kind !== 'file') return failure(code, `the pipe for its stdin cannot be opened (${code})`)
  const remedy = code === 'ENOENT' ? 'create it or correct' : 'check its permissions, or correct'
  return failure(code, `its stdin ${stdin.path} cannot be read (${code}); ${remedy} \`x-holdfast.stdin\``)
}
