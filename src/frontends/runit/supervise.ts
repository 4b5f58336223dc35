import type { Now, State, Unit, UnitId } from '../../core/model.ts'
import type { EnginePort, LoggerPort, Snapshot } from '../../engine/ports.ts'
import type { Watcher } from '../../sys/watcher.ts'
import { createControl } from './control.ts'
import { closeDirectory } from './directory.ts'
import { type Held, inOrderOfRelease, type SuperviseSite } from './held.ts'
import { findInherited, noneInherited } from './inherited.ts'
import { sharedText } from './refusals.ts'
import { createTelling } from './telling.ts'

export type { SuperviseSite } from './held.ts'

export interface SuperviseParts {
  readonly engine: Pick<EnginePort, 'snapshot' | 'command' | 'subscribe'>
  /** null: no unit has a builtin logger. */
  readonly loggers: LoggerPort | null
  readonly watcher: Pick<Watcher, 'watch'>
  readonly clock: () => Now
  /** Another image of this process was here before us, and left its directories open. */
  readonly isFollowing: boolean
  /** Somebody said `x` of a service: it is to be declared no longer. May be called again for the same one. */
  readonly exit: (unit: UnitId) => void
  readonly warn: (text: string) => void
}

/** The `supervise` directories by which sv, svc, svstat and svok see services and command them. */
export interface Supervise {
  /**
   * To be called with all sites there are, before they are declared: what is new is opened. Answers, by unit, why one cannot be:
   * which path, why, and the remedy; its partner is not opened either. What was refused is tried again, what is held stays. Held
   * sites that are not listed any more are given back when the engine knows neither their unit nor its partner.
   */
  claim(sites: readonly SuperviseSite[]): ReadonlyMap<UnitId, string>
  held(): readonly SuperviseSite[]
  /**
   * To be called before the engine is told that a run of this unit has ended: a service that commands itself (`sv once .`) has
   * written that before its end.
   */
  hear(unit: UnitId): void
  /** What is to stay open when this process becomes another image, so that clients do not notice. */
  descriptors(): readonly number[]
  /** All that the image before us had is claimed by now: what is left of it is closed. */
  settle(): void
  /**
   * isFollowed: another image of this process goes on; nothing is closed, and no command is taken any more. To be called in one
   * go with the engine's last turn. Otherwise the files say how things ended, and every directory is given back.
   */
  close(options: { readonly isFollowed: boolean }): void
}

