import { homeLabel } from '../../../src/core/containers/marks.ts'
import { plainSettings } from '../../../src/core/target/plain-container.ts'
import type { FakeContainer } from '../../../src/drivers/fake/engine/engine-world.ts'
import { EngineRefusal } from '../../../src/drivers/fake/engine/refusal.ts'
import { note, type Scenario } from '../stage.ts'
import { boxName, imageName, repositories, versionsMax } from './declared.ts'
import { type Dock, home, published } from './dock.ts'
import type { EngineFaultKind } from './faults.ts'

/** Faults of containers that strike at a moment of their own. */
const strikes: readonly EngineFaultKind[] = [
  'engine-down',
  'engine-restart',
  'engine-disk-full',
  'tag-moves',
  'by-hand',
  'by-hand',
  'by-hand',
  'removed-by-hand',
  'resources-by-hand',
  'foreign-names',
  'locked',
  'locked',
  'dead-container',
]

/** Perhaps something happens to the engine, or somebody does something on it. */
export function strikeEngine(scenario: Scenario): void {
  const { dock } = scenario
  if (dock === null || !dock.random.chance(0.35)) return
  const possible = strikes.filter((kind) => dock.mix.has(kind))
  if (possible.length === 0) return
  const kind = dock.random.pick(possible)
  try {
    strike(scenario, dock, kind)
  } catch (error) {
    if (!(error instanceof EngineRefusal)) throw error
  }
  scenario.life.engineDriverAlarm.bootMs = scenario.time.bootMs
}

function strike(scenario: Scenario, dock: Dock, kind: EngineFaultKind): void {
  const { random, world } = dock
  const nowBootMs = scenario.time.bootMs
  world.elapse(nowBootMs)
  const told = (what: string) => note(scenario, `fault: ${kind}: ${what}`)
  switch (kind) {
    case 'engine-down':
      if (world.isDown) return
      told('nobody answers')
      world.goDown()
      dock.upBootMs = nowBootMs + random.whole(10, 8_000)
      return
    case 'engine-restart':
      if (world.isDown) return
      told('')
      world.goDown()
      comeUp(dock, nowBootMs, random.chance(0.5))
      return
    case 'engine-disk-full':
      told('')
      world.images.freeBytes = -1e15
      dock.roomBootMs = nowBootMs + random.whole(100, 6_000)
      return
    case 'tag-moves': {
      const repository = random.pick(repositories)
      const name = imageName(repository, random.whole(1, versionsMax))
      told(name)
      world.registry.publish(name, published(repository, random.whole(1, 9), random))
      return
    }
    case 'by-hand': {
      const container = anyOfOurs(dock)
      if (container !== null) doByHand(dock, container, nowBootMs, told)
      return
    }
    case 'removed-by-hand': {
      const container = anyOfOurs(dock)
      if (container === null) return
      told(`removes ${container.name}`)
      touch(dock, container.id, nowBootMs)
      world.remove(container.id, { isForced: true, nowBootMs })
      return
    }
    case 'resources-by-hand':
      changeResources(dock, nowBootMs, told)
      return
    case 'foreign-names': {
      const other = [...dock.foreign.containers].find((id) => world.containers.get(id)?.name !== 'other-app')
      if (other !== undefined) {
        world.remove(other, { isForced: true, nowBootMs })
        dock.foreign.containers.delete(other)
        told('the name is free again')
        return
      }
      const name = `${boxName}-c${random.whole(0, 4)}`
      const imageId = world.images.inspect('other/app:1')!.id
      const { id } = world.create({ name, imageId, settings: plainSettings, nowBootMs })
      dock.foreign.containers.add(id)
      told(`takes the name ${name}`)
      return
    }
    case 'locked': {
      const file = `/run/${boxName}/c${random.whole(0, 3)}/updates.lock`
      if (!world.files.make(file, 'a user')) return
      dock.locks.set(file, nowBootMs + random.whole(50, 9_000))
      told(file)
      return
    }
    case 'dead-container': {
      const container = anyOfOurs(dock)
      if (container === null) return
      told(container.name)
      touch(dock, container.id, nowBootMs)
      world.makeDead(container.id, nowBootMs)
      return
    }
    default:
      return
  }
}

