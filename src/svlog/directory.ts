import { closeSync, constants, existsSync, fchmodSync, openSync, readFileSync } from 'node:fs'
import { defaultSvlogdConfig, parseSvlogdConfig, type SvlogdConfig } from '../formats/svlogd-config.ts'
import { type Errno, errnoOf } from '../sys/errno.ts'
import { lockFile } from '../sys/flock.ts'
import { attempt, failed, openCurrent } from './current.ts'
import type { LogDirectory, LogServices, LogSettings } from './model.ts'

/** Why a directory cannot be used. EAGAIN of `unable to lock directory`: another process writes it. */
export interface LogProblem {
  readonly kind: 'problem'
  readonly what: string
  readonly code: Errno
}

/** A directory that is yet to be opened; nothing is touched. */
export function createLogDirectory(name: string, settings: LogSettings, services: LogServices): LogDirectory {
  return {
    name,
    settings,
    services,
    base: name,
    config: defaultSvlogdConfig,
    isOpen: false,
    directoryFd: -1,
    lockFd: -1,
    fd: -1,
    bytes: 0,
    column: 0,
    isSelected: true,
    isTold: false,
    isRotationDue: false,
    ageDueUnixSeconds: Number.POSITIVE_INFINITY,
    lastRotation: { unixSeconds: 0, nanoseconds: 0 },
    processor: null,
    trouble: null,
  }
}

/**
 * Takes the lock (as every svlogd does, flock(2) on `lock`), reads `config`, opens `current`. null: it is open; where
 * `trouble` is set then, `current` is not, and the next call that writes tries again. Otherwise it stays closed and nothing
 * of it is held.
 */
export function openLogDirectory(directory: LogDirectory): LogProblem | null {
  const { name, settings, services } = directory
  directory.trouble = null
  try {
    directory.directoryFd = openSync(name, constants.O_RDONLY | constants.O_NONBLOCK)
  } catch (error) {
    return problem('unable to open log directory', error)
  }
  directory.base = reached(directory, settings.followsMoves)
  const lock = takeLock(directory)
  if (typeof lock !== 'number') {
    closeSync(directory.directoryFd)
    directory.directoryFd = -1
    return lock
  }
  directory.lockFd = lock
  if (!settings.followsMoves) {
    closeSync(directory.directoryFd)
    directory.directoryFd = -1
  }
  directory.isOpen = true
  directory.config = readConfig(directory)
  const { ageMaxSeconds } = directory.config
  directory.ageDueUnixSeconds =
    ageMaxSeconds === 0 ? Number.POSITIVE_INFINITY : services.now().unixSeconds + ageMaxSeconds
  openCurrent(directory)
  return null
}

/**
 * Ends `current` in the way that lets the next one append to it: on disk, with the owner's execute bit; gives up the
 * lock. False: not yet, see `trouble`. To be called when no processor runs, unless it is opened again at once: the line
 * under way and the processor live on then.
 */
export function closeLogDirectory(directory: LogDirectory): boolean {
  const { fd, services, name } = directory
  directory.trouble = null
  if (!directory.isOpen) return true
  if (fd !== -1) {
    if (attempt(directory, 'unable to fsync current logfile', () => services.syncFile(fd)) === failed) return false
    if (attempt(directory, 'unable to set mode of current', () => fchmodSync(fd, 0o744)) === failed) return false
  }
  services.info?.(`close: ${name}`)
  if (fd !== -1) services.closeFile(fd)
  closeSync(directory.lockFd)
  if (directory.directoryFd !== -1) closeSync(directory.directoryFd)
  directory.fd = -1
  directory.lockFd = -1
  directory.directoryFd = -1
  directory.base = name
  directory.isOpen = false
  return true
}

/** The directory was opened while the others are within a line: what comes next is the rest of that line. */
export function continueLine(directory: LogDirectory, column: number): void {
  directory.column = column
}

/** /proc is not everywhere; without it a directory that is moved is lost from sight. */
function reached({ name, directoryFd }: LogDirectory, followsMoves: boolean): string {
  const path = `/proc/self/fd/${directoryFd}`
  return followsMoves && existsSync(path) ? path : name
}

function takeLock(directory: LogDirectory): number | LogProblem {
  const { base, services } = directory
  try {
    const lock = lockFile(`${base}/lock`)
    if (typeof lock === 'number') return lock
    services.info?.(`close: ${directory.name}`)
    return { kind: 'problem', what: 'unable to lock directory', code: lock }
  } catch (error) {
    services.info?.(`close: ${directory.name}`)
    if (errnoOf(error) === 'ENOTDIR') return problem('unable to change directory', error)
    return problem('unable to lock directory', error)
  }
}

function readConfig({ name, base, services }: LogDirectory): SvlogdConfig {
  let bytes: Buffer
  try {
    bytes = readFileSync(`${base}/config`)
  } catch (error) {
    const code = errnoOf(error)
    if (code === 'ENOENT') return defaultSvlogdConfig
    services.warn(`unable to read config: ${name}`, code)
    services.info?.(`read: ${name}/config`)
    return defaultSvlogdConfig
  }
  services.info?.(`read: ${name}/config`)
  const { config, warnings } = parseSvlogdConfig(bytes)
  for (const warning of warnings) services.warn(warning, null)
  return config
}

function problem(what: string, error: unknown): LogProblem {
  return { kind: 'problem', what, code: errnoOf(error) }
}