/** Files are written within the turn that brought the news, before anybody else learns of it. */
export function createSupervise(parts: SuperviseParts): Supervise {
  const { engine, loggers, clock, warn } = parts
  const inherited = parts.isFollowing ? findInherited() : noneInherited
  /** By directory. */
  const all = new Map<string, Held>()
  /** Their units are gone; those of their partners may not be. */
  const leaving = new Set<Held>()
  let looked: { readonly units: State['units']; readonly mode: State['mode']['kind'] } | null = null

  const control = createControl({ ...parts, amend: (held, told) => telling.tell(held, engine.snapshot(), told) })
  const telling = createTelling({ loggers, clock, exchange, warn })
  const unsubscribe = engine.subscribe(look)

  function look(snapshot: Snapshot): void {
    const { units, mode } = snapshot.state
    if (looked?.units === units && looked.mode === mode.kind) return
    const isModeNew = looked?.mode !== mode.kind
    looked = { units, mode: mode.kind }
    for (const held of all.values()) {
      const unit = units.get(held.site.unit) ?? null
      if (unit !== held.seen || isModeNew) follow(held, unit, snapshot)
    }
    if (leaving.size > 0) release(snapshot)
  }

  function follow(held: Held, unit: Unit | null, snapshot: Snapshot): void {
    held.seen = unit
    if (held.isReplaced && (unit === null || !isOfBefore(unit))) {
      leaving.add(held)
      held.seen = null
      telling.tell(held, snapshot)
      return
    }
    if (unit?.isDeclared) held.isAwaited = false
    telling.tell(held, snapshot)
    if (unit !== null) {
      leaving.delete(held)
      control.listen(held)
    } else if (!held.isAwaited) {
      leaving.add(held)
      control.ignore(held)
    }
  }

  function release(snapshot: Snapshot): void {
    for (const held of inOrderOfRelease(leaving)) {
      if (held.isReplaced || !isPartnerThere(held, snapshot)) giveBack(held)
    }
  }

  function isPartnerThere({ site: { partner } }: Held, { state }: Snapshot): boolean {
    if (partner === null) return false
    return state.units.has(partner) || all.values().some(({ site, isAwaited }) => isAwaited && site.unit === partner)
  }

  function giveBack(held: Held): void {
    control.ignore(held)
    telling.forget(held)
    leaving.delete(held)
    all.delete(held.site.directory)
    closeDirectory(held.files)
  }

  function exchange(held: Held, act: () => void): void {
    const isHeard = held.control !== 'ignored'
    control.ignore(held)
    act()
    if (isHeard) control.listen(held)
  }

  function claim(sites: readonly SuperviseSite[]): ReadonlyMap<UnitId, string> {
    const snapshot = engine.snapshot()
    const listed = new Set(sites.map(({ directory }) => directory))
    const units = new Set(sites.map(({ unit, part }) => `${part} ${unit}`))
    for (const held of all.values()) {
      if (listed.has(held.site.directory)) continue
      held.isAwaited = false
      held.isReplaced = units.has(`${held.site.part} ${held.site.unit}`)
    }
    const refused = new Map<UnitId, string>()
    const owners = ownersOf(sites)
    const opened = sites.flatMap((site) => {
      const owner = owners.get(site.directory) ?? site.unit
      if (owner === site.unit) return claimOne(site, snapshot, refused) ?? []
      refused.set(site.unit, sharedText(site.directory, owner))
      return []
    })
    for (const held of opened) {
      const why = refusedTogether(held.site, refused)
      if (why === undefined) continue
      refused.set(held.site.unit, why)
      giveBack(held)
    }
    for (const held of all.values()) follow(held, snapshot.state.units.get(held.site.unit) ?? null, snapshot)
    release(snapshot)
    return refused
  }

  /** Of several units with one directory the one that has it, else the first. */
  function ownersOf(sites: readonly SuperviseSite[]): ReadonlyMap<string, UnitId> {
    const owners = new Map<string, UnitId>()
    for (const { directory, unit } of sites) {
      if (!owners.has(directory) || all.get(directory)?.site.unit === unit) owners.set(directory, unit)
    }
    return owners
  }

  /** Answers what was opened for it. */
  function claimOne(site: SuperviseSite, snapshot: Snapshot, refused: Map<UnitId, string>): Held | null {
    const held = all.get(site.directory)
    if (held !== undefined) {
      held.site = site
      held.isAwaited = true
      return null
    }
    const opened = telling.open(site, inherited, snapshot)
    if (typeof opened !== 'string') {
      all.set(site.directory, opened)
      return opened
    }
    if (!refused.has(site.unit)) refused.set(site.unit, opened)
    return null
  }

  function close({ isFollowed }: { readonly isFollowed: boolean }): void {
    unsubscribe()
    for (const held of inOrderOfRelease(all.values())) {
      control.ignore(held)
      if (isFollowed) continue
      telling.tell(held, engine.snapshot())
      giveBack(held)
    }
  }

  return {
    claim,
    hear(unit) {
      for (const held of all.values()) if (held.site.unit === unit) control.hear(held)
    },
    held: () => Array.from(all.values(), ({ site }) => site),
    descriptors: () =>
      Array.from(all.values(), ({ files }) => [files.lock, files.control, files.ok])
        .flat()
        .filter((fd) => fd !== null),
    settle: inherited.settle,
    close,
  }
}

/** Its run is one that has to end for what is declared now. */
function isOfBefore({ run, after, spec }: Unit): boolean {
  return after !== null || (run !== null && run.runHash !== spec.runHash)
}

/** A service is not run without its logger, and a logger alone has nothing to log. */
function refusedTogether({ unit, partner }: SuperviseSite, refused: ReadonlyMap<UnitId, string>): string | undefined {
  return refused.get(unit) ?? (partner === null ? undefined : refused.get(partner))
}
