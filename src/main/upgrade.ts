import { join } from 'node:path'
import type { Who } from '../core/model.ts'
import type { EnginePort } from '../engine/ports.ts'
import type { PreparedUpgrade, UpgradePort } from '../frontends/native/handlers.ts'
import { Refusal } from '../frontends/native/refusal.ts'
import type { HandedOver } from '../frontends/native/server.ts'
import type { CarriedDoor } from '../frontends/supervisord/http/doors.ts'
import { ownFormats } from '../store/copy.ts'
import { exitNow } from '../sys/kill.ts'
import { apiVersion, type UpgradeItem, type UpgradeReport, type VersionItem } from '../wire/api.ts'
import { exitCodes } from '../wire/exit-codes.ts'
import type { Home } from '../wire/home.ts'
import type { UpgradeRequest } from '../wire/requests.ts'
import type { DriverName } from './home-driver.ts'
import type { ClosedInside } from './inside.ts'
import { becomeDaemon } from './upgrade-become.ts'
import { type Carried, carriedFormat } from './upgrade-carried.ts'
import { startGuard } from './upgrade-guard.ts'
import { changedFile, launcherOf, type ProgramImage } from './upgrade-image.ts'
import type { UpgradeNote } from './upgrade-note.ts'
import { type PreflightQuestion, preflight } from './upgrade-preflight.ts'
import { holdSignals } from './upgrade-signals.ts'

export interface UpgradeParts {
  readonly home: Home
  readonly own: ProgramImage
  readonly engine: Pick<EnginePort, 'snapshot' | 'command'>
  readonly note: UpgradeNote
  readonly driverName: DriverName
  readonly lockFd: number
  readonly descriptorsSoft: number
  /** What has to follow `daemon` so that it goes on with what is declared now. */
  args(): readonly string[]
  /** Ends the probation of the last upgrade. */
  passProbation(): void
  /** Takes no more clients, and lets those who are here have their answers; the listening sockets. */
  handOver(waitMsMax: number): Promise<HandedOver & { readonly supervisordDoors: readonly CarriedDoor[] }>
  /** Stops reading and deciding with one last turn, and closes what the next image opens itself. */
  close(): ClosedInside
  readonly warn: (text: string) => void
}

/** What is asked and answered at once has this long; who waits for something to come about is cut off. */
const answersMsMax = 100

/**
 * Going on as another version in the same process: what we are to become is tried out first, in a process of its own,
 * while we go on; then we close, and become it. docs/upgrade.md says what holds at each moment.
 */
