import { chownSync, mkdirSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Decoded } from '../../dialects/decode-sources.ts'
import type { LogLevel, SupervisordSettings } from '../../dialects/supervisord/settings.ts'
import { errnoOf } from '../../sys/errno.ts'
import { descriptorLimit } from '../../sys/rlimit.ts'
import { groupsOf, type UserEntry, userById, userByName } from '../../sys/users.ts'
import type { Home } from '../../wire/home.ts'
import type { SupervisordRole } from '../declared.ts'
import { openKeptSettings } from './kept-settings.ts'
import { readFile } from './read-file.ts'

/** What there is of supervisord before anything is supervised. */
export interface BegunSupervisord {
  readonly role: SupervisordRole
  readonly file: string
  /** Of the file; of the daemon before us, where the file has errors by now. */
  readonly settings: SupervisordSettings
  /** Where its log is, absolute, or `none` or `syslog`; and its pid file. */
  readonly logfile: string
  readonly pidfile: string
  /** All that the file declares, read just now. null: it has errors by now, or an image before us put it in force. */
  readonly decoded: Decoded | null
  /** For the activity log. */
  readonly lines: readonly { readonly level: LogLevel; readonly message: string }[]
}

export type Beginning =
  | { readonly kind: 'begun'; readonly begun: BegunSupervisord }
  /** In supervisord's words, without `Error: `. */
  | { readonly kind: 'refused'; readonly message: string }

/**
 * Makes of this process what `[supervisord]` says: its user, umask, directory and limits. Unlike supervisord in the foreground
 * as well, where it leaves umask and directory alone. `isFollowing`: it was made so before, by another image of it.
 */
export async function beginSupervisord(options: {
  readonly role: SupervisordRole
  readonly file: string
  readonly home: Home
  readonly isFollowing: boolean
}): Promise<Beginning> {
  const { role, file, home, isFollowing } = options
  const kept = openKeptSettings(home.stateDirectory, () => {}).read()[0]
  // Another version puts nothing in force that nobody asked for, and its gap is no time to read.
  if (isFollowing && kept !== undefined) {
    return { kind: 'begun', begun: { role, file, settings: kept, ...placesOf(kept, role), decoded: null, lines: [] } }
  }
  const read = await readFile(file, role.said)
  if (read.kind === 'refused' && kept === undefined) return read
  const settings = read.kind === 'read' ? read.settings : kept!
  const decoded = read.kind === 'read' && !isFollowing ? read.decoded : null
  const begun: BegunSupervisord = { role, file, settings, ...placesOf(settings, role), decoded, lines: [] }
  if (isFollowing) return { kind: 'begun', begun }
  const lines: { level: LogLevel; message: string }[] = [...settings.notices]
  if (read.kind === 'refused') lines.push({ level: 'error', message: `the settings are as before: ${read.message}` })
  const trouble = becomeUser(settings.user, home, lines) ?? enterDirectory(settings.directory)
  if (trouble !== null) return { kind: 'refused', message: trouble }
  process.umask(settings.umask)
  raiseDescriptors(settings.minfds, lines)
  return { kind: 'begun', begun: { ...begun, lines } }
}

function placesOf(
  { logfile, pidfile }: SupervisordSettings,
  role: SupervisordRole,
): Pick<BegunSupervisord, 'logfile' | 'pidfile'> {
  const isWord = logfile === 'none' || logfile === 'syslog'
  return {
    logfile: isWord ? logfile : resolve(logfile ?? role.logfile ?? 'supervisord.log'),
    pidfile: resolve(pidfile ?? role.pidfile ?? 'supervisord.pid'),
  }
}

const rootText =
  'Supervisor is running as root.  Privileges were not dropped because no user is specified in the config file.  If you intend to run as root, you can set user=root in the config file to avoid this message.'

/** What is told of `user`, as whoever it is of. */
export function asRoot(user: string | null): BegunSupervisord['lines'] {
  return user === null && process.geteuid?.() === 0 ? [{ level: 'critical', message: rootText }] : []
}

function becomeUser(named: string | null, home: Home, lines: { level: LogLevel; message: string }[]): string | null {
  const uid = process.geteuid?.() ?? 0
  if (named === null) {
    lines.unshift(...asRoot(named))
    return null
  }
  const user = /^\d+$/.test(named) ? userById(Number(named)) : userByName(named)
  if (user === null) return /^\d+$/.test(named) ? `Invalid user id ${named}` : `Invalid user name ${named}`
  if (user.uid === uid) return null
  if (uid !== 0) return `Can't drop privilege as nonroot user`
  handOverHome(home, user)
  process.setgroups?.([...groupsOf(user.name, user.gid)])
  process.setgid?.(user.gid)
  process.setuid?.(user.uid)
  lines.unshift({ level: 'info', message: `Set uid to user ${user.uid} succeeded` })
  return null
}

/** While we may: the user could not make them where root keeps things. */
function handOverHome({ stateDirectory, runDirectory, logDirectory }: Home, { uid, gid }: UserEntry): void {
  for (const [path, mode] of [
    [stateDirectory, 0o700],
    [runDirectory, 0o700],
    [logDirectory, 0o750],
  ] as const) {
    mkdirSync(path, { recursive: true, mode })
    chownSync(path, uid, gid)
  }
}

function enterDirectory(directory: string | null): string | null {
  if (directory === null) return null
  try {
    process.chdir(directory)
    return null
  } catch (error) {
    return `can't chdir into '${directory}': ${errnoOf(error)}`
  }
}

/**
 * For what is started: our own limit is as high as it can be. The launcher noted what programs get back.
 */
function raiseDescriptors(least: number, lines: { level: LogLevel; message: string }[]): void {
  const noted = process.env.HOLDFAST_NOFILE_SOFT ?? ''
  const soft = /^\d+$/.test(noted) ? Number(noted) : Number.POSITIVE_INFINITY
  const wanted = Math.min(least, descriptorLimit().hard)
  if (wanted <= soft) return
  process.env.HOLDFAST_NOFILE_SOFT = String(wanted)
  lines.push({ level: 'info', message: `Increased RLIMIT_NOFILE limit to ${wanted}` })
}
