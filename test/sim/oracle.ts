import { isDeepStrictEqual } from 'node:util'
import { hashData } from '../../src/base/hash.ts'
import type { Command, ProcessSpec, Target, Unit, UnitId, UnitSpec, Want } from '../../src/core/model.ts'
import type { Snapshot } from '../../src/engine/ports.ts'
import { hold } from './violation.ts'

/** What must be remembered of the wish for a unit; unsure: a command may or may not have been taken in. */
export type Wish = 'declared' | 'up' | 'once' | 'down' | 'unsure'

interface Submitted {
  readonly command: Command
  readonly atBootMs: number
}

/** Keeps, from the outside, what was asked for and what was acknowledged. Knows nothing of how the core works. */
export interface Oracle {
  submit(command: Command, snapshot: Snapshot, nowBootMs: number): { settle(how: Snapshot | 'refused'): void }
  /** A wish for one run is over when that run is. */
  follow(units: ReadonlyMap<UnitId, Unit>): void
  /** Whether a wish for the unit to run may hold now. */
  mayBeWantedUp(unit: UnitId): boolean
  mayBeWantedDown(unit: UnitId): boolean
  mayBeDeclared(unit: UnitId): boolean
  /** A restart of it was asked for at or after that time. */
  wasRestartAsked(unit: UnitId, sinceBootMs: number): boolean
  /** A target asked for at or after that time declares another process for it, or none. */
  wasReplaced(unit: UnitId, process: string, sinceBootMs: number): boolean
  /** A target asked for at or after that time takes the logger from it that it had, or another such target gave it. */
  wasLoggerTaken(unit: UnitId, isLogged: boolean, sinceBootMs: number): boolean
  /** The newest time at which anything asked for may have cleared the unit's counters. */
  touchedBootMs(unit: UnitId): number
  isShutdownAsked(): boolean
  /** The store did not take everything: what was asked for since may be lost with the daemon. */
  storeTrouble(): void
  storeHealthy(): void
  /** From here until `recovered` nothing is known. */
  died(): void
  isTroubled(): boolean
  /** After a death of the daemon: what was acknowledged must be there, what was in flight may be. */
  recovered(snapshot: Snapshot): void
  /** What is known of runs was lost: a wish for one run goes with it. */
  runStateLost(): void
  reboot(): void
}

