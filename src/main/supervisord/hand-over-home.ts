import { accessSync, constants, lchownSync, lstatSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { errnoOf } from '../../sys/errno.ts'
import type { UserEntry } from '../../sys/users.ts'
import { daemonLogName, type Home, shellWord } from '../../wire/home.ts'
import { lockName } from '../home-lock.ts'

type User = Pick<UserEntry, 'name' | 'uid' | 'gid'>

/**
 * Gives what root has just made of a home to the user whom root's daemon becomes. Called with the home's lock, as root. What was
 * used by somebody else stays as it is: what they put there would count for the user, and what root does there could be led
 * elsewhere. Answers what is in the way; null: it is done.
 */
export function handOverHome(home: Home, user: User): string | null {
  const directories = directoriesOf(home)
  const foreign = directories.find((path) => statSync(path).uid !== user.uid && !isNew(path))
  if (foreign !== undefined) {
    const all = directories.map(shellWord).join(' ')
    return `${foreign} was used by another user than ${user.name}; give the home over with: chown -R ${user.name}: ${all}; or choose another home with --home DIR`
  }
  if (user.uid === 0) return null
  const files = [join(home.runDirectory, lockName), join(home.logDirectory, daemonLogName)]
  for (const path of [...files, ...directories])
    if (lstatSync(path, { throwIfNoEntry: false })?.uid === 0) lchownSync(path, user.uid, user.gid)
  return null
}

/** Nothing is there but what root makes before it becomes the user. */
function isNew(directory: string): boolean {
  return (
    statSync(directory).uid === 0 && readdirSync(directory).every((name) => [lockName, daemonLogName].includes(name))
  )
}

/** Whether we, who have become the user, may use it. Answers what is in the way; null: nothing. */
export function blockedHome(home: Home, { name }: User): string | null {
  for (const directory of directoriesOf(home)) {
    const above = directory.split('/').map((_, at, names) => names.slice(0, at).join('/') || '/')
    const blocked = above.find((path) => !mayUse(path, constants.X_OK))
    if (blocked !== undefined) return `${name} may not pass ${blocked}; allow it with: chmod o+x ${shellWord(blocked)}`
    if (!mayUse(directory, constants.W_OK))
      return `${name} may not write to ${directory}; choose another home with --home DIR`
  }
  return null
}

function mayUse(path: string, how: number): boolean {
  try {
    accessSync(path, how)
    return true
  } catch (error) {
    errnoOf(error)
    return false
  }
}

function directoriesOf({ stateDirectory, runDirectory, logDirectory }: Home): readonly string[] {
  return [stateDirectory, runDirectory, logDirectory]
}
