import { closeSync, constants, mkdirSync, openSync } from 'node:fs'
import { join } from 'node:path'
import type { Event, Exit, Failure, Identity, Now, Run, Step, UnitId } from '../../core/model.ts'
import type { Driver, LogPort, Post, RunFacts, RunHandle } from '../../engine/ports.ts'
import { boundary } from '../../sys/boundary.ts'
import { oomScoreAdj } from '../../sys/oom.ts'
import { endingByPidfd, openPidfd } from '../../sys/pidfd.ts'
import { becomeSubreaper } from '../../sys/prctl.ts'
import { ownPidNamespace, readStat, residentBytes } from '../../sys/proc.ts'
import { type ChildNews, decodeEnding, nextChildNews } from '../../sys/wait.ts'
import { type Account, resolveAccount } from './account.ts'
import { createBeginnings } from './beginnings.ts'
import { createCgroups } from './cgroups.ts'
import type { Environment } from './environment.ts'
import { failure, isFailure } from './failure.ts'
import { createKeepers } from './keepers.ts'
import { type LaunchSite, launch } from './launch.ts'
import { type Found, isZombie, resolveRun } from './resolve.ts'
import { createRuns, endScopeOf, type LiveRun } from './runs.ts'
import { killLeftovers, killStrays, type SignalContext, signalContext, signalRun } from './signal.ts'
import { createStreams } from './streams.ts'
import { takeSurvey } from './survey.ts'
import { findUnstored, type Unstored } from './unstored.ts'
import { createWatcher } from './watcher.ts'

export interface ProcessDriverOptions {
  /** For FIFOs and the keepers' record; made if missing. One driver at a time. */
  readonly runDirectory: string
  /** Tells this home's processes from another daemon's. No slash. */
  readonly homeId: string
  readonly logs: LogPort
  readonly clock: () => Now
  /** The soft limit of descriptors that services get: the one we were started with. */
  readonly startNofileSoft: number
  /** What services inherit that ask for the daemon's environment: see `cleanEnvironment`. */
  readonly baseEnvironment: Environment
  readonly warn: (text: string) => void
  /** false: never ask the kernel for the exit code of a reaped process, as kernels before 6.15 cannot tell. */
  readonly asksPidfdInfo?: boolean
}

/** Of starts in a row, before whatever else waits gets its turn. */
const sliceMs = 20

type SpawnStep = Extract<Step, { kind: 'spawn' }>

/**
 * Host processes: started by posix_spawn, reaped by one loop, their output moved from FIFOs into the logs. `close`
 * stops watching and leaves every process as it is, but for keepers nobody needs any more. Throws when the run directory cannot be used.
 */