export function createOracle(): Oracle {
  let pending: Submitted[] = []
  const wishes = new Map<UnitId, Wish>()
  /** What was wished before one run was asked for. */
  const lasting = new Map<UnitId, Wish>()
  const autostart = new Map<UnitId, boolean>()
  const scheduled = new Set<UnitId>()
  /** What their declaration says of autostart counts once. */
  const countedOnce = new Set<UnitId>()
  const restarts = new Map<UnitId, number>()
  const touched = new Map<UnitId, number>()
  const asked: { readonly atBootMs: number; readonly units: ReadonlyMap<UnitId, Declared> }[] = []
  let target: Target | null = null
  let allTouchedBootMs = 0
  /** Targets that may be the stored one when the daemon dies now. */
  let unsureTargets: Target[] = []
  let isShutdown = false
  let isTroubled = false
  let isDead = true
  let isEnding = false

  /** A service with a schedule is wanted for each of its times: nobody outside knows when. */
  function wish(unit: UnitId, wished: Wish): void {
    if (autostart.has(unit)) wishes.set(unit, scheduled.has(unit) ? 'unsure' : wished)
  }

  function apply(command: Command, acknowledged: Snapshot): void {
    switch (command.kind) {
      case 'set-target':
        applyTarget(command.target, true)
        return
      case 'start':
      case 'restart':
        for (const unit of command.units) wish(unit, autostart.get(unit) && !countedOnce.has(unit) ? 'declared' : 'up')
        return
      case 'stop':
        for (const unit of command.units) wish(unit, autostart.get(unit) || countedOnce.has(unit) ? 'down' : 'declared')
        return
      case 'run':
        // What runs already is left alone, and only the daemon knows what ran then.
        for (const unit of command.units) {
          const before = wishes.get(unit) ?? 'unsure'
          wish(unit, wishOf(acknowledged.state.units.get(unit)?.want))
          if (wishes.get(unit) === 'once' && command.isLast === true) lasting.set(unit, 'down')
          else if (wishes.get(unit) === 'once' && before !== 'once') lasting.set(unit, before)
        }
        return
      case 'signal':
        return
      case 'shutdown':
        if (isEnding) return
        isEnding = true
        beginAnew()
        return
    }
  }

  /** The daemon, or its host, is started again on purpose. */
  function beginAnew(): void {
    for (const [unit, { isUntilRestart, isCountedOnce }] of target === null ? [] : declaredUnits(target)) {
      if (isUntilRestart) wishes.set(unit, 'declared')
      else if (isCountedOnce) wishes.set(unit, 'unsure')
      else if (wishes.get(unit) === 'once') wishes.set(unit, lasting.get(unit) ?? 'unsure')
    }
  }

  /** `isDecided`: by a command; else it is what is found stored. */
  function applyTarget(next: Target, isDecided: boolean): void {
    target = next
    const specs = declaredUnits(next)
    for (const unit of autostart.keys()) {
      if (specs.has(unit)) continue
      autostart.delete(unit)
      scheduled.delete(unit)
      wishes.set(unit, 'unsure')
    }
    for (const [unit, spec] of specs) {
      const isFirst = !autostart.has(unit) || wishes.get(unit) === 'declared'
      if (!spec.isCountedOnce) countedOnce.delete(unit)
      else {
        countedOnce.add(unit)
        if (isFirst && isDecided) wishes.set(unit, isEnding ? 'declared' : spec.autostart ? 'up' : 'down')
        else if (!autostart.has(unit)) wishes.set(unit, 'unsure')
      }
      autostart.set(unit, spec.autostart)
      if (spec.isScheduled) {
        scheduled.add(unit)
        wishes.set(unit, 'unsure')
      } else scheduled.delete(unit)
      if (!wishes.has(unit)) wishes.set(unit, 'declared')
    }
  }

  function touch(command: Command, snapshot: Snapshot, nowBootMs: number): void {
    if (command.kind === 'set-target') {
      asked.push({ atBootMs: nowBootMs, units: declaredUnits(command.target) })
      allTouchedBootMs = nowBootMs
      return
    }
    if (command.kind === 'signal' || !('units' in command)) return
    for (const unit of command.units) touched.set(unit, nowBootMs)
    if (command.kind !== 'restart') return
    // A target asked for just before may have declared edges that the snapshot does not know yet.
    const declared = pending.flatMap(({ command: other }) =>
      other.kind === 'set-target' ? [...declaredUnits(other.target)] : [],
    )
    const known = [...snapshot.state.units.values()].map((unit) => [unit.id, unit.spec] as const)
    for (const unit of [...command.units, ...restartedAlong([...known, ...declared], command.units)]) {
      touched.set(unit, nowBootMs)
      restarts.set(unit, nowBootMs)
    }
  }

  function mayBe(unit: UnitId, isUp: boolean): boolean {
    if (isDead) return true
    const wish = wishes.get(unit) ?? 'unsure'
    if (wish === 'unsure') return true
    if ((wish === 'declared' ? (autostart.get(unit) ?? false) : wish !== 'down') === isUp) return true
    return pending.some(
      ({ command }) =>
        (command.kind === 'set-target' && mayCount(unit, wish, command.target)) ||
        command.kind === 'shutdown' ||
        names(command, unit, isUp),
    )
  }

  /** Whether what that target says of the unit may change what is wanted of it. */
  function mayCount(unit: UnitId, wish: Wish, next: Target): boolean {
    const declared = declaredUnits(next).get(unit)
    if (declared === undefined || !autostart.has(unit)) return true
    return !declared.isCountedOnce || !countedOnce.has(unit) || wish === 'declared'
  }

  return {
    submit(command, snapshot, atBootMs) {
      const entry = { command, atBootMs }
      pending.push(entry)
      touch(command, snapshot, atBootMs)
      if (command.kind === 'shutdown') isShutdown = true
      return {
        settle(how) {
          if (!pending.includes(entry)) return
          pending = pending.filter((other) => other !== entry)
          if (how === 'refused') return
          apply(command, how)
          if (command.kind === 'set-target') unsureTargets.push(command.target)
        },
      }
    },
    follow(units) {
      for (const [unit, wished] of wishes) {
        const want = units.get(unit)?.want
        if (wished === 'once' && want !== undefined && want.kind !== 'once') wishes.set(unit, wishOf(want))
      }
    },
    mayBeWantedUp: (unit) => mayBe(unit, true),
    mayBeWantedDown: (unit) => mayBe(unit, false),
    mayBeDeclared: (unit) =>
      isDead || autostart.has(unit) || pending.some(({ command }) => command.kind === 'set-target'),
    wasRestartAsked: (unit, sinceBootMs) => (restarts.get(unit) ?? -1) >= sinceBootMs,
    wasReplaced: (unit, process, sinceBootMs) =>
      asked.some(({ atBootMs, units }) => {
        if (atBootMs < sinceBootMs) return false
        const declared = units.get(unit)
        return declared === undefined || processText(declared.process) !== process
      }),
    wasLoggerTaken: (unit, isLogged, sinceBootMs) => {
      const since = asked.flatMap(({ atBootMs, units }) =>
        atBootMs < sinceBootMs ? [] : (units.get(unit)?.process ?? []),
      )
      const had = isLogged || since.some(({ logger }) => logger?.kind === 'unit')
      return had && since.some(({ logger }) => logger?.kind !== 'unit')
    },
    touchedBootMs: (unit) => Math.max(allTouchedBootMs, touched.get(unit) ?? 0),
    isShutdownAsked: () => isShutdown,
    died() {
      isDead = true
      lasting.clear()
    },
    storeTrouble() {
      if (isDead) return
      isTroubled = true
      if (target !== null && !unsureTargets.includes(target)) unsureTargets.push(target)
    },
    isTroubled: () => isTroubled,
    storeHealthy() {
      if (isDead) return
      isTroubled = false
      unsureTargets = target === null ? [] : [target]
    },
    recovered(snapshot) {
      const inFlight = pending
      pending = []
      isShutdown = false
      isEnding = false
      isDead = false
      checkTarget(snapshot, [
        ...unsureTargets,
        ...inFlight.flatMap(({ command }) => (command.kind === 'set-target' ? [command.target] : [])),
      ])
      for (const unit of snapshot.state.units.values()) {
        // Its one run was over by the time the daemon looked.
        const isOver = wishes.get(unit.id) === 'once' && unit.end.atWallMs === snapshot.now.wallMs
        if (isOver) wishes.set(unit.id, wishOf(unit.want))
        checkWish(unit.id, unit.isDeclared, unit.want, inFlight)
      }
      isTroubled = snapshot.storeTrouble !== null
    },
    runStateLost() {
      for (const [unit, wished] of wishes) if (wished === 'once') wishes.set(unit, 'unsure')
      // Nothing tells it from a start of the host, which clears the run directory.
      beginAnew()
    },
    reboot() {
      beginAnew()
      allTouchedBootMs = 0
      touched.clear()
      restarts.clear()
      asked.length = 0
    },
  }

  function checkTarget(snapshot: Snapshot, possible: readonly Target[]): void {
    const stored = snapshot.state.target
    const isKnown = possible.length === 0 || possible.some((one) => one === stored || isDeepStrictEqual(one, stored))
    hold(isKnown, 'what was acknowledged survives', () => 'the target after the restart is none that was asked for')
    applyTarget(stored, false)
    unsureTargets = [stored]
  }

  function checkWish(unit: UnitId, isDeclared: boolean, want: Want, inFlight: readonly Submitted[]): void {
    const found = wishOf(want)
    const known = wishes.get(unit) ?? 'unsure'
    const isOpen =
      !isDeclared || isTroubled || known === 'unsure' || inFlight.some(({ command }) => command.kind !== 'signal')
    hold(
      isOpen || found === known,
      'what was acknowledged survives',
      () => `${unit}: the wish was ${known}, now it is ${found}`,
    )
    wishes.set(unit, isDeclared && !scheduled.has(unit) ? found : 'unsure')
  }
}

