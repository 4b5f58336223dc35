import type { LogLevel, SupervisordSettings } from '../../dialects/supervisord/settings.ts'
import { type ActivityLogOptions, openActivityLog } from '../../frontends/supervisord/activity/activity-log.ts'
import type { ActivityLog } from '../../frontends/supervisord/contract.ts'
import { openSyslog, type Syslog } from '../../sys/syslog.ts'
import type { BegunSupervisord } from './begin.ts'

export interface Activity extends ActivityLog {
  /** Goes where these say from now on. */
  follow(settings: readonly SupervisordSettings[]): void
}

interface Place {
  /** A path, or one of these words. */
  readonly logfile: string | 'none' | 'syslog'
  readonly bytesMax: number
  readonly backupsMax: number
  readonly level: LogLevel
}

/**
 * The activity log of this daemon. Called as supervisord it has one always, and in the foreground it is what the daemon
 * prints; else it has one where a file says so.
 */
export function createActivity(options: {
  readonly begun: BegunSupervisord | null
  readonly print: (text: string) => void
  readonly warn: (text: string) => void
}): Activity {
  const { begun, print, warn } = options
  let place: Place | null = null
  let syslog: Syslog | null = null
  let log = openActivityLog({ target: { kind: 'none' }, level: 'info', warn })

  const placeOf = (settings: readonly SupervisordSettings[]): Place => {
    const main = settings.find((one) => begun !== null || one.logfile !== null)
    return {
      logfile: begun?.logfile ?? main?.logfile ?? 'none',
      bytesMax: main?.logfileBytesMax ?? 0,
      backupsMax: main?.logfileBackupsMax ?? 0,
      level: main?.loglevel ?? 'info',
    }
  }

  const targetOf = ({ logfile, bytesMax, backupsMax }: Place): ActivityLogOptions['target'] => {
    if (logfile === 'none') return { kind: 'none' }
    if (logfile !== 'syslog') return { kind: 'file', path: logfile, bytesMax, backupsMax }
    const opened = openSyslog({ ident: 'supervisord' })
    syslog = opened
    return { kind: 'syslog', send: (line) => opened.write(line, 'info') }
  }

  return {
    follow(settings) {
      const next = placeOf(settings)
      if (JSON.stringify(next) === JSON.stringify(place)) return
      place = next
      log.close()
      syslog?.close()
      syslog = null
      const isEchoed = begun !== null && !begun.role.isDetached && !begun.settings.silent
      log = openActivityLog({ target: targetOf(next), level: next.level, warn, ...(isEchoed ? { echo: print } : {}) })
    },
    write: (level, message) => log.write(level, message),
    path: () => log.path(),
    clear: () => log.clear(),
    reopen: () => log.reopen(),
    close() {
      log.close()
      syslog?.close()
    },
  }
}
