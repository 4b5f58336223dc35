import { chmodSync, closeSync, constants, fstatSync, openSync, readdirSync, readSync } from 'node:fs'
import { appendBytes } from '../svlog/append.ts'
import { openCurrent } from '../svlog/current.ts'
import {
  closeLogDirectory,
  continueLine,
  createLogDirectory,
  type LogProblem,
  openLogDirectory,
} from '../svlog/directory.ts'
import type { LogDirectory, LogSettings } from '../svlog/model.ts'
import { endProcessor, startProcessor } from '../svlog/processor.ts'
import { errnoOf } from '../sys/errno.ts'
import { lockFile } from '../sys/flock.ts'
import { type Logger, type LoggerSite, settingsOf, type Written, work } from './svlog-logger.ts'
import { own, resolveOwner } from './svlog-owner.ts'

/**
 * Opens the directories of a logger, with their config read. One that cannot be used is told and left out. Where none can,
 * the answer is why; it is to be tried again. `column`: of the line under way; null: what is there tells.
 */
export function openDirectories(site: LoggerSite, logger: Logger, column: number | null): string | null {
  const { spec } = logger
  const owner = spec.user === null ? null : resolveOwner(spec.user)
  if (spec.user !== null && owner === null) return `there is no user ${spec.user}`
  logger.owner = owner
  return work(site, logger, () => {
    const problems = open(site, logger, column, settingsOf(spec, spec.replacement !== null))
    if (logger.written.some(({ directory }) => isOfLines(directory) && !directory.settings.holdsPartialLines)) {
      const { column: reached = null } = logger.written[0]?.directory ?? {}
      closeDirectories(site, logger)
      open(site, logger, reached, settingsOf(spec, true))
    }
    if (logger.written.length === 0) return problems.join('; ')
    logger.isOurs = false
    for (const problem of problems) site.warn(`${logger.unit}: its logger leaves out a directory: ${problem}`)
    return null
  })
}

/** `current` is complete then and can be appended to by whoever comes next. What goes wrong is told. */
export function closeDirectories(site: LoggerSite, logger: Logger): void {
  work(site, logger, () => {
    site.isClosing = true
    for (const { directory } of logger.written) {
      if (!closeLogDirectory(directory)) site.warn(`${logger.unit}: its logger: ${troubleText(directory)}`)
    }
    site.isClosing = false
  })
  logger.written = []
}

/** Nothing will be written any more, for now. Answers whether a line is under way, which the next daemon goes on with. */
export function endDirectories(site: LoggerSite, logger: Logger): boolean {
  const isMidLine = logger.written.some(({ directory }) => directory.column > 0)
  for (const { directory } of logger.written) endProcessor(directory)
  closeDirectories(site, logger)
  return isMidLine
}

/** Opens `current` where that failed, and knows which file it is. False: not now, see the directory's trouble. */
export function makeReady(logger: Logger, written: Written): boolean {
  const { directory } = written
  if (!openCurrent(directory)) return false
  if (written.inode !== 0) return true
  written.inode = fstatSync(directory.fd).ino
  if (logger.owner !== null) own(directory.fd, logger.owner)
  return true
}

export function troubleText({ name, trouble }: LogDirectory): string {
  return trouble?.kind === 'failed' ? `${trouble.doing}: ${name} (${trouble.code})` : `${name}: its processor works`
}

/** Whether lines are looked at one by one: then an incomplete one waits in the pipe. */
export function isOfLines({ config, settings }: LogDirectory): boolean {
  return config.patterns.length > 0 || config.udp !== null || settings.replacement !== null
}

/** Answers what is wrong with those that are left out. */
function open(site: LoggerSite, logger: Logger, column: number | null, settings: LogSettings): readonly string[] {
  const problems: string[] = []
  const written: Written[] = []
  for (const name of logger.spec.directories) {
    const directory = createLogDirectory(name, settings, site.services)
    try {
      const tail = logger.isOurs ? takeOver(name) : endOf(`${name}/current`)
      const problem = openLogDirectory(directory)
      if (problem !== null) {
        problems.push(problemText(site, name, problem))
        continue
      }
      continueLine(directory, column ?? (tail === 'mid-line' && logger.isOurs ? 1 : 0))
      // Whoever was to end this line never will, and the next one would be glued to it.
      if (tail === 'mid-line' && directory.column === 0 && directory.bytes > 0) appendBytes(directory, newline, 0, 1)
      if (logger.owner !== null) own(`${name}/lock`, logger.owner)
      admitProcessor(site, logger, directory)
      const entry = { directory, inode: 0 }
      makeReady(logger, entry)
      written.push(entry)
    } catch (error) {
      problems.push(`${name}: ${errnoOf(error)}`)
      site.isClosing = true
      closeLogDirectory(directory)
      site.isClosing = false
    }
  }
  logger.written = written
  return problems
}

/**
 * Nothing of `current` is missing although nobody closed it: it need not be set aside. Answers where it ends. Not of a
 * directory that somebody else writes meanwhile.
 */
function takeOver(name: string): 'line-end' | 'mid-line' {
  try {
    const lock = lockFile(`${name}/lock`)
    if (typeof lock !== 'number') return 'line-end'
    try {
      chmodSync(`${name}/current`, 0o744)
      return endOf(`${name}/current`)
    } finally {
      closeSync(lock)
    }
  } catch (error) {
    // Opening it tells.
    errnoOf(error)
    return 'line-end'
  }
}

function endOf(path: string): 'line-end' | 'mid-line' {
  const fd = openIfThere(path)
  if (fd === null) return 'line-end'
  try {
    const { size } = fstatSync(fd)
    const last = Buffer.alloc(1)
    return size === 0 || (readSync(fd, last, 0, 1, size - 1) === 1 && last[0] === newline[0]) ? 'line-end' : 'mid-line'
  } finally {
    closeSync(fd)
  }
}

/** What cannot be read is told by whoever opens it for writing. */
function openIfThere(path: string): number | null {
  try {
    return openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  } catch (error) {
    errnoOf(error)
    return null
  }
}

const newline = Buffer.from('\n')

function problemText(site: LoggerSite, name: string, { what, code }: LogProblem): string {
  const isLocked = code === 'EAGAIN' && what === 'unable to lock directory'
  if (!isLocked) return `${what}: ${name} (${code})`
  const holder = site.lockHolder(`${name}/lock`)
  if (holder === null) return `${name} is locked by another process`
  return `${name} is locked by ${holder.name === '' ? 'a process' : holder.name} (pid ${holder.pid})`
}

/** What waited for a processor when its logger ended waits still. */
function admitProcessor(site: LoggerSite, logger: Logger, directory: LogDirectory): void {
  const { name, config } = directory
  if (config.processor === null) return
  const why = whyNoProcessor(site, logger)
  if (why === null) {
    startLeftover(directory)
    return
  }
  directory.config = { ...config, processor: null }
  site.warn(`${logger.unit}: its logger does not run the processor of ${name}: ${why}; old files are kept as they are`)
}

function whyNoProcessor({ hasProcessors }: LoggerSite, { spec }: Logger): string | null {
  if (!hasProcessors) return 'nothing is started here'
  return spec.user === null ? null : `the builtin logger starts none for another user (${spec.user})`
}

export function startLeftover(directory: LogDirectory): void {
  if (directory.config.processor === null || directory.processor !== null || !directory.isOpen) return
  const left = readdirSync(directory.base).filter((file) => /^@[0-9a-f]{24}\.u$/.test(file))
  const [oldest] = left.toSorted()
  if (oldest !== undefined) startProcessor(directory, oldest)
}
