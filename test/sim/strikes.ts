import { drawAction, drawCommand } from './actions.ts'
import { strikeEngine } from './containers/strikes.ts'
import type { FaultKind } from './faults.ts'
import { drawCrash } from './life.ts'
import { dieAndComeBack, reboot, setWallClock, submit, upgrade } from './lives.ts'
import { drawOldNews } from './old-news.ts'
import { wakeByWall } from './passing-time.ts'
import { note, type Scenario } from './stage.ts'
import { SimulatedCrash } from './violation.ts'

export async function act(scenario: Scenario): Promise<void> {
  strikeEngine(scenario)
  const { random, mix, life } = scenario
  const units = [...life.engine.snapshot().state.units.values()]
  const action = drawAction(random, mix, units, scenario.declared)
  if (action.kind === 'command') submit(scenario, action.command)
  else await strike(scenario, action.fault)
}

async function strike(scenario: Scenario, fault: FaultKind): Promise<void> {
  const { random, time, life, store, world, mix } = scenario
  note(scenario, `fault: ${fault}`)
  switch (fault) {
    case 'paused-from-outside':
    case 'killed-from-outside': {
      const processes = [...world.processes.values()].filter((process) => !process.isImpostor)
      if (processes.length === 0) return
      const chosen = random.pick(processes.filter((process) => process.isPaused).concat(random.pick(processes)))
      const signal = fault === 'killed-from-outside' ? 'KILL' : chosen.isPaused ? 'CONT' : 'STOP'
      world.signal(chosen, signal, time.bootMs)
      life.driverAlarm.bootMs = time.bootMs
      return
    }
    case 'daemon-crash':
      if (random.chance(0.8)) life.crash = drawCrash(random)
      else await dieAndComeBack(scenario, 'between two turns')
      return
    case 'host-reboot':
      await reboot(scenario)
      return
    case 'commit-fails':
      store.failCommit(random.whole(1, 3), 'SQLITE_IOERR')
      return
    case 'disk-full':
      store.fillDisk()
      scenario.diskFreeBootMs = time.bootMs + random.whole(10, 4_000)
      if (random.chance(0.9)) startUnstored(scenario)
      return
    case 'wall-jump':
      setWallClock(scenario)
      wakeByWall(scenario)
      return
    case 'upgrade':
      if (random.chance(0.5)) life.crash = { ...drawCrash(random), isUpgrade: true }
      else await upgrade(scenario, random.chance(0.7) ? lastTurn(scenario) : 'between two turns')
      return
    case 'suspend':
      time.bootMs += random.whole(60_000, 3_600_000)
      return
    case 'command-burst': {
      const units = [...life.engine.snapshot().state.units.values()]
      for (let count = random.whole(5, 40); count > 0; count--)
        submit(scenario, drawCommand(random, units, scenario.declared))
      return
    }
    case 'impostor':
      for (const process of world.processes.values()) if (process.isImpostor) world.signal(process, 'KILL', time.bootMs)
      submitToUnresolved(scenario)
      return
    case 'news-old':
      tellOldNews(scenario)
      return
    case 'held':
      scenario.isHeldNext = true
      if (mix.has('daemon-crash')) life.crash = drawCrash(random)
      return
    default:
      return
  }
}

/** What rests is started while nothing can be stored, and soon the daemon dies: only the processes tell of it. */
function startUnstored(scenario: Scenario): void {
  const { life, mix, random, turns, world, time } = scenario
  const { units } = life.engine.snapshot().state
  for (const process of world.processes.values()) {
    const isDoubtful = process.isImpostor || units.get(process.unit)?.phase === 'unresolved'
    if (isDoubtful) world.signal(process, 'KILL', time.bootMs)
  }
  const resting = [...units.values()].filter(
    ({ phase }) => phase === 'failed' || phase === 'ended' || phase === 'unresolved',
  )
  submit(scenario, { kind: 'start', units: resting.map((unit) => unit.id), by: { kind: 'daemon' } })
  if (mix.has('daemon-crash')) scenario.crashAtTurn = turns + random.whole(4, 9)
}

/** News about runs that are over comes, whatever it says; the rarer phases get the same share of it. */
function tellOldNews({ life, random, declared }: Scenario): void {
  const units = [...life.engine.snapshot().state.units.values()]
  // With service directories there is more that may be told.
  const most = Object.keys(declared.apps).includes('sv') ? 10 : 6
  for (let count = 0; count < most && units.length > 0; count++) {
    const phase = random.pick([...new Set(units.map((unit) => unit.phase))])
    life.post?.(drawOldNews(random, random.pick(units.filter((unit) => unit.phase === phase))))
  }
}

/** Somebody who has cleared up asks for what could not be told apart. False: there is nothing of it. */
export function submitToUnresolved(scenario: Scenario): boolean {
  const units = [...scenario.life.engine.snapshot().state.units.values()].filter((unit) => unit.phase === 'unresolved')
  if (units.length === 0) return false
  submit(scenario, { kind: 'start', units: units.map((unit) => unit.id), by: { kind: 'user', uid: 0, name: 'root' } })
  return true
}

/** As an upgrade really goes: what is known is taken and stored, and nothing is done about it. Answers where it ended. */
function lastTurn({ life }: Scenario): string {
  try {
    life.engine.finish()
    return 'after a last turn'
  } catch (error) {
    if (error instanceof SimulatedCrash) return error.message
    throw error
  }
}
