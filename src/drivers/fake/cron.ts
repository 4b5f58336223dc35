const secondMs = 1_000
const minuteMs = 60 * secondMs

const nicknames: Readonly<Record<string, number>> = {
  '@hourly': 60 * minuteMs,
  '@daily': 24 * 60 * minuteMs,
}

/**
 * A stand-in for cron, in UTC: a step in the first field while all others are open is every so many seconds (of six fields)
 * or minutes (of five); there are `@hourly` and `@daily`. Null: it knows no other.
 */
export function nextDue(cron: string, afterWallMs: number): number | null {
  const everyMs = periodMs(cron)
  return everyMs === null ? null : (Math.floor(afterWallMs / everyMs) + 1) * everyMs
}

function periodMs(cron: string): number | null {
  const nickname = Object.hasOwn(nicknames, cron) ? nicknames[cron]! : null
  if (nickname !== null) return nickname
  const every = /^\*(?:\/(\d+))?((?: \*)+)$/.exec(cron)
  const count = Number(every?.[1] ?? 1)
  if (every === null || count === 0) return null
  const others = (every[2] ?? '').length / 2
  return others === 5 ? count * secondMs : others === 4 ? count * minuteMs : null
}