function wishOf(want: Want | undefined): Wish {
  if (want === undefined) return 'unsure'
  return want.by.kind === 'declared' ? 'declared' : want.kind
}

function names(command: Command, unit: UnitId, isUp: boolean): boolean {
  if (command.kind === 'start' || command.kind === 'restart' || command.kind === 'run')
    return isUp && command.units.includes(unit)
  return command.kind === 'stop' && !isUp && command.units.includes(unit)
}

function restartedAlong(
  specs: readonly (readonly [UnitId, Pick<UnitSpec, 'dependsOn'>])[],
  units: readonly UnitId[],
): readonly UnitId[] {
  const services = new Set(units.map((unit) => unit.slice(0, unit.lastIndexOf('/'))))
  return specs
    .filter(([unit, { dependsOn }]) =>
      dependsOn.some((edge) => edge.restart && services.has(`${unit.slice(0, unit.indexOf('/'))}/${edge.service}`)),
    )
    .map(([unit]) => unit)
}

interface Declared {
  readonly process: ProcessSpec
  /** With a schedule: its times start it, not the daemon. */
  readonly autostart: boolean
  readonly isScheduled: boolean
  readonly isUntilRestart: boolean
  readonly isCountedOnce: boolean
  readonly dependsOn: UnitSpec['dependsOn']
}

const declarations = new WeakMap<Target, ReadonlyMap<UnitId, Declared>>()

/** What a target declares, read from it without the core's help. */
function declaredUnits(target: Target): ReadonlyMap<UnitId, Declared> {
  const known = declarations.get(target)
  if (known !== undefined) return known
  const units = new Map<UnitId, Declared>()
  for (const app of Object.values(target.apps)) {
    for (const { name, process, manualStop, instances, dependsOn, ...service } of Object.values(app.services)) {
      const isUntilRestart = manualStop === 'until-daemon-restart'
      const isScheduled = service.schedule !== null
      const isCountedOnce = !service.autostartAgain
      const autostart = service.autostart && !isScheduled
      for (const instance of instances) {
        const own = instance.process === undefined ? process : { ...process, ...instance.process }
        units.set(`${app.name}/${name}/${instance.n}`, {
          process: own,
          autostart,
          isScheduled,
          isUntilRestart,
          isCountedOnce,
          dependsOn,
        })
      }
    }
  }
  declarations.set(target, units)
  return units
}

const texts = new WeakMap<ProcessSpec, string>()

/** Equal for processes that are declared alike; who takes what they print may change while they run. */
export function processText(process: ProcessSpec): string {
  const known = texts.get(process) ?? hashData({ ...process, logger: null })
  texts.set(process, known)
  return known
}