export function createProcessDriver(options: ProcessDriverOptions): Driver & { close(): void } {
  const { runDirectory, homeId, warn } = options
  mkdirSync(runDirectory, { recursive: true, mode: 0o700 })
  const { bootId } = options.clock()
  const pidNamespace = ownPidNamespace()
  const devNull = openSync('/dev/null', constants.O_RDWR)
  const watcher = createWatcher()
  const keepers = createKeepers({ file: join(runDirectory, 'keepers.json'), bootId, homeId, devNull, watcher, warn })
  const streams = createStreams({ folder: join(runDirectory, 'fifo'), logs: options.logs, keepers, watcher, warn })
  const cgroups = createCgroups(homeId)
  const beginnings = createBeginnings(join(runDirectory, 'begun'))
  const runs = createRuns()
  const site: LaunchSite = {
    homeId,
    daemonEnvironment: options.baseEnvironment,
    startNofileSoft: options.startNofileSoft,
    ownOomScoreAdj: oomScoreAdj(),
    devNull,
  }
  let listener: Post | null = null
  let early: Event[] = []
  let mayReap = false
  let isClosed = false
  /** Stored runs whose process could not be told so far. */
  const doubtful = new Map<UnitId, RunHandle>()
  /** Units whose last run has ended here, and left nothing behind. */
  const swept = new Set<UnitId>()

  const refused = becomeSubreaper()
  if (refused !== null) warn(`orphans of services go to init, out of reach (${refused})`)
  process.on('SIGCHLD', reap)

  // ---- steps

  function perform(steps: readonly Step[], post: Post): void {
    startReaping()
    const context = contextNow()
    for (const step of steps) {
      switch (step.kind) {
        case 'spawn':
          break
        case 'signal': {
          const run = runs.get(step)
          const outcome = signalRun(step, run, context)
          post(outcome)
          if (run?.pidfd && outcome.kind === 'signalled' && outcome.outcome === 'sent') tellPause(run, step.signal)
          break
        }
        case 'forget':
          streams.forget(step.unit)
          beginnings.forget(step.unit)
          swept.delete(step.unit)
          doubtful.delete(step.unit)
          cgroups.remove(step.unit)
          break
        case 'observe':
          for (const event of resolveAll([...doubtful.values()])) if (event.kind !== 'unresolved') post(event)
          post(observe())
      }
    }
    const spawns = steps.filter((step) => step.kind === 'spawn')
    if (spawns.length > 0) spawnInSlices(spawns, prepare(spawns), post)
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
    const begun: (Event | LiveRun)[] = []
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

  function spawned(launched: LiveRun): Event {
    const { unit, run } = launched
    // Even if it ended already: its entry stays until we reap it.
    const startTicks = readStat(launched.identity.pid)?.startTicks ?? 0
    const identity: Identity = { ...launched.identity, startTicks }
    runs.add({ ...launched, identity })
    return { kind: 'spawned', unit, run, identity }
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
  function spawnRun(step: SpawnStep, account: Account | Failure, context: SignalContext): LiveRun | Event {
    const { unit, run, spec } = step
    const failed = (trouble: Failure): Event => ({ kind: 'spawn-failed', unit, run, ...trouble })
    if (isFailure(account)) return failed(account)
    // What the last run left behind was killed when it ended, unless that was in another daemon's time.
    if (endScopeOf(spec) === 'tree' && !swept.delete(unit)) killStrays(unit, context)
    const cgroup = spec.process.cgroup ? cgroups.prepare(unit) : null
    if (cgroup !== null && typeof cgroup !== 'string') return failed(cgroup)
    const openWriteEnds = () => streams.openWriteEnds(unit, spec.process)
    const beginning = beginnings.prepare(unit, run)
    const pid = launch(site, { unit, run, spec: spec.process, account, cgroup, beginning, openWriteEnds })
    if (typeof pid !== 'number') return failed(pid)
    const identity: Identity = { pid, startTicks: 0, bootId, pidNamespace }
    return { unit, run, identity, endScope: endScopeOf(spec), pidfd: null }
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
        if (news.kind === 'ended') keepers.ended(news.pid)
      } else if (news.kind === 'ended') finish(run, news.ending, context)
      else tell({ kind: news.kind === 'stopped' ? 'paused' : 'continued', unit: run.unit, run: run.run })
    }
  }

  function nextNews(): ChildNews | null {
    return mayReap ? nextChildNews() : null
  }

  function finish(run: LiveRun, exit: Exit, context: SignalContext): void {
    runs.remove(run)
    killLeftovers(run, context)
    if (run.endScope === 'tree') swept.add(run.unit)
    release(run)
    streams.drainRest(run.unit)
    boundary('reap: last words taken')
    tell({ kind: 'exited', unit: run.unit, run: run.run, exit })
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
    for (const handle of handles) streams.reopen(handle.unit, handle.spec?.process ?? null)
    // First, so that they are not taken for what an older run left behind.
    const excluded = new Set([...keepers.pids(), process.pid])
    const found = findUnstored(handles, { homeId, survey: takeSurvey(), excluded }).flatMap(take)
    const events = resolveAll(handles)
    startReaping()
    return [...events, ...found, ...events.flatMap(pauseOf)]
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
      hasBegun: beginnings.has,
    }
    return handles.map((handle) => {
      const found = resolveRun(handle, context)
      if (found.kind === 'doubtful') doubtful.set(handle.unit, handle)
      else doubtful.delete(handle.unit)
      return settle(handle, found, after)
    })
  }

  function take({ unit, run, stat }: Unstored): readonly Event[] {
    const identity: Identity = { pid: stat.pid, startTicks: stat.startTicks, bootId, pidNamespace }
    if (!watchAdopted({ unit, run, identity, endScope: endScopeOf(null), pidfd: null })) return []
    streams.reopen(unit, null)
    return [{ kind: 'found', unit, run, identity }]
  }

  /** Whether an adopted run was paused while we were away. */
  function pauseOf(event: Event): readonly Event[] {
    if (event.kind !== 'adopted' || readStat(event.identity.pid)?.state !== 'T') return []
    return [{ kind: 'paused', unit: event.unit, run: event.run }]
  }

  function settle(handle: RunHandle, found: Found, context: SignalContext): Event {
    const { unit } = handle
    const run = handle.run.n
    switch (found.kind) {
      case 'alive':
        return adopt(handle, found.stat.pid, found.stat.startTicks, context)
      case 'zombie':
        return ended(handle, decodeEnding(found.stat.exitStatus), context)
      case 'gone':
        return ended(handle, { kind: 'unknown' }, context)
      case 'not-started':
        return { kind: 'not-started', unit, run }
      case 'doubtful':
        return { kind: 'unresolved', unit, run, message: found.message }
    }
  }

  function adopt(handle: RunHandle, pid: number, startTicks: number, context: SignalContext): Event {
    const { unit } = handle
    const identity: Identity = { pid, startTicks, bootId, pidNamespace }
    const run: LiveRun = { unit, run: handle.run.n, identity, endScope: endScopeOf(handle.spec), pidfd: null }
    if (!watchAdopted(run)) return ended(handle, { kind: 'unknown' }, context)
    return { kind: 'adopted', unit, run: handle.run.n, identity }
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

  function ended(handle: RunHandle, exit: Exit, context: SignalContext): Event {
    const { unit } = handle
    // What carries its mark may belong to a newer run.
    const isAlone = runs.all().every((run) => run.unit !== unit)
    if (isAlone && endScopeOf(handle.spec) === 'tree') killStrays(unit, context, true)
    streams.drainRest(unit)
    return { kind: 'exited', unit, run: handle.run.n, exit }
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

  function contextNow(): SignalContext {
    return signalContext({ homeId, runs, cgroups, keeperPids: keepers.pids() })
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
    facts: (run) => factsOf(run, bootId),
    close() {
      isClosed = true
      process.off('SIGCHLD', reap)
      mayReap = false
      for (const run of runs.all()) release(run)
      streams.close()
      cgroups.close()
      const survey = takeSurvey()
      keepers.close((paths) => survey.withOpenFiles(paths).map((stat) => stat.pid))
      watcher.close()
      closeSync(devNull)
    },
  }
}

/** Of the process and all below it. */
function factsOf(run: Run, bootId: string): RunFacts | null {
  const { identity } = run
  if (identity === null || identity.bootId !== bootId) return null
  if (readStat(identity.pid)?.startTicks !== identity.startTicks) return null
  const resident = [identity.pid, ...takeSurvey().descendants([identity.pid])].flatMap(
    (pid) => residentBytes(pid) ?? [],
  )
  return { rssBytes: resident.reduce((sum, bytes) => sum + bytes, 0), processes: resident.length }
}
