import type { RestartPolicy, Schedule, Service } from '../../core/model.ts'
import { cronFault } from '../../formats/cron.ts'
import { scheduleMap } from './keys-checks.ts'
import {
  type Context,
  error,
  type Keys,
  optional,
  readBoolean,
  readChoice,
  readKeys,
  readText,
  type Setting,
} from './values.ts'

/** What makes a service a job: how it is started other than with each daemon. */
export type JobSettings = Pick<Service, 'schedule' | 'once' | 'autostart'>

/** Reads `schedule`, `once` and `autostart` of x-holdfast, which exclude each other. */
export function decodeJob(context: Context, extras: Keys): JobSettings {
  const [scheduleSetting, onceSetting, autostartSetting] = [
    extras.get('schedule'),
    extras.get('once'),
    extras.get('autostart'),
  ]
  const schedule = optional(scheduleSetting, (one) => decodeSchedule(context, one))
  const once = optional(onceSetting, (one) => readChoice(context, one, ['each-boot', 'ever'] as const))
  const autostart = optional(autostartSetting, (one) => readBoolean(context, one))
  if (scheduleSetting !== null && autostartSetting !== null && autostart === true) {
    const message = 'a service with a schedule is started at its times, not with the daemon'
    error(context, autostartSetting, message, 'remove this line, or the schedule')
  }
  if (scheduleSetting !== null && onceSetting !== null)
    error(context, onceSetting, 'a service with a schedule runs again and again', 'write only one of the two')
  return { schedule, once, autostart: autostart ?? scheduleSetting === null }
}

function decodeSchedule(context: Context, setting: Setting): Schedule | null {
  if (setting.node.kind !== 'map') {
    const cron = readCron(context, setting, null)
    return cron === null ? null : { cron, timeZone: null, overlap: 'skip', missed: 'skip' }
  }
  const keys = readKeys(context, setting, scheduleMap)
  if (keys === null) return null
  const cronSetting = keys.get('cron')
  const zone = keys.get('timezone')
  const timeZone = optional(zone, (one) => readTimeZone(context, one))
  const overlap = optional(keys.get('overlap'), (one) =>
    readChoice(context, one, ['skip', 'queue', 'replace'] as const),
  )
  const missed = optional(keys.get('missed'), (one) => readChoice(context, one, ['skip', 'run-once'] as const))
  if (cronSetting === null)
    return error(context, setting, 'the schedule says no times', `write 'cron: "30 4 * * *"', or 'cron: "@daily"'`)
  const cron = readCron(context, cronSetting, timeZone)
  return cron === null ? null : { cron, timeZone, overlap: overlap ?? 'skip', missed: missed ?? 'skip' }
}

function readCron(context: Context, setting: Setting, timeZone: string | null): string | null {
  const text = readText(context, setting)
  if (text === null) return null
  const cron = text.trim()
  const fault = cronFault(cron, timeZone)
  return fault === null ? cron : refuse(context, setting, fault)
}

function readTimeZone(context: Context, setting: Setting): string | null {
  const timeZone = readText(context, setting)
  if (timeZone === null) return null
  const fault = cronFault('@daily', timeZone)
  return fault === null ? timeZone : refuse(context, setting, fault)
}

// A fault is told with its remedy behind the last semicolon.
function refuse(context: Context, setting: Setting, fault: string): null {
  const end = fault.lastIndexOf('; ')
  return error(context, setting, fault.slice(0, end), fault.slice(end + 2))
}

/** A job that is started again after each success never comes to an end. `said` is where the policy was written. */
export function checkJobRestart(
  context: Context,
  job: JobSettings,
  { when }: Pick<RestartPolicy, 'when'>,
  said: Setting | null,
): void {
  if (said === null || when === 'no' || when === 'on-failure') return
  const why = job.schedule === null ? (job.once === null ? null : 'once') : 'a schedule'
  if (why === null) return
  const message = `a service with ${why} ends, and '${when}' would start it again after each end`
  error(context, said, message, 'remove it, or write restart: on-failure:3 to try a failed run again')
}
