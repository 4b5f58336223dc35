import type { App, State, Target, Who } from '../../core/model.ts'
import { supervisordError } from '../../dialects/supervisord/problems.ts'
import type { GroupSettings, SupervisordSettings } from '../../dialects/supervisord/settings.ts'
import type { EnginePort } from '../../engine/ports.ts'
import type { GroupsPort, Reread } from '../../frontends/supervisord/contract.ts'
import type { DecodeAnswer } from '../decode-child.ts'
import type { FilesPort } from '../sources.ts'

/** The groups of supervisord files: in force, and as they were read last. */
export interface Groups extends GroupsPort {
  /** All that the files declare is in force now. */
  applied(files: Pick<DecodeAnswer, 'target' | 'supervisord'>): void
  /**
   * Takes these out of force until `refill`; what lives of them is stopped. Nobody wishes them down: a daemon that follows our
   * death in between puts all that the files declare in force.
   */
  clear(groups: readonly string[], by: Who, why: string): Promise<void>
  /**
   * Reads the files again and puts all they declare in force; where they have errors, what was in force before the first was
   * taken out of it. Answers supervisord's words for what is wrong; null: nothing is.
   */
  refill(by: Who, why: string): Promise<string | null>
}

interface Read {
  readonly target: Target
  readonly settings: readonly SupervisordSettings[]
}

export function createGroups(options: {
  readonly files: () => FilesPort
  readonly engine: Pick<EnginePort, 'snapshot'>
  /** What was in force when the last daemon ended. */
  readonly kept: readonly SupervisordSettings[]
  /** Called with what comes into force next, once it resolves. */
  readonly comes: (target: Target, settings: readonly SupervisordSettings[]) => Promise<void>
  /** Called with what is in force, whenever that is another. */
  readonly changed: (settings: readonly SupervisordSettings[]) => void
}): Groups {
  const { files, engine, comes, changed } = options
  let settings = options.kept
  let active: ReadonlyMap<string, GroupSettings> = byName(settings)
  let offered: Read | null = null
  /** What was in force before it was taken out of it. */
  let cleared: Read | null = null

  const inForce = (): readonly SupervisordSettings[] =>
    settings.map((one) => ({ ...one, groups: one.groups.flatMap(({ name }) => active.get(name) ?? []) }))

  const putInForce = (read: Read): void => {
    settings = read.settings
    active = byName(settings)
    offered = read
    changed(settings)
  }

  const refill: Groups['refill'] = (by, why) =>
    files().inTurn(async () => {
      const read = readOf(await files().decode())
      const isGood = typeof read !== 'string'
      const next = isGood ? read : cleared
      if (next !== null) {
        await comes(next.target, next.settings)
        await files().put(withGroups(files().inForce(), appsOf(next.target)), by, why)
        putInForce(next)
      }
      cleared = null
      return isGood ? null : read
    })

  return {
    settings: inForce,
    offered: () => (offered === null ? [...active.values()] : groupsOf(offered.settings)),
    reread: () =>
      files().inTurn(async (): Promise<Reread> => {
        const read = readOf(await files().decode())
        if (typeof read === 'string') return { kind: 'refused', message: read }
        offered = read
        const now = byName(read.settings)
        const names = (groups: Iterable<GroupSettings>, is: (group: GroupSettings) => boolean) =>
          [...groups].filter(is).map(({ name }) => name)
        return {
          kind: 'read',
          added: names(now.values(), ({ name }) => !active.has(name)),
          changed: names(now.values(), ({ name, hash }) => active.has(name) && active.get(name)?.hash !== hash),
          removed: names(active.values(), ({ name }) => !now.has(name)),
        }
      }),
    add: (name, by) =>
      files().inTurn(async () => {
        const present = files().inForce()
        // What was read last counts, even of a group that is still in force.
        if (offered !== null && !byName(offered.settings).has(name)) return 'unknown'
        if (active.has(name)) return 'active'
        const from = offered ?? readOr(await files().decode())
        const group = from === null ? undefined : byName(from.settings).get(name)
        const app = from?.target.apps[name]
        if (group === undefined || app === undefined) return 'unknown'
        await comes({ apps: { [name]: app } }, from!.settings)
        await files().put(withApp(present, app), by, `group ${name} added`)
        active = new Map([...active, [name, group]])
        settings = withOffered(settings, from!.settings, name)
        changed(inForce())
        return 'added'
      }),
    remove: (name, by) =>
      files().inTurn(async () => {
        if (!active.has(name)) return 'unknown'
        if (isLiving(engine.snapshot().state, name)) return 'running'
        await files().put(without(files().inForce(), [name]), by, `group ${name} removed`)
        active = new Map([...active].filter(([one]) => one !== name))
        changed(inForce())
        return 'removed'
      }),
    applied: (answer) => putInForce({ target: answer.target, settings: answer.supervisord }),
    clear: (groups, by, why) =>
      files().inTurn(async () => {
        const before = files().inForce()
        cleared ??= { target: before, settings: inForce() }
        await files().put(without(before, groups), by, why)
        active = new Map([...active].filter(([name]) => !groups.includes(name)))
      }),
    refill,
  }
}

/** A text: supervisord's words for the first error. */
function readOf({ target, supervisord, problems }: DecodeAnswer): Read | string {
  const error = problems.find(({ severity }) => severity === 'error')
  if (error === undefined) return { target, settings: supervisord }
  return supervisord.find((one) => one.error !== null)?.error ?? supervisordError(error)
}

function readOr(answer: DecodeAnswer): Read | null {
  const read = readOf(answer)
  return typeof read === 'string' ? null : read
}

function groupsOf(settings: readonly SupervisordSettings[]): readonly GroupSettings[] {
  return settings.flatMap(({ groups }) => groups)
}

function byName(settings: readonly SupervisordSettings[]): ReadonlyMap<string, GroupSettings> {
  return new Map(groupsOf(settings).map((group) => [group.name, group]))
}

/** The group counts for the source that it stands in now. */
function withOffered(
  settings: readonly SupervisordSettings[],
  offered: readonly SupervisordSettings[],
  name: string,
): readonly SupervisordSettings[] {
  return settings.map((one) => {
    const others = one.groups.filter((group) => group.name !== name)
    const added = offered.find(({ source }) => source === one.source)?.groups.find((group) => group.name === name)
    return { ...one, groups: added === undefined ? others : [...others, added].toSorted(compareGroups) }
  })
}

function compareGroups(a: GroupSettings, b: GroupSettings): number {
  return a.priority - b.priority || (a.name < b.name ? -1 : 1)
}

/** Neither stopped, nor ended, nor given up. */
function isLiving({ units }: State, group: string): boolean {
  return units
    .values()
    .some(({ app, run, phase }) => app === group && (run !== null || phase === 'backoff' || phase === 'starting'))
}

function appsOf({ apps }: Target): readonly App[] {
  return Object.values(apps).filter(({ dialect }) => dialect === 'supervisord')
}

/** These in place of all that supervisord files declare. */
function withGroups({ apps }: Target, groups: readonly App[]): Target {
  const others = Object.values(apps).filter(({ dialect }) => dialect !== 'supervisord')
  return targetOf([...others, ...groups])
}

function withApp({ apps }: Target, app: App): Target {
  return targetOf([...Object.values(apps).filter(({ name }) => name !== app.name), app])
}

function without({ apps }: Target, groups: readonly string[]): Target {
  return targetOf(Object.values(apps).filter(({ name }) => !groups.includes(name)))
}

function targetOf(apps: readonly App[]): Target {
  return { apps: Object.fromEntries(apps.map((app) => [app.name, app])) }
}