export function comeUp(dock: Dock, nowBootMs: number, isLiveRestore: boolean): void {
  dock.upBootMs = null
  dock.world.comeUp(nowBootMs, { isLiveRestore })
  if (isLiveRestore) return
  // It starts by its policies what nobody wants any more, or what was replaced.
  for (const id of dock.world.containers.keys()) touch(dock, id, nowBootMs)
}

/** What was wrong for a while is right again. */
export function passDockTime(scenario: Scenario): void {
  const { dock, time, life } = scenario
  if (dock === null) return
  const isOver = (at: number | null) => at !== null && (at <= time.bootMs || !dock.isFaulty)
  if (isOver(dock.upBootMs)) {
    comeUp(dock, time.bootMs, dock.random.chance(0.5))
    life.engineDriverAlarm.bootMs = time.bootMs
  }
  if (isOver(dock.roomBootMs)) {
    dock.world.images.freeBytes = 1e12
    dock.roomBootMs = null
  }
  for (const [file, until] of dock.locks) {
    if (!isOver(until)) continue
    if (dock.world.files.ownerOf(file) === 'a user') dock.world.files.remove(file)
    dock.locks.delete(file)
  }
}

/** The engine is up again with its host, or some time later. */
export function rebootDock({ dock, time }: Scenario): void {
  if (dock === null) return
  const { world, random, locks } = dock
  const wasDown = world.isDown
  world.reboot(time.bootMs)
  locks.clear()
  if (dock.roomBootMs !== null) dock.roomBootMs = time.bootMs + random.whole(100, 6_000)
  if (wasDown) dock.upBootMs = time.bootMs + random.whole(10, 8_000)
  for (const id of world.containers.keys()) touch(dock, id, time.bootMs)
}

export function nextDockBootMs(dock: Dock | null): number | null {
  if (dock === null) return null
  const times = [dock.upBootMs, dock.roomBootMs, ...dock.locks.values()].filter((at) => at !== null)
  return times.length === 0 ? null : Math.min(...times)
}

export function touch({ touched }: Dock, key: string, nowBootMs: number): void {
  touched.set(key, nowBootMs)
}

function anyOfOurs({ world, random }: Dock): FakeContainer | null {
  const ours = [...world.containers.values()].filter(({ settings }) => settings.labels[homeLabel] === home)
  return ours.length === 0 ? null : random.pick(ours)
}

function doByHand(
  dock: Dock,
  { id, name, state }: FakeContainer,
  nowBootMs: number,
  told: (what: string) => void,
): void {
  const { world, random } = dock
  const drawn = random.whole(0, 7)
  touch(dock, id, nowBootMs)
  if (drawn === 0) {
    told(`renames ${name}`)
    world.rename(id, `by-hand-${random.whole(1, 99)}`)
  } else if (drawn === 1 && state === 'running') {
    told(`pauses ${name}`)
    world.pause(id, nowBootMs)
  } else if (state === 'paused') {
    told(`lets ${name} go on`)
    world.unpause(id, nowBootMs)
  } else if (drawn <= 3) {
    told(`starts ${name}`)
    world.start(id, nowBootMs)
  } else if (drawn === 4) {
    told(`changes the memory of ${name}`)
    world.update(id, { memoryBytes: random.whole(1, 4) * 1024 * 1024 })
  } else if (drawn === 5) {
    told(`kills ${name}`)
    world.kill(id, 'KILL', nowBootMs)
  } else {
    told(`stops ${name}`)
    world.kill(id, random.pick(['TERM', 'INT', 'HUP']), nowBootMs)
  }
}

/** An image, a network or a volume of ours goes, as far as the engine lets it. */
function changeResources(dock: Dock, nowBootMs: number, told: (what: string) => void): void {
  const { world, random } = dock
  const drawn = random.whole(0, 2)
  if (drawn === 0) {
    const name = imageName(random.pick(repositories), random.whole(1, versionsMax))
    told(`removes the image ${name}`)
    touch(dock, name, nowBootMs)
    world.removeImage(name)
  } else if (drawn === 1) {
    const network = [...world.networks.values()].find(({ name }) => name.startsWith(boxName))
    if (network === undefined) return
    told(`removes the network ${network.name}`)
    touch(dock, network.name, nowBootMs)
    world.removeNetwork(network.id)
  } else {
    const volume = [...world.volumes.values()].find(({ name }) => name.startsWith(boxName))
    if (volume === undefined) return
    told(`removes the volume ${volume.name}`)
    touch(dock, volume.name, nowBootMs)
    world.removeVolume(volume.name)
  }
}
