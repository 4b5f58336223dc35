import { getuid } from 'node:process'
import type { UnitId } from '../../core/model.ts'
import type { Errno } from '../../sys/errno.ts'
import { lockHolder } from '../../sys/lock-holder.ts'
import { descriptorLimit } from '../../sys/rlimit.ts'

/** Each is a sentence that names the path, and what to do about it. */

export function wrongKindText(path: string, kind: 'a directory' | 'a FIFO'): string {
  return `${shown(path)} exists and is not ${kind}: remove it, it is made anew`
}

export function lockedText(path: string): string {
  const holder = lockHolder(path)
  const directory = shown(path.replace(/\/supervise\/lock$/, ''))
  if (holder === null)
    return `${directory} is supervised by another process: end that first; it has locked ${shown(path)}`
  if (holder.pid === process.pid) return `${directory} is supervised by this daemon already, by another path`
  const { name, pid } = holder
  if (name === 'runsv') {
    const remedy = `take it from its runsvdir, then: sv exit ${directory}`
    return `${directory} is supervised by runsv (pid ${pid}): ${remedy}`
  }
  const who = name === '' ? `pid ${pid}` : `${shown(name)} (pid ${pid})`
  return `${directory} is supervised by ${who}: end that first; it has locked ${shown(path)}`
}

export function sharedText(directory: string, owner: UnitId): string {
  return `${shown(directory)} is supervised as ${owner} already: remove one of the two`
}

/** `path`: what the refused call was about. */
export function errorText(directory: string, errno: Errno, path: string): string {
  if (errno === 'EISDIR') return `${shown(path)} is a directory, and a file belongs there: remove it`
  return `${shown(directory)} cannot be supervised (${errno}): ${remedyOf(directory, errno)}`
}

export function writeErrorText(supervise: string, errno: Errno): string {
  const remedy = isFull(errno) ? 'make room on its file system' : `see what is there: ls -la ${shown(supervise)}`
  const effect = 'sv sees an old state until the next change'
  return `the state in ${shown(supervise)} cannot be written (${errno}); ${effect}; ${remedy}`
}

/** The files of a state may be old for a while; all else is in order. */
export function isFull(errno: Errno): boolean {
  return errno === 'ENOSPC' || errno === 'EDQUOT'
}

export function goneText(supervise: string, trouble: string | null): string {
  const gone = `${shown(supervise)} was removed or replaced while it was in use`
  return trouble === null ? `${gone}; it was made anew` : `${gone}, and sv does not see the service: ${trouble}`
}

/** In one line, whatever is in it. */
export function shown(path: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  return path.replace(/[\u0000-\u001f\u007f]/g, (one) => `\\x${one.charCodeAt(0).toString(16).padStart(2, '0')}`)
}

function remedyOf(directory: string, errno: Errno): string {
  const supervise = shown(`${directory}/supervise`)
  switch (errno) {
    case 'EACCES':
    case 'EPERM':
      return `give uid ${getuid?.()} the right to write in ${shown(directory)} and in ${supervise}`
    case 'EROFS':
      return `make a link of ${supervise}, to a directory in /run that can be written`
    case 'ENOSPC':
    case 'EDQUOT':
      return 'make room on its file system'
    case 'EMFILE': {
      const { soft, hard } = descriptorLimit()
      const raise = soft < hard ? 'ulimit -n, up to its hard limit of' : 'ulimit -n or LimitNOFILE=, from now'
      return `the daemon may open no more than ${soft} files, and each directory needs three: start it with more by ${raise} ${hard}`
    }
    case 'ENFILE':
      return 'the host has no more open files to give: raise fs.file-max'
    case 'ENOENT':
    case 'ENOTDIR':
      return `make the directory, or what ${supervise} is a link to`
    default:
      return `see what is there: ls -ld ${shown(directory)} ${supervise}`
  }
}
