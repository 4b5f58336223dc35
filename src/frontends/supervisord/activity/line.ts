import type { LogLevel } from '../../../dialects/supervisord/settings.ts'

/** By their weight, with what a line calls them. */
const levels: Readonly<Record<LogLevel, { readonly weight: number; readonly mark: string }>> = {
  blather: { weight: 0, mark: 'BLAT' },
  trace: { weight: 1, mark: 'TRAC' },
  debug: { weight: 2, mark: 'DEBG' },
  info: { weight: 3, mark: 'INFO' },
  warn: { weight: 4, mark: 'WARN' },
  error: { weight: 5, mark: 'ERRO' },
  critical: { weight: 6, mark: 'CRIT' },
}

export function isLogged(level: LogLevel, least: LogLevel): boolean {
  return levels[level].weight >= levels[least].weight
}

/** `2026-11-21 17:45:00,123 INFO spawned: 'web' with pid 12`, in local time. */
export function activityLine(level: LogLevel, message: string, wallMs: number): string {
  return `${stamp(new Date(wallMs))} ${levels[level].mark} ${message}`
}

function stamp(at: Date): string {
  const day = `${at.getFullYear()}-${padded(at.getMonth() + 1)}-${padded(at.getDate())}`
  const time = `${padded(at.getHours())}:${padded(at.getMinutes())}:${padded(at.getSeconds())}`
  return `${day} ${time},${padded(at.getMilliseconds(), 3)}`
}

function padded(value: number, width = 2): string {
  return String(value).padStart(width, '0')
}
