import type { Dependency, EnvFile, Schedule } from '../../core/model.ts'
import { cronFault } from '../../formats/cron.ts'
import type { IniEntry } from '../../formats/ini.ts'
import { pythonStrip } from '../../formats/python-text.ts'
import { absolutePath } from './paths.ts'
import { entryOf, failEntry, readValue, type Section, textOf, warn } from './section.ts'
import { bad, ok, parseBoolean, parseInteger, type Value } from './values.ts'

// What others have added to supervisord's format, and supervisord itself passes over.

/** What a program is to wait for; by names that are looked up when all are known. */
export interface Need {
  readonly section: Section
  readonly at: IniEntry
  /** As it is written: a program, or `group:program`. */
  readonly name: string
  readonly condition: Dependency['condition']
}

export interface Extensions {
  readonly needs: readonly Need[]
  readonly envFiles: readonly EnvFile[]
  readonly schedule: Schedule | null
  /** Between early exits, instead of a pause that grows. null: not written. */
  readonly restartPauseMs: number | null
  /** After a kill. null: as after the stop signal. */
  readonly killWaitMs: number | null
  /** Started with the daemon whatever `autostart` says. */
  readonly isStarted: boolean
}

export function readExtensions(section: Section): Extensions {
  const startup = readStartup(section)
  return {
    needs: [...readDependsOn(section), ...startup.needs],
    envFiles: readList(section, 'envfiles', /[,\n]/).map((text) => ({
      path: absolutePath(section.context, text),
      required: false,
    })),
    schedule: readSchedule(section),
    restartPauseMs: readSeconds(section, 'restartpause'),
    killWaitMs: readSeconds(section, 'killwaitsecs'),
    isStarted: startup.isStarted,
  }
}

function readDependsOn(section: Section): readonly Need[] {
  const at = entryOf(section, 'depends_on')
  return readList(section, 'depends_on', /[\s,]/).map((name) => ({ section, at: at!, name, condition: 'started' }))
}

function readList(section: Section, key: string, separator: RegExp): readonly string[] {
  const parts = (textOf(section, key) ?? '').split(separator).map(pythonStrip)
  return parts.filter((part) => part !== '')
}

/** 0 is no pause of its own. */
function readSeconds(section: Section, key: string): number | null {
  const seconds = readValue(section, key, parseInteger, 0)
  return seconds > 0 ? seconds * 1_000 : null
}

function readSchedule(section: Section): Schedule | null {
  const cron = readValue<string | null>(section, 'cron', parseCron, null)
  return cron === null ? null : { cron, timeZone: null, overlap: 'skip', missed: 'skip' }
}

function parseCron(text: string): Value<string> {
  // The rewrite in Go takes a question mark for a star.
  const cron = text.replaceAll('?', '*')
  const fault = cronFault(cron, null)
  return fault === null ? ok(cron) : bad(fault, 'write second minute hour day month weekday: 0 30 4 * * *')
}

// ---- supervisord-dependent-startup -------------------------------------------------------------------------------

interface Startup {
  readonly isStarted: boolean
  readonly needs: readonly Need[]
}

const noStartup: Startup = { isStarted: false, needs: [] }

function readStartup(section: Section): Startup {
  // It reads the files itself and starts them.
  if (section.context.daemon.hasStartupListener) return noStartup
  const isStarted = readValue(section, 'dependent_startup', parseBoolean, false)
  const key = 'dependent_startup_wait_for'
  const at = entryOf(section, key)
  const text = textOf(section, key)
  if (at === null || text === null) return { isStarted, needs: [] }
  if (!isStarted) {
    warn(section, at, key, 'it counts only together with dependent_startup=true', 'write that, or depends_on')
    return noStartup
  }
  const needs = text.split(/\s+/).filter((word) => word !== '')
  return { isStarted, needs: needs.map((word) => startupNeed(section, at, word)).filter((need) => need !== null) }
}

function startupNeed(section: Section, at: IniEntry, word: string): Need | null {
  const colon = word.lastIndexOf(':')
  const states = word
    .slice(colon + 1)
    .toLowerCase()
    .split(',')
  const name = word.slice(0, Math.max(colon, 0))
  if (name !== '' && states.some((state) => state === 'running' || state === 'starting'))
    return { section, at, name, condition: 'started' }
  if (name !== '' && states.includes('exited')) return { section, at, name, condition: 'completed' }
  const message = `'${word}' is not something to wait for`
  return failEntry(section, at, message, 'write name:running or name:exited, with blanks between them')
}
