import { resolve } from 'node:path'
import type { Decoded } from '../../dialects/decode-sources.ts'
import type { LogLevel, SupervisordSettings } from '../../dialects/supervisord/settings.ts'
import { errnoOf } from '../../sys/errno.ts'
import { descriptorLimit } from '../../sys/rlimit.ts'
import { groupsOf, userById, userByName } from '../../sys/users.ts'
import type { Home } from '../../wire/home.ts'
import type { SupervisordRole } from '../declared.ts'
import { blockedHome, handOverHome } from './hand-over-home.ts'
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
  readonly lines: readonly Line[]
}

interface Line {
  readonly level: LogLevel
  readonly message: string
}

/** In supervisord's words, without `Error: `. */
interface Refused {
  readonly kind: 'refused'
  readonly message: string
}

export type ReadSupervisord =
  | {
      readonly kind: 'read'
      /**
       * Makes of this process what `[supervisord]` says: its user, umask, directory and limits. Unlike supervisord in the
       * foreground as well, where it leaves umask and directory alone. Called with the home's lock: the home goes over to the user.
       */
      become(): { readonly kind: 'begun'; readonly begun: BegunSupervisord } | Refused
    }
  | Refused

/**
 * Reads what this process is to be, and changes nothing yet: the home may be that of a daemon that runs. `isFollowing`: another
 * image of this process became it before.
 */
export async function readSupervisord(options: {
  readonly role: SupervisordRole
  readonly file: string
  readonly home: Home
  readonly isFollowing: boolean
}): Promise<ReadSupervisord> {
  const { role, file, home, isFollowing } = options
  const kept = openKeptSettings(home.stateDirectory, () => {}).read()[0]
  const begunWith = (settings: SupervisordSettings, decoded: Decoded | null): BegunSupervisord => {
    return { role, file, settings, ...placesOf(settings, role), decoded, lines: [] }
  }
  const asBefore = (settings: SupervisordSettings): ReadSupervisord => {
    return { kind: 'read', become: () => ({ kind: 'begun', begun: begunWith(settings, null) }) }
  }
  // Another version puts nothing in force that nobody asked for, and its gap is no time to read.
  if (isFollowing && kept !== undefined) return asBefore(kept)
  const read = await readFile(file, role)
  if (read.kind === 'refused' && kept === undefined) return read
  const settings = read.kind === 'read' ? read.settings : kept!
  if (isFollowing) return asBefore(settings)
  const begun = begunWith(settings, read.kind === 'read' ? read.decoded : null)
  return {
    kind: 'read',
    become() {
      const trouble = becomeUser(settings.user, home) ?? enterDirectory(settings.directory)
      if (trouble !== null) return { kind: 'refused', message: trouble }
      const lines: Line[] = [...withUser(settings.notices, settings.user)]
      if (read.kind === 'refused')
        lines.push({ level: 'error', message: `the settings are as before: ${read.message}` })
      process.umask(settings.umask)
      raiseDescriptors(settings.minfds, lines)
      return { kind: 'begun', begun: { ...begun, lines } }
    },
  }
}

function placesOf(
  { logfile, pidfile }: SupervisordSettings,
  role: SupervisordRole,
): Pick<BegunSupervisord, 'logfile' | 'pidfile'> {
  const isWord = logfile === 'none' || logfile === 'syslog'
  return {
    logfile: isWord ? logfile : resolve(role.directory, logfile ?? 'supervisord.log'),
    pidfile: resolve(role.directory, pidfile ?? 'supervisord.pid'),
  }
}

const rootText =
  'Supervisor is running as root.  Privileges were not dropped because no user is specified in the config file.  If you intend to run as root, you can set user=root in the config file to avoid this message.'

/** The notices of a file, with what is told of its `user`, whom we are. */
export function withUser(notices: readonly Line[], user: string | null): readonly Line[] {
  const uid = process.geteuid?.() ?? 0
  if (user !== null) return [...notices, { level: 'info', message: `Set uid to user ${uid} succeeded` }]
  return uid === 0 ? [{ level: 'critical', message: rootText }, ...notices] : notices
}

/** Answers what is in the way, as do the others; null: it is done. */
function becomeUser(named: string | null, home: Home): string | null {
  const uid = process.geteuid?.() ?? 0
  const wanted = named ?? String(uid)
  const isId = /^\d+$/.test(wanted)
  const user = isId ? userById(Number(wanted)) : userByName(wanted)
  if (user === null) return named === null ? null : `Invalid user ${isId ? 'id' : 'name'} ${named}`
  if (uid !== 0) return user.uid === uid ? null : `Can't drop privilege as nonroot user`
  const trouble = handOverHome(home, user)
  if (trouble !== null || user.uid === uid) return trouble
  process.setgroups?.([...groupsOf(user.name, user.gid)])
  process.setgid?.(user.gid)
  process.setuid?.(user.uid)
  return blockedHome(home, user)
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
function raiseDescriptors(least: number, lines: Line[]): void {
  const noted = process.env.HOLDFAST_NOFILE_SOFT ?? ''
  const soft = /^\d+$/.test(noted) ? Number(noted) : Number.POSITIVE_INFINITY
  const wanted = Math.min(least, descriptorLimit().hard)
  if (wanted <= soft) return
  process.env.HOLDFAST_NOFILE_SOFT = String(wanted)
  lines.push({ level: 'info', message: `Increased RLIMIT_NOFILE limit to ${wanted}` })
}
