import type { LogLevel } from '../../../dialects/supervisord/settings.ts'
import type { ActivityLog } from '../contract.ts'
import { activityLine, isLogged } from './line.ts'
import { type LogFile, openLogFile } from './log-file.ts'

export interface ActivityLogOptions {
  readonly target:
    | { readonly kind: 'file'; readonly path: string; readonly bytesMax: number; readonly backupsMax: number }
    /** Takes one line without its end. */
    | { readonly kind: 'syslog'; readonly send: (line: string) => void }
    | { readonly kind: 'none' }
  /** What is of a lower level is left out. */
  readonly level: LogLevel
  /** Takes the same lines, each with its end: the terminal of a daemon in the foreground. */
  readonly echo?: (text: string) => void
  /** What keeps the log from being written; once for each trouble. */
  readonly warn: (text: string) => void
  readonly clock?: () => number
}

/** supervisord.log, line by line as supervisord writes it. */
export function openActivityLog({ target, level, echo, warn, clock = Date.now }: ActivityLogOptions): ActivityLog {
  const file = target.kind === 'file' ? openLogFile({ ...target, warn }) : null

  function write(at: LogLevel, message: string): void {
    if (!isLogged(at, level)) return
    const wallMs = clock()
    const text = `${activityLine(at, message, wallMs)}\n`
    echo?.(text)
    file?.write(text)
    if (target.kind !== 'syslog') return
    for (const line of message.replace(/\n+$/, '').split('\n')) target.send(activityLine(at, line, wallMs))
  }

  return {
    write,
    path: () => (target.kind === 'file' ? target.path : null),
    clear: () => (file === null ? 'there is no log file' : clear(file, write, echo === undefined ? 1 : 2)),
    reopen() {
      write('info', 'supervisord logreopen')
      file?.reopen()
    },
    close: () => file?.close(),
  }
}

/** Each place that the log goes to is told of. */
function clear(file: LogFile, write: ActivityLog['write'], places: number): string | null {
  const trouble = file.remove()
  if (trouble !== null) return trouble
  // As with supervisord it is the last line of the file that is no more.
  for (let place = 0; place < places; place++) write('info', 'reopening log file')
  file.reopen()
  return null
}
