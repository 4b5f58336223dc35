import type { ProcessView } from '../contract.ts'

/** Epoch seconds; 0: never. */
export interface Times {
  readonly start: number
  readonly stop: number
  readonly now: number
}

/** The sentence that `supervisorctl status` shows beside the state. */
export function describe(process: ProcessView, { start, stop, now }: Times): string {
  switch (process.state) {
    case 'RUNNING':
      return `pid ${process.pid}, uptime ${uptimeText(Math.max(now - start, 0))}`
    case 'FATAL':
    case 'BACKOFF':
      return process.spawnError === '' ? `unknown error (try "tail ${process.name}")` : process.spawnError
    case 'STOPPED':
    case 'EXITED':
      return start === 0 ? 'Not started' : dateText(stop)
    case 'STARTING':
    case 'STOPPING':
    case 'UNKNOWN':
      return ''
  }
}

/** `0:00:05`, `1 day, 2:03:04`, `12 days, 0:00:00`. */
function uptimeText(seconds: number): string {
  const days = Math.floor(seconds / 86_400)
  const hours = Math.floor((seconds % 86_400) / 3_600)
  const clock = `${hours}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`
  return days === 0 ? clock : `${days} day${days === 1 ? '' : 's'}, ${clock}`
}

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** `Nov 22 12:24 AM`, in local time. */
function dateText(seconds: number): string {
  const date = new Date(seconds * 1000)
  const hours = date.getHours()
  const clock = `${two(hours % 12 === 0 ? 12 : hours % 12)}:${two(date.getMinutes())} ${hours < 12 ? 'AM' : 'PM'}`
  return `${months[date.getMonth()]} ${two(date.getDate())} ${clock}`
}

function two(value: number): string {
  return String(value).padStart(2, '0')
}
