import { nextRound } from '../../base/pause.ts'
import type { Event, Step } from '../../core/model.ts'
import type { Post } from '../../engine/ports.ts'
import type { CronQuestion } from '../../formats/cron.ts'
import { watchHostZone } from './host-zone.ts'

export type ScheduleStep = Extract<Step, { kind: 'schedule' }>

/** Tells when schedules are due next. */
export interface Scheduler {
  /** Answers with exactly one `next-due`, after this has returned. What cannot be told is due never, with a message. */
  perform(step: ScheduleStep, post: Post): void
}

export interface SchedulerOptions {
  readonly warn: (message: string) => void
  /** Loads what computes the times. */
  readonly load?: () => Promise<Cron>
}

export interface Cron {
  nextDue(question: CronQuestion): number | null
}

/** Computing a time takes a fifth of a millisecond: thousands at once must not keep exits waiting. */
const sliceMs = 5

/** A daemon without schedules never loads what computes them. */
const loadCron = (): Promise<Cron> => import('../../formats/cron.ts')

/** The queue holds at most one step for each unit: the next one follows the answer. */
export function createScheduler({ warn, load = loadCron }: SchedulerOptions): Scheduler {
  const hostZone = watchHostZone()
  let queue: Asked[] = []
  let isWorking = false

  async function work(): Promise<void> {
    const cron = await loaded(load, warn)
    while (queue.length > 0) {
      const beganAt = performance.now()
      const timeZone = hostZone()
      let done = 0
      while (done < queue.length && performance.now() - beganAt < sliceMs) {
        const { step, post } = queue[done++]!
        post(answer(step, cron, timeZone))
      }
      queue = queue.slice(done)
      if (queue.length > 0) await nextRound()
    }
    isWorking = false
  }

  return {
    perform(step, post) {
      queue.push({ step, post })
      if (isWorking) return
      isWorking = true
      void work() // throws only on bugs: what it is given to do is answered whatever happens
    },
  }
}

interface Asked {
  readonly step: ScheduleStep
  readonly post: Post
}

/** A message where it cannot be loaded: an installation that is being replaced, or lost a file. */
async function loaded(load: () => Promise<Cron>, warn: (message: string) => void): Promise<Cron | string> {
  try {
    return await load()
  } catch (error) {
    const why = `a part of this Holdfast is missing or was replaced: ${textOf(error)}`
    const message = `schedules cannot be computed (${why}); go on as what is installed now: holdfast upgrade`
    warn(message)
    return message
  }
}

function answer(step: ScheduleStep, cron: Cron | string, zone: string | null): Event {
  const { unit, schedule, scheduleHash, afterWallMs } = step
  const about = { kind: 'next-due', unit, scheduleHash, afterWallMs } as const
  if (typeof cron === 'string') return { ...about, dueWallMs: null, message: cron }
  try {
    const dueWallMs = cron.nextDue({ cron: schedule.cron, timeZone: schedule.timeZone ?? zone, afterWallMs })
    return { ...about, dueWallMs, message: dueWallMs === null ? 'its schedule has no further time' : '' }
  } catch (error) {
    // Decoded by another version of us, or a mistake in the library: this schedule stands still, and says why.
    return { ...about, dueWallMs: null, message: `its schedule is not followed: ${textOf(error)}` }
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
