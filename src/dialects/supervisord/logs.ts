import { hashText } from '../../base/hash.ts'
import type { LogSpec, OutputHandling } from '../../core/model.ts'
import { existingDirpath } from './paths.ts'
import type { StreamOptions } from './program-options.ts'
import {
  type DaemonTraits,
  entryOf,
  expand,
  failEntry,
  readValue,
  type Section,
  textOf,
  warnAsOriginal,
} from './section.ts'
import type { ProcessLogSettings } from './settings.ts'
import { parseBoolean, parseBytes, parseInteger } from './values.ts'

/** What a program says of the log of one stream. */
export interface ReadLog {
  /** auto: a file that is named for it. none: thrown away. */
  readonly file: 'auto' | 'none' | { readonly path: string }
  readonly backups: number
  readonly maxbytes: number
  readonly syslog: boolean
}

export function readLog(section: Section, stream: 'stdout' | 'stderr'): ReadLog {
  const key = `${stream}_logfile`
  const file = readFile(section, key)
  const backups = readValue(section, `${key}_backups`, parseInteger, 10)
  const maxbytes = readValue(section, `${key}_maxbytes`, parseBytes, 50 * 1024 * 1024)
  const syslog = readValue(section, `${stream}_syslog`, parseBoolean, false)
  const shown = `For [${section.section.name}]`
  if (file === 'syslog') {
    const message = `${shown}, ${key}=syslog but this is deprecated and will be removed.  Use ${stream}_syslog=true to enable syslog instead.`
    warnAsOriginal(section, entryOf(section, key)!, key, message, `write ${key}=NONE and ${stream}_syslog=true`)
    return { file: 'none', backups, maxbytes, syslog: true }
  }
  if (file === 'auto' && maxbytes === 0) {
    const message = `${shown}, AUTO logging used for ${key} without rollover, set maxbytes > 0 to avoid filling up filesystem unintentionally`
    warnAsOriginal(section, entryOf(section, `${key}_maxbytes`)!, `${key}_maxbytes`, message, '')
  }
  return { file, backups, maxbytes, syslog }
}

function readFile(section: Section, key: string): ReadLog['file'] | 'syslog' {
  const entry = entryOf(section, key)
  const once = textOf(section, key)
  if (entry === null || once === null) return 'auto'
  // Expanded twice: so does supervisord, and '%%' cannot survive it.
  const text = expand(section, entry, once, key)
  if (text === null) return 'auto'
  const word = text.toLowerCase()
  if (word === '' || word === 'none' || word === 'off') return 'none'
  if (word === 'auto' || word === 'syslog') return word
  const path = existingDirpath(section.context)(text)
  if (path.kind === 'value') return { path: path.value }
  failEntry(section, entry, path.message, path.hint)
  return 'none'
}

/** It has none where stderr goes into stdout. */
export function withoutStderr(section: Section, log: ReadLog): ReadLog {
  if (typeof log.file === 'object') {
    const message = `For [${section.section.name}], redirect_stderr=true but stderr_logfile has also been set to a filename, the filename has been ignored`
    const key = 'stderr_logfile'
    warnAsOriginal(section, entryOf(section, key)!, key, message, 'remove one of the two')
  }
  return { ...log, file: 'none' }
}

export interface LogOwner {
  readonly stream: 'stdout' | 'stderr'
  readonly group: string
  readonly processName: string
  readonly options: StreamOptions
  /** What it prints is answers to events: they are logged, and that is all. */
  readonly isDialogue: boolean
}

export function logSpec(log: ReadLog, owner: LogOwner, daemon: DaemonTraits): LogSpec {
  const path = log.file === 'none' ? log.file : log.file === 'auto' ? autoPath(owner, daemon) : log.file.path
  const { isDialogue, options, processName } = owner
  const handling: OutputHandling = {
    isAnsiStripped: daemon.isAnsiStripped,
    syslog: log.syslog && !isDialogue ? { ident: 'supervisord', prefix: `${processName} ` } : null,
    captureBytesMax: isDialogue ? 0 : Math.max(options.captureMaxbytes, 0),
    isTold: !isDialogue && options.eventsEnabled,
  }
  const isTaken = handling.syslog !== null || handling.captureBytesMax > 0 || handling.isTold
  const isHandled = isTaken || (handling.isAnsiStripped && path !== 'none')
  return {
    path,
    bytesMax: Math.max(log.maxbytes, 0),
    backupsMax: Math.max(log.backups, 0),
    // supervisord rotates by size only, and leaves its files as they are.
    ageMaxMs: 0,
    compress: false,
    ...(isHandled ? { handling } : {}),
  }
}

/** As supervisord names them, but with letters that stay: the next daemon goes on in the same file. */
function autoPath({ stream, group, processName }: LogOwner, { childlogdir, identifier }: DaemonTraits): string | null {
  if (childlogdir === null) return null
  const name = `${processName}-${stream}---${identifier}-${lettersOf(`${group}:${processName}`)}.log`
  return `${childlogdir.replace(/\/+$/, '')}/${name.replaceAll('/', '_')}`
}

function lettersOf(text: string): string {
  const bytes = hashText(text).match(/../g)!
  return bytes.map((byte) => String.fromCharCode(97 + (Number.parseInt(byte, 16) % 26))).join('')
}

export function logSettings(log: ReadLog, { captureMaxbytes, eventsEnabled }: StreamOptions): ProcessLogSettings {
  const { file, backups, maxbytes, syslog } = log
  const logfile = file === 'none' ? null : file === 'auto' ? 'AUTO' : file.path
  return { captureMaxbytes, eventsEnabled, logfile, backups, maxbytes, syslog }
}
