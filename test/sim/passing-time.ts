import { nowOf } from './clock.ts'
import { nextDockBootMs, passDockTime } from './containers/strikes.ts'
import { judge } from './judge.ts'
import { dieAndComeBack, restartAfterStop, upgrade } from './lives.ts'
import { note, type Scenario } from './stage.ts'
import { hold, SimulatedCrash } from './violation.ts'

export function nextEventBootMs({ life, dock, diskFreeBootMs, time, isWallStill }: Scenario): number | null {
  let next: number | null = diskFreeBootMs
  const consider = (at: number | null) => {
    if (at !== null && (next === null || at < next)) next = at
  }
  consider(life.engineAlarm.bootMs)
  const { wallMs } = life.wallAlarm
  if (wallMs !== null && !isWallStill) consider(Math.max(time.bootMs, wallMs - time.wallOffsetMs))
  consider(life.driverAlarm.bootMs)
  consider(life.engineDriverAlarm.bootMs)
  consider(nextDockBootMs(dock))
  for (const { atBootMs } of life.underWay) consider(atBootMs)
  return next
}

/** Time goes on to `bootMs`, and what is due then happens, at most one thing of each kind. */
export function passTime(scenario: Scenario, bootMs: number): void {
  const { time, life } = scenario
  const passedMs = Math.max(0, bootMs - time.bootMs)
  time.bootMs += passedMs
  if (scenario.isWallStill) time.wallOffsetMs -= passedMs
  if (scenario.diskFreeBootMs !== null && scenario.diskFreeBootMs <= time.bootMs) {
    scenario.store.freeDisk()
    scenario.diskFreeBootMs = null
    note(scenario, 'there is room on the disk again')
  }
  passDockTime(scenario)
  for (const late of life.underWay.splice(0)) {
    if (late.atBootMs <= time.bootMs) life.post?.(late.event)
    else life.underWay.push(late)
  }
  for (const alarm of [life.driverAlarm, life.engineDriverAlarm, life.engineAlarm]) {
    if (alarm.bootMs === null || alarm.bootMs > time.bootMs) continue
    alarm.bootMs = null
    alarm.wake()
  }
  const { wallMs } = life.wallAlarm
  if (wallMs !== null && wallMs <= nowOf(time).wallMs) wakeByWall(scenario)
}

/** The wall clock was set, or came to the time that was waited for. */
export function wakeByWall({ life, time }: Scenario): void {
  const { wallAlarm } = life
  if (wallAlarm.wallMs === null) return
  if (wallAlarm.wallMs <= nowOf(time).wallMs) wallAlarm.wallMs = null
  wallAlarm.wake()
}

/** Takes the turns that wait, judging each, until nothing is left to do at this moment. */
export async function settle(scenario: Scenario): Promise<void> {
  for (let count = 0; ; count++) {
    hold(count < 2_000, 'it comes to rest', () => 'more than 2,000 turns at one moment')
    const { life } = scenario
    const task = life.ready.shift()
    if (task === undefined) {
      await Promise.resolve()
      if (life.ready.length > 0) continue
      if (!life.isStopped) return
      await restartAfterStop(scenario)
      continue
    }
    try {
      task()
      judge(scenario)
    } catch (error) {
      if (!(error instanceof SimulatedCrash)) throw error
      if (life.crash?.isUpgrade) await upgrade(scenario, error.message)
      else await dieAndComeBack(scenario, error.message)
    }
    await Promise.resolve()
  }
}