export function createUpgrades(parts: UpgradeParts): UpgradePort {
  const { own, engine, note, warn } = parts
  let isUnderWay = false

  async function prepare(request: UpgradeRequest & { readonly by: Who }): Promise<PreparedUpgrade> {
    const refusal = whyNotNow()
    if (refusal !== null) throw refusal
    isUnderWay = true
    try {
      return await tryOut(request)
    } catch (error) {
      isUnderWay = false
      if (error instanceof Refusal) warn(`upgrade refused: ${error.message}`)
      throw error
    }
  }

  function whyNotNow(): Refusal | null {
    const { state, storeTrouble } = engine.snapshot()
    if (isUnderWay) return new Refusal('too-busy', 'an upgrade is under way', 'wait until it is over')
    if (state.mode.kind === 'stopping') return new Refusal('stopping', 'the daemon is stopping everything')
    if (parts.driverName === 'fake') {
      const message = 'these units are only played, and would not outlive the change of version'
      return new Refusal('upgrade-refused', message, 'start the other version with --driver fake')
    }
    if (storeTrouble === null) return null
    const message = `the state cannot be stored at present (${storeTrouble}), and the new version would start with an old one`
    return new Refusal('upgrade-refused', message, 'mend that first')
  }

  async function tryOut(request: UpgradeRequest): Promise<PreparedUpgrade> {
    const directory = request.directory ?? own.directory
    const { descriptorsSoft } = parts
    const question = questionFor(parts.home)
    const answer = await preflight({ directory, question, timeoutMs: request.timeoutMs, descriptorsSoft })
    if (answer.kind === 'timed-out') throw new Refusal('timed-out', answer.message, 'version and units are as before')
    if (answer.kind === 'refused') throw new Refusal('upgrade-refused', answer.message, answer.hint)
    // Replaced in place, it is called as before.
    const to: ProgramImage = request.directory === null ? { ...answer.image, command: own.command } : answer.image
    const at = new Date().toISOString()
    const { returnTo, warnings } = wayBack(own, to, answer.isReturnable)
    const units = engine.snapshot().state.units.size
    const report: UpgradeReport = {
      apiVersion,
      kind: 'UpgradeReport',
      at,
      from: item(own),
      to: item(to),
      units,
      warnings,
    }
    return { report, settled: (isTaken) => settle(isTaken, { at, to, returnTo }) }
  }

  function settle(isTaken: boolean, plan: Plan): void {
    if (isTaken) takeOver(plan)
    else {
      isUnderWay = false
      warn(`upgrade to ${plan.to.version} given up: whoever asked for it is gone`)
    }
  }

  function takeOver(plan: Plan): void {
    const { to, at } = plan
    const upgrade: UpgradeItem = { at, from: item(own), to: item(to), outcome: 'under-way', why: '', gapMs: null }
    const refused = engine.snapshot().state.mode.kind === 'stopping' ? 'the daemon is stopping' : changed(to)
    if (refused !== null) {
      isUnderWay = false
      note.write({ ...upgrade, outcome: 'failed', why: refused })
      warn(`upgrade to ${to.version} given up: ${refused}`)
      return
    }
    parts.passProbation()
    note.write(upgrade)
    warn(`upgrade: ${own.version} in ${own.directory} becomes ${to.version} in ${to.directory}`)
    void become(plan) // a failure in it is a bug, and ends us like any other
  }

  /** From here there is no way back but through another image: all is closed. */
  async function become({ to, at, returnTo }: Plan): Promise<void> {
    const args = parts.args()
    const guardFd = guard(returnTo ?? to, args)
    const signals = holdSignals()
    const { listenFd, tcpListenFd, supervisordDoors } = await parts.handOver(answersMsMax)
    const { mode } = engine.snapshot().state
    const { closedBootMs, keep } = parts.close()
    await pendingSignals()
    const carried: Carried = {
      format: carriedFormat,
      pid: process.pid,
      lockFd: parts.lockFd,
      listenFd,
      tcpListenFd,
      supervisordDoors,
      guardFd,
      at,
      closedBootMs,
      held: mode.kind === 'held' ? mode.why : null,
      news: { kind: 'forth' },
      returnTo,
      signals: signals.came,
    }
    const errno = becomeDaemon(to, args, carried, keep)
    const why = `it could not be become (${errno})`
    const back: Carried = { ...carried, news: { kind: 'back', outcome: 'failed', why }, returnTo: null }
    const again = becomeDaemon(own, args, back, keep)
    warn(`upgrade to ${to.version} failed: ${why}, nor the running version again (${again}); the guard starts one`)
    exitNow(exitCodes.daemonBug)
  }

  /** null: there is none; then a death has to be answered by whoever else watches us. */
  function guard(image: ProgramImage, args: readonly string[]): number | null {
    const { descriptorsSoft } = parts
    const fd = startGuard({ launcher: launcherOf(image), args, environment: process.env, descriptorsSoft })
    if (typeof fd === 'number') return fd
    warn(`no guard could be started (${fd}); should version ${image.version} die at once, start the daemon again`)
    return null
  }

  return { prepare, latest: note.latest }
}

interface Plan {
  readonly at: string
  readonly to: ProgramImage
  readonly returnTo: ProgramImage | null
}

function questionFor({ stateDirectory, runDirectory }: Home): PreflightQuestion {
  return {
    carriedFormat,
    store: { stateDirectory, runDirectory },
    copyDirectory: join(runDirectory, 'preflight'),
    formats: ownFormats,
  }
}

/** Resolves when signals that came during a long callback are known: Node hears of them only when it next looks for input. */
function pendingSignals(): Promise<void> {
  // The first one may still belong to the present round of the loop.
  return new Promise((resolve) => setImmediate(() => setImmediate(resolve)))
}

function changed(to: ProgramImage): string | null {
  const path = changedFile(to)
  return path === null ? null : `${path} was changed after its preflight`
}

/** What to become again should the new version fail. */
function wayBack(
  own: ProgramImage,
  to: ProgramImage,
  isReturnable: boolean,
): { readonly returnTo: ProgramImage | null; readonly warnings: readonly string[] } {
  const missing = changedFile(own)
  if (missing !== null) {
    const why = `${missing} is no longer what version ${own.version} was started from`
    return { returnTo: null, warnings: [`should ${to.version} fail, there is nothing to return to: ${why}`] }
  }
  if (isReturnable) return { returnTo: own, warnings: [] }
  const why = `${own.version} cannot read the state as ${to.version} writes it`
  return { returnTo: null, warnings: [`should ${to.version} fail, there is no way back: ${why}`] }
}

function item({ version, directory }: VersionItem): VersionItem {
  return { version, directory }
}
