import { existsSync, readFileSync } from 'node:fs'

export interface ActivityLine {
  /** By the wall clock, of UTC. */
  readonly atMs: number
  readonly level: string
  readonly message: string
}

/** What a daemon says of what it does, as it stands on its stdout: there nothing is ever cleared or rotated. */
export interface Activity {
  /** From INFO on. */
  lines(): readonly ActivityLine[]
  /** The name of a process that had or has this pid, with the number of its run; null: none is known. */
  nameOf(pid: number): string | null
}

const form = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d),(\d{3}) (CRIT|ERRO|WARN|INFO|DEBG) (.*)$/

export function parseActivity(text: string): readonly ActivityLine[] {
  const found: ActivityLine[] = []
  for (const line of text.split('\n')) {
    const match = form.exec(line)
    if (match === null) continue
    const [, day, time, ms, level = '', message = ''] = match
    found.push({ atMs: Date.parse(`${day}T${time}.${ms}Z`), level, message })
  }
  return found
}

export function createActivity(path: string): Activity {
  const read = (): readonly ActivityLine[] =>
    existsSync(path) ? parseActivity(readFileSync(path, 'utf8')).filter(({ level }) => level !== 'DEBG') : []
  return {
    lines: read,
    nameOf(pid) {
      const runs = new Map<string, number>()
      let found: string | null = null
      for (const { message } of read()) {
        if (message === `supervisord started with pid ${pid}`) return 'the daemon'
        const spawned = /^spawned: '(.*)' with pid (\d+)$/.exec(message)
        if (!spawned) continue
        const name = spawned[1]!
        runs.set(name, (runs.get(name) ?? 0) + 1)
        if (Number(spawned[2]) === pid) found = `${name}#${runs.get(name)}`
      }
      return found
    },
  }
}

/** Whom a message is about: the order between the processes is chance, what is said of one is not. */
export function subjectOf(message: string): string {
  for (const pattern of subjects) {
    const match = pattern.exec(message)
    if (match) return match[1]!
  }
  return message.startsWith('spawnerr: ') ? message : ''
}

const subjects = [
  /^spawned: '(.*)' with pid /,
  /^success: (.*) entered RUNNING state/,
  /^gave up: (.*) entered FATAL state/,
  /^(?:exited|stopped): (.*) \(/,
  /^waiting for (\S*) to stop$/,
  /^killing '(.*)' \(/,
  /^(?:Creating|Closing) socket (.*)$/,
  /^(\S+): (?:has entered the UNKNOWN state|bad result line|event was rejected)/,
]

/** How often they are said depends on how long something takes. */
const repeated = /^waiting for .* to (?:stop|die)$/

/** By subject, the daemon's own first; each in the order in which it was said. */
export function groupActivity(lines: readonly ActivityLine[]): readonly string[] {
  const bySubject = new Map<string, string[]>()
  for (const { level, message } of lines) {
    const subject = subjectOf(message)
    const said = bySubject.get(subject) ?? []
    bySubject.set(subject, said)
    const line = `${level} ${message}`
    if (!repeated.test(message) || said.at(-1) !== line) said.push(line)
  }
  return [...bySubject.entries()].toSorted(([a], [b]) => (a < b ? -1 : 1)).flatMap(([, said]) => said)
}
