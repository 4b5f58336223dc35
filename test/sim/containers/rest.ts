import { homeLabel, unitLabel } from '../../../src/core/containers/marks.ts'
import type { Now, State, Unit } from '../../../src/core/model.ts'
import type { FakeContainer } from '../../../src/drivers/fake/engine/engine-world.ts'
import { isContainer } from '../scene.ts'
import type { Scenario } from '../stage.ts'
import { hold } from '../violation.ts'
import { type Dock, home } from './dock.ts'
import { passDockTime } from './strikes.ts'
import { isAsDeclared } from './watch.ts'

/** Nothing goes wrong any more: what was wrong for a while is right, and what runs is well from now on. */
export function calmDock(scenario: Scenario): void {
  const { dock, time, life } = scenario
  if (dock === null) return
  const { world, foreign } = dock
  dock.isFaulty = false
  world.elapse(time.bootMs)
  passDockTime(scenario)
  for (const container of [...world.containers.values()]) {
    if (foreign.containers.has(container.id) && container.name !== 'other-app') {
      foreign.containers.delete(container.id)
      world.remove(container.id, { isForced: true, nowBootMs: time.bootMs })
    }
    if (container.state === 'paused') world.unpause(container.id, time.bootMs)
    if (container.state === 'running')
      container.coming = [{ atBootMs: time.bootMs + 50, status: 'healthy', file: null }]
  }
  life.engineDriverAlarm.bootMs = time.bootMs
}

/** Nothing about the engine is still to come by itself. */
export function isDockAtRest(dock: Dock | null, { containerEngine, units }: State, now: Now): boolean {
  if (dock === null) return true
  const { observe, work, locks, troubles } = containerEngine
  if (observe !== null || work.size > 0 || dock.world.nextBootMs() !== null || dock.world.hasNotes()) return false
  if ([...locks.values()].some(({ kind }) => kind !== 'free' && kind !== 'held')) return false
  if ([...units.values()].some(({ container }) => container?.handsOverTo != null)) return false
  return ![...troubles.values()].some(({ retryBootMs }) => retryBootMs > now.bootMs)
}

const name = 'without faults containers are as declared'

/** What is there is what is declared, and nothing else of ours is. */
export function checkDock({ dock, life }: Scenario): void {
  if (dock === null) return
  const { state } = life.engine.snapshot()
  const { world } = dock
  if (state.mode.kind !== 'running') return
  for (const unit of state.units.values()) if (isContainer(unit)) isThere(state, unit, dock)
  for (const container of world.containers.values()) {
    if (container.settings.labels[homeLabel] !== home) continue
    const unit = state.units.get(container.settings.labels[unitLabel] ?? '')
    hold(unit?.isDeclared === true, name, () => `${container.name} is left of ${container.settings.labels[unitLabel]}`)
    const isIts = unit.container?.id === container.id
    hold(isIts, name, () => `${container.name} (${container.state}) is a second one of ${unit.id}`)
  }
  networksAreAsDeclared(state, dock)
  nothingIsHeld(dock)
}

function isThere(state: State, unit: Unit, { world, touched }: Dock): void {
  const ours = [...world.containers.values()].filter((one) => isOf(one, unit))
  const living = ours.filter(({ id }) => world.isLive(id))
  const isUp = unit.phase === 'up'
  const told = () =>
    `${unit.id} is ${unit.phase} (${unit.reason}): ${ours.map(({ name, state }) => `${name} ${state}`).join(', ')}`
  hold(living.length === (isUp ? 1 : 0), name, told)
  const [container] = living
  const spec = unit.spec.container
  if (container === undefined || spec === undefined) return
  hold(
    unit.run?.identity?.container?.id === container.id,
    name,
    () => `${unit.id}: its run is not that of ${container.id}`,
  )
  hold(unit.run.identity.container.startedAt === container.startedAt, name, () => `${unit.id}: its run is an older one`)
  const idOf = (service: string) => state.units.get(`${unit.app}/${service}/1`)?.container?.id ?? null
  // Which cannot be told of what is not there.
  const isKnown = world.images.inspect(spec.image) !== null
  // What somebody changed of one that was made from just this declaration is told, and left.
  const isSame = touched.has(container.id) || isAsDeclared(spec, container, world, idOf)
  const texts = () => `${JSON.stringify(container.settings)} of ${container.imageId} for ${JSON.stringify(spec)}`
  hold(isKnown && isSame, name, () => `${unit.id} is not as declared: ${texts()}`)
}

function isOf({ settings, id }: FakeContainer, unit: Unit): boolean {
  return (settings.labels[homeLabel] === home && settings.labels[unitLabel] === unit.id) || id === unit.container?.id
}

function networksAreAsDeclared({ target }: State, { world }: Dock): void {
  const declared = Object.values(target.apps).flatMap(({ resources }) => Object.values(resources?.networks ?? {}))
  for (const spec of declared) {
    const there = [...world.networks.values()].find((one) => one.name === spec.engineName)
    hold(there?.spec.isInternal === spec.isInternal, name, () => `the network ${spec.engineName} is not as declared`)
  }
  for (const { name: engineName, spec } of world.networks.values()) {
    const isStray = spec.labels[homeLabel] === home && !declared.some((one) => one.engineName === engineName)
    hold(!isStray, name, () => `the network ${engineName} is left`)
  }
}

/** Whoever looks at the files of the locks sees that nobody is at it. */
function nothingIsHeld({ world }: Dock): void {
  for (const [file, owner] of world.files.all()) hold(owner !== home, name, () => `${file} is still ours`)
}
